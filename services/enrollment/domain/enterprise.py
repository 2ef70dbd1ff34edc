"""What the judgement of a class reads of an enterprise's profile (JY-ENR-27, JY-ENR-28)."""

from collections.abc import Mapping
from datetime import date

from services.enrollment.domain.institution import Institution
from services.enrollment.domain.register import Values
from shared.contracts.enrollment import ClassKind
from shared.policy.decision import Finding, Severity
from shared.policy.terms.attribute import ProfileCondition
from shared.policy.terms.enrollment import EnrollmentTerms

_REGISTER_IT = "请在登记册 {register} 中登记或更正该企业的情况（统一社会信用代码、规模、证明文号等）后重新提交。"


def enterprise_of(
    attributes: Mapping[str, str], *, kind: ClassKind, institution: Institution, terms: EnrollmentTerms
) -> str | None:
    """Give the credit code of the enterprise that the class is for, or None.

    It is the one the class names, else the institution where it is an enterprise; a kind of class for which the
    rulebook sets a condition is the applicant's own.
    """
    profile = terms.enterprise_profile
    if profile is None:
        return None
    own = institution.credit_code if institution.kind in profile.institution_kinds else None
    if any(condition.class_kind == kind for condition in terms.profile_conditions):
        return own
    return attributes.get(profile.employer) or own


def judge_profile(
    attributes: Mapping[str, str],
    *,
    kind: ClassKind,
    training_type: str,
    enterprise: str | None,
    values: Values | None,
    day: date,
    terms: EnrollmentTerms,
) -> list[Finding]:
    """Judge the class by its enterprise's profile as it stands, None without one, on the opening day.

    Whoever the profile does not show to be meant is a question for a person; what only the profile can say stops.
    """
    if terms.enterprise_profile is None:
        return []
    found = [
        finding
        for condition in terms.profile_conditions
        if condition.class_kind == kind
        or training_type in condition.training_types
        or (condition.attribute is not None and attributes.get(condition.attribute))
        for finding in _judge_condition(condition, attributes, enterprise, values, day, terms)
    ]
    return [*found, *_judge_goal(enterprise, values, terms)]


def _judge_condition(
    condition: ProfileCondition,
    attributes: Mapping[str, str],
    enterprise: str | None,
    values: Values | None,
    day: date,
    terms: EnrollmentTerms,
) -> list[Finding]:
    if values is None and condition.shown_by and attributes.get(condition.shown_by):
        return []
    stated = values.get(condition.field) if values else None
    proven = bool(values and values.get(condition.proof))
    if enterprise is not None and condition.missing and (stated is None or not proven):
        return [_missing(condition, terms)]
    meant = stated in condition.values if condition.values else stated is True
    last_day = values.get(condition.until) if values and condition.until else None
    lapsed = isinstance(last_day, str) and date.fromisoformat(last_day) < day
    if meant and proven and not lapsed:
        return []
    why = "本单位不是企业" if condition.class_kind and enterprise is None else "登记的企业情况没有表明属于该范围"
    if lapsed:
        why = f"登记的证明有效期止于 {last_day}，早于开班日期 {day.isoformat()}"
    return [
        condition.finding(
            code=condition.code,
            severity=Severity.ASK,
            message=f"{condition.message}；{why}。",
            advice=condition.advice,
            field=_place(condition),
            value=stated if isinstance(stated, str) else None,
        )
    ]


def _place(condition: ProfileCondition) -> str:
    if condition.class_kind:
        return "kind"
    return "training_type" if condition.training_types else f"attributes.{condition.attribute}"


def _missing(condition: ProfileCondition, terms: EnrollmentTerms) -> Finding:
    profile = terms.enterprise_profile
    register = next((one for one in terms.registers if profile and one.code == profile.register), None)
    names = [field.name for code in (condition.field, condition.proof) if register and (field := register.field(code))]
    return condition.finding(
        code=condition.missing or condition.code,
        severity=Severity.STOP,
        message=f"{condition.message}；登记册中没有本企业的{'、'.join(names)}。",
        advice=_REGISTER_IT.format(register=profile.register if profile else ""),
        field="kind",
    )


def _judge_goal(enterprise: str | None, values: Values | None, terms: EnrollmentTerms) -> list[Finding]:
    profile = terms.enterprise_profile
    if profile is None or profile.wanted is None or enterprise is None:
        return []
    if values is not None and values.get(profile.wanted) is True:
        return []
    code, what = "ALL_STAFF_PLAN_MISSING", "登记的企业情况没有职工全员培训制度"
    if values is None:
        code, what = "ENTERPRISE_PROFILE_MISSING", "登记册中没有该企业的情况"
    return [
        profile.finding(
            code=code,
            severity=Severity.WARN,
            message=f"企业应建立健全职工全员培训制度；{what}。",
            advice=_REGISTER_IT.format(register=profile.register),
            field=f"attributes.{profile.employer}",
            value=enterprise,
        )
    ]
