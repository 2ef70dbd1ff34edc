"""Who may be trained with subsidy how often (JY-ENR-05): slots of a person within a scope, and what a class asks.

A cap is rows (person, scope, slot number), the number at most the cap; the database keeps them unique, so that of many
classes asking for one person's last slot exactly one gets it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from shared.contracts.enrollment import ReservationRequest
from shared.contracts.payment import BudgetAnswer, EntitlementReserved, RefusedReservation
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook
from shared.policy.terms.payment import Entitlement

_LEFT = "学员已退出本班或本班已释放补贴资格，不能再次保留；请另行申请新班级。"
_USED = "学员在规定期间内的补贴性培训次数已用完，不得重复享受补贴；如前次班级已取消，请核对其释放记录。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What slots are counted in, for example `jiyuan/any/2021`, and how many there are."""

    key: str
    slots_max: int


def scope_of(rulebook: Rulebook, request: ReservationRequest) -> Scope | None:
    """Give the scope in which the request's people need a slot; None when the document sets no cap.

    Raise Refused TERM_NOT_CARRIED_OUT for a period counted on the certificate's date: it is not known at reservation.
    """
    term = rulebook.payment.entitlement
    if term is None:
        return None
    if term.period != "lifetime" and term.counted_on != "opening_date":
        raise Refused(
            code="TERM_NOT_CARRIED_OUT",
            message="规则册按证书日期计算年度补贴次数，系统尚不能在开班前据此保留补贴资格。",
            advice="请政策管理员核对规则册的计算日期。",
            rule=term.rule,
            clause=term.clause,
            document=term.document,
        )
    jurisdiction = rulebook.id.split("/")[0]
    content = "any" if term.scope == "any_subsidised" else f"{request.occupation}:{request.level or 'none'}"
    return Scope(key=f"{jurisdiction}/{content}/{_period(term, request.opening_date)}", slots_max=term.slots_max)


def _period(term: Entitlement, opening_date: date) -> str:
    return "lifetime" if term.period == "lifetime" else str(opening_date.year)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFile:
    """What payment keeps of a class besides its facts: whose it is, what it asked last and whether it was released.

    `asked_version` is the version of enrollment's class that asked; only the answer to the newest counts. `released`
    says why the class holds nothing any more; a released class is never reserved again, nor is a person who `left` it.
    `request` is what it asked last; `budget_refused` is the code with which its budget was refused, since when: a rate
    or an allotment entered later answers it anew.
    `version` grows with every act on the class or its claims.
    """

    class_id: str
    institution_id: str | None = None
    region: str | None = None
    rulebook_id: str | None = None
    funding_source: str | None = None
    asked_version: int = 0
    request: ReservationRequest | None = None
    budget_refused: str | None = None
    budget_refused_at: datetime | None = None
    released: str | None = None
    left: frozenset[str] = frozenset()
    version: int = 0

    def ask(self, version: int, request: ReservationRequest) -> "Asked":
        """Take a request of enrollment's class at a version and give who may still be reserved.

        People who left the class are refused, everybody is when the class was released.
        """
        if version <= self.asked_version:
            raise ValueError(f"version {version} of the class was answered before")
        wanted = tuple(sorted({trainee.person_id for trainee in request.trainees}))
        barred = frozenset(wanted) if self.released else self.left & frozenset(wanted)
        file = replace(
            self,
            asked_version=version,
            request=request,
            budget_refused=None,
            budget_refused_at=None,
            region=request.region,
            rulebook_id=request.rulebook_id,
            funding_source=request.funding_source,
        )
        return Asked(
            file=file, request=request, wanted=tuple(person for person in wanted if person not in barred), barred=barred
        )

    def answered(self, budget: BudgetAnswer, *, at: datetime) -> "ClassFile":
        """Give the file with what its newest request was answered; a refusal keeps its place in the line of those."""
        if budget.granted or budget.code is None:
            return replace(self, budget_refused=None, budget_refused_at=None)
        since = self.budget_refused_at or at
        return replace(self, budget_refused=budget.code, budget_refused_at=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request taken in: the people to reserve, sorted, and those barred from this class for good."""

    file: ClassFile
    request: ReservationRequest
    wanted: tuple[str, ...]
    barred: frozenset[str]


def answer(asked: Asked, *, granted: Collection[str], rulebook: Rulebook, budget: BudgetAnswer) -> EntitlementReserved:
    """Give payment's answer: the people granted, and a refusal with rule and clause for everybody else."""
    held = frozenset(granted)
    without = [person for person in asked.wanted if person not in held]
    refused = [
        *(_refused(person, rulebook, "CLASS_RELEASED", _LEFT) for person in asked.barred),
        *(_refused(person, rulebook, "ENTITLEMENT_USED", _USED) for person in without),
    ]
    return EntitlementReserved(
        class_id=asked.file.class_id,
        answers_version=asked.file.asked_version,
        granted=tuple(sorted(held)),
        refused=tuple(sorted(refused, key=lambda refusal: refusal.person_id)),
        budget=budget,
    )


def _refused(person_id: str, rulebook: Rulebook, code: str, message: str) -> RefusedReservation:
    term = rulebook.payment.entitlement
    return RefusedReservation(
        person_id=person_id,
        code=code,
        rule=term.rule if term else "",
        clause=term.clause if term else "",
        message=message,
    )
