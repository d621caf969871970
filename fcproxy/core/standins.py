"""Stand-ins: what is stored in place of content that could not be opened. Marked and empty, never the raw bytes."""

import base64

from fcproxy.core.expression import expression
from fcproxy.core.message import Headers

__all__ = ["BOUNDARY", "MARK", "NOT_STORED", "file_standin", "is_standin", "reason_of", "standin"]

NOT_STORED = "Fcproxy-Body"
"""The header that marks a stand-in: `not-stored; reason=<word>; bytes=<n>`."""

_NAME = NOT_STORED.lower()

MARK = expression(r"not-stored; reason=([a-z -]{1,24}); bytes=[0-9]{1,15}")
"""The one form of that header: whatever else an upstream may write there is not kept."""

BOUNDARY = "fcproxy-boundary"
"""The boundary of stored multipart bodies: clients draw a new one for each request."""


def standin(headers: Headers, reason: str, size: int) -> Headers:
    """Headers that mark the body (``size`` bytes as it came) as not stored. The body itself is b""."""
    kept = headers.without("Content-Length", "Content-Encoding", NOT_STORED)
    return Headers([*kept, (NOT_STORED, f"not-stored; reason={reason}; bytes={size}")])


def is_standin(headers: Headers) -> bool:
    """Whether these are the headers of a stand-in."""
    return _NAME in headers.names and MARK.fullmatch(headers.get(NOT_STORED) or "") is not None


def reason_of(headers: Headers) -> str:
    """The reason word of a stand-in, "" where there is none."""
    found = MARK.fullmatch(headers.get(NOT_STORED) or "")
    return found[1] if found is not None else ""


# The smallest files of their formats: one white pixel, one empty page.
_FILES: tuple[tuple[bytes, bytes], ...] = (
    (
        b"\x89PNG",
        base64.b64decode(
            b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg=="
        ),
    ),
    (b"GIF8", base64.b64decode(b"R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=")),
)


_LINE = expression(rb"\[fcproxy: file not stored, [0-9]+ bytes\]")


def file_standin(content: bytes) -> bytes:
    """What an uploaded file is replaced by: the smallest image of its format where there is one, else a line."""
    if _LINE.fullmatch(content):
        return content
    tiny = next((file for magic, file in _FILES if content.startswith(magic)), None)
    return tiny if tiny is not None else f"[fcproxy: file not stored, {len(content)} bytes]".encode()
