"""multipart/form-data (RFC 7578): bytes <-> parts, without losing a byte of what is inside the parts."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from fcproxy.core.expression import expression
from fcproxy.core.message import Headers

__all__ = ["MAX_PARTS", "Part", "boundary_of", "build", "disposition", "parameters", "parse"]

MAX_PARTS = 1_000

_BOUNDARY = expression(r'boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_PARAMETER = expression(r';\s*([A-Za-z*]+)\s*=\s*(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;"]+))')


class Part(NamedTuple):
    """One part: its header fields in order, and its content."""

    headers: Headers
    content: bytes


def boundary_of(content_type: str) -> str | None:
    """The boundary parameter (RFC 2046 section 5.1.1), or None."""
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2]) if found else None


def disposition(part: Part) -> dict[str, str]:
    """The parameters of the part's Content-Disposition, names in lower case."""
    return parameters(part.headers.get("Content-Disposition") or "")


def parameters(value: str) -> dict[str, str]:
    """The parameters of a header's value (RFC 9110 section 5.6.6), names in lower case, values as written."""
    return {found[1].lower(): found[2] if found[2] is not None else found[3] for found in _PARAMETER.finditer(value)}


def parse(body: bytes, boundary: str) -> list[Part]:
    """The parts. Raises ValueError where the framing is broken, or a part is not closed."""
    mark = b"--" + boundary.encode("utf-8", "surrogateescape")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or pieces[0].strip() or not pieces[-1].startswith(b"--") or pieces[-1][2:].strip():
        raise ValueError("broken multipart")
    if len(pieces) > MAX_PARTS + 2:
        raise ValueError("too many parts")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    padding, newline, rest = piece.partition(b"\r\n")
    if padding.strip() or not newline:
        raise ValueError("broken multipart")
    if rest.startswith(b"\r\n"):
        return Part(Headers(), rest[2:])
    head, blank, content = rest.partition(b"\r\n\r\n")
    if not blank:
        raise ValueError("broken multipart")
    fields = []
    for line in head.decode("utf-8", "surrogateescape").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise ValueError("broken multipart")
        fields.append((name.strip(), value.strip()))
    return Part(Headers(fields), content)


def build(parts: Sequence[Part], boundary: str) -> bytes:
    """The inverse of `parse`."""
    mark = b"--" + boundary.encode()
    out = []
    for part in parts:
        head = "".join(f"{name}: {value}\r\n" for name, value in part.headers)
        out.append(mark + b"\r\n" + head.encode("utf-8", "surrogateescape") + b"\r\n" + part.content + b"\r\n")
    return b"".join(out) + mark + b"--\r\n"
