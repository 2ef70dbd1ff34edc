"""What a benefit pays one person for: a certificate, months of work, days of presence, a share of a cost."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from services.payment.domain.benefit import (
    AGREED_MONTHS,
    EMPLOYMENT_AWAITED,
    INSURED_MONTHS,
    Award,
    Ground,
    Priced,
    employer_of,
)
from services.payment.domain.caps import Use, days_left
from services.payment.domain.decision import Decision, decision_trace, latest
from services.payment.domain.facts import Known, WorkMonth
from services.payment.domain.rates import Wanted
from services.payment.domain.recognition import recognise, recognise_each
from services.payment.domain.shortfall import cost_fen, is_stated, part_of, shortfall_fen, spent_fen
from shared.contracts.assessment import CertificateIssued
from shared.contracts.enrollment import ClassOpened, OpenedTrainee
from shared.domain.months import MONTHS_OF_A_YEAR, months_later
from shared.policy.decision import Finding, Severity, Trace
from shared.policy.terms.benefit import Benefit, Condition, Share

_Found = tuple[list[Award], tuple[Finding, ...]]


def earned(benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> tuple[tuple[Award, ...], tuple[Finding, ...]]:
    """Give what the benefit pays the person for, and why it pays nothing where there is no award."""
    match benefit.basis:
        case "person":
            awards, findings = _of_person(benefit, trainee, ground)
        case "certificate":
            awards, findings = _of_certificates(benefit, trainee, ground)
        case "month":
            awards, findings = _of_months(benefit, trainee, ground)
        case "day":
            awards, findings = _of_days(benefit, trainee, ground)
        case "cost":
            awards, findings = _of_cost(benefit, trainee, ground)
    conditioned = (_conditioned(award, benefit, trainee, ground) for award in awards)
    questions = (question for award in awards for question in _earlier_job(award, ground))
    return tuple(conditioned), (*findings, *dict.fromkeys(questions))


def _of_person(benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> _Found:
    """Give the award of the one certificate that counts: the document's first, without such an order what brings most.

    Of those that bring the same it is the kind that the document names first, then the earliest.
    """
    if ground.rulebook.assessment.certificate_priority is None:
        awards, findings = _of_certificates(benefit, trainee, ground)
        if len(awards) > 1:
            awards = [max(awards, key=lambda award: _brings(award, ground))]
        return awards, () if awards else findings
    judged = recognise(
        ground.facts,
        ground.opened,
        trainee.person_id,
        rulebook=ground.rulebook,
        decisions=ground.decisions,
        benefit=benefit,
    )
    if judged.certificate is None:
        return [], judged.findings
    return [_of_certificate(benefit, trainee, ground, judged.certificate, judged.traces)], ()


def _brings(award: Award, ground: Ground) -> tuple[bool, int, Decimal, int]:
    """Give by what certificates of one person are compared; what only awaits a window's end is not refused."""
    kinds, [priced] = ground.rulebook.assessment.certificate_kinds, award.priced
    kind = priced.wanted.certificate_kind
    listed = [each.code for each in kinds.kinds] if kinds else []
    stated = (rate.amount_yuan for rate in award.benefit.rates if rate.fits(priced.wanted.level, kind))
    refused = any(finding.code != EMPLOYMENT_AWAITED for finding in award.findings)
    return not refused, award.percent, next(stated, Decimal(0)), -listed.index(kind) if kind in listed else 0


def _of_certificates(benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> _Found:
    judged = recognise_each(
        ground.facts,
        ground.opened,
        trainee.person_id,
        rulebook=ground.rulebook,
        decisions=ground.decisions,
        benefit=benefit,
    )
    awards = [
        _of_certificate(benefit, trainee, ground, one.certificate, one.traces)
        for one in judged
        if one.certificate is not None
    ]
    return awards, tuple(finding for one in judged for finding in one.findings)


def _of_certificate(
    benefit: Benefit,
    trainee: OpenedTrainee,
    ground: Ground,
    known: Known[CertificateIssued],
    traces: tuple[Trace, ...],
) -> Award:
    opened, certificate = ground.opened, known.fact
    level = certificate.level or opened.level
    wanted = Wanted(
        programme=benefit.paid_as(opened.programme),
        occupation=certificate.occupation,
        level=level,
        certificate_kind=certificate.kind,
        on=opened.opening_date,
    )
    times, per, decided = _agreed_time(benefit, trainee, ground)
    award = Award(
        benefit=benefit,
        use=Use(
            person_id=trainee.person_id,
            programme=wanted.programme,
            on=certificate.issued_on,
            occupation=certificate.occupation,
            level=certificate.level,
            employer=employer_of(trainee, ground),
        ),
        priced=(Priced(wanted=wanted, times=times, per=per),),
        certificate=known,
        traces=(*traces, *decided),
        findings=(unstated(benefit, level),) if benefit.levels and level not in benefit.levels else (),
    )
    if not times:
        message = "没有约定满一年的学徒期限，不能按年计算补贴。"
        award = replace(award, findings=(*award.findings, _nothing(benefit, "AGREED_YEARS_MISSING", message)))
    return _shared(award, benefit, trainee, ground) if benefit.shares else award


def _agreed_time(benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> tuple[int, int, tuple[Trace, ...]]:
    """Give how often the rate is paid and in which parts of it: for the whole years agreed, months by decision."""
    if not benefit.agreed_years:
        return 1, 1, ()
    months = int(ground.opened.attributes.get(AGREED_MONTHS, "0"))
    decision = latest(ground.decisions, benefit.rule, trainee.person_id) if benefit.part_years else None
    if decision is None or not decision.accepted or not months % MONTHS_OF_A_YEAR:
        return months // MONTHS_OF_A_YEAR, 1, ()
    return months, MONTHS_OF_A_YEAR, (decision_trace(benefit, decision),)


def _of_months(benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> _Found:
    worked = sorted(
        (month for month in ground.facts.months if month.person_id == trainee.person_id and month.full),
        key=lambda month: month.month,
    )
    if not worked:
        return [], (_nothing(benefit, "MONTHS_MISSING", "系统内没有该人员足月就业的记录。"),)
    by_employer: dict[str | None, list[WorkMonth]] = {}
    for month in worked:
        by_employer.setdefault(_employer_of(month, trainee, ground), []).append(month)
    return [_of_spell(benefit, trainee, ground, employer, months) for employer, months in by_employer.items()], ()


def _employer_of(month: WorkMonth, trainee: OpenedTrainee, ground: Ground) -> str | None:
    """Give for whom a month was worked, by credit code where the roster or the class tells it."""
    institution = ground.opened.institution
    codes = {institution.institution_id: institution.credit_code}
    if trainee.employer is not None:
        codes[trainee.employer.institution_id] = trainee.employer.credit_code
    return codes.get(month.employer, month.employer) if month.employer else employer_of(trainee, ground)


def _of_spell(
    benefit: Benefit, trainee: OpenedTrainee, ground: Ground, employer: str | None, months: Sequence[WorkMonth]
) -> Award:
    """Give what somebody's months with one employer bring, the earliest first."""
    paid = months[: benefit.units_max]
    trace = benefit.trace(
        result=len(paid),
        inputs={"months_full": len(months), "units_max": benefit.units_max, "from": f"{paid[0].month}"},
    )
    programme, opened = benefit.paid_as(ground.opened.programme), ground.opened
    use = Use(person_id=trainee.person_id, programme=programme, on=paid[0].month, employer=employer)
    priced = tuple(
        Priced(
            wanted=replace(_of_time(programme, opened, month.month), over_on=months_later(month.month, 1)),
            standard_fen=month.standard_fen,
        )
        for month in paid
    )
    return Award(benefit=benefit, use=use, priced=priced, traces=(trace,))


def _of_days(benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> _Found:
    """Give what the days bring on which somebody came and which are not paid elsewhere, the earliest of them."""
    present = ground.facts.days_of(trainee.person_id)
    if not present:
        return [], (_nothing(benefit, "NOT_PRESENT", "系统内没有该学员到课的记录。"),)
    programme, opened = benefit.paid_as(ground.opened.programme), ground.opened
    use = Use(person_id=trainee.person_id, programme=programme, on=opened.opening_date, days=present)
    before = [other for other in ground.past if other.person_id == trainee.person_id]
    left = days_left(use, before, rulebook=ground.rulebook, decisions=ground.decisions)
    if not left.days:
        return [], left.findings
    days = left.days[: benefit.units_max]
    trace = benefit.trace(result=len(days), inputs={"days_present": len(present), "units_max": benefit.units_max})
    priced = Priced(wanted=_of_time(programme, opened, opened.opening_date), times=len(days))
    traces = (*left.traces, trace)
    return [Award(benefit=benefit, use=replace(use, days=days), priced=(priced,), traces=traces)], left.findings


def _of_cost(benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> _Found:
    """Give the person's equal part of what the class costs beyond the first source's money (HL-ENR-03)."""
    opened, facts, term = ground.opened, ground.facts, ground.rulebook.payment.funding_order
    if term is None or not is_stated(term, opened):
        return [], (_nothing(benefit, "COST_UNKNOWN", "班级没有写明所需经费和已列支的职工教育经费。"),)
    if not shortfall_fen(term, opened):
        return [], (_nothing(benefit, "NO_SHORTFALL", "所需经费已由职工教育经费足额列支，没有不足部分。"),)
    came = [
        each.person_id
        for each in opened.trainees
        if facts.days_present(each.person_id) and not facts.has_withdrawn(each.person_id)
    ]
    if trainee.person_id not in came:
        return [], (_nothing(benefit, "NOT_PRESENT", "系统内没有该学员到课的记录。"),)
    left_fen, place = shortfall_fen(term, opened), came.index(trainee.person_id)
    trace = term.trace(
        result=left_fen,
        unit="fen",
        inputs={"cost_fen": cost_fen(term, opened), "spent_fen": spent_fen(term, opened), "heads": len(came)},
    )
    programme = benefit.paid_as(opened.programme)
    use = Use(
        person_id=trainee.person_id,
        programme=programme,
        on=opened.closing_date,
        occupation=opened.occupation.code,
        level=opened.level,
        employer=employer_of(trainee, ground),
    )
    wanted = _of_time(programme, opened, opened.closing_date)
    priced = Priced(wanted=wanted, standard_fen=part_of(left_fen, place, len(came)))
    return [Award(benefit=benefit, use=use, priced=(priced,), traces=(trace,))], ()


def _of_time(programme: str, opened: ClassOpened, on: date) -> Wanted:
    return Wanted(
        programme=programme, occupation=opened.occupation.code, level=opened.level, certificate_kind=None, on=on
    )


def _nothing(benefit: Benefit, code: str, message: str) -> Finding:
    return benefit.finding(
        code=code, severity=Severity.STOP, message=message, advice="请核对系统内的记录；没有记录的不计入补贴。"
    )


def unstated(benefit: Benefit, level: str | None) -> Finding:
    """Say that the document pays nothing for a level."""
    return benefit.finding(
        code="NO_RATE_FOR_LEVEL",
        severity=Severity.STOP,
        message=f"文件规定的标准中没有等级 {level or '无'}，该等级不予补贴。",
        advice="请核对证书等级；文件未列的等级不计入补贴。",
        value=level,
    )


def _shared(award: Award, benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> Award:
    """Give the award with the part of its rate that the first fitting row pays."""
    for share in benefit.shares:
        fitting, doubts, traces = _fits(share, award, trainee, ground)
        if fitting:
            trace = share.trace(result=share.percent, inputs={"groups": ",".join(trainee.groups)})
            return replace(award, percent=share.percent, traces=(*award.traces, *traces, trace))
        awaited = _awaited(share, award, ground) if doubts else ()
        award = replace(award, traces=(*award.traces, *doubts), findings=(*award.findings, *awaited))
    missing = _nothing(benefit, "SHARE_NOT_STATED", "文件没有规定该学员适用的补贴比例。")
    return replace(award, findings=(*award.findings, missing))


def _fits(
    share: Share, award: Award, trainee: OpenedTrainee, ground: Ground
) -> tuple[bool, tuple[Trace, ...], tuple[Trace, ...]]:
    """Say whether a row's conditions hold, with the traces of why not and of why."""
    certificate = award.certificate.fact if award.certificate else None
    if certificate is None or (share.groups and set(trainee.groups).isdisjoint(share.groups)):
        return False, (), ()
    if share.certificate_kinds and certificate.kind not in share.certificate_kinds:
        return False, (), ()
    if share.new_occupation and not _is_new(ground.opened):
        return False, (), ()
    if share.employed_within_months is None:
        return True, (), ()
    return _employed(share, share.employed_within_months, certificate, ground)


def _is_new(opened: ClassOpened) -> bool:
    """Say whether the occupation counted as new when the class opened, its first and its last day included."""
    since, until, day = opened.occupation.new_since, opened.occupation.new_until, opened.opening_date
    return since is not None and since <= day and (until is None or day <= until)


def _employed(
    share: Share, months: int, certificate: CertificateIssued, ground: Ground
) -> tuple[bool, tuple[Trace, ...], tuple[Trace, ...]]:
    issued, last = certificate.issued_on, months_later(certificate.issued_on, months)
    spells = sorted(ground.facts.spells_of(certificate.person_id), key=lambda spell: spell.start)
    inputs = {"certificate_on": issued.isoformat(), "window_end": last.isoformat()}
    within = next((spell for spell in spells if issued <= spell.start <= last), None)
    decision = latest(ground.decisions, share.rule, certificate.person_id)
    final = _paid_at_once(certificate.person_id, ground)
    if within is not None and final is not None and within.start > final.decided_on:
        supplement = decision is not None and decision.accepted
        return supplement, (() if supplement else (share.trace(result="paid_for_good", inputs=inputs),)), ()
    if within is not None:
        return True, (), (share.trace(result="employed", inputs={**inputs, "employed_on": within.start.isoformat()}),)
    if _held_before(certificate, ground) and decision is not None and decision.accepted:
        return True, (), (decision_trace(share, decision),)
    return False, (share.trace(result="not_employed", inputs=inputs),), ()


def _held_before(certificate: CertificateIssued, ground: Ground) -> bool:
    """Say whether the person had a job before the certificate and still has it on its day."""
    issued, person_id = certificate.issued_on, certificate.person_id
    return any(each.start < issued and each.holds_on(issued) for each in ground.facts.spells_of(person_id))


def _earlier_job(award: Award, ground: Ground) -> Iterator[Finding]:
    """Ask whether a job that began before the certificate counts where it would raise the share (HB-CLM-03)."""
    if award.certificate is None:
        return
    certificate = award.certificate.fact
    for share in award.benefit.shares:
        decided = latest(ground.decisions, share.rule, certificate.person_id)
        raises = share.employed_within_months is not None and share.percent > award.percent
        if raises and decided is None and _held_before(certificate, ground):
            yield share.finding(
                code="EMPLOYED_BEFORE_CERTIFICATE",
                severity=Severity.ASK,
                message="学员取证之前已就业且取证之日仍在职，是否按就业比例补贴须由审核人员决定。",
                advice="请核对就业登记或社会保险参保记录后，按本规则逐人记录接受或不予接受的决定及理由。",
            )


def _paid_at_once(person_id: str, ground: Ground) -> Decision | None:
    """Give the choice of being paid at once and for good, None where it was not made."""
    term = ground.rulebook.payment.window_choice
    choice = latest(ground.decisions, term.rule, person_id) if term else None
    return choice if choice is not None and choice.accepted else None


def _awaited(share: Share, award: Award, ground: Ground) -> tuple[Finding, ...]:
    """Hold an award back while its person may still find work in time and nobody chose to be paid now (HB-PAY-05)."""
    term, certificate = ground.rulebook.payment.window_choice, award.certificate
    if term is None or ground.today is None or certificate is None or share.employed_within_months is None:
        return ()
    last = months_later(certificate.fact.issued_on, share.employed_within_months)
    choice = latest(ground.decisions, term.rule, certificate.fact.person_id)
    if ground.today > last or (choice is not None and choice.accepted):
        return ()
    return (
        term.finding(
            code=EMPLOYMENT_AWAITED,
            severity=Severity.ASK if choice is None else Severity.STOP,
            message=f"至 {last.isoformat()} 前就业的可按更高比例补贴，期限届满前暂不支付。",
            advice="申领人选择现在按较低比例一次付清的，由审核人员记录（只能选择一次）；否则期限届满后自动核算。",
            value=last.isoformat(),
        ),
    )


def _conditioned(award: Award, benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> Award:
    found = [finding for condition in benefit.conditions for finding in _unmet(condition, award, trainee, ground)]
    met = [trace for condition in benefit.conditions for trace in _agreed(condition, award)]
    for condition in benefit.conditions:
        if condition.first_certificate and award.certificate is not None:
            first = _first_of(award.certificate.fact, benefit, ground)
            if first == award.certificate.fact:
                met.append(condition.trace(result="first_certificate", inputs={"issued_on": f"{first.issued_on}"}))
            else:
                found.append(_not_first(condition, first))
    if not found and not met:
        return award
    return replace(award, findings=(*award.findings, *found), traces=(*award.traces, *met))


def _first_of(certificate: CertificateIssued, benefit: Benefit, ground: Ground) -> CertificateIssued:
    """Give the first certificate of the occupation that its person holds of the benefit's kinds (HB-CLM-09)."""
    person_id, kinds = certificate.person_id, benefit.certificate_kinds
    here = [known.fact for known in ground.facts.standing_certificates(person_id)]
    return min(
        (
            one
            for one in (*here, *ground.facts.certificates_elsewhere(person_id))
            if one.occupation == certificate.occupation and (not kinds or one.kind in kinds)
        ),
        key=lambda one: (one.issued_on, one.class_id, one.certificate_id),
    )


def _not_first(condition: Condition, first: CertificateIssued) -> Finding:
    return condition.finding(
        code="NOT_FIRST_CERTIFICATE",
        severity=Severity.STOP,
        message=f"学员已于 {first.issued_on} 取得该职业（工种）的证书，本次不是初次取得，不计入本项补贴。",
        advice="请核对学员在各班级取得的证书；在先的证书登记有误并作废的，系统自动重新计算。",
        value=f"{first.issued_on}",
    )


def _agreed(condition: Condition, award: Award) -> Iterator[Trace]:
    """Name the agreement and the certificate that the award rests on (HB-CLM-13)."""
    certificate = award.certificate.fact if award.certificate else None
    if condition.agreement_by_exam_day and certificate is not None and certificate.agreement_on is not None:
        agreed = {"agreement_on": certificate.agreement_on.isoformat(), "signed_by": certificate.body_id}
        yield condition.trace(result="agreed", inputs={**agreed, "certificate_id": certificate.certificate_id})


def _unmet(condition: Condition, award: Award, trainee: OpenedTrainee, ground: Ground) -> Iterator[Finding]:
    if condition.days_min is not None and ground.facts.days_present(trainee.person_id) < condition.days_min:
        yield condition.finding(
            code="DAYS_TOO_FEW",
            severity=Severity.STOP,
            message=f"脱产培训不足 {condition.days_min} 天，不予补贴。",
            advice="请核对签到记录；补足天数并考核合格后再申领。",
        )
    if (months_min := condition.insured_months_min) is not None:
        months = trainee.attributes.get(INSURED_MONTHS)
        if months is None or int(months) < months_min:
            yield condition.finding(
                code="INSURED_TOO_SHORT",
                severity=Severity.STOP,
                message=f"截至取证之日累计缴费 {months or '未知'} 个月，不足 {months_min} 个月。",
                advice="请核对失业保险缴费记录。",
            )
    if condition.agreement_by_exam_day and award.certificate is not None:
        certificate = award.certificate.fact
        examined_on = ground.facts.exam_day(certificate.assessment_id) or certificate.issued_on
        if certificate.agreement_on is None or certificate.agreement_on > examined_on:
            yield condition.finding(
                code="AGREEMENT_LATE",
                severity=Severity.STOP,
                message="评价之日前没有签订免费评价协议，不予评价补贴。",
                advice="请评价机构核对协议签订日期；协议须不晚于评价之日。",
            )
