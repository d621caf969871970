"""multipart bodies (RFC 2046 section 5.1) as parts, read leniently: what others refuse may hold a secret."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fcproxy.core.message import Headers

__all__ = ["Part", "is_multipart", "parts"]

_BOUNDARY = re.compile(r"(?i)boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;,]{1,200}))")
_FIRST = re.compile(rb"\A\s*--([^\r\n]{1,200})\r?\n")
_NAME = re.compile(r"(?i)[;\s]name\*?\s*=\s*(?:\"([^\"]*)\"|([^\s;]+))")


@dataclass(frozen=True, slots=True)
class Part:
    """``name`` from Content-Disposition, "" if none."""

    name: str
    headers: Headers
    data: bytes


def _boundary(data: bytes, content_type: str | None) -> bytes | None:
    declared = _BOUNDARY.search(content_type or "") if "multipart" in (content_type or "").lower() else None
    if declared:
        return (declared[1] or declared[2]).encode("utf-8", "surrogateescape")
    first = _FIRST.match(data)
    return first[1].rstrip() if first and b"content-" in data[:4096].lower() else None


def is_multipart(data: bytes, content_type: str | None) -> bool:
    """Whether ``data`` has the delimiter that its label names, or looks like parts without one."""
    boundary = _boundary(data, content_type)
    return boundary is not None and b"--" + boundary in data


def parts(data: bytes, content_type: str | None) -> Iterator[Part]:
    """The parts; preamble and epilogue come as parts without a name."""
    boundary = _boundary(data, content_type)
    if boundary is None:
        return
    for piece in data.split(b"--" + boundary):
        if not piece.strip(b"\r\n- "):
            continue
        head, blank, body = piece.lstrip(b"\r\n").partition(b"\r\n\r\n")
        if not blank:
            head, blank, body = piece.lstrip(b"\r\n").partition(b"\n\n")
        if not blank or b":" not in head:
            yield Part("", Headers(), piece)
            continue
        lines = head.decode("utf-8", "surrogateescape").splitlines()
        headers = Headers(
            (line.partition(":")[0].strip(), line.partition(":")[2].strip()) for line in lines if ":" in line
        )
        name = _NAME.search(headers.get("Content-Disposition") or "")
        yield Part((name[1] or name[2] or "") if name else "", headers, body.removesuffix(b"\r\n").removesuffix(b"\n"))
