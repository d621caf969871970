"""The kinds of secret in Stripe traffic, each with its placeholder."""

import re
from collections.abc import Mapping

from fcproxy.core import placeholders as draw
from fcproxy.core.expression import expression
from fcproxy.core.placeholders import Kind

__all__ = ["KINDS", "secret_hint"]

_SECRET_MARK = expression(r"(?P<prefix>[A-Za-z0-9_~]*?)REDACTED~[0-9]+")

_PREFIXES = expression(
    r"""
    (?:sk|rk|pk|ek|uk|rkcs|pst)_(?:org_)?(?:test|live)_ | sk_org_ | (?:uk|usk|uat|oak)_
    | whsec_ | (?:tok|btok|cvctok|pii|ct|cpt|ctoken|ca|ac|rt)_(?=[A-Za-z0-9]{14})
    | fcsess_client_secret_ | src_client_secret_ | accs_secret__? | cuss_secret_
    | [a-z]{2,12}_(?:(?:test|live)_)?[A-Za-z0-9]{1,64}(?:_client)?_secret_(?:(?:test|live)_)?
    | cs_(?:test|live)_
    """,
    re.VERBOSE,
)


def secret_hint(value: str) -> str:
    """The prefix that SDKs, Stripe.js and people look at: mode and kind of a key, the object id in a client secret."""
    marked = _SECRET_MARK.fullmatch(value)
    if marked is not None:
        return marked["prefix"]
    found = _PREFIXES.match(value)
    return found[0] if found is not None else ""


_CHECKOUT = expression(r"(cs_(?:test|live)_[A-Za-z0-9]+(?:~[0-9]+)?)(_secret_)(.+)")


def _secret_parts(value: str) -> tuple[tuple[str, bool], ...]:
    """A Checkout client secret begins with the session's id, which is a secret of its own."""
    found = _CHECKOUT.fullmatch(value)
    return ((found[1], True), (found[2], False), (found[3], True)) if found is not None else ((value, True),)


def _words(name: str, label: str, *, learn: bool = False) -> Kind:
    pattern = rf"Redacted {label} [0-9]+"
    return Kind(name, draw.words(label), expression(pattern), literal=pattern, learn=learn)


def _fixed(name: str, text: str) -> Kind:
    return Kind(name, draw.fixed(text), expression(re.escape(text)))


def _plain(value: str) -> str:
    return re.sub(r"[ -]", "", value)


_NUMBER_MARK = expression(r"number_REDACTED~[0-9]+")
_IDEMPOTENCY = r"REDACTED~idempotency-key-[0-9]+"
_EMAIL = r"redacted-[0-9]+@example\.com"

_ALL = (
    Kind(
        "secret",
        draw.prefixed,
        _SECRET_MARK,
        secret_hint,
        # From the beginning of a word only: from each of its letters, a long word costs its length squared.
        literal=r"(?<![A-Za-z0-9_~])[A-Za-z0-9_~]*REDACTED~[0-9]+",
        learn=True,
        per_hint=True,
        parts=_secret_parts,
    ),
    Kind(
        "idempotency_key",
        lambda number, hint: f"REDACTED~idempotency-key-{number}",
        expression(_IDEMPOTENCY),
        literal=_IDEMPOTENCY,
    ),
    Kind("email", draw.email, expression(_EMAIL), literal=_EMAIL, learn=True, same=str.lower),
    Kind(
        "phone",
        draw.phone,
        expression(r"\+1[2-9][0-9]{2}55501[0-9]{2}"),
        literal=r"\+1[2-9][0-9]{2}55501[0-9]{2}(?![0-9])",
        learn=True,
    ),
    _words("name", "Name"),
    _words("full_name", "Full Name", learn=True),
    _words("street", "Street", learn=True),
    _words("city", "City"),
    _words("free_text", "Text"),
    _words("account_name", "Account"),
    _words("institution", "Institution"),
    _words("description", "Description"),
    _words("user_agent", "User Agent"),
    _words("device", "Device", learn=True),
    Kind("postal_code", draw.postal_code, expression(r"(?!)"), draw.postal_hint, per_hint=True),
    Kind("date_of_birth", draw.date_of_birth, expression(r"190[1-9]-[0-9]{2}-[0-9]{2}")),
    Kind(
        "card",
        draw.card,
        expression(r"card_REDACTED~[0-9]+"),
        draw.card_hint,
        literal=r"(?<![0-9A-Za-z])(?:34000|37828|40000|55555|22230|60111|30569)[0-9]{8,14}(?![0-9A-Za-z])",
        learn=True,
        per_hint=True,
        same=draw.card_digits,
    ),
    Kind(
        "iban",
        draw.iban,
        expression(r"[A-Z]{2}[0-9]{2}0{6,}[0-9]+|iban_REDACTED~[0-9]+"),
        draw.iban_hint,
        literal=r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}0{6,}[0-9]+(?![0-9A-Za-z])",
        learn=True,
        per_hint=True,
        same=_plain,
    ),
    Kind("routing_number", draw.routing_number, expression(r"1100[0-9]{5}"), learn=True),
    Kind(
        "digits",
        draw.digits,
        _NUMBER_MARK,
        draw.digits_hint,
        # The only one that is told by its shape: a social security number.
        literal=r"(?<![0-9A-Za-z_-])000-00-[0-9]{4}(?![0-9A-Za-z_-])",
        learn=True,
        per_hint=True,
    ),
    Kind("short_digits", draw.digits, _NUMBER_MARK, draw.digits_hint, per_hint=True),
    Kind("number", draw.json_digits, _NUMBER_MARK, draw.digits_hint, per_hint=True),
    Kind(
        "ip_address",
        draw.ip_address,
        expression(r"(?:192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9]+|2001:db8::[0-9a-f]+"),
        draw.ip_hint,
        per_hint=True,
    ),
    Kind(
        "wallet",
        draw.wallet,
        expression(r"wallet_REDACTED~[0-9]+"),
        draw.wallet_hint,
        literal=r"(?<![A-Za-z0-9])0x0{16}[0-9a-f]{24}(?:[0-9a-f]{24})?(?![A-Za-z0-9])",
        learn=True,
        per_hint=True,
    ),
    Kind(
        "fingerprint",
        lambda number, hint: f"Redacted{number:08d}",
        expression(r"Redacted[0-9]{8}"),
        literal=r"Redacted[0-9]{8}",
        learn=True,
    ),
    Kind(
        "file_name",
        lambda number, hint: f"redacted-file-{number}{hint}",
        expression(r"redacted-file-[0-9]+(?:\.[a-z0-9]{1,5})?"),
        lambda value: (re.search(r"\.[a-z0-9]{1,5}$", value) or [""])[0],
        literal=r"redacted-file-[0-9]+(?:\.[a-z0-9]{1,5})?",
    ),
    _fixed("cvc", "000"),
    _fixed("month", "12"),
    _fixed("year", "2034"),
    _fixed("sex", "female"),
    _fixed("country_of_person", "US"),
    _fixed("political_exposure", "none"),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
