"""Who may use the reserved prefix and a lent key: programs, not a page in somebody's browser (DNS rebinding, CSRF)."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from fcproxy.core.message import Headers, Response
from fcproxy.server.answers import bad_request
from fcproxy.server.loopback import is_loopback

__all__ = ["MAX_CONTROL_BODY", "Guard"]

MAX_CONTROL_BODY = 1 << 20
"""Longest body of a control request, in bytes."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges requests by their Host and Origin. ``bound`` is the address listened on.

    ``remote`` (--allow-remote): other machines may come, but only by address or by a name without a dot, as containers
    have it. A rebinding page comes by a name in the public DNS, which has one.
    """

    bound: str
    remote: bool = False

    def refusal_of_control(self, method: str, headers: Headers, body: bytes) -> Response | None:
        """The answer that refuses a control request, or None."""
        if not self._ours(headers.get("Host")):
            return bad_request(403, "foreign_host", "the Host of a control request must be this machine's own address")
        if not self._permitted_origin(headers):
            return bad_request(403, "foreign_origin", "control requests of other origins are refused")
        if len(body) > MAX_CONTROL_BODY:
            return bad_request(413, "too_large", "the body of a control request is too large")
        kind = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        if method in {"POST", "PUT", "PATCH"} and kind != "application/json":
            # A form can be sent by any page without asking; this type cannot.
            return bad_request(415, "not_json", "a control request that changes something must be application/json")
        return None

    def refusal_of_lending(self, headers: Headers) -> Response | None:
        """The answer that refuses a data request while the proxy lends its key, or None.

        Without this a page in the browser could use the key by sending a form to the proxy's port.
        """
        if self._ours(headers.get("Host")) and self._permitted_origin(headers):
            return None
        return bad_request(403, "foreign_origin", "with --api-key-env only programs on this machine are served")

    def _permitted_origin(self, headers: Headers) -> bool:
        origin = headers.get("Origin")
        return origin is None or is_loopback(_host(urlsplit(origin).netloc))

    def _ours(self, authority: str | None) -> bool:
        host = _host(authority or "")
        if is_loopback(host) or host == self.bound.lower():
            return True
        return self.remote and host is not None and ("." not in host or _is_address(host))


def _host(authority: str) -> str | None:
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
