"""Markers: how a redacted value stands in text until its final placeholder is known.

Placeholders are numbered in the order of first sight in the finished cassette, but interactions end in any order, so
the number is not known when a value is redacted. Until then a marker stands there: kind, provisional number, the hint
that keeps the shape, and the encoding that the place needs. Markers hold nothing of the secret but its hint.

Private-use characters delimit them (Unicode chapter 23.5); where traffic itself has these, `escape` moves them away.
"""

import base64
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

from fcproxy.core.expression import expression

__all__ = [
    "ESCAPE",
    "MARKER",
    "OPEN",
    "Marker",
    "bump",
    "escape",
    "find",
    "is_marker",
    "marked",
    "outside",
    "substitute",
    "unescape",
]

OPEN, SEP, CLOSE, ESCAPE = "\ue000", "\ue001", "\ue002", "\ue003"

MARKER = re.compile(f"{OPEN}([^{SEP}]*){SEP}([0-9]+){SEP}([^{SEP}]*){SEP}([0-9bo]){CLOSE}")

_MOVED = {ord(char): f"{ESCAPE}{digit}" for digit, char in enumerate((OPEN, SEP, CLOSE, ESCAPE))}
_BACK = dict(zip("0123", (OPEN, SEP, CLOSE, ESCAPE), strict=True))
_ESCAPED = expression(f"{ESCAPE}([0-3])")


def marked(kind: str, number: int, hint: str, encoding: str = "0") -> str:
    """The text of a marker. See `Marker`."""
    return f"{OPEN}{kind}{SEP}{number}{SEP}{hint}{SEP}{encoding}{CLOSE}"


class Marker(NamedTuple):
    """``encoding`` is how often the text is to be percent-encoded ("0" to "9"), or "b": as a Basic user name, or "o":
    as a list of octets in decimal."""

    kind: str
    number: int
    hint: str
    encoding: str = "0"

    def __str__(self) -> str:
        return marked(*self)

    def encode(self, text: str) -> str:
        """``text`` as this marker's place needs it."""
        if self.encoding == "b":
            return base64.b64encode(f"{text}:".encode()).decode()
        if self.encoding == "o":
            return ",".join(map(str, text.encode()))
        for _ in range(int(self.encoding)):
            text = quote(text, safe="")
        return text


def _of(match: re.Match[str]) -> Marker:
    return Marker(match[1], int(match[2]), match[3], match[4])


def find(text: str) -> list[Marker]:
    """The markers in ``text``, in order."""
    return [_of(match) for match in MARKER.finditer(text)] if OPEN in text else []


def is_marker(text: str) -> bool:
    """Whether ``text`` is one marker and nothing else."""
    return text[:1] == OPEN and text.find(CLOSE) == len(text) - 1 and MARKER.fullmatch(text) is not None


def substitute(text: str, render: Callable[[Marker], str]) -> str:
    """``text`` with each marker replaced."""
    return MARKER.sub(lambda match: render(_of(match)), text) if OPEN in text else text


def outside(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` applied to what stands between markers."""
    if OPEN not in text:
        return change(text)
    out, last = [], 0
    for match in MARKER.finditer(text):
        if match.start() > last:
            out.append(change(text[last : match.start()]))
        out.append(match[0])
        last = match.end()
    if last < len(text):
        out.append(change(text[last:]))
    return "".join(out)


def bump(text: str, encode: Callable[[str], str]) -> str:
    """Percent-encodes ``text`` with ``encode``; its markers are told to do the same when they are rendered."""
    if OPEN not in text:
        return encode(text)
    deeper = MARKER.sub(
        lambda match: str(Marker(match[1], int(match[2]), match[3], _deeper(match[4]))),
        text,
    )
    return outside(deeper, encode)


def _deeper(encoding: str) -> str:
    return encoding if encoding in "bo" else str(min(int(encoding) + 1, 9))


def escape(text: str) -> str:
    """Moves delimiters that came with the traffic out of the way; `unescape` brings them back."""
    if text.isascii() or not any(char in text for char in (OPEN, SEP, CLOSE, ESCAPE)):
        return text
    return text.translate(_MOVED)


def unescape(text: str) -> str:
    """The inverse of `escape`."""
    return _ESCAPED.sub(lambda match: _BACK[match[1]], text) if ESCAPE in text else text
