"""Trainees who claim for themselves: made-up identities, cards, and a class with their keyed checks."""

from dataclasses import replace
from datetime import date

from stdnum import luhn
from stdnum.iso7064 import mod_11_2

from services.payment.application.recognise_claimant import GivenPerson
from services.payment.application.submit_claim import GivenAccount, SignedUndertaking, submit_claim
from services.payment.domain.claim import Claim, EmployerPayment
from shared.contracts.enrollment import ClassOpened
from shared.database.encryption import identity_check, payee_check, payee_check_key_id
from shared.domain.actor import Role
from tests.payment.office import CLAIM_DAY, PAYEE_KEY, Office, person

TRAINEE = person("trainee-7", Role.TRAINEE, organisation="trainees")


OTHER_TRAINEE = person("trainee-8", Role.TRAINEE, organisation="trainees")


SIGNED = SignedUndertaking(text_version="JY-2021", signer="样例学员", signed_on=CLAIM_DAY)


def identity(serial: int) -> str:
    """Give an identity number that nobody has: of a region that does not exist, with a right check character."""
    body = f"00000019000101{serial:03}"
    return body + mod_11_2.calc_check_digit(body)


def somebody(number: int) -> GivenPerson:
    return GivenPerson(name=f"样例学员{number}", identity_number=identity(number))


def card(number: int) -> GivenAccount:
    return GivenAccount(holder=f"样例学员{number}", bank_name="样例银行济源支行", account_number=card_number(number))


def card_number(serial: int) -> str:
    """Give a card number of no bank, with a right check digit."""
    body = f"000000000000{serial:06}"
    return body + luhn.calc_check_digit(body)


def with_checks(opened: ClassOpened, *, key: bytes = PAYEE_KEY) -> ClassOpened:
    """Give the opening with the payee checks that enrollment would have made."""
    trainees = tuple(
        replace(
            trainee,
            payee_check=payee_check(f"样例学员{number}", identity(number), key),
            payee_check_key=payee_check_key_id(key),
            identity_check=identity_check(identity(number), key),
        )
        for number, trainee in enumerate(opened.trainees, start=1)
    )
    return replace(opened, trainees=trainees)


async def claim_alone(office: Office, number: int = 7, actor: object = TRAINEE, **changes: object) -> Claim:
    given = {"person": somebody(number), "account": card(number), **changes}
    return await office.act(
        actor,  # type: ignore[arg-type]
        submit_claim,
        undertaking=SIGNED,
        claimant="individual",
        **{"class_id": "class-1", **given},
    )


PAID = EmployerPayment(reference="收据 2021-07-15", amount_fen=450_000, paid_on=date(2021, 7, 15))
