"""Arrays of octets in JSON: `[115, 107, ...]` and Node's `{"type": "Buffer", "data": [...]}` hold texts, too."""

import re
from typing import NamedTuple

from fcproxy.core import marker
from fcproxy.core.encodings import Run, of_octets
from fcproxy.core.expression import expression
from fcproxy.core.json_text import Document
from fcproxy.core.marker import MARKER
from fcproxy.core.scope import Scope

__all__ = ["OctetArray", "arrays_in", "field_of"]

_NUMBERS = expression(r"\[\s*([-+.0-9eE]+(?:\s*,\s*[-+.0-9eE]+){7,})\s*\]")


class OctetArray(NamedTuple):
    """The numbers of an array end at ``end``, with ``separator`` between two. ``read``: what they say as octets."""

    end: int
    separator: str
    read: Run
    packed: bool

    def numbers(self, text: str) -> str | None:
        """``text`` as such numbers; None where a marker in it is to be written in another way first."""
        parts, last = [], 0
        for found in MARKER.finditer(text):
            mark = marker.find(found[0])[0]
            if mark.encoding != "0":
                return None
            parts += [self._octets(text[last : found.start()]), str(mark._replace(encoding="o"))]
            last = found.end()
        return self.separator.join(part for part in (*parts, self._octets(text[last:])) if part)

    def _octets(self, text: str) -> str:
        return self.separator.join(map(str, text.encode()))


def arrays_in(document: Document) -> dict[int, OctetArray | None] | None:
    """Start of the first number -> each array of eight numbers or more; None for one that says nothing.

    None where there is none: what an array says is in its values, so that no outline (`familiar`) tells it.
    """
    if _NUMBERS.search(document.text) is None:
        return None
    starts = {start for start, _ in document.spans}
    found = _NUMBERS.finditer(document.text)
    return {one.start(1): _read(one) for one in found if one.start(1) in starts}


def _read(found: re.Match[str]) -> OctetArray | None:
    numbers = re.findall(r"[^\s,]+", found[1])
    if not all(one.isdigit() and int(one) < 256 for one in numbers):
        return None
    data = bytes(map(int, numbers))
    read = of_octets(data)
    if read is None:
        return None
    separator = re.search(r"\s*,\s*", found[1])
    return OctetArray(found.end(1), separator[0] if separator else ",", read, read.decoded.encode() != data)


def field_of(scope: Scope) -> tuple[str, Scope]:
    """The name by which an array goes, and where that stands, given the scope of its elements."""
    buffer = scope.parent
    if scope.name == "data" and buffer is not None and buffer.parent and buffer.siblings.get("type") == "Buffer":
        return buffer.name, buffer.parent
    return scope.name, scope
