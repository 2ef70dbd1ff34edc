"""Ask for what a document may not provide: the answer names rule and clause (JY-PAY-06)."""

from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import visible_class
from services.payment.domain.obstacles import not_opened
from shared.domain.errors import Refused
from shared.policy.terms.term import quote


async def request_feature(uow: PaymentUnit, *, class_id: str, feature: str) -> None:
    """Raise Refused FEATURE_OFF for a feature that the class's rulebook does not provide for.

    No rulebook provides for any of them yet; one that does not name the feature as off raises FEATURE_NOT_OFFERED.
    """
    file = await visible_class(uow, class_id)
    if file.rulebook_id is None:
        raise not_opened(None)
    rulebook = uow.shelf.by_id(file.rulebook_id)
    term = rulebook.payment.features_off
    off = term is not None and feature in term.features
    raise Refused(
        code="FEATURE_OFF" if off else "FEATURE_NOT_OFFERED",
        message=f"现行政策（{rulebook.document}）没有规定该项内容，系统未开通：{feature}。",
        advice="确有上级文件依据的，请由政策管理员在新版规则册中载明文号与条款后办理。",
        field="feature",
        value=feature,
        **quote(term),
    )
