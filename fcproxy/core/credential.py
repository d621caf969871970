"""Headers that bear credentials: Authorization (RFC 9110 section 11.6.2), as Bearer (RFC 6750) or Basic (RFC 7617), and
those of which a cassette keeps nothing, but whose values may be said again in an answer."""

import base64
import binascii
import re
from collections.abc import Iterator

from fcproxy.core.ledger import Ledger
from fcproxy.core.marker import Marker
from fcproxy.core.placeholders import Kind

__all__ = ["AUTHORIZATION", "BEARING", "borne", "credential_of", "redact_authorization"]

AUTHORIZATION = "header-authorization"
"""The rule's id."""


def credential_of(value: str) -> tuple[str, str, str]:
    """(scheme, user or token, password) of a header's value; the scheme is as written."""
    scheme, _, rest = value.strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() != "basic":
        return scheme, rest, ""
    try:
        decoded = base64.b64decode(rest + "=" * (-len(rest) % 4), validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return scheme, rest, ""
    user, _, password = decoded.partition(":")
    return scheme, user, password


def redact_authorization(value: str, kind: Kind, ledger: Ledger) -> str:
    """The header with its key replaced and its scheme kept. A Basic password is learned and dropped."""
    scheme, user, password = credential_of(value)
    if not user:
        # One word: a key without scheme. Nothing of it may be taken for a scheme and kept.
        return ledger.marker(kind, scheme, AUTHORIZATION) if scheme else value
    if not scheme.isalpha() or len(scheme) > 12:
        return ledger.marker(kind, value.strip(), AUTHORIZATION)
    if password:
        ledger.marker(kind, password, AUTHORIZATION)
    if scheme.lower() != "basic":
        return f"{scheme} {ledger.marker(kind, user, AUTHORIZATION)}"
    # A user that already is a placeholder comes back as text, not as a marker: encode it here.
    mark = ledger.marker(kind, user, AUTHORIZATION, encoding="b")
    return f"{scheme} {mark if mark != user else Marker('', 0, '', 'b').encode(user)}"


BEARING = frozenset(
    [
        "cookie",
        "set-cookie",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "x-auth-token",
        "x-access-token",
        "x-amz-security-token",
        "x-csrf-token",
        "x-stripe-csrf-token",
    ]
)
"""Names of headers, in lower case, that are not stored and hold a credential."""

_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/_=.~%:-]{16,4096}")
_KNOWN = re.compile(r"[a-z]{1,12}_[A-Za-z0-9]{8,32}|[0-9T:.Z+-]+|.*REDACTED.*")
"""Ids, times and placeholders: people keep these in cookies, too."""


def borne(name: str, value: str) -> Iterator[str]:
    """The credentials in a header of ``name``, one of `BEARING`: what is long and random, since it is looked for
    everywhere."""
    if name == "cookie":
        found = [part.partition("=")[2] for part in value.split(";")]
    elif name == "set-cookie":
        found = [value.partition(";")[0].partition("=")[2]]
    else:
        scheme, user, password = credential_of(value)
        found = [user or scheme, password]
    for one in found:
        word = one.strip().strip('"')
        if _RANDOM.fullmatch(word) and not _KNOWN.fullmatch(word):
            yield word
