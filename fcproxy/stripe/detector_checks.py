"""What clears a value that a detector caught: marks, published test values, and what only looks alike."""

import base64
import binascii
import re
from collections.abc import Set as AbstractSet

from fcproxy.core import audit_marks as marks
from fcproxy.core.audit_rules import normalised
from fcproxy.stripe import published

__all__ = [
    "basic_or_bearer",
    "dull_key",
    "few_letters",
    "known_account",
    "known_card",
    "known_cvc",
    "known_device",
    "known_email",
    "known_line",
    "known_name",
    "known_number",
    "known_phone",
    "known_routing",
    "known_token_part",
    "known_wallet",
    "luhn",
    "marked_address",
    "marked_cookie",
    "marked_header",
    "marked_url",
    "no_access_token",
    "no_email",
    "not_a_card",
    "not_an_iban",
    "not_secret_text",
    "plain_secret",
    "public_token",
    "random_ok",
    "searches_for_nobody",
    "word_like",
]


def few_letters(tail: str) -> bool:
    return len(set(tail)) <= 2


def dull_key(value: str) -> bool:
    """A made-up key: one or two characters again and again, or letters only behind another word (`risk_test_...`)."""
    return few_letters(value.rpartition("_")[2])


def word_like(value: str) -> bool:
    """No digit or no capital: an enum value or a key such as `ca_quebec...`, not a code that Stripe drew."""
    tail = value.partition("_")[2]
    return not (any(c.isdigit() for c in tail) and any(c.isupper() for c in tail)) or few_letters(tail)


def plain_secret(value: str) -> bool:
    """`..._secret_...` words without a digit or capital are field and enum names, not secrets."""
    tail = value.rpartition("_secret_")[2].lstrip("_")
    return few_letters(tail) or not re.search(r"[0-9A-Z]", tail)


def public_token(value: str) -> bool:
    return value in published.TOKENS or word_like(value)


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    digits = [int(char) for char in reversed(number)]
    return (sum(digits[::2]) + sum(d * 2 - 9 * (d > 4) for d in digits[1::2])) % 10 == 0


def not_a_card(value: str) -> bool:
    digits = re.sub(r"[^0-9]", "", value)
    if len(digits) < 13 or not luhn(digits) or few_letters(digits):
        return True
    return digits in published.CARDS or marks.pan_mark(digits)


def not_an_iban(value: str) -> bool:
    text = re.sub(r"[ -]", "", value)
    if not 15 <= len(text) <= 34 or int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 != 1:
        return True
    return text in published.IBANS or marks.iban_mark(text)


def known_email(value: str) -> bool:
    lower = value.lower()
    # `https://REDACTED~1:REDACTED~2@example.org`: user information of a URL looks like an address.
    marked = marks.email_mark(value) or (marks.MARK in value and marks.mark(value.partition("@")[0]))
    return marked or lower in published.EMAILS or lower.endswith("@stripe.com")


def known_phone(value: str) -> bool:
    digits = re.sub(r"[^0-9]", "", value)
    # In a form that is read twice the plus before it has become a blank.
    marked = marks.phone_mark(value) or marks.phone_mark(f"+{value.strip()}")
    return marked or len(digits) < 7 or digits.strip("0") == "" or digits in published.PHONES


def known_name(value: str) -> bool:
    return marks.mark(value) or value in published.NAMES


def known_line(value: str) -> bool:
    return marks.mark(value) or value in published.ADDRESSES


def known_number(value: str) -> bool:
    return marks.digits_mark(value) or re.sub(r"[ -]", "", value) in published.NUMBERS


def known_routing(value: str) -> bool:
    return known_number(value) or re.fullmatch(r"1100[0-9]{5}", value) is not None


def known_account(value: str) -> bool:
    text = re.sub(r"[ -]", "", value)
    return known_number(value) or text in published.IBANS or (text[:2].isalpha() and marks.iban_mark(text))


def known_card(value: str) -> bool:
    digits = re.sub(r"[^0-9]", "", value)
    masked = "*" in value and len(digits) <= 4
    return digits in published.CARDS or marks.pan_mark(value) or marks.digits_mark(value) or masked


def known_cvc(value: str) -> bool:
    return marks.mark(value) or value in published.CVCS or not re.fullmatch(r"[0-9]{3,6}", value)


def no_email(value: str) -> bool:
    return "@" not in value or "*" in value or known_email(value)


def not_secret_text(value: str) -> bool:
    return marks.mark(value) or value.lower() in ("true", "false") or len(value) < 4


def marked_url(value: str) -> bool:
    """A URL whose parts are marks, words or numbers."""
    parts = re.split(r"[/?#&=:@.]+", value)
    return all(marks.mark(part) or part.isdigit() or not re.search(r"[0-9]", part) for part in parts)


def no_access_token(value: str) -> bool:
    """Marked, an id, a published token, a number or a word."""
    mixed = re.search(r"[0-9]", value) and re.search(r"[A-Za-z]", value)
    return len(value) < 8 or not mixed or marks.mark(value) or random_ok(value) or value in published.TOKENS


def known_wallet(value: str) -> bool:
    return len(value) < 16 or marks.wallet_mark(value)


def known_device(value: str) -> bool:
    return len(value) < 8 or marks.mark(value) or marks.wallet_mark(value)


def known_token_part(value: str) -> bool:
    """Part of a hosted page's URL: marked, or an id or a word and no token."""
    token = value.removeprefix("test_").removeprefix("live_")
    return marks.mark(value) or word_like("_" + token) or (token == value and random_ok(value))


def basic_or_bearer(value: str) -> bool:
    """An Authorization value that holds only a marked key (or nothing)."""
    scheme, _, rest = value.strip().partition(" ")
    rest = rest.strip()
    if not rest:
        return marks.mark(value.strip())
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(rest, validate=True).decode("ascii").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return marks.mark(rest)
        return marks.mark(user) and marks.mark(password)
    return scheme.lower() in ("bearer", "token") and marks.mark(rest)


def marked_header(value: str) -> bool:
    return marks.mark(value.strip())


def marked_cookie(value: str) -> bool:
    pieces = [piece.partition("=")[2] for piece in value.split(";") if "=" in piece]
    return marks.mark(value.strip()) or (bool(pieces) and marks.MARK in pieces[0] and marks.mark(pieces[0].strip()))


def marked_address(value: str) -> bool:
    """Marked, or a number: a field called `forwarded` may count."""
    return value.isdigit() or all(
        marks.ip_mark(piece.strip().removeprefix("for=").strip('"[]')) for piece in value.split(",")
    )


_ID = re.compile(
    r"(?:[a-z][a-z0-9]{0,24}_){1,4}(?:test_|live_)?[A-Za-z0-9]{8,64}"
    r"|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}",
    re.IGNORECASE,
)


def random_ok(value: str) -> bool:
    """Random by nature and no secret: Stripe's ids, UUIDs, digests."""
    return _ID.fullmatch(value) is not None


_SOUGHT = re.compile(r"""(?<![\w.])([\w.]+)\s{0,4}[:~]\s{0,4}(?:"([^"]{1,500})"|'([^']{1,500})')""")

_PARTS = ("name", "first_name", "last_name", "full_name", "individual_name", "business_name", "preferred_name")


def searches_for_nobody(query: str, below: AbstractSet[str] = frozenset()) -> bool:
    """A search (docs.stripe.com/search) that compares no name with anything but a mark; no name below such a field."""
    for path, double, single in _SOUGHT.findall(query):
        *above, name = path.lower().split(".")
        if below:
            meant = name in _PARTS and not below.isdisjoint(map(normalised, above))
        else:
            meant = "name" in name
        if meant and not known_name(double or single):
            return False
    return True
