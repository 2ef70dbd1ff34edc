"""Ask for what a document may not provide: the answer names rule and clause (JY-PAY-06)."""

from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import visible_class
from services.payment.domain.obstacles import not_opened
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook
from shared.policy.silence import provided
from shared.policy.terms.payment import Feature
from shared.policy.terms.term import quote
from shared.policy.words import words


async def request_feature(uow: PaymentUnit, *, class_id: str, feature: Feature) -> None:
    """Raise Refused FEATURE_OFF for a feature that the class's rulebook does not provide for.

    Of one that it does provide for it is said where such things are asked for (FEATURE_OFFERED).
    """
    file = await visible_class(uow, class_id)
    if file.rulebook_id is None:
        raise not_opened(None)
    raise feature_refusal(uow.shelf.by_id(file.rulebook_id), feature)


def feature_refusal(rulebook: Rulebook, feature: Feature) -> Refused:
    """Give the answer to whoever asks for a feature here: it is asked for elsewhere, or off.

    Where the rulebook names the feature as off, the rule that says so is quoted.
    """
    name = words().value(feature, "features") or feature
    if feature in provided(rulebook):
        is_advance = feature == "advance"
        return Refused(
            code="FEATURE_OFFERED",
            message=f"现行政策（{rulebook.document}）规定了该项内容（{name}），另行办理。",
            advice="请由办班机构或企业按班级提交预付申请（classes/{class_id}/advances）。"
            if is_advance
            else "请按办班、申领的相应环节办理。",
            field="feature",
            value=feature,
            **quote(rulebook.payment.advance if is_advance else None),
        )
    term = rulebook.payment.features_off
    return Refused(
        code="FEATURE_OFF",
        message=f"现行政策（{rulebook.document}）没有规定该项内容，系统未开通：{name}。",
        advice="确有上级文件依据的，请由政策管理员在新版规则册中载明文号与条款后办理。",
        field="feature",
        value=feature,
        **quote(term if term and feature in term.features else None),
    )
