"""Plain requests: whole, HTTP/1.1, framed by Content-Length or without a body, in ASCII. Read from their bytes at once.

That is what every SDK sends. Reading it here costs a tenth of what a general parser and a task for each request cost.
The grammar is a strict part of RFC 9112's; whatever is not surely in it is not read here but left to aiohttp, from its
first byte on, so that nothing can be read in two ways.
"""

import re
from typing import NamedTuple

from fcproxy.core.message import Headers
from fcproxy.server.header_lines import Kind, Line, Lines, value_of

__all__ = ["MAX_BODY", "MAX_FIELDS", "MAX_HEAD", "MORE", "Plain", "PlainReader"]

MAX_HEAD = 16 * 1024
MAX_BODY = 256 * 1024
"""Most bytes of a request's head and body that are read here."""

MAX_FIELDS = 64
"""Most header fields of a request that is read here."""

_HEADS = 2048
"""How many heads are remembered, and how many first lines."""

_LONGEST_FIRST = 1024
_LARGEST = 8 * 1024
"""Most bytes of a request that is remembered as a whole."""

_FIRST = re.compile(rb"(GET|POST|DELETE|PUT|PATCH|OPTIONS) (/[!\"$-~]*) HTTP/1\.1")
_BEGUN = re.compile(rb"(?:[A-Z]{3,7} |[A-Z]{0,7}\Z)")


class _Head(NamedTuple):
    """What the header lines say together: those that are compared, the number of the Idempotency-Key's (None: there is
    no such line), and how long the body is."""

    compared: tuple[bytes, ...]
    key: int | None
    length: int


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
        items = [known.pair or known.read(line) for line, known in zip(self.lines, self.meanings, strict=True)]
        return Headers.named(items, [known.name for known in self.meanings])


class PlainReader:
    """Reads plain requests. Of most requests all is as in earlier ones but a few lines, so what is known is kept:
    lines by their octets, heads by their lines, and the last request by all it was."""

    def __init__(self, compared: frozenset[str], *, max_head: int = MAX_HEAD, max_fields: int = MAX_FIELDS) -> None:
        """``compared``: lower-case names of the header fields that a deck looks at. ``max_head``: bytes."""
        self._max_head = min(max_head, MAX_HEAD)
        self._max_fields = min(max_fields, MAX_FIELDS)
        self._lines = Lines(compared, self._forget)
        self._line = self._lines.__getitem__
        self._heads: dict[tuple[Line, ...], _Head] = {}
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
        told = self._heads.get(meanings) or self._told(lines, meanings)
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
        if len(self._firsts) >= _HEADS:
            self._firsts.clear()
        if len(line) <= _LONGEST_FIRST:
            self._firsts.add(line)
        return True

    def _told(self, lines: list[bytes], meanings: tuple[Line, ...]) -> _Head | None:
        """What the lines say together; None where that is not plain."""
        compared, key, length, seen = [], None, 0, set()
        for at, (line, known) in enumerate(zip(lines, meanings, strict=True)):
            kind = known.kind
            if kind is Kind.IGNORED:
                continue
            if kind is Kind.REFUSED or known.name in seen:
                return None
            seen.add(known.name)
            if kind is Kind.COMPARED:
                compared.append(line)
            elif kind is Kind.KEY:
                key = at
            elif kind is Kind.LENGTH:
                length = int(known.value or b"")
        if "host" not in seen:
            return None  # RFC 9112 section 3.2: exactly one
        told = _Head(tuple(compared), key, length)
        if all(map(self._lines.lasts, lines, meanings)):
            if len(self._heads) >= _HEADS:
                self._heads.clear()
            self._heads[meanings] = told
        return told

    def _forget(self) -> None:
        """Of lines that are forgotten no head would ever be found again."""
        self._heads.clear()


MORE = Plain(b"", [], (), (), b"", None, 0)
"""Stands for a request that is not whole yet."""
