"""Money before the claim (预付): a share of what the approved headcount would bring, by a recorded decision."""

from collections.abc import Sequence

from services.payment.domain.decision import Decision, is_accepted
from services.payment.domain.planned import expected_of, planned_of
from services.payment.domain.rates import RateTable
from shared.contracts.enrollment import ClassOpened
from shared.domain.money import floor_share, yuan_text
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Advance


def expected_fen(opened: ClassOpened, term: Advance, rulebook: Rulebook, rates: RateTable | None) -> int | None:
    """Give what the people admitted would bring under the advance's programmes, None where a rate is missing.

    Places that were planned and nobody was admitted to bring nothing, whatever was asked for them; where a rate hangs
    on a certificate that nobody has yet, it is the lowest.
    """
    people = [trainee.person_id for trainee in opened.trainees]
    planned = planned_of(opened)
    found = expected_of(planned, opened.trainees, rulebook, rates, holding=people, only=term.programmes, lowest=True)
    return None if found.missing else sum(found.parts.values())


def limit_of(expected: int, term: Advance) -> int:
    """Give the most that may be advanced of what is expected, in fen, rounded down."""
    return floor_share(expected, term.percent, 100)


def judge_advance(
    amount_fen: int,
    opened: ClassOpened,
    *,
    rulebook: Rulebook,
    rates: RateTable | None,
    decisions: Sequence[Decision],
    before_fen: Sequence[int] = (),
    trained: bool = True,
) -> Finding | None:
    """Object to an advance that the document does not offer, that is more than its share, or that nobody decided.

    `before_fen` are the advances that the class had: all of them together keep within the share. `trained` says
    whether the training is done. Raise nothing: ADVANCE_NOT_OFFERED, ADVANCE_TAKEN, ADVANCE_TOO_EARLY, RATE_MISSING,
    ADVANCE_TOO_HIGH and, of what only a decision is missing to, ADVANCE_UNDECIDED are findings.
    """
    term = rulebook.payment.advance
    offered = term is not None and (
        opened.kind in term.class_kinds or opened.institution.kind in term.institution_kinds
    )
    if term is None or not offered:
        return Finding(
            code="ADVANCE_NOT_OFFERED",
            rule=term.rule if term else "",
            document=rulebook.document,
            clause=term.clause if term else "",
            severity=Severity.STOP,
            message="文件没有规定该类班级可以预付补贴。",
            advice="请在培训、考核办结后申领。",
        )
    if term.advances_max is not None and len(before_fen) >= term.advances_max:
        return term.finding(
            code="ADVANCE_TAKEN",
            severity=Severity.STOP,
            message=f"该班已预付 {len(before_fen)} 次，不能再次预付。",
            advice="其余部分请在培训、考核办结后申领。",
        )
    if term.after_training and not trained:
        return term.finding(
            code="ADVANCE_TOO_EARLY",
            severity=Severity.STOP,
            message="培训尚未实施完毕，不能先行拨付。",
            advice="请在培训办结后申请预付。",
        )
    expected = expected_fen(opened, term, rulebook, rates)
    if expected is None:
        return term.finding(
            code="RATE_MISSING",
            severity=Severity.STOP,
            message="缺少补贴标准，不能计算预付的上限。",
            advice="请先录入适用的补贴标准。",
        )
    limit_fen = limit_of(expected, term)
    advanced_fen = amount_fen + sum(before_fen)
    if advanced_fen > limit_fen:
        return term.finding(
            code="ADVANCE_TOO_HIGH",
            severity=Severity.STOP,
            message=(
                f"连同已预付的共 {yuan_text(advanced_fen)} 元，超过按批准人数测算的 {yuan_text(expected)} 元的"
                f" {term.percent}%（{yuan_text(limit_fen)} 元）。"
            ),
            advice="请按上限以内的金额办理预付。",
            field="amount_fen",
        )
    if not is_accepted(decisions, term):
        return term.finding(
            code="ADVANCE_UNDECIDED",
            severity=Severity.ASK,
            message="预付须有书面决定。",
            advice="请由有权决定的人员记录决定及理由后再办理预付。",
        )
    return None
