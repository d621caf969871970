"""Plain requests: whole, HTTP/1.1, framed by Content-Length or without a body, in ASCII. Read from their bytes at once.

That is what every SDK sends. Reading it here costs a tenth of what a general parser and a task for each request cost.
The grammar is a strict part of RFC 9112's; whatever is not surely in it is not read here but left to aiohttp, from its
first byte on, so that nothing can be read in two ways.
"""

import re
from typing import NamedTuple

from fcproxy.core.message import Headers
from fcproxy.server.header_lines import Line, value_of
from fcproxy.server.plain_heads import PlainHeads, fields_of

__all__ = ["MAX_BODY", "MAX_FIELDS", "MAX_HEAD", "MORE", "Plain", "PlainReader"]

MAX_HEAD = 16 * 1024
MAX_BODY = 256 * 1024
"""Most bytes of a request's head and body that are read here."""

MAX_FIELDS = 64
"""Most header fields of a request that is read here."""

_FIRSTS = 2048
"""How many first lines are remembered."""

_LONGEST_FIRST = 1024
_LARGEST = 8 * 1024
"""Most bytes of a request that is remembered as a whole."""

_FIRST = re.compile(rb"(GET|POST|DELETE|PUT|PATCH|OPTIONS) (/[!\"$-~]*) HTTP/1\.1")
_BEGUN = re.compile(rb"(?:[A-Z]{3,7} |[A-Z]{0,7}\Z)")


class Plain(NamedTuple):
    """A request. ``first`` is its first line, ``lines`` are its header lines, ``compared`` those that matter.

    Two with equal ``first``, ``compared`` and ``body`` differ in nothing that a deck looks at, but for ``key``, the
    Idempotency-Key's value. ``size`` is the number of bytes that were read.
    """

    first: bytes
    lines: list[bytes]
    meanings: tuple[Line, ...]
    compared: tuple[bytes, ...]
    body: bytes
    key: bytes | None
    size: int

    @property
    def method(self) -> str:
        """The method."""
        return self.first.partition(b" ")[0].decode()

    @property
    def target(self) -> str:
        """The raw target."""
        return self.first.split(b" ")[1].decode()

    def headers(self) -> Headers:
        """The header fields in order."""
        return fields_of(self.lines, self.meanings)


class PlainReader:
    """Reads plain requests. Of most requests all is as in earlier ones but a few lines, so what is known is kept:
    lines by their octets, heads by their lines, and the last request by all it was."""

    def __init__(self, compared: frozenset[str], *, max_head: int = MAX_HEAD, max_fields: int = MAX_FIELDS) -> None:
        """``compared``: lower-case names of the header fields that a deck looks at. ``max_head``: bytes."""
        self._max_head = min(max_head, MAX_HEAD)
        self._max_fields = min(max_fields, MAX_FIELDS)
        self._heads = PlainHeads(compared, "host")  # RFC 9112 section 3.2: exactly one
        self._line = self._heads.lines.__getitem__
        self._firsts: set[bytes] = set()
        self._last = b""
        self._plain = MORE

    def read(self, data: bytes) -> Plain | None:
        """The plain request that ``data`` is; `MORE` where further bytes must come; None: not plain."""
        if data == self._last:
            return self._plain  # whoever polls without telemetry sends the same octets again
        head, found, body = data.partition(b"\r\n\r\n")
        if len(head) > self._max_head:
            return None
        if not found:
            # What can never be plain is not waited for: its sender would wait, too.
            return MORE if _BEGUN.match(data) and data.count(b"\n") == data.count(b"\r\n") else None
        lines = head.split(b"\r\n")
        first = lines.pop(0)
        if (first not in self._firsts and not self._is_first(first)) or len(lines) > self._max_fields:
            return None
        # Equal lines have one meaning, the very same object: so these lead to what they said together before.
        meanings = tuple(map(self._line, lines))
        told = self._heads.get(meanings) or self._heads.told(lines, meanings)
        if told is None or len(body) != told.length:
            return MORE if told is not None and len(body) < told.length <= MAX_BODY else None
        compared, at, _ = told
        key = value_of(lines[at]) if at is not None else None
        # As the class would be called, in half the time.
        plain = tuple.__new__(Plain, (first, lines, meanings, compared, body, key, len(data)))
        if len(data) <= _LARGEST:
            self._last, self._plain = data, plain
        return plain

    def _is_first(self, line: bytes) -> bool:
        """Whether it is a plain request's first line."""
        if _FIRST.fullmatch(line) is None:
            return False
        if len(self._firsts) >= _FIRSTS:
            self._firsts.clear()
        if len(line) <= _LONGEST_FIRST:
            self._firsts.add(line)
        return True


MORE = Plain(b"", [], (), (), b"", None, 0)
"""Stands for a request that is not whole yet."""
