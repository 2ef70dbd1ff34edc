"""A class as assessment knows it: who may be examined, by when, and whether its training is over."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from shared.contracts.enrollment import ClassOpened
from shared.contracts.supervision import TrainingCompleted
from shared.domain.errors import Refused

Ending = Literal["cancelled", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainee:
    """One person of the roster with which the class opened; `left_on` is the day from which they are withdrawn."""

    masked_name: str
    groups: tuple[str, ...] = ()
    left_on: date | None = None

    def takes_part_on(self, day: date) -> bool:
        """Say whether the person still belongs to the class on the day."""
        return self.left_on is None or day < self.left_on


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedClass:
    """The facts of enrollment and supervision on which exams depend; `training_revision` 0 means not complete.

    `completion_revision` is the last AssessmentCompleted published (0: none) and `completion_basis` the final exams
    and standing certificates it told of. `version` counts the changes of the class and its exams here.
    """

    class_id: str
    region: str
    rulebook_id: str
    training_type: str
    institution_id: str
    institution_credit_code: str
    occupation: str
    level: str | None
    certifiable: tuple[str, ...]
    delivery: Literal["offline", "online"]
    closing_date: date
    trainees: Mapping[str, Trainee]
    teachers: tuple[str, ...] = ()
    taught: bool = True
    ending: Ending | None = None
    training_revision: int = 0
    opinion_passed: bool | None = None
    completion_revision: int = 0
    completion_basis: tuple[str, ...] = ()
    version: int = 1

    @property
    def training_completed(self) -> bool:
        """Say whether supervision reported the training complete."""
        return self.training_revision > 0

    @property
    def awaits_training(self) -> bool:
        """Say whether results wait for the training; a class without lessons has none to complete (HB-CLM-13)."""
        return self.taught and not self.training_completed

    def roster_on(self, day: date) -> tuple[str, ...]:
        """Give who belongs to the class on the day, by id."""
        return tuple(sorted(person for person, trainee in self.trainees.items() if trainee.takes_part_on(day)))

    def require_running(self) -> None:
        """Raise Refused CLASS_ENDED when the class was cancelled or withdrawn: no exam of it counts any more."""
        if self.ending is not None:
            word = "取消" if self.ending == "cancelled" else "撤销"
            raise Refused(
                code="CLASS_ENDED",
                message=f"班级已{word}，不能再办理考核。",
                advice="请核对班级编号；取消或撤销的班级不产生考核与补贴。",
                field="class_id",
                value=self.class_id,
            )

    def with_training(self, fact: TrainingCompleted) -> "ExaminedClass":
        """Give the class with what supervision reported; an older revision changes nothing."""
        if fact.revision <= self.training_revision:
            return self
        passed = None if fact.opinion is None else fact.opinion.passed
        return replace(self, training_revision=fact.revision, opinion_passed=passed)

    def without(self, person_id: str, *, on: date) -> "ExaminedClass":
        """Give the class after a trainee withdrew; of two days the earlier stands, a stranger changes nothing."""
        trainee = self.trainees.get(person_id)
        if trainee is None:
            return self
        left_on = on if trainee.left_on is None else min(on, trainee.left_on)
        return replace(self, trainees={**self.trainees, person_id: replace(trainee, left_on=left_on)})

    def ended(self, ending: Ending) -> "ExaminedClass":
        """Give the class as it ended; the first ending stands."""
        return replace(self, ending=self.ending or ending)


def examined_class(fact: ClassOpened) -> ExaminedClass:
    """Give the class as it opened."""
    return ExaminedClass(
        class_id=fact.class_id,
        region=fact.region,
        rulebook_id=fact.rulebook_id,
        training_type=fact.training_type,
        institution_id=fact.institution.institution_id,
        institution_credit_code=fact.institution.credit_code,
        occupation=fact.occupation.code,
        level=fact.level,
        certifiable=fact.occupation.certifiable,
        delivery=fact.delivery,
        closing_date=fact.closing_date,
        trainees={
            trainee.person_id: Trainee(masked_name=trainee.masked_name, groups=trainee.groups)
            for trainee in fact.trainees
        },
        teachers=fact.teachers,
        taught=bool(fact.sessions),
    )
