"""Numbers that identify people, organisations, accounts and certificates: cleaned, then checked by their standards.

Every function gives the cleaned value or raises Refused with a stable code, a Chinese message and advice; the rejected
value itself never stands in an error.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from stdnum import luhn
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from shared.domain.errors import Refused

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_RESIDENCE_PERMITS = ("81", "82", "83")
_EARLY_CODES_WITHOUT_CHECK = ("3501", "3502")


def cleaned(text: str) -> str:
    """Drop blanks and invisible characters, turn full-width characters into plain ones and letters into capitals."""
    return "".join(text.translate(_INVISIBLE).split()).translate(_FULL_WIDTH).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityNumber:
    """A checked identity number; the old permanent-residence card tells neither birth date nor sex reliably."""

    value: str = field(repr=False)
    kind: Literal["resident", "hong_kong_macao_taiwan", "foreign", "foreign_old"]
    birth_date: date | None
    sex: Literal["male", "female"] | None


def identity_number(text: str) -> IdentityNumber:
    """Check an identity number: 18 characters by GB 11643, or 3 letters and 12 digits of an old residence card.

    Residence permits (81, 82, 83) and permanent residence since 2023-12 (9) have the same birth date and check
    character. The region is not looked up: codes of abolished regions stay valid. Codes: ID_LENGTH, ID_FORMAT,
    ID_BIRTH_DATE, ID_CHECKSUM.
    """
    value = cleaned(text)
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", value):
        return IdentityNumber(value=value, kind="foreign_old", birth_date=None, sex=None)
    if len(value) != 18:
        raise _refused("identity_number", "ID_LENGTH", "证件号码位数不正确", "请核对身份证件，居民身份证号码为 18 位")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", value):
        raise _refused("identity_number", "ID_FORMAT", "证件号码含有不应出现的字符", "前 17 位为数字，末位为数字或 X")
    try:
        birth_date = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError as error:
        advice = "请对照证件核对第 7 至 14 位"
        raise _refused("identity_number", "ID_BIRTH_DATE", "证件号码中的出生日期不存在", advice) from error
    if not mod_11_2.is_valid(value):
        raise _refused("identity_number", "ID_CHECKSUM", "证件号码校验位不正确", "请对照证件逐位核对，常见为录错一位")
    return IdentityNumber(
        value=value,
        kind="foreign"
        if value[0] == "9"
        else "hong_kong_macao_taiwan"
        if value[:2] in _RESIDENCE_PERMITS
        else "resident",
        birth_date=birth_date,
        sex="male" if int(value[16]) % 2 else "female",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditCode:
    """A unified social credit code; `doubtful` when its check character is wrong but such codes were issued."""

    value: str
    doubtful: bool


def credit_code(text: str) -> CreditCode:
    """Check a unified social credit code (GB 32100).

    Some early codes of Fuzhou and Xiamen bear a wrong check character legally: they are doubtful, not refused.
    Codes: CREDIT_CODE_FORMAT, CREDIT_CODE_CHECKSUM.
    """
    value = cleaned(text)
    if not re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", value):
        advice = "代码为 18 位数字或大写字母，不含 I、O、S、V、Z"
        raise _refused("credit_code", "CREDIT_CODE_FORMAT", "统一社会信用代码格式不正确", advice)
    doubtful = uscc.calc_check_digit(value[:17]) != value[17]
    if doubtful and value[2:6] not in _EARLY_CODES_WITHOUT_CHECK:
        advice = "请对照营业执照或法人证书逐位核对"
        raise _refused("credit_code", "CREDIT_CODE_CHECKSUM", "统一社会信用代码校验位不正确", advice)
    return CreditCode(value=value, doubtful=doubtful)


def personal_card(text: str) -> str:
    """Check a personal bank card or the account of a social-security card: 12 to 19 digits, Luhn, no placeholder.

    Codes: CARD_FORMAT, CARD_PLACEHOLDER, CARD_CHECKSUM.
    """
    value = cleaned(text).replace("-", "")
    if not re.fullmatch(r"[0-9]{12,19}", value):
        raise _refused("account", "CARD_FORMAT", "个人银行卡号应为 12 至 19 位数字", "请对照银行卡或社会保障卡核对")
    if _is_placeholder(value):
        raise _refused("account", "CARD_PLACEHOLDER", "银行卡号是占位数字", "请填写真实的银行卡号")
    if not luhn.is_valid(value):
        raise _refused("account", "CARD_CHECKSUM", "银行卡号校验位不正确", "请对照银行卡逐位核对，常见为录错一位")
    return value


def company_account(text: str) -> str:
    """Check an organisation's account, which has no check digit: 8 to 32 digits, no placeholder.

    Codes: ACCOUNT_FORMAT, ACCOUNT_PLACEHOLDER.
    """
    value = cleaned(text).replace("-", "")
    if not re.fullmatch(r"[0-9]{8,32}", value):
        raise _refused(
            "account", "ACCOUNT_FORMAT", "对公账号应为 8 至 32 位数字", "请对照开户许可证或基本存款账户信息核对"
        )
    if _is_placeholder(value):
        raise _refused("account", "ACCOUNT_PLACEHOLDER", "对公账号是占位数字", "请填写真实的对公账号")
    return value


def telephone(text: str) -> str:
    """Check a mainland mobile number, or a landline with its area code, and give its digits. Code: PHONE_FORMAT."""
    digits = cleaned(text).replace("-", "")
    return digits if re.fullmatch(r"0[1-9][0-9]{8,10}", digits) else mobile_phone(text)


def mobile_phone(text: str) -> str:
    """Check a mainland mobile number and give its 11 digits without +86. Code: PHONE_FORMAT."""
    value = re.sub(r"^(\+|00)86", "", cleaned(text).replace("-", ""))
    if not re.fullmatch(r"1[3-9][0-9]{9}", value):
        raise _refused("phone", "PHONE_FORMAT", "手机号码格式不正确", "请填写 11 位中国内地手机号码")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateNumber:
    """A well-formed certificate number and what it says: province (two digits), year and level (5 junior .. 1)."""

    value: str
    province: str
    year: int
    level: str

    def require_agreement(self, *, province: str | None, issued_on: date, level: str | None) -> None:
        """Compare with what is known: the province's six-digit code, the day of issue, the level; None is not compared.

        Raise Refused CERTIFICATE_PROVINCE, CERTIFICATE_YEAR (numbered after its issue) or CERTIFICATE_LEVEL.
        """
        advice = "请对照证书核对编号；确属其他证书的，请改正登记信息"
        if province is not None and self.province != province[:2]:
            raise _refused("certificate_number", "CERTIFICATE_PROVINCE", "证书编号中的省份与登记的不一致", advice)
        if self.year > issued_on.year:
            raise _refused("certificate_number", "CERTIFICATE_YEAR", "证书编号中的年份晚于发证日期", advice)
        if level is not None and self.level != level:
            raise _refused("certificate_number", "CERTIFICATE_LEVEL", "证书编号中的等级与登记的不一致", advice)


def level_certificate_number(text: str) -> CertificateNumber:
    """Check a skill-level certificate number of 22 characters. Code: CERTIFICATE_FORMAT."""
    pattern = r"[YS][0-9]{4}(?P<province>[0-9]{2})[0-9]{6}(?P<year>[0-9]{2})(?P<level>[1-5])[0-9]{6}"
    return _certificate_number(text, pattern, "职业技能等级证书编号为 Y 或 S 开头的 22 位编号")


def qualification_certificate_number(text: str) -> CertificateNumber:
    """Check a vocational qualification certificate number of 16 digits. Code: CERTIFICATE_FORMAT."""
    pattern = r"(?P<year>[0-9]{2})(?P<province>[0-9]{2})[0-9]{2}[0-9]{4}(?P<level>[1-5])[0-9]{5}"
    return _certificate_number(text, pattern, "职业资格证书编号为 16 位数字")


def _certificate_number(text: str, pattern: str, advice: str) -> CertificateNumber:
    value = cleaned(text)
    found = re.fullmatch(pattern, value)
    if found is None:
        raise _refused("certificate_number", "CERTIFICATE_FORMAT", "证书编号格式不正确", advice)
    return CertificateNumber(
        value=value, province=found["province"], year=2000 + int(found["year"]), level=found["level"]
    )


def _is_placeholder(digits: str) -> bool:
    rising = "0123456789" * 4
    return len(set(digits)) == 1 or digits in rising or digits in rising[::-1]


def _refused(name: str, code: str, message: str, advice: str) -> Refused:
    return Refused(code=code, message=f"{message}。", advice=f"{advice}。", field=name)
