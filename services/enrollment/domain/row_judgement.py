"""Every rule that judges one row of the learner roster (花名册) by itself."""

from typing import Final

from services.enrollment.domain.employee_focus import judge_focus
from services.enrollment.domain.history import judge_repeat
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.personal_conditions import is_shown_by_source, judge_personal
from services.enrollment.domain.roster_row import RosterContext, RosterRow
from shared.contracts.enrollment import ClassKind
from shared.domain.errors import Refused
from shared.domain.identifiers import credit_code, identity_number
from shared.domain.jurisdiction import is_within
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook
from shared.policy.terms.participation import Group
from shared.policy.terms.term import Term

_ALWAYS_REQUIRED: Final = {"name": "姓名", "identity_number": "身份证件号码"}
"""Without them nobody knows who a row is, whatever a rulebook lists."""


def judge_row(row: RosterRow, context: RosterContext, book: Rulebook) -> tuple[list[Finding], tuple[str, ...]]:
    """Give every objection to the row by itself, and the classes whose release of the person that relied on."""
    group = book.enrollment.group(row.group)
    repeated, relies_on = judge_repeat(
        context.history.get(row.person_id or "", ()),
        opening_date=context.opening_date,
        occupation=context.occupation,
        level=context.level,
        terms=book.enrollment.repeat,
    )
    findings = [
        *_judge_fields(row, book),
        *_judge_identity(row, book),
        *repeated,
        *_judge_group(row, group, context.kind, book),
        *judge_personal(row, group, context, book.enrollment),
        *_judge_employer(row, context.institution, book),
        *_judge_agreement(row, context, book),
        *judge_focus(row.employee_focus, group=row.group, level=context.level, terms=book.enrollment.employee_focus),
        *_judge_special_account(row, context.funding_source, book),
    ]
    return findings, relies_on


def duplicate(book: Rulebook) -> Finding:
    """Give the objection to a second row for the same person."""
    message = "该人员在本班花名册中已有序号更小的一行。"
    return _stop(_basis(book), "DUPLICATE_IN_CLASS", message, "请更换本行学员。", "identity_number")


def _basis(book: Rulebook) -> Term:
    return book.enrollment.roster_fields or CONSISTENCY


def _stop(term: Term, code: str, message: str, advice: str, field: str) -> Finding:
    return term.finding(code=code, severity=Severity.STOP, message=message, advice=advice, field=field)


def _judge_fields(row: RosterRow, book: Rulebook) -> list[Finding]:
    basis = _basis(book)
    found = [
        _stop(basis, "FIELD_INVALID", f"字段 {name} 的内容无法读取。", "请按接口文档改正该字段后重新提交本行。", name)
        for name in row.malformed
    ]
    terms = book.enrollment.roster_fields
    required = _ALWAYS_REQUIRED | {item.code: item.name for item in (terms.required if terms else ())}
    local = book.enrollment.local_employer
    filled = [
        ("name", "name", row.particulars.name),
        ("identity_number", "identity_number", row.particulars.identity_number),
        ("group", "group", row.group),
    ]
    if local and row.group in local.groups:  # where others come from, the identity number says
        filled.append(("origin", "employer_name", row.employer_name))
    for code, name, value in filled:
        if code in required and not value.strip() and name not in row.malformed:
            message = f"缺少必填项“{required[code]}”。"
            found.append(_stop(basis, "FIELD_MISSING", message, "请补充后重新提交本行。", name))
    return found


def _judge_identity(row: RosterRow, book: Rulebook) -> list[Finding]:
    basis = _basis(book)
    if not row.particulars.identity_number.strip():
        return []
    try:
        identity_number(row.particulars.identity_number)
    except Refused as error:
        return [_stop(basis, error.code, error.message, error.advice, "identity_number")]
    if not row.name_differs:
        return []
    return [
        basis.finding(
            code="NAME_DIFFERS",
            severity=Severity.ASK,
            message="该证件号码已以另一姓名完成实名登记。",
            advice="请当前审核环节的办理人员核对身份证件并记录决定；同意后以本行姓名为准。",
            field="name",
        )
    ]


def _judge_group(row: RosterRow, group: Group | None, kind: ClassKind | None, book: Rulebook) -> list[Finding]:
    if group is None:
        if not row.group.strip():
            return []
        codes = "、".join(known.code for known in book.enrollment.groups)
        message = "人员类别不在规定的类别之内。"
        return [_stop(_basis(book), "GROUP_UNKNOWN", message, f"请从下列类别中选择：{codes}。", "group")]
    found = []
    shown = row.particulars.evidence.strip() or is_shown_by_source(row.particulars.facts, book.enrollment)
    if group.evidence and not shown:
        message = f"人员类别“{group.name}”缺少证明：{group.evidence}。"
        advice = "请补充证明编号后重新提交本行。"
        if book.enrollment.other_proof:
            advice += "确有其他证明的，由当前审核环节的办理人员核实后作出书面决定。"
        found.append(_stop(group, "EVIDENCE_MISSING", message, advice, "evidence"))
    free = book.enrollment.free_of_charge(group.code, kind)
    if free and row.fee_fen > 0:
        message = f"人员类别“{group.name}”免费培训，不得收取费用。"
        found.append(_stop(free, "FEE_CHARGED", message, "请退还费用，并以 0 元重新提交本行。", "fee_fen"))
    if group.human_decision:
        found.append(
            group.finding(
                code="GROUP_DECISION",
                severity=Severity.ASK,
                message=f"人员类别“{group.name}”须由当前审核环节的办理人员认定。",
                advice="请当前审核环节的办理人员核实该人员的类别并记录认定决定。",
                field="group",
                value=group.code,
            )
        )
    return found


def _judge_employer(row: RosterRow, institution: Institution | None, book: Rulebook) -> list[Finding]:
    found = _judge_employer_code(row, book)
    own = book.enrollment.own_employees
    if (
        own
        and institution
        and institution.kind in own.institution_kinds
        and row.employer_credit_code != institution.credit_code
    ):
        message = "企业职工培训中心只能培训本企业职工。"
        advice = "请核对用工单位的统一社会信用代码；非本企业职工请由其他机构培训。"
        if own.override_by_decision:
            advice += "派遣或集团关联单位人员，由当前审核环节的办理人员核实后作出书面决定。"
        found.append(_stop(own, "NOT_INTERNAL_EMPLOYEE", message, advice, "employer_credit_code"))
    local = book.enrollment.local_employer
    if local and row.group in local.groups and not _is_local(row.employer_region, book.region):
        found.append(
            local.finding(
                code="EMPLOYER_NOT_LOCAL",
                severity=Severity.ASK,
                message="该职工的用人单位不在本地，或未填写单位所在区划。",
                advice="请当前审核环节的办理人员核实单位注册地或实际工作地，并记录决定与依据。",
                field="employer_region",
                value=row.employer_region or None,
            )
        )
    return found


def _judge_agreement(row: RosterRow, context: RosterContext, book: Rulebook) -> list[Finding]:
    """Stop a row whose employer has no agreement with the institution, and ask about one elsewhere (HL-INS-09)."""
    terms = book.enrollment.employer_agreements
    if terms is None or context.agreed is None:
        return []
    if row.employer_credit_code not in context.agreed:
        message = "该学员的用人单位与本机构没有在开班日有效的培训协议。"
        advice = "请先由企业与本机构签订培训协议，并请主管部门登记；或更正用人单位的统一社会信用代码。"
        return [_stop(terms, "AGREEMENT_MISSING", message, advice, "employer_credit_code")]
    institution = context.institution
    if institution is None or _is_local(row.employer_region, institution.region):
        return []
    return [
        terms.finding(
            code="PARTNER_NOT_LOCAL",
            severity=Severity.ASK,
            message="该学员的用人单位与培训机构不在同一地区，或未填写单位所在区划。",
            advice="小微企业由当地培训机构培训；请当前审核环节的办理人员核实并记录决定。",
            field="employer_region",
            value=row.employer_region or None,
        )
    ]


def _judge_employer_code(row: RosterRow, book: Rulebook) -> list[Finding]:
    """Stop an employer's code that is none (GB 32100), and warn of one whose check character early codes bear."""
    basis, field = _basis(book), "employer_credit_code"
    if not row.employer_credit_code:
        return []
    try:
        code = credit_code(row.employer_credit_code)
    except Refused as error:
        return [_stop(basis, error.code, error.message, error.advice, field)]
    if not code.doubtful:
        return []
    message, advice = "用人单位统一社会信用代码的校验位与标准不符。", "早期代码存在这种情形，请对照营业执照核实。"
    return [
        basis.finding(code="CREDIT_CODE_DOUBTFUL", severity=Severity.WARN, message=message, advice=advice, field=field)
    ]


def _is_local(region: str, within: str) -> bool:
    try:
        return is_within(region, within)
    except Refused:  # a code that the region table does not know is not local; a person looks at it
        return False


def _judge_special_account(row: RosterRow, funding_source: str, book: Rulebook) -> list[Finding]:
    terms = book.enrollment.special_account
    if terms is None or funding_source != terms.funding_source:
        return []
    names = {item.code: item.name for item in terms.exclusions}
    found = [
        _stop(
            terms,
            "EXCLUDED_FROM_SPECIAL_ACCOUNT",
            f"专账资金不得用于“{names.get(code, '不符合条件')}”的人员。",
            "请更换学员，或改用其他资金来源。",
            "exclusions",
        )
        for code in row.exclusions
    ]
    if row.group not in terms.declaration_groups:
        return found
    field = "declares_ability_and_will"
    if not row.declares_ability_and_will:
        message = "使用专账资金须有本人签署的就业能力和就业意愿声明。"
        found.append(_stop(terms, "DECLARATION_MISSING", message, "请补充声明后重新提交本行。", field))
    elif terms.reviewer_tick:
        found.append(
            terms.finding(
                code="DECLARATION_TICK",
                severity=Severity.ASK,
                message="该人员的就业能力和就业意愿声明须由当前审核环节的办理人员核验确认。",
                advice="请查看本人签署的声明，并逐行记录核验决定。",
                field=field,
            )
        )
    return found
