"""Placeholders: what stands in a cassette where a secret was. Numbered, shape-keeping, telling nothing of the secret.

A `Kind` draws the number-th placeholder of a shape. The shape travels as a *hint*: the little of the value that may
stay (a key's prefix, a card's brand and last four). Law, tested: ``hint(draw(n, hint(v))) == hint(v)``, and
``marked`` recognises what ``draw`` makes, which is what makes redaction idempotent.
"""

import datetime
import re
from collections.abc import Callable
from typing import NamedTuple

from fcproxy.core.expression import expression

__all__ = [
    "Kind",
    "card",
    "card_digits",
    "card_hint",
    "date_of_birth",
    "digits",
    "digits_hint",
    "email",
    "fixed",
    "iban",
    "iban_hint",
    "iban_valid",
    "ip_address",
    "ip_hint",
    "json_digits",
    "luhn_valid",
    "phone",
    "postal_code",
    "postal_hint",
    "prefixed",
    "routing_number",
    "wallet",
    "wallet_hint",
    "words",
]

Draw = Callable[[int, str], str]


def no_hint(value: str) -> str:
    """For kinds of one shape."""
    del value
    return ""


class Kind(NamedTuple):
    """One sort of secret.

    ``marked`` matches (whole) a value that already is a placeholder of this kind; ``literal`` is its form as it can
    be recognised in the middle of text (None where it cannot). ``learn``: later copies of the value are looked for
    everywhere. ``per_hint``: numbering starts anew for each hint. ``same``
    folds spellings of one value (an e-mail's case, a card's blanks). ``parts`` splits a value that is made of
    several: (text, whether it is secret).
    """

    name: str
    draw: Draw
    marked: re.Pattern[str]
    hint: Callable[[str], str] = no_hint
    literal: str | None = None
    learn: bool = False
    per_hint: bool = False
    same: Callable[[str], str] = str
    parts: Callable[[str], tuple[tuple[str, bool], ...]] | None = None


def prefixed(number: int, hint: str) -> str:
    """`sk_test_REDACTED~1`. No scanner's value may hold a `~`, so none takes it for one, whatever name it stands under;
    URLs, forms and bearer tokens may, unescaped (RFC 3986, RFC 6750), and mobile SDKs want no `_` behind `_secret_`."""
    return f"{hint}REDACTED~{number}"


def words(label: str) -> Draw:
    """`Redacted Name 1`."""
    return lambda number, hint: f"Redacted {label} {number}"


def fixed(text: str) -> Draw:
    """One value for all: where the domain is an enumeration, or the value means nothing by itself."""
    return lambda number, hint: text


def email(number: int, hint: str) -> str:
    """RFC 2606 reserves example.com."""
    del hint
    return f"redacted-{number}@example.com"


def phone(number: int, hint: str) -> str:
    """555-0100 to 555-0199 are set aside for fiction in each North American area code (NANPA)."""
    del hint
    area, line = divmod(number - 1, 100)
    return f"+1{201 + area % 799}55501{line:02d}"


_BIRTH = datetime.date(1901, 1, 1)


def date_of_birth(number: int, hint: str) -> str:
    """A valid date in a decade in which nobody alive was born; ``hint`` names the part (day, month, year) or "iso"."""
    date = _BIRTH + datetime.timedelta(days=(number - 1) % 3286)
    return date.isoformat() if hint == "iso" else str(getattr(date, hint))


def ip_hint(value: str) -> str:
    """The address family."""
    return "6" if ":" in value else "4"


_NETS = ("192.0.2", "198.51.100", "203.0.113")


def ip_address(number: int, hint: str) -> str:
    """Documentation addresses: RFC 5737 (IPv4), RFC 3849 (IPv6). IPv4 has 762 of them; then they begin again."""
    if hint == "6":
        return f"2001:db8::{number:x}"
    net, host = divmod((number - 1) % 762, 254)
    return f"{_NETS[net]}.{host + 1}"


def digits_hint(value: str) -> str:
    """Letters that it begins with stay, two at most; others become `X`, digits `#`: `DE123A` -> `DE###X`.

    "" for what has no digits, and for what is drawn for that.
    """
    if _NO_NUMBER.match(value):
        return ""
    head = _TWO_LETTERS.match(value)
    start = head[0] if head is not None else ""
    return start + "".join("#" if char.isdigit() else "X" if char.isalpha() else "-" for char in value[len(start) : 64])


_NO_NUMBER = expression(r"number_REDACTED~|[^0-9]*\Z")
_TWO_LETTERS = expression("[A-Za-z]{1,2}")


def digits(number: int, hint: str) -> str:
    """``hint`` with the number in its digits, right aligned, zeros before."""
    room = hint.count("#")
    text = f"{number:0{room}d}" if room else ""
    if len(text) > room or not room:
        return prefixed(number, "number_")
    drawn = iter(text)
    return "".join(next(drawn) if char == "#" else char for char in hint)


def json_digits(number: int, hint: str) -> str:
    """The same of a number in JSON, ``hint`` being `9###`. Where there is no room it is a longer one, which tells the
    length of ``hint`` too: two must not be one."""
    if hint == "9" and number < 10:
        return str(number)
    drawn = digits(number, hint)
    return drawn if drawn.isdigit() else f"900000000{len(hint)}{number:04d}"


def luhn_valid(number: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    return (
        sum(
            (d if i % 2 == 0 else d * 2 - 9 if d > 4 else d * 2)
            for i, d in enumerate(int(char) for char in reversed(number))
        )
        % 10
        == 0
    )


_BRANDS = (
    ("34", "34000"),
    ("37", "37828"),
    ("4", "40000"),
    ("5", "55555"),
    ("2", "22230"),
    ("6", "60111"),
    ("3", "30569"),
)


def card_digits(value: str) -> str:
    """A card's number without what groups it; ``value`` itself where it cannot be one (ISO/IEC 7812: 12 to 19)."""
    number = re.sub(r"[^0-9]", "", value)
    return number if 12 <= len(number) <= 19 else value


def card_hint(value: str) -> str:
    """Brand digits, length, last four: `4,16,4242`. What PCI DSS 3.4.1 lets one show. "" for what is no card number."""
    number = card_digits(value)
    if re.fullmatch("[0-9]{12,19}", number) is None:
        return ""
    brand = next((digits for digits, _ in _BRANDS if number.startswith(digits)), "4")
    return f"{brand},{len(number)},{number[-4:]}"


def card(number: int, hint: str) -> str:
    """Test BIN, number, a digit that makes Luhn come out, and the last four that people know the card by."""
    if not hint:
        return prefixed(number, "card_")
    brand, length, last4 = hint.split(",")
    bank = dict(_BRANDS)[brand]
    room = int(length) - len(bank) - 5
    for filler in "0123456789":
        candidate = f"{bank}{number % 10**room:0{room}d}{filler}{last4}"
        if luhn_valid(candidate):
            return candidate
    raise AssertionError("one of ten digits always satisfies Luhn")


def iban_valid(value: str) -> bool:
    """ISO 13616: mod 97 of the rearranged number is 1."""
    text = re.sub(r"[^A-Z0-9]", "", value.upper())
    return 15 <= len(text) <= 34 and int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def iban_hint(value: str) -> str:
    """Country and length; "" for what is no IBAN."""
    text = re.sub(r"[^A-Za-z0-9]", "", value).upper()
    return f"{text[:2]},{len(text)}" if _IBAN.fullmatch(text) else ""


_IBAN = expression("[A-Z]{2}[0-9]{2}[A-Z0-9]{4,30}")


def iban(number: int, hint: str) -> str:
    """A valid IBAN whose account part is the number."""
    if not hint:
        return prefixed(number, "iban_")
    country, length = hint.split(",")
    account = f"{number:0{int(length) - 4}d}"
    checksum = 98 - int("".join(str(int(char, 36)) for char in f"{account}{country}00")) % 97
    return f"{country}{checksum:02d}{account}"


def routing_number(number: int, hint: str) -> str:
    """From Stripe's test routing number 110000000 on, each with its ABA checksum (3-7-1 weights)."""
    del hint
    base = f"{11000000 + number - 1:08d}"
    total = sum(int(digit) * weight for digit, weight in zip(base, (3, 7, 1, 3, 7, 1, 3, 7), strict=True))
    return f"{base}{-total % 10}"


def postal_hint(value: str) -> str:
    """The area part stays, because tax depends on it: three digits of a US ZIP, the outward part of others."""
    keep = value[: max(len(value) - 2, 0)][:3]
    tail = "".join(
        "#" if char.isdigit() else "A" if char.isalpha() else " " if char == " " else "-"
        for char in value[len(keep) : 16]
    )
    head = "".join(char if char.isascii() and (char.isalnum() or char in " -") else "-" for char in keep)
    return f"{head},{tail}"


def postal_code(number: int, hint: str) -> str:
    """The pattern kept, the number in its free digits. Numbered per area: no more are needed than really exist."""
    head, _, tail = hint.partition(",")
    room = tail.count("#")
    drawn = iter(f"{(number - 1) % 10**room:0{room}d}" if room else "")
    return head + "".join(next(drawn) if char == "#" else char for char in tail)


_WALLETS = (
    ("hex", expression(r"0x[0-9a-fA-F]{16,}")),
    ("bech32", expression(r"(?:bc1|tb1)[a-z0-9]{20,}")),
    ("base32", expression(r"G[A-Z2-7]{55}")),
    ("digits", expression(r"[0-9]+")),
    ("base58", expression(r"[1-9A-HJ-NP-Za-km-z]{25,}")),
)


def wallet_hint(value: str) -> str:
    """Alphabet and length."""
    return next((f"{name},{len(value)}" for name, shape in _WALLETS if shape.fullmatch(value)), ",0")


_DIGITS_OF = {"hex": "0123456789abcdef", "bech32": "qpzry9x8gf2tvdw0", "base32": "ABCDEFGHIJ", "digits": "0123456789"}
_BASE58 = "ABCDEFGHJK"
"""Behind a run of ones: with a digit as the last letter, an address would be taken for a number."""


def wallet(number: int, hint: str) -> str:
    """An address of the same alphabet and length that nobody can own: the number behind a run of the zero digit."""
    name, length = hint.split(",")
    if not name:
        return prefixed(number, "wallet_")
    head = {"hex": "0x", "bech32": "bc1q", "base32": "G"}.get(name, "")
    alphabet = _DIGITS_OF.get(name, _BASE58)
    out = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        out = alphabet[digit] + out
    return head + out.rjust(int(length) - len(head), "1" if alphabet is _BASE58 else alphabet[0])
