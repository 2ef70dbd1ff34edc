"""Files and facts of classes as rows."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Row, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.entitlement import ClassFile
from services.payment.domain.facts import ClassFacts, Known, dated
from services.payment.domain.rates import Rate, Reach
from services.payment.storage.tables import CLASS_FACT, CLASS_FILE, ENTITLEMENT_ENTRY
from services.payment.storage.work import StoredWork
from shared.contracts.assessment import (
    AssessmentCompleted,
    AssessmentScheduled,
    AssessmentWithdrawn,
    CertificateIssued,
    CertificateVoided,
    ResultEntryChanged,
    SatisfactionMeasured,
)
from shared.contracts.catalogue import adapter_of
from shared.contracts.contract import Contract
from shared.contracts.enrollment import (
    ClassOpened,
    OccupationDated,
    ReservationRequest,
    RosterEntryChanged,
    TraineeWithdrawn,
)
from shared.contracts.supervision import (
    AttendanceChecked,
    ClassCancelled,
    FindingClosed,
    FindingRaised,
    InspectionEntryChanged,
    SpotCheckRecorded,
    SpotCheckVoided,
    TrainingCompleted,
)
from shared.database.upsert import insert_for, insert_or_ignore
from shared.domain.jurisdiction import descendants

_ITEM: Final[Mapping[type[Contract], str | None]] = {
    ClassOpened: None,
    OccupationDated: None,
    TrainingCompleted: None,
    AssessmentCompleted: None,
    ClassCancelled: None,
    AttendanceChecked: "session_id",
    SpotCheckRecorded: "check_id",
    SpotCheckVoided: "check_id",
    AssessmentScheduled: "assessment_id",
    AssessmentWithdrawn: "assessment_id",
    CertificateIssued: "certificate_id",
    CertificateVoided: "certificate_id",
    FindingRaised: "finding_id",
    FindingClosed: "finding_id",
    TraineeWithdrawn: "person_id",
    SatisfactionMeasured: None,
    RosterEntryChanged: "checkpoint",
    InspectionEntryChanged: "checkpoint",
    ResultEntryChanged: "checkpoint",
}
"""The field that names the thing a fact speaks of, None where it speaks of the class."""

_ENTRIES: Final = (RosterEntryChanged, InspectionEntryChanged, ResultEntryChanged)
_REQUEST: Final = TypeAdapter(ReservationRequest)
_BY_NAME: Final = {contract.__name__: contract for contract in _ITEM}


class StoredClasses:
    """The classes of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self, class_id: str) -> ClassFile:
        """Give the class's file, made if need be, and keep every other writer of this class waiting.

        Whoever locks a class changes something of it, so its version grows.
        """
        empty = {"class_id": class_id, "asked_version": 0, "version": 0}
        await self._connection.execute(insert_or_ignore(self._connection, CLASS_FILE, empty))
        found = await self.find(class_id, lock=True)
        if found is None:
            raise LookupError(f"the file of class {class_id} was just made and is gone")
        return found

    async def find(self, class_id: str, *, lock: bool = False) -> ClassFile | None:
        """Give the class's file, None for a class not known here."""
        mine = CLASS_FILE.c.class_id == class_id
        grown = update(CLASS_FILE).where(mine).values(version=CLASS_FILE.c.version + 1).returning(CLASS_FILE)
        row = (await self._connection.execute(grown if lock else select(CLASS_FILE).where(mine))).first()
        if row is None:
            return None
        entry = ENTITLEMENT_ENTRY.c
        released = select(entry.person_id).distinct().where(entry.class_id == class_id, entry.act == "released")
        return _file(row, frozenset((await self._connection.execute(released)).scalars()))

    async def save(self, file: ClassFile) -> None:
        """Store what was asked or released; who left is told by the entitlement ledger."""
        row = {
            "institution_id": file.institution_id,
            "region": file.region,
            "rulebook_id": file.rulebook_id,
            "funding_source": file.funding_source,
            "asked_version": file.asked_version,
            "request": None if file.request is None else _REQUEST.dump_python(file.request, mode="json"),
            "budget_refused": file.budget_refused,
            "budget_refused_at": file.budget_refused_at,
            "released": file.released,
        }
        await self._connection.execute(update(CLASS_FILE).where(CLASS_FILE.c.class_id == file.class_id).values(row))

    async def without_budget(self, regions: Collection[str]) -> Sequence[str]:
        """Give the classes of these regions whose budget was refused and that may open, the longest waiting first."""
        file, fact = CLASS_FILE.c, CLASS_FACT.c
        opened = select(fact.class_id).where(fact.event == ClassOpened.EVENT.name)
        query = select(file.class_id).where(
            file.region.in_(regions), file.budget_refused.is_not(None), file.released.is_(None)
        )
        waiting = query.where(file.class_id.not_in(opened)).order_by(file.budget_refused_at, file.class_id)
        return (await self._connection.execute(waiting)).scalars().all()

    async def is_any_priced_by(self, rate: Rate, reach: Reach) -> bool:
        """Say whether a class that asked for a budget and was not released lies where and when the row would pay."""
        file, asked = CLASS_FILE.c, CLASS_FILE.c.request
        query = select(file.class_id).where(
            file.region.in_(descendants(rate.region)),
            file.released.is_(None),
            asked["opening_date"].as_string() >= reach.opened_from.isoformat(),
        )
        if reach.programmes is not None:
            query = query.where(asked["programme"].as_string().in_(sorted(reach.programmes)))
        for key in ("occupation", "level"):
            if (named := getattr(rate, key)) is not None:
                query = query.where(func.coalesce(asked[key].as_string(), named) == named)
        return (await self._connection.execute(query.limit(1))).first() is not None

    async def keep(self, fact: Contract, *, event_id: str, version: int) -> bool:
        """Store what an event said unless a higher revision is known; say whether it was new.

        Facts without a revision of their own are ordered by the version of their aggregate.
        """
        field = _ITEM[type(fact)]
        event = fact.EVENT
        adapter = adapter_of(event.type)
        if adapter is None:
            raise LookupError(f"{event.type} is not in the catalogue")
        row = {
            "class_id": getattr(fact, "class_id"),  # noqa: B009 - contracts share no base that has it
            "event": event.name,
            "item": "" if field is None else getattr(fact, field),
            "revision": getattr(fact, "revision", version),
            "event_id": event_id,
            "data": adapter.dump_python(fact, mode="json"),
            "person_id": getattr(fact, "person_id", None),
        }
        insert = insert_for(self._connection, CLASS_FACT).values(row)
        newer = insert.on_conflict_do_update(
            index_elements=["class_id", "event", "item"],
            set_={name: row[name] for name in ("revision", "event_id", "data", "person_id")},
            where=CLASS_FACT.c.revision < insert.excluded.revision,
        ).returning(CLASS_FACT.c.event_id)
        return (await self._connection.execute(newer)).first() is not None

    async def is_cancelled(self, class_id: str) -> bool:
        """Say whether the class was cancelled."""
        fact = CLASS_FACT.c
        query = select(fact.event_id).where(fact.class_id == class_id, fact.event == ClassCancelled.EVENT.name)
        return (await self._connection.execute(query)).first() is not None

    async def certificates_elsewhere(self, class_id: str, persons: Collection[str]) -> Sequence[CertificateIssued]:
        """Give the certificates of these people that stand in other classes."""
        fact, voided = CLASS_FACT.c, CLASS_FACT.alias("voided").c
        gone = exists().where(
            voided.class_id == fact.class_id,
            voided.event == CertificateVoided.EVENT.name,
            voided.item == fact.item,
        )
        query = select(CLASS_FACT).where(
            fact.person_id.in_(persons),
            fact.event == CertificateIssued.EVENT.name,
            fact.class_id != class_id,
            ~gone,
        )
        rows = await self._connection.execute(query.order_by(fact.class_id, fact.item))
        return [_known(row).fact for row in rows]

    async def facts(self, class_id: str) -> ClassFacts:
        """Give everything known of the class."""
        query = select(CLASS_FACT).where(CLASS_FACT.c.class_id == class_id).order_by(CLASS_FACT.c.item)
        known: dict[str, list[Known[Any]]] = {}
        for row in await self._connection.execute(query):
            known.setdefault(row.event, []).append(_known(row))
        work = StoredWork(self._connection)
        one = {name: parts[0] for name, parts in known.items()}
        later = one.get("OccupationDated")
        many = {name: tuple(parts) for name, parts in known.items()}
        return ClassFacts(
            class_id=class_id,
            opened=dated(opened, later) if (opened := one.get("ClassOpened")) else None,
            dated=later,
            training=one.get("TrainingCompleted"),
            examination=one.get("AssessmentCompleted"),
            cancelled=one.get("ClassCancelled"),
            attendance=many.get("AttendanceChecked", ()),
            checks=_standing(many, "SpotCheckRecorded", "SpotCheckVoided", "check_id"),
            exams=_standing(many, "AssessmentScheduled", "AssessmentWithdrawn", "assessment_id"),
            certificates=many.get("CertificateIssued", ()),
            voided=many.get("CertificateVoided", ()),
            raised=many.get("FindingRaised", ()),
            closed=many.get("FindingClosed", ()),
            survey=one.get("SatisfactionMeasured"),
            entries=tuple(known for entry in _ENTRIES for known in many.get(entry.__name__, ())),
            withdrawn=many.get("TraineeWithdrawn", ()),
            spells=await work.spells(class_id),
            months=tuple(entry.given.fact() for entry in await work.months(class_id) if entry.counts),
            payouts=tuple(entry.given.fact() for entry in await work.payouts(class_id) if entry.counts),
        )


def _standing(
    known: Mapping[str, tuple[Known[Any], ...]], event: str, taken_back: str, item: str
) -> tuple[Known[Any], ...]:
    """Give the facts of one kind whose things nobody took back."""
    gone = {getattr(one.fact, item) for one in known.get(taken_back, ())}
    return tuple(one for one in known.get(event, ()) if getattr(one.fact, item) not in gone)


def _known(row: Row[Any]) -> Known[Any]:
    adapter = adapter_of(_BY_NAME[row.event].EVENT.type)
    if adapter is None:
        raise LookupError(f"{row.event} is not in the catalogue")
    return Known(event_id=row.event_id, fact=adapter.validate_python(row.data))


def _file(row: Row[Any], left: frozenset[str]) -> ClassFile:
    return ClassFile(
        class_id=row.class_id,
        institution_id=row.institution_id,
        region=row.region,
        rulebook_id=row.rulebook_id,
        funding_source=row.funding_source,
        asked_version=row.asked_version,
        request=None if row.request is None else _REQUEST.validate_python(row.request),
        budget_refused=row.budget_refused,
        budget_refused_at=row.budget_refused_at,
        released=row.released,
        left=left,
        version=row.version,
    )
