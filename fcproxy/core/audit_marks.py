"""The agreed marked forms: what may stand where a secret was. Exact; a mark with a real-looking tail is none.

These are the forms that the redactor is specified to write, written down a second time so that the audit does not
take the redactor's word for it.
"""

import re
from collections.abc import Callable

__all__ = [
    "MARK",
    "blank",
    "date_mark",
    "digits_mark",
    "email_mark",
    "iban_mark",
    "ip_mark",
    "mark",
    "matching",
    "number_mark",
    "pan_mark",
    "phone_mark",
    "wallet_mark",
    "words_mark",
]

MARK = "REDACTED"

_PREFIX = r"(?:[a-z][a-z0-9]{0,14}_){1,4}_?"
_TOKEN = re.compile(
    rf"""(?:
      (?:{_PREFIX})?REDACTED~[0-9]{{1,7}}                                       # sk_test_REDACTED~1, REDACTED~1
    | {_PREFIX}(?:REDACTED~[0-9]{{1,7}}|[A-Za-z0-9]{{3,64}})                    # an id, real or marked, that ...
      (?:_client)?_secret_(?:test_|live_)?REDACTED~[0-9]{{1,7}}                 # ... a client secret begins with
    | REDACTED~idempotency-key-[0-9]{{1,7}}
    | REDACTED
    )""",
    re.VERBOSE,
)
_WORDS = re.compile(r"Redacted(?: [A-Z]?[A-Za-z]{1,23}){1,3} [0-9]{1,7}")
_EMPTY = re.compile(
    r"[\s*xX.•-]*|(?i:[\[<({*]*(?:redacted|filtered|removed|masked|hidden|sanitized|scrubbed|dummy|none|null)[\]>)}*]*)"
)
_EMAIL = re.compile(r"redacted-[0-9]{1,7}@example\.com")
_PHONE = re.compile(r"1?[0-9]{3}55501[0-9]{2}")
_IP = re.compile(
    r"(?:192\.0\.2|198\.51\.100|203\.0\.113|127\.0\.0)\.[0-9]{1,3}|0\.0\.0\.0|2001:db8:(?:[0-9a-f:.]*)|::1?",
    re.IGNORECASE,
)
_DATE = re.compile(r"1970-(?:0[1-9]|1[0-2])-[0-3][0-9]|190[0-9]-(?:0[1-9]|1[0-2])-[0-3][0-9]")
_PAN = re.compile(
    r"(?:34000|37828|40000|42424|55555|51051|22230|60111|30569|35660)(?P<middle>[0-9]+)[0-9]{4}",
)
_ZEROS = re.compile(r"[A-Za-z]{0,2}([0-9X]*[0-9][0-9X]*)")
_NUMBER = re.compile(r"9(?P<zeros>0{2,})[1-9][0-9]{0,6}")
_RUN = re.compile(r"(.)\1{11,}|q{16,}")


def matching(*patterns: str) -> Callable[[str], bool]:
    """Clears values that one of the regular expressions matches as a whole."""
    compiled = re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
    return lambda value: compiled.fullmatch(value) is not None


def blank(value: str) -> bool:
    """Nothing is said: empty, stars, one of the words that other recorders write over a whole value."""
    return len(value) < 64 and _EMPTY.fullmatch(value) is not None


def mark(value: str) -> bool:
    """A marked token or words, an email, or nothing at all."""
    if MARK in value:
        return _TOKEN.fullmatch(value) is not None or blank(value)
    return blank(value) or words_mark(value) or email_mark(value) or number_mark(value)


def number_mark(value: str) -> bool:
    """`90000001`: what takes the place of a number in JSON, which cannot begin with zeros; four digits or more."""
    found = _NUMBER.fullmatch(value) if value[:1] == "9" else None
    return found is not None and len(found["zeros"]) * 2 >= len(value)


def words_mark(value: str) -> bool:
    """`Redacted Name 1`."""
    return value.startswith("Redacted ") and _WORDS.fullmatch(value) is not None


def email_mark(value: str) -> bool:
    """`redacted-1@example.com`."""
    return _EMAIL.fullmatch(value) is not None


def phone_mark(value: str) -> bool:
    """`+1NNN55501NN`: numbers set aside for fiction."""
    return _PHONE.fullmatch(re.sub(r"[ ()+-]", "", value)) is not None or mark(value)


def ip_mark(value: str) -> bool:
    """Documentation ranges (RFC 5737, RFC 3849) and addresses of the own machine."""
    return _IP.fullmatch(value) is not None or mark(value)


def date_mark(value: str) -> bool:
    """A day of 1970, or of a decade in which nobody alive was born (Stripe's own test dates lie there too)."""
    return _DATE.fullmatch(value) is not None or mark(value)


def digits_mark(value: str) -> bool:
    """Zeros with a small number behind, other letters as X after the first two: `000000012`, `DE00003`, `L00X01`."""
    if mark(value):
        return True
    found = _ZEROS.fullmatch(re.sub(r"[^0-9A-Za-z]", "", value))
    if not found:
        return False
    number = found[1].replace("X", "")
    kept = number.lstrip("0")
    return not kept or len(number) < 3 or (len(kept) <= max(1, len(number) - 4) and len(kept) <= 5)


def iban_mark(value: str) -> bool:
    """Country, checksum, then zeros and a small number."""
    account = re.sub(r"[ -]", "", value)[4:]
    return mark(value) or (account.isdigit() and len(account) - len(account.lstrip("0")) >= len(account) - 6)


def pan_mark(value: str) -> bool:
    """A test BIN, a run of zeros with a small number and the Luhn digit, the last four."""
    found = _PAN.fullmatch(re.sub(r"[^0-9]", "", value))
    if not found:
        return mark(value)
    middle = found["middle"]
    return len(middle[:-1].lstrip("0")) <= max(1, len(middle) - 4)


def wallet_mark(value: str) -> bool:
    """An address made of one run of the same character, or of the smallest digits of its alphabet."""
    return mark(value) or _RUN.search(value) is not None
