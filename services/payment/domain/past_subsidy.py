"""What people were paid elsewhere or before the system (已享受补贴): only counted, never paid from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.payment.domain.caps import Use
from shared.domain.errors import Forbidden, Refused
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook

PAST_KEY_UNKNOWN: Final = "PAST_KEY_UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSubsidy:
    """One subsidy that somebody had: under which programme, for what, on which day, working for whom.

    `source` names the record that says so. It is one by person, programme, occupation, level, day and source.
    """

    programme: str
    had_on: date
    source: str
    occupation: str | None = None
    level: str | None = None
    employer: str | None = None

    def use_of(self, person_id: str) -> Use:
        """Give it as caps and exclusions read it."""
        return Use(
            person_id=person_id,
            programme=self.programme,
            on=self.had_on,
            occupation=self.occupation,
            level=self.level,
            employer=self.employer,
            imported=True,
        )


def past_objections(had: Sequence[PastSubsidy], *, today: date) -> Iterator[Refused]:
    """Refuse what lies in the future."""
    for number, each in enumerate(had):
        if each.had_on > today:
            yield Refused(
                code="DATE_IN_FUTURE",
                message="享受补贴的日期晚于今日。",
                advice="请按来源记录填写实际日期。",
                field=f"subsidies.{number}.had_on",
            )


def require_another(importer: str, by: str) -> None:
    """Raise Forbidden SAME_REVIEWER for who imported the entry that is to be withdrawn."""
    if importer == by:
        raise Forbidden(
            code="SAME_REVIEWER",
            message="导入的补贴记录须由导入人以外的人员撤销。",
            advice="请由另一名政策管理员办理。",
        )


def past_unknown(rulebook: Rulebook) -> Finding:
    """Say that the imported past cannot be compared with a roster whose checks were made under another key.

    Nobody is taken for a stranger because a key was changed: until then nothing of the class is decided or paid.
    """
    term = next(iter((*rulebook.payment.caps, *rulebook.payment.exclusions)), None)
    return (term or CONSISTENCY).finding(
        code=PAST_KEY_UNKNOWN,
        severity=Severity.STOP,
        message="已导入的补贴记录不能用该班级名单的核对密钥比对，暂时不能判断次数限制。",
        advice="请由系统管理员配置该密钥，并由政策管理员用原文件重新导入已享受补贴记录；重复导入不会重复计数。",
    )
