"""Hop-by-hop header fields: what belongs to one connection and is not passed on (RFC 9110 section 7.6.1)."""

from fcproxy.core.message import Headers

__all__ = ["HOP_BY_HOP", "end_to_end"]

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110 section 7.6.1 and RFC 2616 section 13.5.1; ``Proxy-Connection`` is no standard but is sent."""

_PROTECTED = frozenset({"authorization", "content-length", "content-type", "host"})
"""A Connection field that names these is an attack, which would strip them from the forwarded message, and no hop's
wish."""

_USUAL = (["keep-alive"], ["close"])
"""Connection fields that name no other."""


def end_to_end(headers: Headers, unwanted: frozenset[str] = HOP_BY_HOP) -> Headers:
    """``headers`` less ``unwanted`` (lower case; the hop-by-hop ones and what else the caller has no use for) and those
    that ``Connection`` names. Of the hop-by-hop ones those that are not ``unwanted`` stay."""
    if "connection" in headers.names and headers.get_all("Connection") not in _USUAL:
        named = {word.strip().lower() for value in headers.get_all("Connection") for word in value.split(",")}
        unwanted = unwanted | (named - _PROTECTED - (HOP_BY_HOP - unwanted))
    return headers.less(unwanted)
