import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.database.encryption import (
    Aes256Gcm,
    BadKey,
    Sealed,
    Vault,
    parse_keys,
    payee_check,
    payee_check_key_id,
)

OLD, NEW, LOOKUP = (bytes([number]) * 32 for number in (1, 2, 3))
VAULT = Vault([OLD], LOOKUP)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(text=TEXTS, purpose=TEXTS)
def test_what_was_sealed_opens_again(text: str, purpose: str) -> None:
    assert VAULT.open(VAULT.seal(text, purpose=purpose), purpose=purpose) == text


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=4))
def test_the_plain_text_is_not_in_the_sealed_bytes_and_no_two_are_alike(text: str) -> None:
    sealed = VAULT.seal(text, purpose="person.name")
    assert text.encode() not in sealed
    assert sealed != VAULT.seal(text, purpose="person.name")


def test_a_value_sealed_for_one_purpose_does_not_open_for_another() -> None:
    sealed = VAULT.seal("生成", purpose="person.name")
    with pytest.raises(Sealed):
        VAULT.open(sealed, purpose="person.phone")


@given(position=st.integers(0, 60), flip=st.integers(1, 255))
def test_a_changed_byte_anywhere_is_refused(position: int, flip: int) -> None:
    sealed = bytearray(VAULT.seal("x" * 28, purpose="person.name"))
    assert len(sealed) == 61
    sealed[position] ^= flip
    with pytest.raises(Sealed):
        VAULT.open(bytes(sealed), purpose="person.name")


@given(length=st.integers(0, 60))
def test_a_shortened_value_is_refused(length: int) -> None:
    with pytest.raises(Sealed):
        VAULT.open(VAULT.seal("x" * 28, purpose="person.name")[:length], purpose="person.name")


def test_after_a_rotation_old_values_open_and_the_newest_key_seals() -> None:
    old = VAULT.seal("生成", purpose="p")
    rotated = Vault([OLD, NEW], LOOKUP)
    assert rotated.open(old, purpose="p") == "生成"
    assert rotated.needs_resealing(old)
    new = rotated.seal("生成", purpose="p")
    assert not rotated.needs_resealing(new)
    assert Vault([NEW], LOOKUP).open(new, purpose="p") == "生成"
    with pytest.raises(Sealed, match="retired data key"):
        Vault([NEW], LOOKUP).open(old, purpose="p")


class Reversed(Aes256Gcm):
    """Another cipher, standing for SM4-GCM."""

    code = 2  # type: ignore[misc]

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
        return super().encrypt(key[::-1], nonce, plain, bound)

    def decrypt(self, key: bytes, nonce: bytes, secret: bytes, bound: bytes) -> bytes:
        return super().decrypt(key[::-1], nonce, secret, bound)


def test_another_cipher_can_take_over_while_values_of_the_former_still_open() -> None:
    distinct = bytes(range(32))
    before, after = Vault([distinct], LOOKUP), Vault([distinct], LOOKUP, ciphers=[Aes256Gcm(), Reversed()])
    old, new = before.seal("生成", purpose="p"), after.seal("生成", purpose="p")
    assert (after.open(old, purpose="p"), after.open(new, purpose="p")) == ("生成", "生成")
    assert after.needs_resealing(old)
    assert not after.needs_resealing(new)
    with pytest.raises(Sealed):
        before.open(new, purpose="p")


def test_a_look_up_hash_is_stable_and_separates_purposes_keys_and_texts() -> None:
    known = VAULT.lookup("生成", purpose="person.identity_number")
    assert known == "862bbefa162043e70dac8e9d9380ebb8e23410fcde476423689a224f43752330"
    assert known == Vault([NEW], LOOKUP).lookup("生成", purpose="person.identity_number")
    assert known != VAULT.lookup("生成", purpose="person.phone")
    assert known != VAULT.lookup("生成 ", purpose="person.identity_number")
    assert known != Vault([OLD], NEW).lookup("生成", purpose="person.identity_number")
    assert VAULT.lookup("b", purpose="a") != VAULT.lookup("", purpose="ab")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("买买提·生成", "99999919000101000x"),
        (" 买买提 •\u3000生成 ", "９９９９９９ 19000101 000Ｘ"),
        ("买买提・生成\u200b", "99999919000101000ｘ"),
    ],
)
def test_one_persons_payee_check_is_the_same_however_it_was_typed(name: str, number: str) -> None:
    # Written down, because checks are stored: another result would part payees from those who enrolled.
    assert payee_check(name, number, OLD) == "9a6f71b343b5003b059ff3bac34545ff46e00b36497bdbcc0ab794fafefeda20"


def test_another_name_number_or_key_gives_another_payee_check() -> None:
    checks = [
        payee_check("生成", "1", OLD),
        payee_check("生", "1", OLD),
        payee_check("生成", "2", OLD),
        payee_check("生成", "1", NEW),
        payee_check("生成1", "", OLD),
    ]
    assert len(set(checks)) == 5


def test_a_key_has_an_id_of_its_own_that_does_not_show_it() -> None:
    assert payee_check_key_id(OLD) != payee_check_key_id(NEW)
    assert len(payee_check_key_id(OLD)) == 8
    assert payee_check_key_id(OLD) not in OLD.hex()


def test_a_key_of_the_wrong_length_is_refused_without_showing_it() -> None:
    for make in (
        lambda: Vault([b"short"], LOOKUP),
        lambda: Vault([OLD], b"short"),
        lambda: payee_check("a", "b", b"short"),
        lambda: payee_check_key_id(b"short"),
        lambda: Vault([], LOOKUP),
    ):
        with pytest.raises(BadKey) as refused:
            make()
        assert "short" not in str(refused.value)


def test_keys_are_read_oldest_first_and_nonsense_is_refused_without_repeating_it() -> None:
    assert parse_keys(f"{OLD.hex()}\n{NEW.hex()}\n") == (OLD, NEW)
    for wrong in ("", "abcd", "secretsecret", os.urandom(31).hex()):
        with pytest.raises(BadKey) as refused:
            parse_keys(wrong)
        assert not wrong or wrong not in str(refused.value)
