"""Ids and secrets: made from the seed, the kind and a counter, so that the same calls give the same bytes."""

import hashlib

from fcproxy.stripe.ids import ALPHABET, IDS, IdShape, Shape

__all__ = ["ACCOUNT_PART", "HEX_DIGITS", "chance", "mint", "number_between"]

ACCOUNT_PART = 10
"""How many characters of an account's id stand in the long ids of its objects."""
HEX_DIGITS = "0123456789abcdef"
_TIME_PART = 6
_DIGITS_OF_A_BLOCK = 48
"""How many digits are taken of one hash: of its 512 bits they need 286 at most."""


def chance(seed: str, word: str, counter: int, length: int, alphabet: str = ALPHABET) -> str:
    """``length`` characters that look random and depend on nothing but the arguments."""
    base, found, block = len(alphabet), "", 0
    while len(found) < length:
        digest = hashlib.sha512(f"{seed}\0{word}\0{counter}\0{block}".encode("utf-8", "surrogateescape")).digest()
        number = int.from_bytes(digest, "big")
        for _ in range(min(_DIGITS_OF_A_BLOCK, length - len(found))):
            number, digit = divmod(number, base)
            found += alphabet[digit]
        block += 1
    return found[:length]


def number_between(seed: str, word: str, counter: int, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``, both included, that depends on nothing but the arguments."""
    digest = hashlib.sha256(f"{seed}\0{word}\0{counter}".encode("utf-8", "surrogateescape")).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)


def _in_base62(number: int) -> str:
    found = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        found = ALPHABET[digit] + found
    return found


def mint(seed: str, kind: str, counter: int, now: int, account: str, *, shape: IdShape | None = None) -> str:
    """An id of ``kind``: of its row in IDS, or of ``shape``.

    ``now`` is Unix seconds, ``account`` the id of the account that the object belongs to.
    """
    shape = shape or IDS[kind]
    match shape.shape:
        case Shape.LONG:
            moment = _in_base62(max(now, 0)).rjust(_TIME_PART, "0")[-_TIME_PART:]
            tail = moment + account[-ACCOUNT_PART:].rjust(ACCOUNT_PART, "0") + chance(seed, kind, counter, 8)
        case Shape.SHORT:
            tail = chance(seed, kind, counter, 14)
        case Shape.ACCOUNT:
            tail = "1" + chance(seed, kind, counter, 15)
        case Shape.HEX:
            tail = chance(seed, kind, counter, 64, HEX_DIGITS)
    return shape.prefix + tail
