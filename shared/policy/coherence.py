"""Does a rulebook agree with itself and with the catalogue of rules? Pure checks on what a file says."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from shared.contracts.catalogue import CONTRACTS
from shared.domain.errors import Refused
from shared.domain.money import fen_from_yuan
from shared.policy.mistakes import Key
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import BenefitPayee, Share
from shared.policy.terms.register import INCLUSION_FIELDS, PASS_FIELDS, REPORT_FIELDS
from shared.policy.words import words

_EVENTS: Final = frozenset(contract.EVENT.name for contract in CONTRACTS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueRule:
    """One rule of the catalogue: where it stands, who decides (`auto`, `human`, `auto+human`) and what it says."""

    id: str
    jurisdiction: str
    doc_no: str
    locator: str
    decision: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What is wrong at a key, and what to write instead."""

    key: Key
    message: str
    advice: str


def table_objections(
    table: Mapping[str, Any], document: object, catalogue: Mapping[str, CatalogueRule] | None
) -> Iterator[Objection]:
    """Object to what any table can get wrong: unknown rules, empty clauses, odd numbers, doubled codes, `local`.

    Without a catalogue, which could not be read, rules are not looked up.
    """
    for key, value in _walk(table, ()):
        match value:
            case dict():
                yield from _rule_objections(key, value, document, catalogue)
                yield from _local_objections(key, value)
            case list():
                yield from _code_objections(key, value)
            case bool():
                pass
            case int() if value < 0 or ("percent" in str(key[-1]).split("_") and value > 100):
                yield Objection(
                    key=key, message=f"数值 {value} 超出范围", advice="数值不得为负，百分比为 0 至 100 的整数"
                )
            case str() if key[-1] in ("clause", "name", "code", "document") and not value.strip():
                yield Objection(key=key, message="不得为空", advice="请填写原文条款或名称")


def book_objections(book: Rulebook) -> Iterator[Objection]:
    """Object to codes that no list defines, to a cap that two chapters state differently, and to impossible rates."""
    uses = (*_enrollment_uses(book), *_register_uses(book), *_supervision_uses(book))
    uses = (*uses, *_assessment_uses(book), *_payment_uses(book))
    for key, used, defined in uses:
        for code in used:
            if code not in defined:
                advice = nearest(code, defined, f"可用：{'、'.join(sorted(defined)) or '无'}")
                yield Objection(key=key, message=f"{code} 未在本规则册中定义", advice=advice)
    yield from _cap_objections(book)
    yield from _group_objections(book)
    for place, benefit in enumerate(book.payment.benefits):
        for number, rate in enumerate(benefit.rates):
            key = ("payment", "benefits", place, "rates", number, "amount_yuan")
            try:
                if fen_from_yuan(rate.amount_yuan) <= 0:
                    yield Objection(
                        key=key, message=f"标准应大于零，写的是 {rate.amount_yuan}", advice="没有标准的请删除此行"
                    )
            except Refused as refusal:
                yield Objection(key=key, message=refusal.message.rstrip("。"), advice=refusal.advice.rstrip("。"))


_Use = tuple[Key, Collection[str], Collection[str]]
"""A key, the codes it uses, and the codes that are defined for it."""


def _enrollment_uses(book: Rulebook) -> Iterator[_Use]:
    terms = book.enrollment
    kinds = {kind.code for kind in terms.institution_kinds.kinds} if terms.institution_kinds else set()
    groups = {group.code for group in terms.groups}
    for name in (
        *("directory", "private_school", "own_employees", "teacher_filing", "centre_application"),
        "basic_conditions",
    ):
        if term := getattr(terms, name):
            yield ("enrollment", name, "institution_kinds"), term.institution_kinds, kinds
    if size := terms.class_size:  # a project that no type has would silently lift the lower cap
        projects = {row.project for row in terms.programmes.types} if terms.programmes else set()
        yield ("enrollment", "class_size", "key_group_projects"), size.key_group_projects, projects
    attributes = {attribute.code for attribute in terms.attributes}
    for place, attribute in enumerate(terms.attributes):
        for number, value in enumerate(attribute.values):
            key = ("enrollment", "attributes", place, "values", number)
            yield (*key, "needs"), value.needs, attributes
            yield (*key, "institution_kinds"), value.institution_kinds, kinds
    for place, needed in enumerate(terms.class_kind_needs):
        yield ("enrollment", "class_kind_needs", place, "needs"), needed.needs, attributes
        yield ("enrollment", "class_kind_needs", place, "training_types"), needed.training_types, _types(book)
    if obligatory := terms.obligatory_topics:
        yield ("enrollment", "obligatory_topics", "topics"), obligatory.topics, attributes
    if higher := terms.higher_approval:
        steps = {step.code for step in terms.approval.steps} if terms.approval else set()
        yield ("enrollment", "higher_approval", "step"), (higher.step,), steps
        yield ("enrollment", "higher_approval", "training_types"), higher.training_types, _types(book)
    yield from _profile_uses(book)
    for name in ("local_employer", "employee_focus", "pension_exclusion", "release_limit", "jobless", "newly_hired"):
        if term := getattr(terms, name):
            yield ("enrollment", name, "groups"), term.groups, groups
    if hired := terms.newly_hired:
        yield ("enrollment", "newly_hired", "training_types"), hired.training_types, _types(book)
    yield from _participation_uses(book, groups)
    yield from _record_uses(book)
    yield from _commitment_uses(book)
    if suspensions := terms.suspensions:
        reasons = {reason.code for reason in suspensions.reasons}
        yield ("enrollment", "suspensions", "on_low_satisfaction"), (suspensions.on_low_satisfaction,), reasons
    if special := terms.special_account:
        sources = book.payment.funding_sources.sources if book.payment.funding_sources else ()
        accounts = {source.code for source in sources if source.special_account}
        yield ("enrollment", "special_account", "declaration_groups"), special.declaration_groups, groups
        yield ("enrollment", "special_account", "funding_source"), (special.funding_source,), accounts


def _commitment_uses(book: Rulebook) -> Iterator[_Use]:
    """Give what commitments and ratings name: registers, their fields and choices, and the attribute of the mode."""
    terms = book.enrollment
    key: Key
    registers = {register.code: {field.code for field in register.fields} for register in terms.registers}
    if rating := terms.credit_rating:
        register = terms.register(rating.register)
        event = register.field("event") if register else None
        events = {item.code for item in event.choices} if event else set()
        key = ("enrollment", "credit_rating")
        yield (*key, "register"), (rating.register,), registers
        yield (*key, "events"), [one.code for one in rating.events], events
    if sign_ups := terms.sign_ups:
        key = ("enrollment", "sign_ups")
        yield (*key, "register"), (sign_ups.register,), registers
        named = (sign_ups.class_field, sign_ups.outcome, sign_ups.position)
        yield (*key, "register"), named, registers.get(sign_ups.register, set())
        register = terms.register(sign_ups.register)
        field = register.field(sign_ups.outcome) if register else None
        outcomes = {item.code for item in field.choices} if field else set()
        yield (*key, "taking"), (*sign_ups.taking, sign_ups.waiting), outcomes
    if commitments := terms.commitments:
        key = ("enrollment", "commitments")
        yield (*key, "attribute"), (commitments.attribute,), {attribute.code for attribute in terms.attributes}
        for name in ("institution_register", "trainee_register"):
            code = getattr(commitments, name)
            yield (*key, name), (code,), registers
            yield (*key, name), (commitments.class_field, commitments.signed_field), registers.get(code, set())


def _participation_uses(book: Rulebook, groups: Collection[str]) -> Iterator[_Use]:
    """Give what the rules on who may take part name: groups, and the register of inclusions."""
    terms = book.enrollment
    for place, meant in enumerate(terms.class_groups):
        yield ("enrollment", "class_groups", place, "groups"), meant.groups, groups
        yield ("enrollment", "class_groups", place, "training_types"), meant.training_types, _types(book)
    for place, graduation in enumerate(terms.graduation_years):
        yield ("enrollment", "graduation_years", place, "groups"), graduation.groups, groups
    if inclusion := terms.group_inclusion:
        key = ("enrollment", "group_inclusion")
        register = terms.register(inclusion.register)
        yield (*key, "groups"), inclusion.groups, groups
        yield (*key, "register"), (inclusion.register,), {one.code for one in terms.registers}
        if register:
            yield (*key, "register"), INCLUSION_FIELDS, {field.code for field in register.fields}
            choices = register.field("group")
            yield (*key, "groups"), inclusion.groups, {one.code for one in choices.choices} if choices else set()


def _profile_uses(book: Rulebook) -> Iterator[_Use]:
    """Give what the judgement reads of enterprises' profiles: a register keyed by the enterprise, and its fields."""
    terms = book.enrollment
    attributes = {attribute.code: attribute for attribute in terms.attributes}
    key: Key
    profile = terms.enterprise_profile
    registers = {register.code: register for register in terms.registers}
    fields: dict[str, str] = {}
    if profile:
        key = ("enrollment", "enterprise_profile")
        kinds = {kind.code for kind in terms.institution_kinds.kinds} if terms.institution_kinds else set()
        yield (*key, "register"), (profile.register,), registers
        yield (*key, "employer"), (profile.employer,), attributes
        yield (*key, "institution_kinds"), profile.institution_kinds, kinds
        if register := registers.get(profile.register):
            fields = {field.code: field.kind for field in register.fields}
            truths = {code for code, kind in fields.items() if kind == "truth"}
            yield (*key, "wanted"), (profile.wanted,) if profile.wanted else (), truths
            yield (*key, "register"), register.key, {code for code, kind in fields.items() if kind == "enterprise"}
    for place, condition in enumerate(terms.profile_conditions):
        key = ("enrollment", "profile_conditions", place)
        yield (*key, "training_types"), condition.training_types, _types(book)
        for names, defined in ((("field", "proof", "until"), fields), (("attribute", "shown_by"), attributes)):
            for name in names:
                code = getattr(condition, name)
                yield (*key, name), (code,) if code else (), defined


def _types(book: Rulebook) -> set[str]:
    return {row.code for row in book.enrollment.programmes.types} if book.enrollment.programmes else set()


def _record_uses(book: Rulebook) -> Iterator[_Use]:
    """Give what classes' records read: a register, its fields, and what a class states to be found by."""
    terms = book.enrollment
    kinds = {kind.code for kind in terms.institution_kinds.kinds} if terms.institution_kinds else set()
    registers = {register.code: register for register in terms.registers}
    key: Key
    if agreements := terms.employer_agreements:
        key = ("enrollment", "employer_agreements")
        signed = registers.get(agreements.register)
        columns = {field.code for field in signed.fields} if signed else set()
        yield (*key, "register"), (agreements.register,), registers
        yield (*key, "attribute"), (agreements.attribute,), {attribute.code for attribute in terms.attributes}
        for name in ("employer", "since", "until"):
            yield (*key, name), (getattr(agreements, name),), columns
    for place, record in enumerate(terms.class_records):
        key = ("enrollment", "class_records", place)
        yield (*key, "register"), (record.register,), registers
        yield (*key, "institution_kinds"), record.institution_kinds, kinds
        yield (*key, "training_types"), record.training_types, _types(book)
        yield (*key, "except_training_types"), record.except_training_types, _types(book)
        attributes = (record.attribute,) if record.attribute else ()
        yield (*key, "attribute"), attributes, {attribute.code for attribute in terms.attributes}
        if register := registers.get(record.register):
            fields = {field.code: field for field in register.fields}
            for name in (
                "occupation",
                "provider",
                "enterprise",
                "stated",
                "choice",
                "newest",
                "since",
                "after",
                "until",
                "shown",
            ):
                if code := getattr(record, name):
                    yield (*key, name), (code,), fields
            chosen = fields.get(record.choice or "")
            yield (*key, "choices"), record.choices, {item.code for item in chosen.choices} if chosen else set()


def _register_uses(book: Rulebook) -> Iterator[_Use]:
    terms = book.enrollment
    kinds = {kind.code for kind in terms.institution_kinds.kinds} if terms.institution_kinds else set()
    for place, register in enumerate(terms.registers):
        key = ("enrollment", "registers", place)
        fields, report = {field.code for field in register.fields}, register.report
        yield (*key, "institution_kinds"), register.institution_kinds, kinds
        yield (*key, "key"), register.key, fields | ({"person"} if register.person else set())
        yield (*key, "report", "by"), (report.by,) if report.by else (), fields
        yield (*key, "report", "day"), (report.day,) if report.day else (), fields
        parts = {"shares": ("part", "total", "minimum_percent")}.get(report.shape, ())
        yield (*key, "report", "shape"), parts, {name for name in parts if getattr(report, name) is not None}
        yield (*key, "report", "sums"), report.sums, fields
        decided = register.field("decision")
        left = (report.exit_choice,) if report.exit_choice else ()
        yield (*key, "report", "exit_choice"), left, {item.code for item in decided.choices} if decided else set()
        for number, link in enumerate(register.links):
            linked = {one.code: {field.code for field in one.fields} for one in terms.registers}
            yield (*key, "links", number, "register"), (link.register,), linked
            yield (*key, "links", number, "field"), (link.field,), fields & linked.get(link.register, set())
        for name in ("part", "total"):
            yield (*key, "report", name), (code,) if (code := getattr(report, name)) else (), fields
        yield (*key, "report", "shape"), REPORT_FIELDS[report.shape], fields
        for row, check in enumerate(register.checks):
            yield (*key, "checks", row), (check.field, check.when), fields
            yield (*key, "checks", row, "institution_kinds"), check.institution_kinds, kinds
        if report.against or report.shape in ("coverage", "violations"):
            passes = {one.code: one for one in terms.registers if one.person}
            yield (*key, "report", "against"), (report.against or "against",), passes
            if against := passes.get(report.against or ""):
                proof = against.field("proof")
                named = [code for code in (report.training, report.certificate) if code]
                yield (*key, "report"), named, {choice.code for choice in proof.choices} if proof else set()
                yield (*key, "report", "against"), PASS_FIELDS, {field.code for field in against.fields}


def _supervision_uses(book: Rulebook) -> Iterator[_Use]:
    terms = book.supervision
    if custody := terms.custody_attendance:
        key = ("supervision", "custody_attendance")
        methods = {method.code for method in terms.sign_in.methods} if terms.sign_in else set()
        yield (*key, "groups"), custody.groups, {group.code for group in book.enrollment.groups}
        yield (*key, "methods"), custody.methods, methods


def _assessment_uses(book: Rulebook) -> Iterator[_Use]:
    terms = book.assessment
    lists = {known.code for known in terms.body_lists.lists} if terms.body_lists else set()
    if bodies := terms.body_lists:
        yield ("assessment", "body_lists", "chosen_from"), bodies.chosen_from, lists
        for place, known in enumerate(bodies.lists):
            yield ("assessment", "body_lists", "lists", place, "within"), (known.within,) if known.within else (), lists
    if (separation := terms.separation) and separation.excepted_list:
        yield ("assessment", "separation", "excepted_list"), (separation.excepted_list,), lists
    if terms.pilot_scope:
        yield ("assessment", "pilot_scope", "on_list"), (terms.pilot_scope.on_list,), lists


def _payment_uses(book: Rulebook) -> Iterator[_Use]:
    terms = book.payment
    if activity := terms.not_a_class:
        told = {one.code: {value.code for value in one.values} for one in book.enrollment.attributes if one.published}
        yield ("payment", "not_a_class", "attribute"), (activity.attribute,), told
        yield ("payment", "not_a_class", "values"), activity.values, told.get(activity.attribute, set())
    for place, evidence in enumerate(terms.evidence.programmes if terms.evidence else ()):
        key = ("payment", "evidence", "programmes", place)
        yield (*key, "events"), evidence.events, _EVENTS
        yield (*key, "completion"), evidence.completion, _EVENTS
    if order := terms.funding_order:
        published = {one.code for one in book.enrollment.attributes if one.published}
        sources = {source.code for source in terms.funding_sources.sources} if terms.funding_sources else set()
        yield ("payment", "funding_order", "first"), (order.first,), sources
        yield ("payment", "funding_order", "cost"), (order.cost,), published
        yield ("payment", "funding_order", "spent"), (order.spent,), published
    groups = {group.code for group in book.enrollment.groups}
    types = book.enrollment.programmes.types if book.enrollment.programmes else ()
    for place, benefit in enumerate(terms.benefits):
        if types:  # what no class can have as its programme is promised and never paid
            yield ("payment", "benefits", place, "classes"), benefit.classes, {kind.programme for kind in types}
        rows: tuple[tuple[str, Sequence[Share | BenefitPayee]], ...] = (
            ("shares", benefit.shares),
            ("payees", benefit.payees),
        )
        yield ("payment", "benefits", place, "groups"), benefit.groups, groups
        for name, table in rows:
            for number, row in enumerate(table):
                yield ("payment", "benefits", place, name, number, "groups"), row.groups, groups
    yield from _reporting_uses(book)


def _reporting_uses(book: Rulebook) -> Iterator[_Use]:
    terms, enrollment = book.payment.reporting, book.enrollment
    groups = {group.code for group in enrollment.groups}
    if shares := terms.group_shares:
        for place, share in enumerate(shares.shares):
            yield ("payment", "reporting", "group_shares", "shares", place, "groups"), share.groups, groups
    if rural := terms.transfer_employment:
        yield ("payment", "reporting", "transfer_employment", "groups"), rural.groups, groups
    if apprentices := terms.apprentices:
        types = {kind.code for kind in enrollment.programmes.types} if enrollment.programmes else set()
        yield ("payment", "reporting", "apprentices", "types"), apprentices.types, types
    if cluster := terms.cluster_share:
        kinds = {kind.code for kind in enrollment.institution_kinds.kinds} if enrollment.institution_kinds else set()
        yield ("payment", "reporting", "cluster_share", "institution_kinds"), cluster.institution_kinds, kinds
    figures = {figure.code for figure in terms.figures}
    for place, goal in enumerate(terms.figure_goals):
        for name in ("figure", "share_of"):
            code = getattr(goal, name)
            yield ("payment", "reporting", "figure_goals", place, name), (code,) if code else (), figures
    for place, certificates in enumerate(terms.certificates):
        used = (certificates.figure,) if certificates.figure else ()
        yield ("payment", "reporting", "certificates", place, "figure"), used, figures
    if (quality := terms.quality_indicators) and enrollment.programmes:
        types = {kind.code for kind in enrollment.programmes.types}
        for place, indicator in enumerate(quality.indicators):
            yield ("payment", "reporting", "quality_indicators", "indicators", place, "types"), indicator.types, types
            yield (
                ("payment", "reporting", "quality_indicators", "indicators", place, "groups"),
                indicator.groups,
                groups,
            )
    yield from _organiser_uses(book)


def _organiser_uses(book: Rulebook) -> Iterator[_Use]:
    """Give what names departments: the attribute that says who organised a class, its values, and the task rows."""
    terms = book.payment.reporting
    departments = {item.code for item in terms.organisers.departments} if terms.organisers else set()
    if organisers := terms.organisers:
        told = {one.code: {value.code for value in one.values} for one in book.enrollment.attributes if one.published}
        key = ("payment", "reporting", "organisers")
        yield (*key, "attribute"), (organisers.attribute,), told
        yield (*key, "own"), (organisers.own,), departments
        yield (*key, "departments"), departments, told.get(organisers.attribute, set())
    for place, row in enumerate(terms.task_rows):
        yield ("payment", "reporting", "task_rows", place, "units"), row.units, departments


def _group_objections(book: Rulebook) -> Iterator[Objection]:
    """Object to a group whose code is almost another document's: a slip, or two that everybody would mix up."""
    known = [name.removeprefix("groups.") for name in words().values if name.startswith("groups.")]
    for place, group in enumerate(book.enrollment.groups):
        if group.code not in known and (close := get_close_matches(group.code, known, n=1, cutoff=0.85)):
            yield Objection(
                key=("enrollment", "groups", place, "code"),
                message=f"{group.code} 与已有的人员类别 {close[0]}（{words().values[f'groups.{close[0]}']}）几乎相同",
                advice=f"是否应为“{close[0]}”；确属另一类别的，请换一个不易混淆的代码",
            )


def _cap_objections(book: Rulebook) -> Iterator[Objection]:
    """Object when the roster is judged by another cap than the one payment reserves under."""
    repeat, entitlement = book.enrollment.repeat, book.payment.entitlement
    if repeat is None or entitlement is None:
        return
    for name, stated, judged in (
        ("slots_max", entitlement.slots_max, repeat.trainings_max),
        ("period", entitlement.period, repeat.period),
        ("scope", entitlement.scope, repeat.scope),
    ):
        if stated != judged:
            message = f"写的是 {stated}，办班一章 enrollment.repeat 却为 {judged}"
            yield Objection(key=("payment", "entitlement", name), message=message, advice="两处须一致，请对照原文核对")


def nearest(word: str, known: Collection[str], otherwise: str) -> str:
    """Advise the nearest known word, or otherwise the given sentence."""
    close = get_close_matches(word, known, n=1)
    return f"是否应为“{close[0]}”" if close else otherwise


def _walk(value: Any, key: Key) -> Iterator[tuple[Key, Any]]:
    yield key, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, below in inner:
        yield from _walk(below, (*key, part))


def _rule_objections(
    key: Key, table: dict[str, Any], document: object, catalogue: Mapping[str, CatalogueRule] | None
) -> Iterator[Objection]:
    rule = table.get("rule")
    if catalogue is None or not isinstance(rule, str):
        return
    known = catalogue.get(rule)
    if known is None:
        own = [name for name, other in catalogue.items() if other.doc_no == document]
        unlisted = "请填写规则目录中的编号；新文件的规则先写入同一文件夹的 rules.toml"
        advice = nearest(rule, own or catalogue.keys(), unlisted) if own or document is None else unlisted
        yield Objection(key=(*key, "rule"), message=f"规则目录中没有 {rule}", advice=advice)
    elif "document" not in table and known.doc_no != document:
        message = f"{rule} 出自 {known.doc_no}，不是本文件"
        yield Objection(key=(*key, "rule"), message=message, advice="请改用本文件的规则编号，或在此表写明 document")


def _local_objections(key: Key, table: dict[str, Any]) -> Iterator[Objection]:
    local = table.get("local")
    if not isinstance(local, list):
        return
    written = {part for below, _ in _walk(table, ()) for part in below if isinstance(part, str)} - {"local"}
    for name in local:
        if isinstance(name, str) and name not in written:
            advice = nearest(name, written, "请只列出此表中写明的键")
            yield Objection(key=(*key, "local"), message=f"此表没有 {name}", advice=advice)


def _code_objections(key: Key, rows: list[Any]) -> Iterator[Objection]:
    seen: set[str] = set()
    for place, row in enumerate(rows):
        code = row.get("code", row.get("type")) if isinstance(row, dict) else None
        if isinstance(code, str) and code in seen:
            name = "code" if "code" in row else "type"
            yield Objection(key=(*key, place, name), message=f"代码 {code} 重复", advice="每个代码只能出现一次")
        elif isinstance(code, str):
            seen.add(code)
