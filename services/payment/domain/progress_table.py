"""Progress by project, training type and provider with its kind (JY-REP-06): the table of the monthly report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.payment.domain.class_record import ClassRecord, Counts, Period, total
from shared.policy.rulebook import Rulebook
from shared.policy.terms.class_plan import ProgrammeType


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RowKey:
    """What a row is about; `provider` is the institution's id, the names of the codes stand in the rulebook."""

    project: str
    type: str
    provider_kind: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: what happened in the month, and from the beginning of its year; the provider as it is called last."""

    key: RowKey
    provider_name: str
    month: Counts
    cumulative: Counts


def table(records: Sequence[ClassRecord], month: Period, year: Period, rulebook: Rulebook) -> tuple[Row, ...]:
    """Give the rows in the order of the plan's types, those left out in which nothing happened all year."""
    types = _types(rulebook)
    grouped: dict[RowKey, list[ClassRecord]] = {}
    for record in records:
        kind = types.get(record.opened.training_type)
        key = RowKey(
            project=kind.project if kind else record.opened.kind,
            type=record.opened.training_type,
            provider_kind=record.opened.institution.kind,
            provider=record.opened.institution.institution_id,
        )
        grouped.setdefault(key, []).append(record)
    order = {code: place for place, code in enumerate(types)}
    rows = [
        Row(key=key, provider_name=_name(found), month=_sum(found, month), cumulative=_sum(found, year))
        for key, found in sorted(grouped.items(), key=lambda pair: (order.get(pair[0].type, len(order)), pair[0]))
    ]
    return tuple(row for row in rows if row.cumulative != Counts())


def _name(records: Iterable[ClassRecord]) -> str:
    last = max((record.opened for record in records), key=lambda opened: (opened.opening_date, opened.class_id))
    return last.institution.name


def _sum(records: Iterable[ClassRecord], period: Period) -> Counts:
    return total(record.counts(period) for record in records)


def _types(rulebook: Rulebook) -> dict[str, ProgrammeType]:
    programmes = rulebook.enrollment.programmes
    return {kind.code: kind for kind in programmes.types} if programmes else {}


def named(row: Row, rulebook: Rulebook) -> dict[str, str]:
    """Give a row's codes with the names that the rulebook knows; an unknown code is its own name."""
    key = row.key
    kind = _types(rulebook).get(key.type)
    kinds = rulebook.enrollment.institution_kinds
    providers = {each.code: each.name for each in kinds.kinds} if kinds else {}
    return {
        "project": key.project,
        "project_name": kind.project_name if kind else key.project,
        "type": key.type,
        "type_name": kind.name if kind else key.type,
        "provider_kind": key.provider_kind,
        "provider_kind_name": providers.get(key.provider_kind, key.provider_kind),
        "provider": key.provider,
        "provider_name": row.provider_name,
    }
