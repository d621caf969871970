"""Who may use the reserved prefix: programs on this machine, not a page in its browser (DNS rebinding, CSRF)."""

from urllib.parse import urlsplit

from fcproxy.core.message import Headers, Response
from fcproxy.server.answers import bad_request
from fcproxy.server.loopback import is_loopback

__all__ = ["MAX_CONTROL_BODY", "refusal_of", "refusal_of_lending"]

MAX_CONTROL_BODY = 1 << 20
"""Longest body of a control request, in bytes."""


def refusal_of(method: str, headers: Headers, body: bytes, bound: str) -> Response | None:
    """The answer that refuses a control request, or None. ``bound`` is the address listened on."""
    if not _ours(headers.get("Host"), bound):
        return bad_request(403, "foreign_host", "the Host of a control request must be this machine's loopback address")
    origin = headers.get("Origin")
    if origin is not None and not _ours(urlsplit(origin).netloc or None, bound):
        return bad_request(403, "foreign_origin", "control requests of other origins are refused")
    if len(body) > MAX_CONTROL_BODY:
        return bad_request(413, "too_large", "the body of a control request is too large")
    kind = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if method in {"POST", "PUT", "PATCH"} and kind != "application/json":
        # A form can be sent by any page without asking; this type cannot.
        return bad_request(415, "not_json", "a control request that changes something must be application/json")
    return None


def refusal_of_lending(headers: Headers, bound: str) -> Response | None:
    """The answer that refuses a data request while the proxy lends its key, or None.

    Without this a page in the browser could use the key by sending a form to the proxy's port.
    """
    origin = headers.get("Origin")
    if _ours(headers.get("Host"), bound) and (origin is None or _ours(urlsplit(origin).netloc or None, bound)):
        return None
    return bad_request(403, "foreign_origin", "with --api-key-env only programs on this machine are served")


def _ours(authority: str | None, bound: str) -> bool:
    if authority is None:
        return False
    try:
        host = urlsplit(f"//{authority}").hostname
    except ValueError:
        return False
    return is_loopback(host) or host == bound.lower()
