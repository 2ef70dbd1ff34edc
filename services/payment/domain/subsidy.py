"""What a class is worth, line by line: a line per person and benefit, and what is cut or held back of the class.

How it comes about stands in `deciding`; here is what others ask of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from services.payment.domain.benefit import Award
from services.payment.domain.release import Held
from shared.domain.money import floor_share
from shared.policy.decision import Finding, Severity, Trace
from shared.policy.terms.benefit import BenefitPayee


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
    identity_check: str | None = field(default=None, compare=False)
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


def closed(found: Assessment, lines: Sequence[Line], rest: Line | None) -> Assessment:
    """Give an assessment with these lines of people, and as `rest` what is cut or held of them, after the last."""
    due = amounts(lines, base=found.base, recognised=found.recognised, withheld=frozenset(), held=found.held)
    number = max((line.line_no for line in lines), default=0) + 1
    of_class = (replace(rest, line_no=number, amount_fen=due[number]),) if rest and number in due else ()
    return replace(found, lines=(*lines, *of_class))
