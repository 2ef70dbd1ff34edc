"""Money in integer fen (分), compared and shared exactly; it is never rounded up."""

from decimal import Decimal

from shared.domain.errors import Refused

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000
_YUAN_DIGITS_MAX = 16  # keeps every amount within a database's 64-bit integer


def fen_from_yuan(yuan: Decimal | int) -> int:
    """Give the fen of an amount in yuan.

    Raise Refused AMOUNT_INVALID naming an amount that is finer than a fen, no number, or beyond 16 digits.
    """
    yuan = Decimal(yuan)
    if not yuan.is_finite() or yuan.adjusted() >= _YUAN_DIGITS_MAX or yuan != round(yuan, 2):
        raise Refused(
            code="AMOUNT_INVALID",
            message=f"金额“{yuan}”元不是精确到分的数字。",
            advice="请填写最多两位小数的金额，例如 61500.00。",
            field="amount_yuan",
            value=str(yuan),
        )
    return int(round(yuan, 2) * FEN_PER_YUAN)


def yuan_text(fen: int) -> str:
    """Write fen as yuan with thousands separators and two decimals: 6150000 is `61,500.00`."""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02}"


def wan_text(fen: int) -> str:
    """Write fen in 万元 without loss and without trailing zeros (JY-PAY-03): 6123456 is `6.123456`."""
    wan, rest = divmod(abs(fen), FEN_PER_WAN)
    decimals = f".{rest:06}".rstrip("0").removesuffix(".")
    return f"{'-' if fen < 0 else ''}{wan}{decimals}"


def is_below_percent(part: int, whole: int, percent: int) -> bool:
    """Say whether part is strictly below percent of whole; exactly at the limit is not below."""
    return part * 100 < whole * percent


def floor_share(total_fen: int, numerator: int, denominator: int) -> int:
    """Give floor(total x numerator / denominator) in fen; a negative number or a zero denominator is a ValueError."""
    if total_fen < 0 or numerator < 0 or denominator <= 0:
        raise ValueError(f"no share of {total_fen} fen by {numerator}/{denominator}")
    return total_fen * numerator // denominator
