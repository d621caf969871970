"""Plain requests: whole, HTTP/1.1, framed by Content-Length or without a body, in ASCII. Read from their bytes at once.

That is what every SDK sends. Reading it here costs a tenth of what a general parser and a task for each request cost.
The grammar is a strict part of RFC 9112's; whatever is not surely in it is not read here but left to aiohttp, from its
first byte on, so that nothing can be read in two ways.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from fcproxy.core.message import Headers
from fcproxy.server.loopback import is_strange

__all__ = ["MAX_BODY", "MAX_FIELDS", "MAX_HEAD", "MORE", "Plain", "PlainReader"]

MAX_HEAD = 16 * 1024
MAX_BODY = 256 * 1024
"""Most bytes of a request's head and body that are read here."""

MAX_FIELDS = 64
"""Most header fields of a request that is read here."""

_LINES = 2048
"""How many header lines are remembered, and how many first lines and heads."""

_MOST_NAMES = 512
_LONGEST_NAME = 64
_LONGEST_LINE = 1024
"""Longer lines are not remembered, so that the memory stays below 5 MiB."""

_MANY = 32
"""A field with more values than these has a new one each time, as a rule: they are not remembered."""

_LARGEST = 8 * 1024
"""Most bytes of a request that is remembered as a whole."""

_FIRST = re.compile(rb"(GET|POST|DELETE|PUT|PATCH|OPTIONS) (/[!\"$-~]*) HTTP/1\.1")
_BEGUN = re.compile(rb"(?:[A-Z]{3,7} |[A-Z]{0,7}\Z)")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = bytes([0x09, *range(0x20, 0x7F)])
"""Octets of a value, which has no blank at its ends: there is no more to its grammar here."""

_ODD = frozenset(
    {
        b"transfer-encoding",
        b"expect",
        b"upgrade",
        b"te",
        b"trailer",
        b"sec-websocket-key1",
        b"origin",
        b"sec-fetch-site",
    }
)
"""Fields that change how a request is framed or answered, or tell of a browser: such a request is not plain."""

_ONCE = (
    b"content-location",
    b"content-range",
    b"content-type",
    b"etag",
    b"host",
    b"max-forwards",
    b"server",
    b"user-agent",
)
"""Fields that aiohttp's parser refuses to see twice."""

_IGNORED, _SINGLE, _COMPARED, _KEY, _LENGTH, _CONNECTION, _HOST, _REFUSED = range(8)


class _Field:
    """What a field's name, in one spelling, means here. ``values``: how many of its lines were remembered."""

    __slots__ = ("any", "kind", "lower", "values", "written")

    def __init__(self, kind: int, written: str) -> None:
        self.kind = kind
        self.written = written
        self.lower = written.lower()
        self.values = 0
        self.any = _Line(kind, b"", self)


class _Line:
    """What a header line means here, and its value. Lines of a field with ever new values share one, without a value.

    Compared by identity: see `PlainReader.read`.
    """

    __slots__ = ("field", "kind", "pair", "value")

    def __init__(self, kind: int, value: bytes, field: _Field) -> None:
        self.kind = kind
        self.value = value
        self.field = field
        self.pair = (field.written, value.decode()) if value else None


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
    lines: "list[bytes]"
    meanings: "tuple[_Line, ...]"
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
        items = [
            known.pair or (known.field.written, _value(line).decode())
            for line, known in zip(self.lines, self.meanings, strict=True)
        ]
        return Headers.named(items, [known.field.lower for known in self.meanings])


class _Memory(dict[bytes, _Line]):
    """Header lines that came before. Others are looked at when they are asked for: one loop in C for a whole head."""

    def __init__(self, look: Callable[[bytes], _Line]) -> None:
        super().__init__()
        self._look = look

    def __missing__(self, line: bytes) -> _Line:
        return self._look(line)


class PlainReader:
    """Reads plain requests. Of most requests all is as in earlier ones but a few lines, so what is known is kept:
    lines by their octets, heads by their lines, and the last request by all it was."""

    def __init__(self, compared: frozenset[str], *, max_head: int = MAX_HEAD, max_fields: int = MAX_FIELDS) -> None:
        """``compared``: lower-case names of the header fields that a deck looks at. ``max_head``: bytes."""
        self._max_head = min(max_head, MAX_HEAD)
        self._max_fields = min(max_fields, MAX_FIELDS)
        self._names = (
            dict.fromkeys(_ONCE, _SINGLE)
            | {name.encode(): _COMPARED for name in compared}
            | {b"idempotency-key": _KEY, b"content-length": _LENGTH, b"host": _HOST, b"connection": _CONNECTION}
        )
        self._fields: dict[bytes, _Field] = {}
        self._known = _Memory(self._look)
        self._line = self._known.__getitem__
        self._heads: dict[tuple[_Line, ...], _Head] = {}
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
        key = _value(lines[at]) if at is not None else None
        plain = Plain(first, lines, meanings, compared, body, key, len(data))
        if len(data) <= _LARGEST:
            self._last, self._plain = data, plain
        return plain

    def _is_first(self, line: bytes) -> bool:
        """Whether it is a plain request's first line."""
        if _FIRST.fullmatch(line) is None:
            return False
        if len(self._firsts) >= _LINES:
            self._firsts.clear()
        if len(line) <= _LONGEST_LINE:
            self._firsts.add(line)
        return True

    def _told(self, lines: list[bytes], meanings: tuple[_Line, ...]) -> _Head | None:
        """What the lines say together; None where that is not plain."""
        compared, key, length, seen = [], None, 0, set()
        lasts = True
        for at, (line, known) in enumerate(zip(lines, meanings, strict=True)):
            kind, name = known.kind, known.field.lower
            lasts = lasts and (known is known.field.any or line in self._known)
            if kind == _IGNORED:
                continue
            if kind == _REFUSED or name in seen:
                return None
            seen.add(name)
            if kind == _COMPARED:
                compared.append(line)
            elif kind == _KEY:
                key = at
            elif kind == _LENGTH:
                length = int(known.value)
        if "host" not in seen:
            return None  # RFC 9112 section 3.2: exactly one
        told = _Head(tuple(compared), key, length)
        if lasts:
            if len(self._heads) >= _LINES:
                self._heads.clear()
            self._heads[meanings] = told
        return told

    def _look(self, line: bytes) -> _Line:
        written, colon, rest = line.partition(b":")
        value = rest.strip(b" \t")
        field = self._fields.get(written) or self._field(written)
        if field is None or not colon or value.translate(None, _VALUE):
            return _NOT_PLAIN
        kind = field.kind
        if kind == _KEY or field.values >= _MANY:
            return field.any
        if kind == _CONNECTION:
            kind = _IGNORED if value.lower() == b"keep-alive" else _REFUSED
        elif kind == _HOST:
            kind = _REFUSED if is_strange(value.decode()) else _SINGLE
        if kind == _REFUSED or (kind == _LENGTH and not (value.isdigit() and len(value) < 8)):
            return _NOT_PLAIN
        known = _Line(kind, value, field)
        if len(line) <= _LONGEST_LINE:
            if len(self._known) >= _LINES:
                # With the heads: those of lines that are forgotten would never be found again.
                self._known.clear()
                self._heads.clear()
            self._known[line] = known
            # Of other kinds each value has to be looked at.
            field.values += kind == field.kind and kind in {_IGNORED, _SINGLE}
        return known

    def _field(self, written: bytes) -> _Field | None:
        """What a field's name means; None for what is no name."""
        if _NAME.fullmatch(written) is None:
            return None
        name = written.lower()
        field = _Field(_REFUSED if name in _ODD else self._names.get(name, _IGNORED), written.decode())
        if len(self._fields) >= _MOST_NAMES:
            self._fields.clear()
        if len(written) <= _LONGEST_NAME:
            self._fields[written] = field
        return field


def _value(line: bytes) -> bytes:
    return line.partition(b":")[2].strip(b" \t")


_NOT_PLAIN = _Line(_REFUSED, b"", _Field(_REFUSED, ""))

MORE = Plain(b"", [], (), (), b"", None, 0)
"""Stands for a request that is not whole yet."""
