"""What payment's addresses take; unknown fields are refused, accounts and names are only ever taken."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from services.payment.application.ports import ObjectionText
from services.payment.application.recognise_claimant import GivenPerson
from services.payment.application.record_decision import GivenDecision
from services.payment.application.review_claim import GivenReview
from services.payment.application.submit_claim import GivenAccount, SignedUndertaking
from services.payment.domain.claim import EmployerPayment
from services.payment.domain.order import Answer, Share
from services.payment.domain.rates import Rate, RateUnit
from services.payment.domain.state import Act
from shared.contracts.assessment import CertificateKind
from shared.policy.terms.benefit import Funder
from shared.policy.terms.payment import Feature
from shared.policy.terms.term import Programme
from shared.web.validation import Impersonal, Text, invalid_value

FEN_MAX = 10**15


def _written_out(day: object) -> object:
    if not isinstance(day, str):  # a bare number would be taken for seconds since 1970
        raise invalid_value("INPUT_INVALID", "日期应为文本。", "请使用 YYYY-MM-DD 格式的有效日期，例如 2021-09-13。")
    return day


_VISIBLE = r"^[\x21-\x7e]+$"
"""Codes and ids may be repeated in a refusal, so nobody's name fits into them."""
Code = Annotated[str, Field(min_length=1, max_length=50, pattern=_VISIBLE)]
ReasonCode = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[A-Z_]*[0-9]{0,6}[A-Z_]*[0-9]{0,4}$")]
"""A code that travels in an event: too few digits for anybody's number, no room for a name."""
ShortText = Annotated[Text, Field(min_length=1, max_length=200)]
LongText = Annotated[Text, Field(min_length=1, max_length=2000)]
Id = Annotated[str, Field(min_length=1, max_length=200, pattern=_VISIBLE)]
EmployerId = Annotated[str, Field(min_length=1, max_length=200, pattern=_VISIBLE), Impersonal]
RegionCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Fen = Annotated[int, Field(strict=True, gt=0, le=FEN_MAX, description="金额，单位：分")]
Day = Annotated[date, BeforeValidator(_written_out)]


class Body(BaseModel):
    """A request body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class RateBody(Body):
    """A rate with its source (JY-PAY-05)."""

    region: RegionCode
    programme: Programme
    occupation: Code | None = None
    level: Annotated[Text, Field(min_length=1, max_length=20)] | None = None
    certificate_kind: CertificateKind | None = None
    valid_from: Day
    amount_fen: Fen
    unit: Annotated[
        RateUnit,
        Field(
            description="计量单位：each 每人（每证），day 每日，month 每月，year 每年；按天发放的补贴须写明后三者之一"
        ),
    ] = "each"
    source: Annotated[LongText, Field(description="标准来源：文号与条款")]

    def to_rate(self) -> Rate:
        """Give the row; its number is the table's."""
        return Rate(number=0, **self.model_dump())


class RateCorrectionBody(RateBody):
    """A rate that changes what a standing one pays, with the reason; another person confirms it."""

    reason: LongText

    def to_rate(self) -> Rate:
        """Give the row that is proposed."""
        return Rate(number=0, **self.model_dump(exclude={"reason"}))


class RateCorrectionDecisionBody(Body):
    """The second person's decision."""

    decision: Literal["confirm", "refuse"]
    reason: LongText


class BudgetBody(Body):
    """An allotment of a source for a year."""

    region: RegionCode
    funding_source: Code
    year: Annotated[int, Field(strict=True, ge=1, le=9999)]
    amount_fen: Fen
    document: Annotated[LongText, Field(description="下达文号")]


class UndertakingBody(Body):
    """The signed undertaking (JY-CLM-06)."""

    text_version: Code
    signer: Annotated[Text, Field(max_length=100, description="签署人姓名，加密保存")]
    signed_on: Day

    def to_command(self) -> SignedUndertaking:
        """Give the command's part."""
        return SignedUndertaking(text_version=self.text_version, signer=self.signer, signed_on=self.signed_on)


class AccountBody(Body):
    """A payout account; holder and number are sealed and never given back."""

    holder: ShortText
    bank_name: ShortText
    account_number: Annotated[Text, Field(min_length=1, max_length=60)]
    kind: Annotated[Code | None, Field(description="账户类别代码；文件限定账户类别的必填（如基本存款账户）")] = None

    def to_command(self) -> GivenAccount:
        """Give the command's part."""
        return GivenAccount(
            holder=self.holder, bank_name=self.bank_name, account_number=self.account_number, kind=self.kind
        )


class PersonBody(Body):
    """An individual claimant's name and identity number: compared with the roster, never stored, never given back."""

    name: ShortText
    identity_number: Annotated[Text, Field(min_length=1, max_length=40)]

    def to_command(self) -> GivenPerson:
        """Give the command's part."""
        return GivenPerson(name=self.name, identity_number=self.identity_number)


class EmployerPaymentBody(Body):
    """The document by which an enterprise paid for its employees' training, which a reviewer accepts or not."""

    reference: Annotated[Text, Field(min_length=1, max_length=100), Impersonal]
    amount_fen: Fen
    paid_on: Day

    def to_command(self) -> EmployerPayment:
        """Give the command's part."""
        return EmployerPayment(reference=self.reference, amount_fen=self.amount_fen, paid_on=self.paid_on)


class ClaimBody(Body):
    """A claim for a class: of its institution, an enterprise for its own, the assessment body, or one trainee."""

    class_id: Id
    claimant: Annotated[
        Literal["institution", "enterprise", "individual", "assessor"],
        Field(description="申领人：培训机构、企业、个人、评价机构（评价机构申领其发放证书对应的评价补贴）"),
    ]
    undertaking: UndertakingBody
    account: AccountBody
    person: Annotated[PersonBody | None, Field(description="个人申领时必填（附件2 注2）")] = None
    employer_payment: Annotated[
        EmployerPaymentBody | None, Field(description="企业为在其他机构参训的职工申领时必填：已支付培训费的凭证")
    ] = None


class ApplicationBody(Body):
    """One application with several batches, each a class (JY-CLM-09)."""

    class_ids: Annotated[list[Id], Field(min_length=1, max_length=100)]
    claimant: Literal["institution", "enterprise", "assessor"]
    undertaking: UndertakingBody
    account: AccountBody


class DecisionBody(Body):
    """A recorded human decision; without persons it speaks of everybody the question is about now."""

    rule: Code
    reason: LongText
    persons: Annotated[list[Id], Field(min_length=1, max_length=500)] | None = None
    value: Annotated[Literal["accept", "refuse"], Field(description="接受或不予接受")] = "accept"
    kinds: Annotated[list[CertificateKind], Field(max_length=10, description="过渡期例外适用的证书类别")] = []
    since: Annotated[Day | None, Field(description="过渡期例外的最早考核日；核定就业率的日期")] = None
    until: Annotated[Day | None, Field(description="过渡期例外的最后考核日")] = None
    funder: Annotated[
        Funder | None, Field(description="班级没有写明时，登记培训费用由谁支付：learner、enterprise 或 both（分担）")
    ] = None

    def to_command(self) -> GivenDecision:
        """Give the command."""
        return GivenDecision(
            rule=self.rule,
            accepted=self.value == "accept",
            reason=self.reason,
            persons=None if self.persons is None else frozenset(self.persons),
            kinds=frozenset(self.kinds),
            since=self.since,
            until=self.until,
            funder=self.funder,
        )


class ReviewBody(Body):
    """A reviewer's word on one step (JY-CLM-07)."""

    step: Literal["first_review", "second_review", "bureau_opinion"]
    decision: Literal["approve", "return"]
    opinion: LongText
    reason_code: Annotated[
        ReasonCode | None, Field(description="退回时必填：规则册所列的标准退回原因", examples=["OTHER_MATERIAL"])
    ] = None

    def to_command(self) -> GivenReview:
        """Give the command."""
        return GivenReview(
            step=Act(self.step),
            approved=self.decision == "approve",
            opinion=self.opinion,
            reason_code=self.reason_code,
        )


class NoticeBody(Body):
    """Where the notice stands."""

    site: ShortText


class ObjectionBody(Body):
    """An objection of anybody; content and contact are sealed."""

    line_nos: Annotated[list[StrictInt], Field(min_length=1, max_length=500)]
    content: LongText
    contact: Annotated[Text, Field(max_length=200, description="可不填；仅供核查人员联系")] | None = None

    def to_text(self) -> ObjectionText:
        """Give what is sealed."""
        return ObjectionText(content=self.content, contact=self.contact or None)


class ResolutionBody(Body):
    """The decision on an objection (JY-PAY-02)."""

    upheld: StrictBool
    finding: Annotated[Text, Field(max_length=2000)]


class ShareBody(Body):
    """What one source pays."""

    funding_source: Code
    amount_fen: Fen


class OrdersBody(Body):
    """How what is due is split; it must add up (JY-FND-02)."""

    sources: Annotated[
        list[ShareBody], Field(max_length=20, description="抵扣预付之后应付的部分；全部由预付抵扣的为空")
    ]

    def to_shares(self) -> list[Share]:
        """Give the shares."""
        return [Share(funding_source=share.funding_source, amount_fen=share.amount_fen) for share in self.sources]


class BankFileBody(Body):
    """Which source's orders go to the bank."""

    funding_source: Code


class AnswerBody(Body):
    """The bank's answer to one attempt."""

    order_id: Id
    attempt: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    outcome: Literal["settled", "returned"]
    on: Day
    reason_code: ReasonCode | None = None

    def to_answer(self) -> Answer:
        """Give the answer."""
        return Answer(
            order_id=self.order_id,
            attempt=self.attempt,
            outcome=self.outcome,
            on=self.on,
            reason_code=self.reason_code,
        )


class AnswersBody(Body):
    """The bank's answers to one file."""

    answers: Annotated[list[AnswerBody], Field(min_length=1, max_length=5000)]


class EmptyBody(Body):
    """Nothing to say beyond the address."""


class ReasonBody(Body):
    """Why something is done or refused; kept with the act."""

    reason: LongText


class FeatureBody(Body):
    """What is asked for beyond the subsidy of a class (JY-PAY-06)."""

    feature: Feature
