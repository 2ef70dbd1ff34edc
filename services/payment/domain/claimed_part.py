"""The part of a class's assessment that one claim is about: its people, its payee, its assessment body."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from typing import Final

from services.payment.domain.benefit import GIVER
from services.payment.domain.claim import ASSESSOR, PAID_AS, Claim
from services.payment.domain.claimant import asked_of_claimant
from services.payment.domain.deciding import Decided
from services.payment.domain.obstacles import NOT_IN_SYSTEM
from services.payment.domain.subsidy import Assessment, Line, closed
from shared.domain.errors import refused_by
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook

PAYEE_IS_ANOTHER: Final = "PAYEE_IS_ANOTHER"


def part_of(claim: Claim, whole: Assessment, rulebook: Rulebook) -> Assessment:
    """Give the assessment of a class as it stands for a claim: for its people, its payee, its assessment body."""
    found = whole
    if claim.persons is not None:
        found = narrowed(found, claim.persons, alone=claim.stands_apart, rulebook=rulebook)
    if claim.payee:
        found = for_payee(found, claim.payee, rulebook)
    if claim.claimant == ASSESSOR:
        found = for_body(found, claim.owner, rulebook)
    return asked_of_claimant(claim, found, rulebook)


def is_whole(claim: Claim, decided: Decided) -> bool:
    """Say whether every line of a class is the claim's as it stands; what is asked of the class is not looked at."""
    if PAID_AS[claim.claimant] not in ("institution", "employer"):
        return False
    if claim.persons is not None and any(one.person_id not in claim.persons for one in decided.opened.fact.trainees):
        return False
    return not claim.payee or all(_payee_of(line) == claim.payee for one in decided.judged for line in one.lines)


def narrowed(found: Assessment, persons: frozenset[str], *, alone: bool, rulebook: Rulebook) -> Assessment:
    """Give a class's assessment as it stands for a claim of some of its people (JY-CLM-01).

    Base and recognised heads stay the class's, so that everybody bears the same share of a cut. An individual
    (`alone`) sees nobody else's line; in an institution's claim the lines of people who claimed themselves are
    refused as ALREADY_CLAIMED.
    """
    people = [line for line in found.lines if line.person_id is not None]
    if found.stops or all(line.person_id in persons for line in people):
        return found
    if alone:
        mine = [line for line in people if line.person_id in persons]
        lines = [replace(line, line_no=number) for number, line in enumerate(mine, start=1)]
    else:
        lines = [line if line.person_id in persons else _claimed_elsewhere(line, rulebook) for line in people]
    return _recut(found, lines)


def for_payee(found: Assessment, payee: str, rulebook: Rulebook) -> Assessment:
    """Give an assessment as it stands for one kind of payee: what the document pays to another is not theirs.

    What it leaves open is the institution's, which gave the class; nobody is paid in between (HB-PAY-02, QJ-PAY-02).
    """
    people = [line for line in found.lines if line.person_id is not None]
    mine = [line if _payee_of(line) == payee else _paid_to_another(line, rulebook) for line in people]
    return found if mine == people else _recut(found, mine)


def awaited(found: Assessment, payees: Container[str]) -> tuple[Finding, ...]:
    """Give what lines of these payees still wait for: a claim is handed in once everything is there that it is for."""
    own = [line for line in found.lines if line.person_id is not None and _payee_of(line) in payees]
    return tuple(dict.fromkeys(finding for line in own for finding in line.findings if finding.code == NOT_IN_SYSTEM))


def for_body(found: Assessment, body_id: str, rulebook: Rulebook) -> Assessment:
    """Give an assessment with what rests on the certificates of one assessment body alone (HB-CLM-13, HB-PAY-02).

    Who issued the certificate signed the agreement that its exam is free: the agreement is recorded with it.
    """
    people = [line for line in found.lines if line.person_id is not None]
    mine = [_of_body(line, body_id, rulebook) for line in people]
    return found if mine == people else _recut(found, mine)


def _of_body(line: Line, body_id: str, rulebook: Rulebook) -> Line:
    own = [award for award in line.awards if award.certificate and award.certificate.fact.body_id == body_id]
    others = [award for award in line.awards if award not in own]
    if not others:
        return line
    if not own:
        return _paid_to_another(replace(line, recognised=True), rulebook)
    paid = [award for award in own if not award.findings]
    of_awards = [finding for award in line.awards for finding in award.findings]
    foreign = [trace for award in others for trace in award.traces]
    kept = [trace for award in paid for trace in award.traces]
    events = {award.certificate.event_id for award in others if award.certificate}
    return replace(
        line,
        awards=tuple(own),
        recognised=bool(paid),
        amount_fen=sum(award.amount_fen for award in paid),
        certificate_kind=next((each.certificate.fact.kind for each in paid if each.certificate), None),
        findings=(
            *(finding for finding in line.findings if finding not in of_awards),
            *(finding for award in own for finding in award.findings),
        ),
        traces=tuple(trace for trace in line.traces if trace in kept or trace not in foreign) if paid else (),
        evidence=tuple(event for event in line.evidence if event not in events),
    )


def unsigned(claim: Claim, now: Assessment) -> frozenset[int]:
    """Give the lines of an assessment body's claim that rest on no certificate and agreement of it any more."""
    if claim.claimant != ASSESSOR:
        return frozenset()
    signed = {
        line.line_no
        for line in now.lines
        if any(each.certificate and each.certificate.fact.body_id == claim.owner for each in line.awards)
    }
    return frozenset(claim.people) - signed


def require_signed(claim: Claim, now: Assessment, due: Iterable[int], rulebook: Rulebook) -> None:
    """Raise Refused PAYEE_IS_ANOTHER unless the claiming body signed the agreement of every line due (HB-PAY-02)."""
    lines = unsigned(claim, now) & frozenset(due)
    if lines:
        refused = _another(next((line for line in now.lines if line.line_no in lines), None), rulebook)
        raise refused_by(replace(refused, value=None))


def _payee_of(line: Line) -> str:
    return line.paid_to.payee if line.paid_to else GIVER


def _recut(found: Assessment, lines: Sequence[Line]) -> Assessment:
    """Give an assessment with these lines of people, and what is cut or held of them."""
    return closed(found, lines, next((line for line in found.lines if line.person_id is None), None))


def _paid_to_another(line: Line, rulebook: Rulebook) -> Line:
    awaits = any(finding.code == NOT_IN_SYSTEM for finding in line.findings)
    return _nothing_of(line, _another(line, rulebook)) if line.recognised or awaits else line


def _another(line: Line | None, rulebook: Rulebook) -> Finding:
    term = line.paid_to if line else None
    return (term or rulebook.payment.claimants or CONSISTENCY).finding(
        code=PAYEE_IS_ANOTHER,
        severity=Severity.STOP,
        message="该项补贴按文件规定付给其他收款人，不计入本申领。",
        advice="请由文件规定的收款人申领。",
        value=_payee_of(line) if line else None,
    )


def _nothing_of(line: Line, refused: Finding) -> Line:
    return replace(
        line, amount_fen=0, recognised=False, certificate_kind=None, awards=(), traces=(), findings=(refused,)
    )


def _claimed_elsewhere(line: Line, rulebook: Rulebook) -> Line:
    refused = (rulebook.payment.claimants or CONSISTENCY).finding(
        code="ALREADY_CLAIMED",
        severity=Severity.STOP,
        message="该学员已另行申领本班补贴，同一学员同一班级只能申领一次。",
        advice="本申领不计该学员的金额，无须办理。",
    )
    return _nothing_of(line, refused)
