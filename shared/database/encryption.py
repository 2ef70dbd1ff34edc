"""Personal data at rest: sealed columns, keyed-hash look-up and the check that ties a payee to a person.

A sealed value is `cipher code (1 byte) | key id (4) | nonce (12) | cipher text and tag`. The associated data binds
code, key id and purpose, so a value moved to another column does not open. Put the row's id into the purpose
(`person.identity_number:<id>`) where a value moved between rows would do harm.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_HEADER_BYTES: Final = 1 + _ID_BYTES + _NONCE_BYTES


class Sealed(Exception):
    """A sealed value does not open: another purpose, another or a retired key, or changed bytes."""


class BadKey(ValueError):
    """A key has the wrong shape; the error never repeats it."""


class Cipher(Protocol):
    """An authenticated cipher, so that SM4-GCM can take the place of AES-GCM."""

    @property
    def code(self) -> int:
        """Give the number (1-255) under which sealed values name this cipher; it never changes."""
        ...

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
        """Give cipher text and tag; `bound` is authenticated but not stored."""
        ...

    def decrypt(self, key: bytes, nonce: bytes, secret: bytes, bound: bytes) -> bytes:
        """Give the plain bytes; raise Sealed when anything was changed."""
        ...


class Aes256Gcm:
    """AES-256-GCM; random nonces are safe for four thousand million values under one key."""

    code: Final = 1

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
        """Give cipher text and tag."""
        return AESGCM(key).encrypt(nonce, plain, bound)

    def decrypt(self, key: bytes, nonce: bytes, secret: bytes, bound: bytes) -> bytes:
        """Give the plain bytes; raise Sealed when anything was changed."""
        try:
            return AESGCM(key).decrypt(nonce, secret, bound)
        except InvalidTag:
            raise Sealed("the value was changed, moved or sealed for another purpose") from None


class Vault:
    """Seals and opens personal data and hashes it for look-up.

    The last of `data_keys` and the last of `ciphers` seal; all of them open, so a key is rotated by appending a new
    one and retired once every row has been sealed again. `lookup_key` cannot be rotated without hashing every row
    again.
    """

    def __init__(
        self, data_keys: Sequence[bytes], lookup_key: bytes, *, ciphers: Sequence[Cipher] = (Aes256Gcm(),)
    ) -> None:
        if not data_keys:
            raise BadKey("a vault needs at least one data key")
        for key in (*data_keys, lookup_key):
            _require_length(key)
        self._keys = {_key_id(key): key for key in data_keys}
        self._newest = _key_id(data_keys[-1])
        self._lookup_key = lookup_key
        self._ciphers = {cipher.code: cipher for cipher in ciphers}
        self._cipher = ciphers[-1]

    def seal(self, text: str, *, purpose: str) -> bytes:
        """Give the text encrypted for one purpose; the same text never seals to the same bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        head = bytes([self._cipher.code]) + self._newest
        secret = self._cipher.encrypt(self._keys[self._newest], nonce, text.encode(), head + purpose.encode())
        return head + nonce + secret

    def open(self, sealed: bytes, *, purpose: str) -> str:
        """Give the text that was sealed for this purpose; raise Sealed when it was not, or was changed."""
        head, nonce, secret = sealed[: 1 + _ID_BYTES], sealed[1 + _ID_BYTES : _HEADER_BYTES], sealed[_HEADER_BYTES:]
        if not secret:
            raise Sealed("the value is too short to be a sealed one")
        cipher, key = self._ciphers.get(head[0]), self._keys.get(head[1:])
        if cipher is None or key is None:
            raise Sealed("the value names a cipher or key that this vault does not hold; restore the retired data key")
        return cipher.decrypt(key, nonce, secret, head + purpose.encode()).decode()

    def needs_resealing(self, sealed: bytes) -> bool:
        """Say whether the value was sealed under an older key or cipher than the one that seals now."""
        return sealed[: 1 + _ID_BYTES] != bytes([self._cipher.code]) + self._newest

    def lookup(self, text: str, *, purpose: str) -> str:
        """Give a keyed hash (64 hex digits) by which equal texts of one purpose are found; normalise before."""
        return _keyed_hash(self._lookup_key, "lookup", purpose, text)


def payee_check(name: str, identity_number: str, key: bytes) -> str:
    """Give the keyed check (64 hex digits) by which payment recognises the person that enrollment enrolled.

    Both are normalised first: full-width letters, digits and marks become half-width, blanks and zero-width marks go,
    every kind of middle dot becomes `·`, letters become capitals (x -> X).
    """
    _require_length(key)
    return _keyed_hash(key, "payee", _normalised(name), _normalised(identity_number))


def identity_check(identity_number: str, key: bytes) -> str:
    """Give the keyed check (64 hex digits) of the number alone, normalised as in `payee_check`."""
    _require_length(key)
    return _keyed_hash(key, "identity", _normalised(identity_number))


def payee_check_key_id(key: bytes) -> str:
    """Give the id (8 hex digits) under which a payee check names its key; it is derived, never assigned."""
    _require_length(key)
    return _key_id(key).hex()


def parse_keys(text: str) -> tuple[bytes, ...]:
    """Read keys of 64 hex digits, separated by blanks or lines, oldest first; raise BadKey without repeating them."""
    try:
        keys = tuple(bytes.fromhex(word) for word in text.split())
    except ValueError:
        raise BadKey("a key is 64 hex digits") from None
    for key in keys:
        _require_length(key)
    if not keys:
        raise BadKey("there is no key in it; a key is 64 hex digits")
    return keys


_MIDDLE_DOTS: Final = dict.fromkeys(map(ord, "•‧∙⋅・･●"), "·")
_HALF_WIDTH: Final = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
_ZERO_WIDTH: Final = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


def _normalised(text: str) -> str:
    return "".join(text.translate(_HALF_WIDTH | _MIDDLE_DOTS | _ZERO_WIDTH).split()).upper()


def _keyed_hash(key: bytes, *parts: str) -> str:
    # Lengths in front keep ("ab", "c") and ("a", "bc") apart.
    message = b"".join(len(raw).to_bytes(8, "big") + raw for raw in (part.encode() for part in parts))
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"peibu key id" + key).digest()[:_ID_BYTES]


def _require_length(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise BadKey(f"a key is {KEY_BYTES} bytes, not {len(key)}")
