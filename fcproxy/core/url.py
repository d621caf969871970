"""URLs in five parts, for any text: the standard library's splitter raises on hostile hosts and drops characters."""

import re
from typing import NamedTuple

__all__ = ["UrlParts", "split"]

_PARTS = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*://)?(?:([^/?#@]*)@)?([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL
)


class UrlParts(NamedTuple):
    """RFC 3986 section 3. ``scheme`` has its `://`; user info, query and fragment are None where there is none."""

    scheme: str
    user: str | None
    host: str
    path: str
    query: str | None
    fragment: str | None


def split(url: str) -> UrlParts:
    """The parts of an absolute URL. For text without a scheme all is path, query and fragment."""
    if "://" not in url[:20]:
        found = re.fullmatch(r"([^?#]*)(?:\?([^#]*))?(?:#(.*))?", url, re.DOTALL)
        path, query, fragment = found.groups() if found is not None else (url, None, None)
        return UrlParts("", None, "", path, query, fragment)
    whole = _PARTS.fullmatch(url)
    if whole is None:
        return UrlParts("", None, "", url, None, None)
    scheme, user, host, path, query, fragment = whole.groups()
    return UrlParts(scheme or "", user, host, path, query, fragment)
