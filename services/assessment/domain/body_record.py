"""What is recorded of an assessment body: the lists on which it stands, and the reviews of its exams.

Both only grow: who was listed or suspended on the day of an exam stays so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from services.assessment.domain.body import AssessmentBody
from services.assessment.domain.findings import stop
from shared.domain.errors import Refused, refused_by
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook
from shared.policy.terms.assessment import BodyList, BodyLists

Verdict = Literal["sound", "poor", "suspended", "reinstated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One occupation, at a level or at every one."""

    occupation: str
    level: str | None = None

    def covers(self, occupation: str, level: str | None) -> bool:
        """Say whether the scope reaches an exam in the occupation at the level."""
        return self.occupation == occupation and self.level in (None, level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A body stands on a region's list for these scopes, first and last day included.

    `document` names the selection or the notice, `published_on` the day on which the list was made known.
    """

    listing_id: str
    body_id: str
    list_code: str
    region: str
    scopes: tuple[Scope, ...]
    valid_from: date
    valid_to: date
    published_on: date
    document: str
    recorded_by: str

    def holds_on(self, day: date) -> bool:
        """Say whether the body stands there on the day."""
        return self.valid_from <= day <= self.valid_to


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyReview:
    """A region's bureau looked at a body's exams; a suspension or its end holds from `held_on` on."""

    review_id: str
    body_id: str
    region: str
    held_on: date
    verdict: Verdict
    findings: str
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyRecord:
    """All listings and reviews of one body, in the order in which they were recorded."""

    listings: tuple[Listing, ...] = ()
    reviews: tuple[BodyReview, ...] = ()

    def stands_on(
        self,
        known: BodyList,
        term: BodyLists,
        *,
        occupation: str,
        level: str | None,
        on: date,
        regions: tuple[str, ...],
    ) -> bool:
        """Say whether the body stands on a list of these regions, and on the one within which that list is."""
        here = any(
            listing.list_code == known.code
            and listing.region in regions
            and listing.holds_on(on)
            and any(scope.covers(occupation, level) for scope in listing.scopes)
            for listing in self.listings
        )
        above = term.find(known.within) if known.within else None
        return here and (
            above is None or self.stands_on(above, term, occupation=occupation, level=level, on=on, regions=regions)
        )

    def suspended_since(self, day: date, regions: tuple[str, ...]) -> date | None:
        """Give since when a bureau of these regions has suspended the body on the day, None when none has."""
        last: dict[str, BodyReview] = {}
        for review in sorted(self.reviews, key=lambda one: one.held_on):
            if review.region in regions and review.held_on <= day and review.verdict in ("suspended", "reinstated"):
                last[review.region] = review
        return min((one.held_on for one in last.values() if one.verdict == "suspended"), default=None)


NOTHING_RECORDED: Final = BodyRecord()


def judge_standing(
    body: AssessmentBody,
    record: BodyRecord,
    *,
    occupation: str,
    level: str | None,
    on: date,
    appointed_on: date,
    regions: tuple[str, ...],
    rulebook: Rulebook,
) -> Iterator[Finding]:
    """Refuse a body that stands on no list from which the class may choose, or is suspended when it is appointed.

    Codes: those of the rulebook's lists (HB-ASM-01, HL-ASM-04), that of the pilot for a body that examines outside its
    scope (HL-ASM-06), BODY_SUSPENDED (HB-ASM-03). `on` is the exam day, `regions` the class's and its ancestors.
    """
    term, supervision = rulebook.assessment.body_lists, rulebook.assessment.body_supervision
    chosen = [known for known in term.lists if known.code in term.chosen_from] if term else []
    if term is not None and not any(
        record.stands_on(known, term, occupation=occupation, level=level, on=on, regions=regions) for known in chosen
    ):
        yield _off_every_list(body, record, term, chosen, on, rulebook)
    since = record.suspended_since(appointed_on, regions)
    if supervision is not None and since is not None:
        yield stop(
            supervision,
            code="BODY_SUSPENDED",
            message=f"该评价机构自 {since.isoformat()} 起被暂停承接考核。",
            advice="请改选其他评价机构，或待其恢复后再安排。",
            field="body_id",
            value=body.body_id,
        )


def to_reassign(record: BodyRecord, regions: tuple[str, ...], today: date, rulebook: Rulebook) -> Iterator[Finding]:
    """Mark an exam still to come whose body was suspended since: it stands until somebody moves it (HB-ASM-03)."""
    supervision, since = rulebook.assessment.body_supervision, record.suspended_since(today, regions)
    if supervision is not None and since is not None:
        yield supervision.finding(
            code="BODY_SUSPENDED",
            severity=Severity.WARN,
            message=f"承接本次考核的评价机构自 {since.isoformat()} 起被暂停。",
            advice="请改由其他评价机构承接（改期申请中更换机构）。",
            field="body_id",
        )


def _off_every_list(
    body: AssessmentBody,
    record: BodyRecord,
    term: BodyLists,
    chosen: list[BodyList],
    on: date,
    rulebook: Rulebook,
) -> Finding:
    """Refuse in the name of the list on which the body stands with another scope, else of the first to choose from."""
    pilot = rulebook.assessment.pilot_scope
    held = {listing.list_code for listing in record.listings if listing.holds_on(on)}
    missed = next((known for known in chosen if known.code in held), chosen[0])
    named = pilot if pilot is not None and missed.code == pilot.on_list else term
    return stop(
        named,
        code=missed.refusal,
        message=f"该评价机构在考核日（{on.isoformat()}）未以本班的工种和等级列入{missed.name}。",
        advice="请在名录内自主选择具备相应工种和等级的评价机构。",
        field="body_id",
        value=body.body_id,
    )


def may_examine_own(
    record: BodyRecord, *, occupation: str, level: str | None, on: date, regions: tuple[str, ...], rulebook: Rulebook
) -> bool:
    """Say whether the body stands on the list that is excepted from the separation, for this exam (HL-ASM-02)."""
    separation, term = rulebook.assessment.separation, rulebook.assessment.body_lists
    excepted = term.find(separation.excepted_list) if separation and term and separation.excepted_list else None
    if term is None or excepted is None:
        return False
    return record.stands_on(excepted, term, occupation=occupation, level=level, on=on, regions=regions)


def judge_listing(
    listing: Listing, body: AssessmentBody, record: BodyRecord, *, regions: tuple[str, ...], rulebook: Rulebook
) -> tuple[Finding, ...]:
    """Give what is to be looked at in a new listing: LIST_OVERDUE, EVALUATION_MISSING (HL-ASM-03).

    Raise Refused LIST_UNKNOWN, LISTING_DATES, BODY_NOT_QUALIFIED for an occupation that is not the body's,
    BODY_KIND_UNKNOWN, and the refusal of the list within which this one is. `regions` are the list's and its ancestors.
    """
    term = rulebook.assessment.body_lists
    known = term.find(listing.list_code) if term else None
    if term is None or known is None:
        names = "、".join(f"{one.code}（{one.name}）" for one in term.lists) if term else "无"
        raise Refused(
            code="LIST_UNKNOWN",
            message="本地政策没有此名录。",
            advice=f"可用的名录：{names}。",
            field="list_code",
            value=listing.list_code,
        )
    _require_whole(listing, body, rulebook)
    above = term.find(known.within) if known.within else None
    for scope in listing.scopes if above else ():
        if above and not record.stands_on(
            above,
            term,
            occupation=scope.occupation,
            level=scope.level,
            on=listing.valid_from,
            regions=regions,
        ):
            raise refused_by(
                stop(
                    term,
                    code=above.refusal,
                    message=f"该评价机构未以工种 {scope.occupation} 列入{above.name}，不能列入{known.name}。",
                    advice=f"请只从{above.name}中选列。",
                    field="scopes",
                    value=scope.occupation,
                )
            )
    return tuple(_doubts(listing, known, term, record, rulebook))


def _require_whole(listing: Listing, body: AssessmentBody, rulebook: Rulebook) -> None:
    if listing.valid_to < listing.valid_from:
        raise Refused(
            code="LISTING_DATES",
            message="名录有效期的截止日早于开始日。",
            advice="请对照名录核对起止日期。",
            field="valid_to",
            value=listing.valid_to.isoformat(),
        )
    strange = sorted({scope.occupation for scope in listing.scopes} - set(body.occupations))
    if strange:
        raise Refused(
            code="BODY_NOT_QUALIFIED",
            message=f"该评价机构未登记工种 {strange[0]}。",
            advice="请先更新评价机构的登记，再列入名录。",
            field="scopes",
            value=strange[0],
        )
    kinds = rulebook.assessment.body_kinds
    if kinds is not None and body.kind not in {kind.code for kind in kinds.kinds}:
        raise refused_by(
            stop(
                kinds,
                code="BODY_KIND_UNKNOWN",
                message="该评价机构未登记类别，或类别不在政策所列之内。",
                advice="请更新登记，可用的类别："
                + "、".join(f"{one.code}（{one.name}）" for one in kinds.kinds)
                + "。",
                field="kind",
                value=body.kind,
            )
        )


def _doubts(
    listing: Listing, known: BodyList, term: BodyLists, record: BodyRecord, rulebook: Rulebook
) -> Iterator[Finding]:
    if known.publish_by is not None and listing.published_on > known.publish_by:
        yield term.finding(
            code="LIST_OVERDUE",
            severity=Severity.WARN,
            message=f"{known.name}应于 {known.publish_by.isoformat()} 前公布，实为 {listing.published_on}。",
            advice="请说明原因；名录仍然有效。",
            field="published_on",
            value=listing.published_on.isoformat(),
        )
    supervision, year = rulebook.assessment.body_supervision, listing.valid_from.year - 1
    again = any(one.list_code == listing.list_code and one.valid_from < listing.valid_from for one in record.listings)
    if supervision is not None and supervision.yearly and again and not _reviewed_in(year, record.reviews):
        yield supervision.finding(
            code="EVALUATION_MISSING",
            severity=Severity.WARN,
            message=f"{year} 年没有对该评价机构的评价质量监管记录。",
            advice="评价质量是政策支持的重要依据，请补做监管后再续列，或说明理由。",
            field="valid_from",
            value=str(year),
        )


def _reviewed_in(year: int, reviews: Iterable[BodyReview]) -> bool:
    return any(review.held_on.year == year and review.verdict in ("sound", "poor") for review in reviews)
