"""Import what people were paid elsewhere or before the system, so that caps count it; withdraw what was wrong."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from services.payment.application.assessing import refresh_claim
from services.payment.application.ports import PaymentUnit
from services.payment.domain.past_subsidy import PastSubsidy, past_objections, require_another
from shared.domain.errors import DomainError, NotFound, Refused
from shared.domain.identifiers import identity_number
from shared.policy.judging import refuse_all


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPast:
    """A subsidy and who had it: one person by one number, whatever the spelling of the name.

    The number is compared with rosters by keyed checks and never stored.
    """

    identity_number: str = field(repr=False)
    had: PastSubsidy


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The number of a given subsidy's entry, None where it was imported before."""

    number: int | None


async def import_past_subsidies(uow: PaymentUnit, *, given: Sequence[GivenPast]) -> tuple[Imported, ...]:
    """Store past subsidies and give what became of each in their order; the same one again is stored once.

    Raise Refused with every reason: DATE_IN_FUTURE, or what is wrong with an identity number. Claims of these people
    are computed again, and those that could not be computed as long as nobody could tell what their people had.
    """
    refuse_all([*past_objections([each.had for each in given], today=uow.today), *_unreadable(given)])
    rows: list[Imported] = []
    changed = set()
    for each in given:
        number = identity_number(each.identity_number).value
        key = uow.past_key(number)
        entry = await uow.past.add(key, each.had, by=uow.actor.subject, on=uow.today)
        await uow.past.know(key, uow.identity_checks(number))
        rows.append(Imported(number=entry))
        changed |= {key}
    new = sum(row.number is not None for row in rows)
    details = {"rows": len(rows), "new": new}
    await uow.audit(action="past_subsidies_imported", subject=uow.actor.region, details=details)
    await _refresh(uow, changed)
    return tuple(rows)


async def withdraw_past_subsidy(uow: PaymentUnit, *, number: int, reason: str) -> None:
    """Take back an entry that was imported in error, as another person than imported it.

    Raise NotFound PAST_SUBSIDY_UNKNOWN for one that is not there or was withdrawn, Forbidden SAME_REVIEWER.
    """
    importer = await uow.past.importer(number)
    if importer is None:
        raise NotFound(
            code="PAST_SUBSIDY_UNKNOWN",
            message="没有这条已导入的补贴记录，或已撤销。",
            advice="请核对导入时返回的记录号。",
            field="number",
        )
    require_another(importer, uow.actor.subject)
    await uow.past.withdraw(number, importer=importer, reason=reason, by=uow.actor.subject, on=uow.today)
    await uow.audit(action="past_subsidy_withdrawn", subject=str(number), details={})
    await _refresh(uow, {await uow.past.person_of(number)})


async def _refresh(uow: PaymentUnit, person_keys: Collection[str]) -> None:
    for class_id in sorted({*await uow.past.classes_of(person_keys), *await uow.claims.uncomputed()}):
        await uow.classes.lock(class_id)
        await refresh_claim(uow, class_id, cause="PAST_SUBSIDIES_CHANGED")


def _unreadable(given: Sequence[GivenPast]) -> list[Refused]:
    found = []
    for number, each in enumerate(given):
        try:
            identity_number(each.identity_number)
        except DomainError as error:
            found.append(
                Refused(
                    code=error.code,
                    message=error.message,
                    advice=error.advice,
                    field=f"subsidies.{number}.identity_number",
                )
            )
    return found
