"""Somebody writes into a register, mends an entry or strikes it; the rulebook says who, where and what."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.enrollment.application.open_class import open_if_due
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.provided import book_today
from services.enrollment.application.scope import (
    institution_of_region,
    is_of_bureau,
    own_institution,
    require_region,
    visible_class,
)
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.person import Identity
from services.enrollment.domain.register import (
    RegisterEntry,
    Value,
    Values,
    judge_checks,
    judge_enterprise,
    judge_institution,
    natural_key,
    read_values,
    sealed_codes,
    unlinked,
)
from services.enrollment.domain.sign_up import placed
from services.enrollment.domain.training_class import AWAITING_OPENING
from shared.clock import new_id
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from shared.domain.identifiers import identity_number
from shared.domain.jurisdiction import ancestors
from shared.domain.masking import masked_name
from shared.policy.judging import refuse_stopped
from shared.policy.rulebook import Rulebook
from shared.policy.terms.register import Register
from shared.policy.terms.term import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What somebody sent for a register: the holder where it is not the writer, the person, and the fields."""

    register: str
    fields: Mapping[str, object]
    region: str | None = None
    institution_id: str | None = None
    person: Identity | None = None


async def record_entry(uow: UnitOfWork, written: Written) -> RegisterEntry:
    """Add an entry and give it; raise everything that is wrong with it, or Conflict ENTRY_EXISTS."""
    terms, holder, region = await _register(uow, written)
    values, findings = read_values(written.fields, terms)
    if not findings:
        kind = holder.kind if holder else None
        findings += judge_checks(values, institution_kind=kind, terms=terms)
        if holder is not None:
            findings += judge_institution(holder.kind, terms)
            if not is_of_bureau(uow.actor):
                findings += judge_enterprise(values, own_code=holder.credit_code, terms=terms)
    refuse_stopped(findings)
    await _require_links(uow, values, region, terms)
    values = await _placed(uow, values, region, terms)
    entry = RegisterEntry(
        entry_id=new_id(),
        register=terms.code,
        region=region,
        institution_id=holder.institution_id if holder else None,
        person_id=await _person(uow, written.person, terms),
        masked_name=masked_name(written.person.name) if written.person else None,
        values=values,
        recorded_on=uow.today,
    )
    if not await store_entry(uow, entry, terms):
        raise Conflict(
            code="ENTRY_EXISTS",
            message=f"“{terms.name}”中已有相同的记录。",
            advice="请查询并更正已有的记录，不要重复登记。",
            **quote(terms),
        )
    await _let_open(uow, entry)
    return entry


async def _require_links(uow: UnitOfWork, values: Values, region: str, terms: Register) -> None:
    """Raise what the register objects where no entry stands on which this one builds (LS-ENR-12)."""
    findings = []
    for link in terms.links:
        stating = {link.field: str(values[link.field])}
        if not await uow.registers.entries(link.register, regions=ancestors(region), stating=stating, limit=1):
            findings.append(unlinked(link, terms))
    refuse_stopped(findings)


async def _require_unneeded(uow: UnitOfWork, entry: RegisterEntry, terms: Register) -> None:
    """Raise Conflict ENTRY_BUILT_ON where a later list stands on this entry and no other one bears it (LS-ENR-12)."""
    registers = uow.registers
    for builds, link in uow.shelf.last_in_force(entry.region, uow.today).enrollment.links_to(entry.register):
        stating = {link.field: str(entry.values[link.field])}
        alike = await registers.entries(entry.register, regions=ancestors(entry.region), stating=stating, limit=2)
        standing = await registers.entries(builds.code, stating=stating)
        if len(alike) == 1 and any(entry.region in ancestors(one.region) for one in standing):
            raise Conflict(
                code="ENTRY_BUILT_ON",
                message=f"“{builds.name}”中有以本记录为前提的记录，不能撤销。",
                advice=f"请先撤销“{builds.name}”中的相应记录，或更正本记录。",
                **quote(terms),
            )


async def _placed(
    uow: UnitOfWork, values: dict[str, Value], region: str, terms: Register, *, entry_id: str | None = None
) -> dict[str, Value]:
    """Give a sign-up the place that is left in its class, or a number on the waiting list; anything else as it is.

    Raise NotFound CLASS_NOT_FOUND for a class that the actor may not see. The class is locked: two take no one place.
    """
    sign_ups = uow.shelf.last_in_force(region, uow.today).enrollment.sign_ups
    if sign_ups is None or terms.code != sign_ups.register:
        return values
    class_id = str(values[sign_ups.class_field])
    training_class = await visible_class(uow, class_id, lock=True)
    standing = await uow.registers.entries(terms.code, stating={sign_ups.class_field: class_id})
    others = [one.values for one in standing if one.entry_id != entry_id]
    return placed(values, others, planned=training_class.plan.planned, terms=sign_ups)


async def _let_open(uow: UnitOfWork, entry: RegisterEntry) -> None:
    """Open the class for which this was the last commitment, when its day has come (HB-ENR-15).

    Raise NotFound CLASS_NOT_FOUND for a commitment in a class that the actor may not see.
    """
    terms = uow.shelf.last_in_force(entry.region, uow.today).enrollment.commitments
    if terms is None or entry.register not in (terms.institution_register, terms.trainee_register):
        return
    training_class = await visible_class(uow, str(entry.values[terms.class_field]), lock=True)
    if training_class.state in AWAITING_OPENING:
        await open_if_due(uow, training_class)


async def store_entry(uow: UnitOfWork, entry: RegisterEntry, terms: Register) -> bool:
    """Store a judged entry; give False when the register has one of the same key."""
    key = natural_key(
        entry.values,
        region=entry.region,
        institution_id=entry.institution_id,
        person_id=entry.person_id,
        terms=terms,
    )
    added = await uow.registers.add(entry, natural_key=key, sealed=sealed_codes(terms), by=uow.actor.subject)
    if added:
        await uow.audit(action="register_entered", subject=entry.entry_id, details={"register": terms.code})
    return added


async def revise_entry(uow: UnitOfWork, *, register: str, entry_id: str, fields: Mapping[str, object]) -> RegisterEntry:
    """Put these fields in place of the entry's; what makes it this entry, and not another, stays as it is."""
    terms, entry, holder = await _standing(uow, register, entry_id)
    values, findings = read_values(fields, terms)
    if not findings:
        findings += judge_checks(values, institution_kind=holder.kind if holder else None, terms=terms)
    refuse_stopped(findings)
    for code in terms.key:
        if code in values and values[code] != entry.values[code]:
            raise Refused(
                code="KEY_FIXED",
                message="区分记录的字段不能更改。",
                advice="请撤销本记录后重新登记。",
                field=code,
                **quote(terms),
            )
    await _require_links(uow, values, entry.region, terms)
    values = await _placed(uow, values, entry.region, terms, entry_id=entry_id)
    return await _save(uow, replace(entry, values=values), terms, action="register_revised")


async def strike_entry(uow: UnitOfWork, *, register: str, entry_id: str) -> RegisterEntry:
    """Take an entry out of the register; every version of it is kept.

    Raise Conflict ENTRY_BUILT_ON while another entry stands on it.
    """
    terms, entry, _ = await _standing(uow, register, entry_id)
    await _require_unneeded(uow, entry, terms)
    return await _save(uow, replace(entry, struck_on=uow.today), terms, action="register_struck")


async def _save(uow: UnitOfWork, entry: RegisterEntry, terms: Register, *, action: str) -> RegisterEntry:
    saved = await uow.registers.save(entry, sealed=sealed_codes(terms), on=uow.today, by=uow.actor.subject)
    await uow.audit(action=action, subject=entry.entry_id, details={"register": terms.code})
    return saved


async def _register(uow: UnitOfWork, written: Written) -> tuple[Register, Institution | None, str]:
    """Give the register's terms, the institution that the entry belongs to, and its region."""
    if not is_of_bureau(uow.actor):
        holder = await own_institution(uow, uow.actor.organisation)
        if written.institution_id not in (None, holder.institution_id):
            await own_institution(uow, written.institution_id or "")
        return _terms(uow, written.register, book_today(uow, holder.region)), holder, holder.region
    if written.institution_id is not None:
        holder = await institution_of_region(uow, written.institution_id)
        return _terms(uow, written.register, book_today(uow, holder.region)), holder, holder.region
    region = written.region or uow.actor.region
    require_region(uow, region)
    terms = _terms(uow, written.register, book_today(uow, region))
    if terms.of_institution:
        raise Refused(
            code="INSTITUTION_MISSING",
            message=f"“{terms.name}”按机构登记，须写明机构。",
            advice="请填写机构编号 institution_id。",
            field="institution_id",
        )
    return terms, None, region


def _terms(uow: UnitOfWork, register: str, book: Rulebook) -> Register:
    terms = _kept(register, book)
    uow.actor.require(*(Role(role) for role in terms.roles))
    return terms


def register_terms(uow: UnitOfWork, register: str, region: str) -> Register:
    """Give the register of the rulebook last in force in the region; raise NotFound REGISTER_NOT_FOUND without one."""
    return _kept(register, uow.shelf.last_in_force(region, uow.today))


def _kept(register: str, book: Rulebook) -> Register:
    terms = book.enrollment.register(register)
    if terms is None:
        known = "、".join(f"{one.code}（{one.name}）" for one in book.enrollment.registers)
        raise NotFound(
            code="REGISTER_NOT_FOUND",
            message="本地政策文件没有规定这个登记册。",
            advice=f"可用的登记册：{known or '无'}。",
        )
    return terms


async def _standing(
    uow: UnitOfWork, register: str, entry_id: str
) -> tuple[Register, RegisterEntry, Institution | None]:
    entry = await uow.registers.get(register, entry_id)
    bureau = is_of_bureau(uow.actor)
    own = entry is not None and entry.institution_id == uow.actor.organisation
    if entry is None or entry.struck_on is not None or not (bureau or own):
        raise _no_entry()
    holder = None
    try:
        if entry.institution_id is not None:
            find = institution_of_region if bureau else own_institution
            holder = await find(uow, entry.institution_id)
        else:
            require_region(uow, entry.region)
    except (NotFound, Forbidden):
        raise _no_entry() from None
    return _terms(uow, register, uow.shelf.last_in_force(entry.region, uow.today)), entry, holder


def _no_entry() -> NotFound:
    return NotFound(
        code="ENTRY_NOT_FOUND",
        message="本登记册没有这条记录，或不在您的办理范围内。",
        advice="请从登记册列表中查询记录编号 entry_id。",
    )


async def _person(uow: UnitOfWork, identity: Identity | None, terms: Register) -> str | None:
    if (identity is not None) != terms.person:
        needed = "须写明人员姓名与证件号码" if terms.person else "不登记人员"
        raise Refused(
            code="PERSON_EXPECTED" if terms.person else "PERSON_UNEXPECTED",
            message=f"“{terms.name}”{needed}。",
            advice="请按登记册的字段说明提交。",
            field="person",
        )
    if identity is None:
        return None
    stated = replace(identity, identity_number=identity_number(identity.identity_number).value)
    person = (await uow.persons.identify([stated]))[stated]
    if person.name_differs:
        raise Refused(
            code="NAME_DIFFERS",
            message="该证件号码已以另一姓名完成实名登记。",
            advice="请核对身份证件后改正姓名或证件号码。",
            field="person.name",
        )
    return person.person_id
