"""Can what a rulebook pays be paid as it says? Silence here would be money without proof, or never paid. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from shared.policy.coherence import Objection, nearest
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Benefit

LEVELS: Final = frozenset("12345")
"""The levels of the national scale, 1 the highest."""


def paying_objections(book: Rulebook) -> Iterator[Objection]:
    """Object to what is paid without evidence, rate or fund, and to terms that can never hold."""
    for place, benefit in enumerate(book.payment.benefits):
        yield from _benefit_objections(book, benefit, place)
    yield from _unproven(book)
    yield from _programme_objections(book)
    for place, cap in enumerate(book.payment.caps):
        if cap.slots_max < 1:
            yield Objection(
                key=("payment", "caps", place, "slots_max"),
                message="次数上限为 0，任何人都得不到补贴",
                advice="请写至少 1 次；文件没有规定上限的，删除这一项",
            )
    yield from _advance_objections(book)
    yield from _day_objections(book)


def _benefit_objections(book: Rulebook, benefit: Benefit, place: int) -> Iterator[Objection]:
    key = ("payment", "benefits", place)
    if not benefit.rates and benefit.basis != "cost" and book.payment.rates is None:
        yield Objection(
            key=(*key, "rates"),
            message=f"“{benefit.name}”没有补贴标准",
            advice="文件载明标准的写 rates；由标准表录入的，写一张 [payment.rates] 表",
        )
    if benefit.units_max is not None and benefit.basis not in ("month", "day"):
        yield Objection(
            key=(*key, "units_max"),
            message=f"按{'证' if benefit.basis == 'certificate' else '人'}计算的补贴没有天数、月数上限，此数不起作用",
            advice='按天的写 basis = "day"，按月的写 basis = "month"；否则删除此项',
        )
    for number, rate in enumerate(benefit.rates):
        if rate.level is not None and rate.level not in LEVELS:
            yield Objection(
                key=(*key, "rates", number, "level"),
                message=f"没有等级 {rate.level}",
                advice="等级为 1（高级技师）至 5（初级工），写在引号内",
            )
        for earlier in benefit.rates[:number]:
            kinds = set(earlier.certificate_kinds) & set(rate.certificate_kinds)
            alike = not (earlier.certificate_kinds and rate.certificate_kinds) and (
                earlier.certificate_kinds == rate.certificate_kinds
            )
            if earlier.level == rate.level and (kinds or alike):
                yield Objection(
                    key=(*key, "rates", number),
                    message="同一等级、同一证书类别写了两个标准，只有前一个起作用",
                    advice="请核对等级和证书类别，删去多余的一个",
                )
                break
    if benefit.fund:
        sources = (
            [source.code for source in book.payment.funding_sources.sources] if book.payment.funding_sources else []
        )
        if benefit.fund.source not in sources:
            otherwise = f"可用：{'、'.join(sources) or '无'}；请先写入 payment.funding_sources"
            yield Objection(
                key=(*key, "fund", "source"),
                message=f"资金来源 {benefit.fund.source} 未在本规则册中定义",
                advice=nearest(benefit.fund.source, sources, otherwise),
            )


def _paid_programmes(book: Rulebook) -> set[str]:
    """Give the words under which the rulebook pays; a benefit that names none is paid as the class's own."""
    own = {row.programme for row in book.enrollment.programmes.types} if book.enrollment.programmes else set()
    paid: set[str] = set()
    for benefit in book.payment.benefits:
        paid |= {benefit.programme} if benefit.programme else set(benefit.classes) or own
    return paid


def _unproven(book: Rulebook) -> Iterator[Objection]:
    """Object to a programme that a benefit names and no event has to prove: without evidence nothing would be asked."""
    evidence = book.payment.evidence
    proven = {row.programme for row in evidence.programmes} if evidence else set()
    paid = {name for one in book.payment.benefits for name in ((one.programme,) if one.programme else one.classes)}
    for programme in sorted(paid - proven):
        yield Objection(
            key=("payment", "evidence", "programmes"),
            message=f"{programme} 没有写明依据，不查开班、考勤、发证就会拨付",
            advice=f'请在 payment.evidence 的 programmes 中补一行：{{ programme = "{programme}", events = […] }}',
        )


def _programme_objections(book: Rulebook) -> Iterator[Objection]:
    payment, paid = book.payment, _paid_programmes(book)
    if not payment.benefits:
        return
    named: list[tuple[tuple[str | int, ...], Sequence[str]]] = [
        *((("payment", "caps", place), cap.programmes) for place, cap in enumerate(payment.caps)),
        *((("payment", "exclusions", place), pair.programmes) for place, pair in enumerate(payment.exclusions)),
        *(
            (("payment", name), term.programmes)
            for name in ("advance", "employment_release", "funding_order")
            if (term := getattr(payment, name))
        ),
    ]
    for key, programmes in named:
        for programme in programmes:
            if programme not in paid:
                otherwise = f"可用：{'、'.join(sorted(paid))}"
                yield Objection(
                    key=(*key, "programmes"),
                    message=f"本册没有补贴项目 {programme}，此处不起作用",
                    advice=nearest(programme, paid, otherwise),
                )
    for place, pair in enumerate(payment.exclusions):
        if len(set(pair.programmes)) < 2:
            yield Objection(
                key=("payment", "exclusions", place, "programmes"),
                message="不得同时享受的项目至少写两项",
                advice="请列出不得同时享受的全部项目",
            )


def _advance_objections(book: Rulebook) -> Iterator[Objection]:
    advance = book.payment.advance
    if advance and not (advance.class_kinds or advance.institution_kinds):
        yield Objection(
            key=("payment", "advance"),
            message="没有写明哪类班级、哪类机构可以预付，任何班级都不能预付",
            advice='请写 class_kinds（如 ["class"]、["project"]）或 institution_kinds',
        )


def _day_objections(book: Rulebook) -> Iterator[Objection]:
    """Object to a season outside the document's own days, and to one that closes before it opens."""
    seasons: list[tuple[tuple[str, str], date | None, date]] = []
    for key in (("enrollment", "season"), ("assessment", "exam_season"), ("payment", "payment_season")):
        if term := getattr(getattr(book, key[0]), key[1]):
            seasons.append((key, getattr(term, "opens", None), term.closes))
    for key, opens, closes in seasons:
        if opens is not None and closes < opens:
            yield Objection(key=(*key, "closes"), message="截止日期早于起始日期", advice="请核对 opens 与 closes")
        elif closes < book.valid_from:
            yield Objection(
                key=(*key, "closes"),
                message=f"截止日期 {closes.isoformat()} 早于文件的生效日期 {book.valid_from.isoformat()}",
                advice="请核对年份",
            )
