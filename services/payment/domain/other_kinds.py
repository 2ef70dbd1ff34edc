"""Certificates of kinds that the document leaves to a person: counted once somebody decided so for their holder."""

from collections.abc import Iterable

from services.payment.domain.decision import Decision, decision_trace, latest
from shared.contracts.assessment import CertificateIssued
from shared.policy.decision import Finding, Severity, Trace
from shared.policy.rulebook import Rulebook


def judge_other_kind(
    certificate: CertificateIssued, rulebook: Rulebook, decisions: Iterable[Decision]
) -> tuple[tuple[Trace, ...], Finding | None]:
    """Give the trace of the decision that lets the certificate count, or what still or for good keeps it from that.

    A kind that the document names needs neither (HB-ASM-04, QJ-ASM-01, HL-ASM-01, LS-ASM-01).
    """
    kinds = rulebook.assessment.certificate_kinds
    if kinds is None or not kinds.asks(certificate.kind):
        return (), None
    decision = latest(decisions, kinds.rule, certificate.person_id)
    if decision is None:
        return (), kinds.finding(
            code="CERT_KIND_UNDECIDED",
            severity=Severity.ASK,
            message="文件没有列明此种证书，是否认可须由审核人员决定；决定前不计入补贴人数。",
            advice="请审核人员核对证书后记录决定及理由。",
            value=certificate.kind,
        )
    if not decision.accepted:
        return (), kinds.finding(
            code="CERT_KIND_REFUSED",
            severity=Severity.STOP,
            message="审核人员已决定不认可学员的此种证书。",
            advice="如有异议，请向人社部门提交证书及说明申请复核。",
            value=certificate.kind,
        )
    return (decision_trace(kinds, decision),), None
