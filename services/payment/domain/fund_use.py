"""How the money was used, for the public and for fund supervision (HL-REP-06, LS-FND-01): sums, and never a person."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.payment.domain.class_record import ClassRecord, Period
from shared.policy.terms.reporting import FundUse


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRow:
    """What was paid under one head: credited minus what came back through the bank, person-times and persons."""

    head: str
    amount_fen: int
    person_times: int
    persons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundTable:
    """The use of the money by one kind of head; every table has the same sum."""

    by: str
    rows: tuple[FundRow, ...]


def fund_use(records: Iterable[ClassRecord], period: Period, term: FundUse) -> tuple[FundTable, ...]:
    """Give the money that the bank credited in the period, told by each kind of head the rulebook names."""
    paid = [(record, settled) for record in records for settled in record.settlements if period.has(settled.on)]
    tables = []
    for by in term.by:
        amounts: dict[str, int] = {}
        people: dict[str, set[tuple[str, str]]] = {}
        for record, settled in paid:
            head = _head(record, settled.funding_source, by)
            amounts[head] = amounts.get(head, 0) + settled.amount_fen
            if settled.person_id and settled.amount_fen > 0:
                people.setdefault(head, set()).add((settled.person_id, record.opened.class_id))
        tables.append(
            FundTable(
                by=by,
                rows=tuple(
                    FundRow(
                        head=head,
                        amount_fen=amount,
                        person_times=len(people.get(head, ())),
                        persons=len({person for person, _ in people.get(head, ())}),
                    )
                    for head, amount in sorted(amounts.items())
                ),
            )
        )
    return tuple(tables)


def _head(record: ClassRecord, funding_source: str, by: str) -> str:
    match by:
        case "funding_source":
            return funding_source
        case "training_type":
            return record.opened.training_type
        case _:
            return record.opened.institution.name
