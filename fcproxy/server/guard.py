"""Who may use the proxy: programs, not a page in somebody's browser (DNS rebinding, CSRF)."""

from typing import NamedTuple

from fcproxy.core.message import Headers, Response
from fcproxy.server.answers import bad_request
from fcproxy.server.loopback import host_of, is_address, is_loopback, is_strange

__all__ = ["MAX_CONTROL_BODY", "Guard"]

MAX_CONTROL_BODY = 1 << 20
"""Longest body of a control request, in bytes."""


class Guard(NamedTuple):
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
        # A link to the page for people may be followed from anywhere: no other site can look into it.
        linked = method == "GET" and headers.get("Sec-Fetch-Mode") == "navigate"
        if not _permitted_origin(headers, linked=linked):
            return bad_request(403, "foreign_origin", "control requests of other origins are refused")
        if len(body) > MAX_CONTROL_BODY:
            return bad_request(413, "too_large", "the body of a control request is too large")
        kind = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        if method in {"POST", "PUT", "PATCH"} and kind != "application/json":
            # A form can be sent by any page without asking; this type cannot.
            return bad_request(415, "not_json", "a control request that changes something must be application/json")
        return None

    def refusal_of_data(self, headers: Headers, *, lends: bool) -> Response | None:
        """The answer that refuses a data request, or None. ``lends``: the proxy puts its own key on requests.

        Without this a page in the browser could use the key by sending a form to the proxy's port; without a key it
        could still put what it likes into a recording, and use up what a replayed test was to get.
        """
        if not _permitted_origin(headers):
            return bad_request(
                403, "foreign_origin", "only programs on this machine are served, no pages of other origins"
            )
        host = headers.get("Host") or ""
        if lends and not self._ours(host):
            return bad_request(403, "foreign_origin", "with --api-key-env only programs on this machine are served")
        if not self.remote and is_strange(host) and not self._ours(host):
            return bad_request(403, "foreign_host", "the Host of a request must be this machine's own address")
        return None

    def _ours(self, authority: str | None) -> bool:
        host = host_of(authority or "")
        if is_loopback(host) or host == self.bound.lower():
            return True
        return self.remote and host is not None and ("." not in host or is_address(host))


def _permitted_origin(headers: Headers, *, linked: bool = False) -> bool:
    origins = headers.get_all("Origin")
    if not origins:
        # Pictures, scripts and links of another site's page come without an Origin.
        return linked or (headers.get("Sec-Fetch-Site") or "").lower() != "cross-site"
    # What is no URL ("null", an address cut short) has no host here.
    return all(is_loopback(host_of(origin.partition("://")[2])) for origin in origins)
