"""Rulebooks and which one holds: pure, no file is opened here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.domain.errors import MissingFact, Refused
from shared.domain.jurisdiction import RegionTable
from shared.policy.terms.assessment import AssessmentTerms
from shared.policy.terms.enrollment import EnrollmentTerms
from shared.policy.terms.payment import PaymentTerms
from shared.policy.terms.supervision import SupervisionTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The rules of one document for one region, from its first day of validity to its last, both included.

    Days before and after have none of them, whatever a document's title or page says: then a person decides (HL-DAT-03,
    QJ-DAT-02, LS-DAT-02).

    `id` is `<jurisdiction>/<first day>@<first 12 hex digits of the file's SHA-256>`: another byte, another rulebook.
    """

    id: str
    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date | None
    enrollment: EnrollmentTerms
    supervision: SupervisionTerms
    assessment: AssessmentTerms
    payment: PaymentTerms

    def holds_on(self, day: date) -> bool:
        """Say whether the rulebook is valid on the day, first and last day included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Shelf:
    """Every rulebook known here: those that can come into force, and earlier versions kept for pinned classes."""

    def __init__(self, current: Iterable[Rulebook], kept: Iterable[Rulebook], regions: RegionTable) -> None:
        self._current = tuple(sorted(current, key=lambda book: (book.region, book.valid_from)))
        self._by_id = {book.id: book for book in (*kept, *self._current)}
        self._regions = regions

    @property
    def current(self) -> tuple[Rulebook, ...]:
        """Give the rulebooks that can come into force, by region and first day."""
        return self._current

    @property
    def known(self) -> tuple[Rulebook, ...]:
        """Give every rulebook, versions kept for pinned classes included."""
        return tuple(self._by_id.values())

    def in_force(self, region: str, day: date) -> Rulebook:
        """Give the rulebook of the nearest ancestor that has one valid on the day, the region itself first.

        Raise Refused REGION_UNKNOWN, or RULEBOOK_MISSING when nobody up to the nation has one: a person must decide
        (JY-INT-04, HL-DAT-03, QJ-DAT-02, LS-DAT-02), a neighbour's or an expired rulebook is never borrowed.
        """
        for ancestor in self._regions.ancestors(region):
            for book in self._current:
                if book.region == ancestor and book.holds_on(day):
                    return book
        name = self._regions.region(region).name
        raise Refused(
            code="RULEBOOK_MISSING",
            message=f"{name}（{region}）在 {day.isoformat()} 没有生效的政策规则册。",
            advice="请核对开班日期；确需办理的，由政策管理员发布适用的规则册或作出书面决定。",
            field="region",
            value=region,
        )

    def last_in_force(self, region: str, day: date) -> Rulebook:
        """Give the rulebook in force on the day, else the one that was in force last before it.

        For what was done under a rulebook that has lapsed since: it stays readable, is reported, and can be mended.
        Raise Refused as `in_force` does.
        """
        ancestors = self._regions.ancestors(region)
        if not any(book.region in ancestors and book.holds_on(day) for book in self._current):
            for ancestor in ancestors:
                own = [book for book in self._current if book.region == ancestor and book.valid_from <= day]
                if own:
                    return max(own, key=lambda book: book.valid_from)
        return self.in_force(region, day)

    def by_id(self, rulebook_id: str) -> Rulebook:
        """Give the version a class was pinned to, or raise MissingFact RULEBOOK_UNKNOWN, which holds the class."""
        book = self._by_id.get(rulebook_id)
        if book is None:
            raise MissingFact(
                code="RULEBOOK_UNKNOWN",
                message=f"本系统没有规则册 {rulebook_id}。",
                advice="请将该版本的规则册文件放入规则册目录后重试；班级暂停处理，数据不会丢失。",
                field="rulebook_id",
                value=rulebook_id,
            )
        return book
