"""The head of the application form (附件2 表头 and 开班批次): seal, contact person, telephone, batch."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from shared.domain.errors import Refused
from shared.domain.identifiers import telephone
from shared.policy.decision import Finding, Severity
from shared.policy.terms.class_plan import FormEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class FormHead:
    """Who applies by which batch: `sealed` confirms the printed form's seal, `batch` numbers the applicant's year.

    Person and telephone are personal data: sealed at rest, in no event and in no answer but an audited one.
    """

    sealed: bool
    contact_person: str = field(repr=False)
    telephone: str = field(repr=False)
    batch: int


def judge_head(head: FormHead, *, taken: Collection[int], entries: Collection[FormEntry]) -> list[Finding]:
    """Stop an application whose form lacks what the rulebook's entries demand (JY-FLD-03, -04, -05, -08).

    `taken` are the batches under which the applicant's other classes of the year were applied for.
    """
    return [finding for entry in entries for finding in _judge(head, entry, taken)]


def _judge(head: FormHead, entry: FormEntry, taken: Collection[int]) -> Iterator[Finding]:
    match entry.code:
        case "applicant_seal" if not head.sealed:
            yield _stop(
                entry, "sealed", "申请表未加盖印章。", "请在申请表上加盖申请单位印章，确认后将 sealed 填为 true。"
            )
        case "contact_person" if not head.contact_person.strip():
            yield _stop(entry, "contact_person", "未填写联系人。", "请填写联系人姓名。")
        case "contact_phone" if not _is_telephone(head.telephone):
            advice = "请填写 11 位手机号码，或带区号的固定电话（区号-号码）。"
            yield _stop(entry, "telephone", "联系电话格式不正确。", advice)
        case "batch" if head.batch in taken:
            message = f"本单位本年度第 {head.batch} 批已用于其他开班申请。"
            yield _stop(entry, "batch", message, f"请使用未用过的批次，如 {max(taken) + 1}。", str(head.batch))
        case _:
            return


def _is_telephone(text: str) -> bool:
    try:
        telephone(text)
    except Refused:
        return False
    return True


def _stop(entry: FormEntry, field: str, message: str, advice: str, value: str | None = None) -> Finding:
    return entry.finding(
        code=entry.missing, severity=Severity.STOP, message=message, advice=advice, field=field, value=value
    )
