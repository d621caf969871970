"""What a secret looks like, wherever it stands. Lengths are lower bounds: real ones vary and grow.

Sources: G = gitleaks' published Stripe rule; O = Stripe's OpenAPI document; D = docs.stripe.com; C = Stripe CLI source;
K = the format's own checksum. `(?<![A-Za-z0-9_])` keeps a match from beginning inside a word.
"""

import base64
import re

from fcproxy.core.expression import expression
from fcproxy.core.placeholders import iban_valid, luhn_valid
from fcproxy.core.rules import ShapeRule

__all__ = ["SHAPES"]

_START = r"(?<![A-Za-z0-9_])"
_MODE = r"(?:test|live|prod)"
# Short prefixes are parts of ordinary words (`ac_present`, `pi_error`): such a tail must look random.
_RANDOM = r"(?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[A-Z])[A-Za-z0-9]"


def card_number(value: str) -> bool:
    """Luhn, and an issuer range in use (ISO/IEC 7812: 2221-2720, 34, 37, 30, 36, 38, 39, 35, 4, 5, 6)."""
    digits = re.sub(r"[ -]", "", value)
    if not 13 <= len(digits) <= 19 or not luhn_valid(digits):
        return False
    if _TEST_CARD.match(digits) or len(set(digits)) < 3:
        return False
    return (
        digits[0] in "456"
        or digits[:2] in ("34", "35", "36", "37", "38", "39", "30")
        or 2221 <= int(digits[:4]) <= 2720
    )


# Stripe's published test numbers begin so, and so do our placeholders.
_TEST_CARD = expression(
    r"(?:4242424242424242|40000[0-9]{3,}|55555[0-9]{3,}|378282|3400000|22230|60111|30569309|5200828|4[0]{3}0566|601111)"
)


def us_ssn(value: str) -> bool:
    """SSA: area not 000, 666 or 9xx, group not 00, serial not 0000."""
    area, group, serial = value.split("-")
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def basic(value: str) -> bool:
    """Name and password in base64, as RFC 7617 has them."""
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except ValueError:
        return False
    return ":" in text and text.isprintable()


SHAPES: tuple[ShapeRule, ...] = (
    ShapeRule(
        "client-secret",
        "secret",
        rf"{_START}(?:fcsess_client_secret_|src_client_secret_)[A-Za-z0-9]{{10,}}|{_START}(?:accs|cuss)_secret__?[A-Za-z0-9]{{16,}}"
        rf"|{_START}[a-z]{{2,12}}_(?:{_MODE}_)?[A-Za-z0-9]{{6,64}}(?:_client)?_secret_(?!(?:{_MODE}_)?REDACTED~)(?:{_MODE}_)?[A-Za-z0-9+/=%_-]{{8,}}",
        "whoever holds it can act on the object from a browser",
        "O, D",
        strong=True,
        needs=r"_secret_",
    ),
    ShapeRule(
        "api-key",
        "secret",
        rf"(?<![A-Za-z0-9])(?:sk|rk|pk|rkcs|uk|usk|uat)_(?:org_)?{_MODE}_(?!REDACTED~)[A-Za-z0-9_]{{8,}}|{_START}sk_org_[A-Za-z0-9]{{10,}}"
        rf"|(?:sk|rk)_{_MODE}_{_RANDOM}{{16,}}|{_START}sk_(?=[A-Za-z0-9]*[0-9])[A-Za-z0-9]{{20,}}|{_START}(?:oak|uk|usk|uat)_{_RANDOM}{{10,}}",
        "acts for the account; a publishable key names it",
        "G, C, D",
        strong=True,
        needs=r"[srpu]k_|kcs_|oak_|u[as][kt]_",
    ),
    ShapeRule(
        "starred-key",
        "secret",
        rf"(?<![A-Za-z0-9])(?:sk|rk|pk|ek|whsec)_(?:{_MODE}_)?[*.]{{3,}}[A-Za-z0-9]{{1,12}}",
        "error messages show a key's last letters",
        "D",
        needs=r"k_[a-z]*_?[*.]{3}|whsec_[*.]",
    ),
    ShapeRule(
        "ephemeral-key",
        "secret",
        rf"{_START}ek_{_MODE}_(?!REDACTED~)[A-Za-z0-9+/=_,-]{{10,}}",
        "acts for a customer",
        "O",
        strong=True,
        needs=r"ek_",
    ),
    ShapeRule(
        "webhook-secret",
        "secret",
        rf"{_START}whsec_[A-Za-z0-9+/]{{16,}}={{0,2}}|whsec_{_RANDOM}{{16,}}",
        "signs events",
        "C, D",
        strong=True,
        needs=r"whsec_",
    ),
    ShapeRule(
        "terminal-token",
        "secret",
        rf"{_START}pst_{_MODE}_[A-Za-z0-9]{{10,}}",
        "connects a card reader",
        "O",
        strong=True,
        needs=r"pst_",
    ),
    ShapeRule(
        "oauth",
        "secret",
        rf"{_START}(?:ca|ac|rt)_{_RANDOM}{{24,}}",
        "authorization codes and refresh tokens become keys; client ids name the platform",
        "D",
        strong=True,
        needs=r"[car][act]_[A-Za-z0-9]{24}",
    ),
    ShapeRule(
        "single-use-token",
        "secret",
        rf"{_START}(?:tok|btok|cvctok|pii|cpt|ctoken)_{_RANDOM}{{14,}}|{_START}ct_{_RANDOM}{{24,}}",
        "stands for a card, a bank account or a person's data",
        "O",
        needs=r"(?:tok|pii|cpt|ctoken|ct)_[A-Za-z0-9]{14}",
    ),
    ShapeRule(
        "checkout-session",
        "secret",
        rf"{_START}cs_{_MODE}_{_RANDOM}{{20,}}",
        "the id alone opens the hosted page",
        "D",
        needs=r"cs_",
    ),
    ShapeRule(
        "hosted-page",
        "secret",
        rf"(?<=verify\.stripe\.com/start/){_MODE}_(?!REDACTED~)[A-Za-z0-9+/=_%-]{{8,}}|(?<=session_hash=)(?!REDACTED~)[A-Za-z0-9+/=_%-]{{8,}}",
        "whoever opens it is the customer",
        "D",
        needs=r"/start/|session_hash=",
    ),
    ShapeRule(
        "hosted-page-link",
        "secret",
        r"(?:(?<=billing\.stripe\.com/p/session/)|(?<=pay\.stripe\.com/receipts/)|(?<=pay\.stripe\.com/invoice/)"
        r"|(?<=invoice\.stripe\.com/i/))(?![A-Za-z0-9_/%.-]*REDACTED~)[A-Za-z0-9_/%.-]{20,}",
        "portal, receipts and invoices: whoever opens the link is the customer",
        "O, D",
        needs=r"stripe\.com/(?:p/session|receipts|invoice|i)/",
    ),
    ShapeRule(
        "url-token",
        "secret",
        r"(?<=[?&]token=)(?!REDACTED~)(?=[^&#]*[0-9])[A-Za-z0-9_~%.-]{16,}",
        "a credential in a link",
        "RFC 6750",
        needs=r"[?&]token=",
    ),
    ShapeRule(
        "vendor-key",
        "secret",
        r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}"
        r"|xox[abeprs]-(?=[A-Za-z-]*[0-9])[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}"
        r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})"
        r"|(?<=hooks\.slack\.com/services/)[A-Z0-9]{2,}/[A-Z0-9]{2,}/[A-Za-z0-9]{16,}",
        "a key of AWS, GitHub, Slack, Google, npm or SendGrid, which found its way into a text",
        "G",
        strong=True,
        needs=r"AKIA|ASIA|gh[pousr]_|github_pat_|xox[abeprs]-|AIza|npm_|SG\.|slack\.com/services/",
    ),
    ShapeRule(
        "wallet-in-text",
        "wallet",
        r"(?<![A-Za-z0-9])0x(?!0{16})(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40})(?![A-Za-z0-9])",
        "a person's wallet, or a transaction that names it",
        "EIP-55",
        needs=r"0x[0-9a-fA-F]{40}",
    ),
    ShapeRule(
        "private-key",
        "secret",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
        "a key of any kind",
        "RFC 7468",
        strong=True,
        needs=r"PRIVATE KEY",
    ),
    ShapeRule(
        "jwt",
        "secret",
        rf"{_START}eyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*)?",
        "a bearer token that carries claims",
        "RFC 7519",
        strong=True,
        needs=r"eyJ",
    ),
    ShapeRule(
        "bearer",
        "secret",
        r"(?i:(?<=bearer )|(?<=bearer%20))(?!REDACTED~)(?=[A-Za-z0-9._~+/-]*[0-9])[A-Za-z0-9._~+/-]{12,}=*",
        "a credential of another service",
        "RFC 6750",
        needs=r"[Bb][Ee][Aa][Rr][Ee][Rr](?: |%20)",
    ),
    ShapeRule(
        "basic",
        "secret",
        r"(?i:(?<=basic )|(?<=basic%20))[A-Za-z0-9+/]{8,}={0,2}",
        "a name and a password",
        "RFC 7617",
        check=basic,
        needs=r"[Bb][Aa][Ss][Ii][Cc](?: |%20)",
    ),
    ShapeRule(
        "email",
        "email",
        r"(?<![A-Za-z0-9._%+~-])(?!redacted-[0-9]+@example\.com|REDACTED~[0-9]+@)[A-Za-z0-9._%+~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])",
        "names a person",
        "C",
        strong=True,
        needs=r"@",
    ),
    ShapeRule(
        "phone",
        "phone",
        r"(?<![A-Za-z0-9+])(?!\+1[2-9][0-9]{2}55501[0-9]{2}(?![0-9]))\+[1-9](?:[ ().-]{0,2}[0-9]){7,14}(?![0-9A-Za-z])",
        "names a person",
        "E.164",
        needs=r"\+[1-9]",
    ),
    ShapeRule(
        "us-ssn",
        "digits",
        r"(?<![0-9A-Za-z_-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9A-Za-z_-])",
        "national id",
        "SSA",
        check=us_ssn,
        needs=r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
    ),
    ShapeRule(
        "iban",
        "iban",
        r"(?<![A-Za-z0-9_])(?![A-Z]{2}[0-9]{2}0{6})"
        r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9_])",
        "bank account",
        "K",
        strong=True,
        check=iban_valid,
        needs=r"[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}",
    ),
    ShapeRule(
        "card-number",
        "card",
        r"(?<![A-Za-z0-9_+-])(?<![0-9]\.)"
        r"[2-6](?:[0-9]{12,18}|[0-9]{3}(?:[ -][0-9]{3,6}){2,4})(?![A-Za-z0-9_]|[.-][0-9])",
        "card",
        "K",
        strong=True,
        check=card_number,
        needs=r"[2-6](?:[0-9]{12}|[0-9]{3}[ -][0-9]{3})",
    ),
)
