"""Employee-education money (职工教育经费): how much an enterprise may set aside, for information only (JY-FND-01)."""

from shared.policy.decision import Trace
from shared.policy.terms.institution import EducationMoney


def education_money_max(wages_fen: int, terms: EducationMoney) -> tuple[int, Trace]:
    """Give the most that total wages allow, in whole fen and never more than the share, and how it was reckoned."""
    most = wages_fen * terms.wages_percent_max // 100
    inputs = {"wages_fen": wages_fen, "wages_percent_max": terms.wages_percent_max}
    return most, terms.trace(result=most, inputs=inputs, note="仅供参考，不影响补贴。")
