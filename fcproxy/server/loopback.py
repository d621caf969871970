"""Whether a host is this machine, and whether its name may be a stranger's."""

from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = ["host_of", "is_address", "is_loopback", "is_strange"]

_PRIVATE = ("localhost", "test", "internal", "local", "lan", "home.arpa")
"""Ends of names that nobody can register."""


def is_loopback(host: str | None) -> bool:
    """Whether ``host`` (no port) names this machine only. Names are not looked up: a resolver may lie (rebinding)."""
    if host is None:
        return False
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost" or host.lower().endswith(".localhost")


def is_address(host: str) -> bool:
    """Whether ``host`` is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def host_of(authority: str) -> str | None:
    """The host of a Host field's value or of what stands behind the slashes of a URL."""
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None


def is_strange(authority: str) -> bool:
    """Whether anybody may have registered the name in ``authority``, and let it lead here (rebinding).

    Stripe's own names are none: a client that is led here by a hosts file goes on saying them.
    """
    host = (host_of(authority) or "").rstrip(".")
    known = host.endswith(".stripe.com") or any(host.endswith(f".{end}") for end in _PRIVATE)
    return "." in host and not is_address(host) and not known
