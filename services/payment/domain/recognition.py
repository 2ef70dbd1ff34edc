"""Which certificate of a person counts for the subsidy (JY-ASM-04, JY-ASM-05, JY-ASM-06, JY-ASM-08).

A trace of a recorded decision names the decider's subject; the canonical ledger keeps it, because who decided is part
of why a fen was paid.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.payment.domain.decision import Decision, decision_trace, latest
from services.payment.domain.facts import ClassFacts, Known
from services.payment.domain.other_kinds import judge_other_kind
from shared.contracts.assessment import CertificateIssued
from shared.contracts.enrollment import ClassOpened
from shared.policy.decision import Finding, Severity, Trace, TraceValue
from shared.policy.rulebook import Rulebook
from shared.policy.terms.assessment import CertificatePriority
from shared.policy.terms.benefit import Benefit
from shared.policy.terms.term import Term

UNDECIDED = "COMPLETION_AFTER_ATTEMPT_UNDECIDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """The certificate that counts for a person, if any, with the traces for it or the findings against all others."""

    certificate: Known[CertificateIssued] | None
    traces: tuple[Trace, ...] = ()
    findings: tuple[Finding, ...] = ()


def recognise(
    facts: ClassFacts,
    opened: ClassOpened,
    person_id: str,
    *,
    rulebook: Rulebook,
    decisions: Sequence[Decision],
    benefit: Benefit | None = None,
) -> Recognition:
    """Give the person's best certificate that counts for a benefit, or why none does.

    Best is the kind that stands first in the document's priority, then the earliest issue, then the number: two
    certificates of one person are one line.
    """
    standing = sorted(facts.standing_certificates(person_id), key=lambda known: _rank(known.fact, rulebook))
    refused: list[Finding] = []
    for known in standing:
        judged = _judge(known, facts, opened, rulebook=rulebook, decisions=decisions, benefit=benefit)
        if judged.certificate is not None:
            return judged
        refused.extend(judged.findings)
    return Recognition(certificate=None, findings=tuple(refused) or _without_certificate(rulebook, benefit))


def recognise_each(
    facts: ClassFacts,
    opened: ClassOpened,
    person_id: str,
    *,
    rulebook: Rulebook,
    decisions: Sequence[Decision],
    benefit: Benefit,
) -> tuple[Recognition, ...]:
    """Judge each of the person's certificates by itself, in the order of issue; without one say that it is missing."""
    standing = sorted(facts.standing_certificates(person_id), key=lambda known: (known.fact.issued_on, known.event_id))
    judged = tuple(
        _judge(known, facts, opened, rulebook=rulebook, decisions=decisions, benefit=benefit) for known in standing
    )
    return judged or (Recognition(certificate=None, findings=_without_certificate(rulebook, benefit)),)


def _rank(certificate: CertificateIssued, rulebook: Rulebook) -> tuple[int, str, str]:
    priority = rulebook.assessment.certificate_priority
    order = [*priority.higher_kinds, priority.fallback] if priority else []
    place = order.index(certificate.kind) if certificate.kind in order else len(order)
    return place, certificate.issued_on.isoformat(), certificate.number


def _judge(
    known: Known[CertificateIssued],
    facts: ClassFacts,
    opened: ClassOpened,
    *,
    rulebook: Rulebook,
    decisions: Sequence[Decision],
    benefit: Benefit | None,
) -> Recognition:
    certificate = known.fact
    if mismatch := _mismatch(certificate, opened, rulebook, benefit):
        return Recognition(certificate=None, findings=(mismatch,))
    decided, doubt = judge_other_kind(certificate, rulebook, decisions)
    if doubt is not None:
        return Recognition(certificate=None, findings=(doubt,))
    traces = (*_result_traces(certificate, rulebook), *decided)
    priority = rulebook.assessment.certificate_priority
    if priority is None or certificate.kind != priority.fallback:
        return Recognition(certificate=known, traces=traces)
    higher = tuple(kind for kind in opened.occupation.certifiable if kind in priority.higher_kinds)
    if not higher:
        trace = priority.trace(result="recognised", inputs={"certificate_kind": certificate.kind, "certifiable": ""})
        return Recognition(certificate=known, traces=(*traces, trace))
    if exception := _transition(known, facts, higher, rulebook, decisions):
        return Recognition(certificate=known, traces=(*traces, exception))
    judged = _after_attempt(known, facts, higher, priority, decisions)
    return replace(judged, traces=(*traces, *judged.traces)) if judged.certificate else judged


def _after_attempt(
    known: Known[CertificateIssued],
    facts: ClassFacts,
    higher: tuple[str, ...],
    priority: CertificatePriority,
    decisions: Sequence[Decision],
) -> Recognition:
    """Judge a fallback certificate although a higher kind could be had: only after an attempt, and as the term says.

    Where the event names the kinds attempted before, they decide, unless a person decided against it. An event without
    them leaves it to a recorded decision: its second attempt is one after a better exam only where the class had such
    an exam before the certificate.
    """
    certificate = known.fact
    inputs: dict[str, TraceValue] = {
        "certificate_kind": certificate.kind,
        "certifiable": ",".join(higher),
        "attempt": certificate.attempt,
    }
    attempted = certificate.attempted_kinds
    better = (
        not set(attempted).isdisjoint(higher)
        if attempted
        else certificate.attempt >= 2 and _better_exam_before(certificate, facts, higher)
    )
    if not better or priority.fallback_after_attempt == "not_recognised":
        return Recognition(certificate=None, findings=(_direct(priority),))
    if attempted:
        inputs["attempted_kinds"] = ",".join(attempted)
    trace = priority.trace(result="recognised", inputs=inputs)
    decision = latest(decisions, priority.rule, certificate.person_id)
    if priority.fallback_after_attempt == "recognised":
        return Recognition(certificate=known, traces=(trace,))
    if decision is not None and not decision.accepted:
        return Recognition(certificate=None, findings=(_decided_against(priority),))
    if decision is None and not attempted:
        return Recognition(certificate=None, findings=(_undecided(priority),))
    decided = (decision_trace(priority, decision),) if decision else ()
    return Recognition(certificate=known, traces=(trace, *decided))


def _better_exam_before(certificate: CertificateIssued, facts: ClassFacts, higher: tuple[str, ...]) -> bool:
    return any(
        exam.fact.certificate_kind in higher and exam.fact.exam_on <= certificate.issued_on for exam in facts.exams
    )


def _transition(
    known: Known[CertificateIssued],
    facts: ClassFacts,
    higher: tuple[str, ...],
    rulebook: Rulebook,
    decisions: Iterable[Decision],
) -> Trace | None:
    """Give the trace of a transitional exception that covers every higher kind on the exam day (JY-ASM-06)."""
    term = rulebook.assessment.transitional_exceptions
    decision = latest(decisions, term.rule) if term else None
    if term is None or decision is None or not decision.accepted:
        return None
    if decision.valid_from is None or decision.valid_until is None:
        return None
    if not set(higher) <= decision.kinds & set(term.kinds):
        return None
    held = [exam.fact.exam_on for exam in facts.exams if exam.fact.assessment_id == known.fact.assessment_id]
    examined_on = held[0] if held else known.fact.issued_on
    if not decision.valid_from <= examined_on <= decision.valid_until:
        return None
    inputs = {
        "kinds": ",".join(sorted(decision.kinds)),
        "valid_from": decision.valid_from.isoformat(),
        "valid_until": decision.valid_until.isoformat(),
        "examined_on": examined_on.isoformat(),
        "decided_by": decision.decided_by,
        "decided_on": decision.decided_on.isoformat(),
    }
    return term.trace(result="recognised", inputs=inputs)


def _mismatch(
    certificate: CertificateIssued, opened: ClassOpened, rulebook: Rulebook, benefit: Benefit | None
) -> Finding | None:
    kinds = rulebook.assessment.certificate_kinds
    if kinds and certificate.kind not in {kind.code for kind in kinds.kinds}:
        return _other_kind(kinds, certificate)
    if benefit and benefit.certificate_kinds and certificate.kind not in benefit.certificate_kinds:
        return _other_kind(benefit, certificate)
    results = rulebook.assessment.results
    bound = benefit is None or benefit.basis != "certificate" or opened.level is not None
    other_level = bound and certificate.level is not None and certificate.level != opened.level
    if results and (certificate.occupation != opened.occupation.code or other_level):
        return results.finding(
            code="CERTIFICATE_MISMATCH",
            severity=Severity.STOP,
            message=(
                f"证书的工种、等级（{certificate.occupation}、{certificate.level or '无'}）与班级"
                f"（{opened.occupation.code}、{opened.level or '无'}）不一致。"
            ),
            advice="请评价机构核对考核结果；登记有误的作废后重新登记。",
        )
    return None


def _other_kind(term: Term, certificate: CertificateIssued) -> Finding:
    return term.finding(
        code="CERT_KIND",
        severity=Severity.STOP,
        message=f"证书类别 {certificate.kind} 不属于文件认可的证书类别。",
        advice="请核对证书类别；不属于认可类别的证书不计入补贴人数。",
        value=certificate.kind,
    )


def _result_traces(certificate: CertificateIssued, rulebook: Rulebook) -> tuple[Trace, ...]:
    results = rulebook.assessment.results
    if results is None:
        return ()
    inputs: dict[str, TraceValue] = {
        "certificate_kind": certificate.kind,
        "occupation": certificate.occupation,
        "level": certificate.level,
        "issued_on": certificate.issued_on.isoformat(),
        "attempt": certificate.attempt,
    }
    return (results.trace(result="certified", inputs=inputs),)


def _without_certificate(rulebook: Rulebook, benefit: Benefit | None) -> tuple[Finding, ...]:
    term = rulebook.assessment.results or benefit
    if term is None:
        return ()
    return (
        term.finding(
            code="NOT_CERTIFIED",
            severity=Severity.STOP,
            message="系统内没有该学员有效的考核合格证书，不计入补贴人数。",
            advice="如已取得证书，请评价机构将结果录入系统；未录入系统的结果不能作为补贴依据。",
        ),
    )


def _direct(priority: CertificatePriority) -> Finding:
    return priority.finding(
        code="DIRECT_COMPLETION_EXAM",
        severity=Severity.STOP,
        message="该工种可以取得职业资格、技能等级、特种作业或专项能力证书，直接参加结业考核取得的合格证书不予认可。",
        advice="请先组织学员参加相应评价；属于过渡期例外的，由审核人员记录决定后重新计算。",
    )


def _undecided(priority: CertificatePriority) -> Finding:
    return priority.finding(
        code=UNDECIDED,
        severity=Severity.ASK,
        message="学员先参加上一类评价未通过、后取得结业考核合格证书，是否认可须由审核人员决定；决定前不计入补贴人数。",
        advice="请审核人员核对前次考核记录后记录决定及理由。",
    )


def _decided_against(priority: CertificatePriority) -> Finding:
    return priority.finding(
        code="COMPLETION_AFTER_ATTEMPT_REFUSED",
        severity=Severity.STOP,
        message="审核人员已决定不认可该学员的结业考核合格证书。",
        advice="如有异议，请向人社部门提交前次考核记录申请复核。",
    )
