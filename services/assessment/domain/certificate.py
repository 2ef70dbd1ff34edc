"""Certificates (证书) of those who passed: each row judged on its own, one standing certificate per person and exam."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from services.assessment.domain.assessment import Assessment
from services.assessment.domain.certificate_number import Numbered, check_number, numbered
from services.assessment.domain.examined_class import ExaminedClass
from services.assessment.domain.findings import RowVerdict, stop
from shared.contracts.assessment import CertificateIssued, CertificateKind, CertificateVoided
from shared.domain.errors import Conflict, Refused
from shared.policy.decision import Finding
from shared.policy.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEntry:
    """One row as the assessor sent it; the number may be made of an identity number and goes no further as it is."""

    person_id: str
    number: str = field(repr=False)
    issued_on: date
    agreement_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voiding:
    """Why a certificate no longer counts, since when, and who decided."""

    on: date
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate; `attempt` counts the person's exams in this class, this one included.

    `number` is what may be shown, `number_key` and `issuer` that by which it stands once among those of its kind.
    `outcome_number` names the result on which it was issued, for results may be corrected before.

    `attempted_kinds` are the other kinds they were examined for before, `excepted_kinds` those for which a transitional
    exception held on the exam day: by them payment judges who went straight to the fallback (JY-ASM-05, JY-ASM-06).
    `agreement_on` is the day of the agreement that the exam is free: by it payment judges who may claim (HB-CLM-12).
    """

    certificate_id: str
    class_id: str
    assessment_id: str
    person_id: str
    kind: CertificateKind
    occupation: str
    level: str | None
    number: str
    number_key: str
    issuer: str
    issued_on: date
    attempt: int
    body_id: str
    outcome_number: int = 1
    attempted_kinds: tuple[CertificateKind, ...] = ()
    excepted_kinds: tuple[CertificateKind, ...] = ()
    agreement_on: date | None = None
    voiding: Voiding | None = None

    @property
    def stands(self) -> bool:
        """Say whether it still counts."""
        return self.voiding is None

    def bears(self, kind: CertificateKind, numbered: Numbered) -> bool:
        """Say whether this is the number it bears."""
        return (self.kind, self.issuer, self.number_key) == (kind, numbered.issuer, numbered.key)

    def issued(self) -> CertificateIssued:
        """Give the event that tells of it."""
        return CertificateIssued(
            class_id=self.class_id,
            certificate_id=self.certificate_id,
            assessment_id=self.assessment_id,
            person_id=self.person_id,
            kind=self.kind,
            occupation=self.occupation,
            level=self.level,
            number=self.number,
            issued_on=self.issued_on,
            attempt=self.attempt,
            body_id=self.body_id,
            attempted_kinds=self.attempted_kinds,
            excepted_kinds=self.excepted_kinds,
            agreement_on=self.agreement_on,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedRow:
    """One row's verdict and the certificate it made or found standing."""

    verdict: RowVerdict
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """What rows of one final exam are judged by.

    `exams` are all of the class, `province` the body's, if it has one, `excepted` the kinds for which a transitional
    exception held on the exam day; `hashed` gives the keyed hash of a personal number.
    """

    assessment: Assessment
    exams: Sequence[Assessment]
    examined: ExaminedClass
    province: str | None
    rulebook: Rulebook
    today: date
    hashed: Callable[[str], str]
    excepted: frozenset[CertificateKind] = frozenset()

    def numbered(self, entry: CertificateEntry) -> Numbered:
        """Give the row's number as it is kept."""
        exam, kinds = self.assessment, self.rulebook.assessment.certificate_kinds
        return numbered(entry.number, kind=exam.kind, body_id=exam.body_id, kinds=kinds, hashed=self.hashed)

    def issue(
        self, entries: Iterable[CertificateEntry], known: Iterable[Certificate], *, make_id: Callable[[], str]
    ) -> list[IssuedRow]:
        """Judge rows one by one, each in the light of those before it, and give their verdicts in order.

        `known` are the certificates of this class and the standing ones that bear any of the numbers. Raise Refused
        RESULTS_NOT_FINAL before the exam is final.
        """
        self.assessment.require_final()
        seen = list(known)
        rows: list[IssuedRow] = []
        for entry in entries:
            number = self.numbered(entry)
            standing = self._duplicate(entry, number, seen)
            if standing is not None and entry.agreement_on in (None, standing.agreement_on):
                rows.append(IssuedRow(verdict=RowVerdict(verdict="duplicate"), certificate=standing))
            elif findings := tuple(self._judge(entry, number, seen)):
                rows.append(IssuedRow(verdict=RowVerdict(verdict="refused", findings=findings)))
            else:
                certificate = self._certificate(entry, number, make_id())
                seen.append(certificate)
                rows.append(IssuedRow(verdict=RowVerdict(verdict="accepted"), certificate=certificate))
        return rows

    def number_taken(self) -> RowVerdict:
        """Refuse a row whose number stands on another certificate."""
        finding = stop(
            self.rulebook.assessment.certificate_kinds,
            code="NUMBER_TAKEN",
            message="该证书编号已登记在另一本有效证书上。",
            advice="请对照证书核对编号；前次登记有误的，由人社部门作废后重新登记。",
            field="number",
        )
        return RowVerdict(verdict="refused", findings=(finding,))

    def _duplicate(self, entry: CertificateEntry, number: Numbered, seen: Iterable[Certificate]) -> Certificate | None:
        for standing in self._own(entry, seen):
            if standing.stands and standing.bears(self.assessment.kind, number):
                return standing
        return None

    def _own(self, entry: CertificateEntry, seen: Iterable[Certificate]) -> Iterator[Certificate]:
        """Give what the person has or had in this exam."""
        for certificate in seen:
            if (certificate.assessment_id, certificate.person_id) == (self.assessment.assessment_id, entry.person_id):
                yield certificate

    def _judge(self, entry: CertificateEntry, number: Numbered, seen: Sequence[Certificate]) -> Iterator[Finding]:
        terms = self.rulebook.assessment
        on_roster = self.examined.roster_on(self.assessment.exam_on)
        if self.assessment.outcomes.get(entry.person_id) != "passed" or entry.person_id not in on_roster:
            yield stop(
                terms.results,
                code="NOT_PASSED",
                message="该学员未在本次考核中合格，或考核前已退班，不能颁发证书。",
                advice="请核对学员编号与考核结果。",
                field="person_id",
            )
        if not self.assessment.exam_on <= entry.issued_on <= self.today:
            yield stop(
                terms.certificate_kinds,
                code="ISSUE_DATE",
                message=f"发证日期应在考核日（{self.assessment.exam_on.isoformat()}）至今日之间。",
                advice="请对照证书核对发证日期。",
                field="issued_on",
                value=entry.issued_on.isoformat(),
            )
        if entry.agreement_on is not None and entry.agreement_on > self.today:
            yield stop(
                terms.results,
                code="AGREEMENT_DATE",
                message="免费评价协议的签订日期晚于今日。",
                advice="请对照协议书核对签订日期；未签订协议的不填。",
                field="agreement_on",
                value=entry.agreement_on.isoformat(),
            )
        try:
            check_number(
                entry.number,
                kind=self.assessment.kind,
                level=self.examined.level,
                province=self.province,
                issued_on=entry.issued_on,
            )
        except Refused as refusal:
            yield stop(
                terms.certificate_kinds,
                code=refusal.code,
                message=refusal.message,
                advice=refusal.advice,
                field="number",
            )
        yield from self._judge_against(entry, number, seen)

    def _judge_against(
        self, entry: CertificateEntry, number: Numbered, seen: Sequence[Certificate]
    ) -> Iterator[Finding]:
        term = self.rulebook.assessment.certificate_kinds
        own = list(self._own(entry, seen))
        if self._duplicate(entry, number, seen):
            yield stop(
                self.rulebook.assessment.results,
                code="AGREEMENT_FIXED",
                message="该证书已登记，免费评价协议的签订日期不能再补填或更改。",
                advice="确需更改的，由人社部门作废该证书，再以新编号连同协议日期登记。",
                field="agreement_on",
            )
            return
        if any(certificate.stands for certificate in own):
            yield stop(
                term,
                code="CERTIFICATE_EXISTS",
                message="该学员在本次考核中已有另一编号的有效证书。",
                advice="一次考核每人一证；登记有误的，由人社部门作废后重新登记。",
                field="number",
            )
        bearing = [certificate for certificate in seen if certificate.bears(self.assessment.kind, number)]
        if any(one.person_id == entry.person_id and not one.stands for one in bearing):
            yield stop(
                term,
                code="CERTIFICATE_VOIDED",
                message="该学员的此编号证书已作废，不能再次登记。",
                advice="请勿重发已作废的证书；换发的证书请以新编号登记。",
                field="number",
            )
        if any(certificate.stands for certificate in bearing):
            yield from self.number_taken().findings

    def _certificate(self, entry: CertificateEntry, number: Numbered, certificate_id: str) -> Certificate:
        return Certificate(
            certificate_id=certificate_id,
            class_id=self.examined.class_id,
            assessment_id=self.assessment.assessment_id,
            person_id=entry.person_id,
            kind=self.assessment.kind,
            occupation=self.examined.occupation,
            level=self.examined.level,
            number=number.shown,
            number_key=number.key,
            issuer=number.issuer,
            issued_on=entry.issued_on,
            attempt=attempt(entry.person_id, self.assessment, self.exams),
            body_id=self.assessment.body_id,
            outcome_number=self.assessment.outcome_number(entry.person_id),
            attempted_kinds=attempted_kinds(entry.person_id, self.assessment, self.exams),
            excepted_kinds=tuple(sorted(self.excepted)),
            agreement_on=entry.agreement_on,
        )


def attempt(person_id: str, assessment: Assessment, exams: Iterable[Assessment]) -> int:
    """Give which of the person's exams in this class this one is: the final ones they sat before it, plus one."""
    return 1 + sum(person_id in exam.examined for exam in exams if exam.precedes(assessment))


def attempted_kinds(person_id: str, assessment: Assessment, exams: Iterable[Assessment]) -> tuple[CertificateKind, ...]:
    """Give the other kinds for which the person sat a final exam of this class before this one (JY-ASM-05)."""
    before = {exam.kind for exam in exams if exam.precedes(assessment) and person_id in exam.examined}
    return tuple(sorted(before - {assessment.kind}))


def void(certificate: Certificate, voiding: Voiding) -> tuple[Certificate, CertificateVoided]:
    """Void a certificate for good; raise Conflict ALREADY_VOID the second time."""
    if not certificate.stands:
        raise Conflict(
            code="ALREADY_VOID",
            message="该证书已经作废。",
            advice="无需重复作废；换发的证书请评价机构以新编号登记。",
        )
    event = CertificateVoided(
        class_id=certificate.class_id,
        certificate_id=certificate.certificate_id,
        person_id=certificate.person_id,
        on=voiding.on,
        reason="",  # a person's words may name somebody: they stay here
    )
    return replace(certificate, voiding=voiding), event
