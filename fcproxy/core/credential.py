"""The Authorization header (RFC 9110 section 11.6.2): Bearer (RFC 6750) and Basic (RFC 7617)."""

import base64
import binascii

from fcproxy.core.ledger import Ledger
from fcproxy.core.marker import Marker
from fcproxy.core.placeholders import Kind

__all__ = ["AUTHORIZATION", "credential_of", "redact_authorization"]

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
