"""What a class is worth, line by line: a line per person and benefit, and what is cut or held back of the class.

How it comes about stands in `deciding`; here is what others ask of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from services.payment.domain.benefit import Award
from services.payment.domain.release import Held
from shared.domain.money import floor_share
from shared.policy.decision import Finding, Severity, Trace
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import BenefitPayee

_GIVER: Final = "institution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a claim: a person's, or the class-level cut (no person).

    `amount_fen` is the full rate of a recognised person, 0 for one who is not, and negative for the cut; `findings` say
    why a line, or an award of it, is not paid. `evidence` are the ids of the events that prove it. `awards` are what it
    is paid for, with what they take up of the person's caps; they are computed anew each time and never stored.
    """

    line_no: int
    programme: str
    amount_fen: int
    recognised: bool
    person_id: str | None = None
    masked_name: str | None = None
    payee_check: str | None = None
    certificate_kind: str | None = None
    findings: tuple[Finding, ...] = ()
    traces: tuple[Trace, ...] = ()
    evidence: tuple[str, ...] = ()
    paid_to: BenefitPayee | None = field(default=None, compare=False)
    awards: tuple[Award, ...] = field(default=(), compare=False, repr=False)

    @property
    def rules(self) -> tuple[str, ...]:
        """Give the rule ids that decided the line, each once, in the order of its traces."""
        return tuple(dict.fromkeys(trace.rule for trace in self.traces))


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The outcome for a class: the people's lines in the order of benefits and roster, then the cut if there is one.

    `base` and `recognised` are heads; objections touch neither. `traces` say how the base came about. `stops` refuse
    the whole claim, there are no lines then; `flags` inform a reviewer or wait for a decision. One that was stored in
    between no longer `knows_awards`.
    """

    lines: tuple[Line, ...] = ()
    base: int = 0
    recognised: int = 0
    traces: tuple[Trace, ...] = ()
    flags: tuple[Finding, ...] = ()
    stops: tuple[Finding, ...] = ()
    held: Held | None = None
    knows_awards: bool = field(default=False, compare=False, repr=False)

    @property
    def open_questions(self) -> tuple[Finding, ...]:
        """Give what still needs a recorded human decision, of the class and of its people."""
        everything = (*self.flags, *(finding for line in self.lines for finding in line.findings))
        return tuple(finding for finding in everything if finding.severity is Severity.ASK)

    @property
    def class_questions(self) -> tuple[Finding, ...]:
        """Give what of the class still needs a recorded human decision; somebody's own question holds nobody else."""
        return tuple(flag for flag in self.flags if flag.severity is Severity.ASK)

    @property
    def refused_flags(self) -> tuple[Finding, ...]:
        """Give the class-level flags that a person decided against: they stop the claim."""
        return tuple(flag for flag in self.flags if flag.severity is Severity.STOP)


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


def _payee_of(line: Line) -> str:
    return line.paid_to.payee if line.paid_to else _GIVER


def _recut(found: Assessment, lines: Sequence[Line]) -> Assessment:
    """Give an assessment with these lines of people, and what is cut or held of them."""
    due = amounts(lines, base=found.base, recognised=found.recognised, withheld=frozenset(), held=found.held)
    number = max((line.line_no for line in lines), default=0) + 1
    of_class = [line for line in found.lines if line.person_id is None]
    rest = [replace(line, line_no=number, amount_fen=due[number]) for line in of_class if number in due]
    return replace(found, lines=(*lines, *rest))


def _paid_to_another(line: Line, rulebook: Rulebook) -> Line:
    if not line.recognised:
        return line
    refused = (line.paid_to or rulebook.payment.claimants or CONSISTENCY).finding(
        code="PAYEE_IS_ANOTHER",
        severity=Severity.STOP,
        message="该项补贴按文件规定付给其他收款人，不计入本申领。",
        advice="请由文件规定的收款人申领。",
        value=_payee_of(line),
    )
    return _nothing_of(line, refused)


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


def amounts(
    lines: Iterable[Line], *, base: int, recognised: int, withheld: frozenset[int], held: Held | None = None
) -> dict[int, int]:
    """Give what each line is due in fen, lines of zero left out.

    A withheld (objected) line leaves the sum, never base or recognised; the cut is computed on what is left:
    floor(sum x min(base, recognised) / recognised) - sum, on the line after the last person's. What is `held` back
    until the class's people work stands there likewise.
    """
    people = [line for line in lines if line.person_id is not None]
    due = {line.line_no: line.amount_fen for line in people if line.recognised and line.line_no not in withheld}
    if held is None:
        cut = cut_of(sum(due.values()), base=base, recognised=recognised)
    else:
        cut = held_of(sum(due.get(line.line_no, 0) for line in people if line.programme in held.programmes), held)
    return due | {max(line.line_no for line in people) + 1: cut} if cut else due


def cut_of(total_fen: int, *, base: int, recognised: int) -> int:
    """Give what is cut of a class in fen, below zero."""
    return floor_share(total_fen, base, recognised) - total_fen if recognised and base < recognised else 0


def held_of(total_fen: int, held: Held) -> int:
    """Give what is held back of it in fen, below zero."""
    return floor_share(total_fen, held.percent, 100) - total_fen
