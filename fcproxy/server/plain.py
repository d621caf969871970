"""Plain requests: whole, HTTP/1.1, framed by Content-Length or without a body, in ASCII. Read from their bytes at once.

That is what every SDK sends. Reading it here costs a tenth of what a general parser and a task for each request cost.
The grammar is a strict part of RFC 9112's; whatever is not surely in it is not read here but left to aiohttp, from its
first byte on, so that nothing can be read in two ways.
"""

import re
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
"""How many header lines are remembered."""

_MOST_NAMES = 512
_LONGEST_NAME = 64
_LONGEST_LINE = 1024
"""Longer lines are not remembered, so that the memory stays below 2 MiB."""

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

_IGNORED, _SINGLE, _COMPARED, _KEY, _LENGTH, _CONNECTION, _REFUSED = range(7)


class _Line(NamedTuple):
    """What a header line means here, and what it says: name and value, and the name in lower case."""

    kind: int
    value: bytes
    pair: tuple[str, str] = ("", "")
    name: str = ""


class Plain(NamedTuple):
    """A request. ``first`` is its first line, ``fields`` are its header fields, ``compared`` the lines that matter.

    Two with equal ``first``, ``compared`` and ``body`` differ in nothing that a deck looks at, but for ``key``, the
    Idempotency-Key's value. ``size`` is the number of bytes that were read.
    """

    first: bytes
    fields: "list[_Line]"
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
        return Headers.named([field.pair for field in self.fields], [field.name for field in self.fields])


class PlainReader:
    """Reads plain requests. Most header lines are the same in every request, so what is known of a line is kept."""

    def __init__(self, compared: frozenset[str], *, max_head: int = MAX_HEAD, max_fields: int = MAX_FIELDS) -> None:
        """``compared``: lower-case names of the header fields that a deck looks at. ``max_head``: bytes."""
        self._max_head = min(max_head, MAX_HEAD)
        self._max_fields = min(max_fields, MAX_FIELDS)
        self._names = (
            dict.fromkeys(_ONCE, _SINGLE)
            | {name.encode(): _COMPARED for name in compared}
            | {b"idempotency-key": _KEY, b"content-length": _LENGTH, b"host": _SINGLE, b"connection": _CONNECTION}
        )
        self._fields: dict[bytes, tuple[int, str, str]] = {}
        self._known: dict[bytes, _Line] = {}

    def read(self, data: bytes) -> Plain | None:
        """The plain request that ``data`` is; `MORE` where further bytes must come; None: not plain."""
        head, found, body = data.partition(b"\r\n\r\n")
        if len(head) > self._max_head:
            return None
        if not found:
            # What can never be plain is not waited for: its sender would wait, too.
            return MORE if _BEGUN.match(data) and data.count(b"\n") == data.count(b"\r\n") else None
        lines = head.split(b"\r\n")
        first = lines.pop(0)
        if _FIRST.fullmatch(first) is None or len(lines) > self._max_fields:
            return None
        known, look = self._known, self._look
        fields = [known.get(line) or look(line) for line in lines]
        told = self._told(lines, fields)
        if told is None:
            return None
        compared, key, length = told
        if len(body) != length:
            return MORE if len(body) < length <= MAX_BODY else None
        return Plain(first, fields, compared, body, key, len(data))

    def _told(self, lines: list[bytes], fields: list[_Line]) -> tuple[tuple[bytes, ...], bytes | None, int] | None:
        """The compared lines, the Idempotency-Key and the body's length."""
        compared, key, length, seen = [], None, 0, set()
        for line, (kind, value, _, name) in zip(lines, fields, strict=True):
            if kind == _IGNORED:
                continue
            if kind == _REFUSED or name in seen:
                return None
            seen.add(name)
            if kind == _COMPARED:
                compared.append(line)
            elif kind == _KEY:
                key = value
            elif kind == _LENGTH:
                length = int(value)
        # RFC 9112 section 3.2: exactly one.
        return (tuple(compared), key, length) if "host" in seen else None

    def _look(self, line: bytes) -> _Line:
        written, colon, rest = line.partition(b":")
        value = rest.strip(b" \t")
        field = self._fields.get(written) or self._field(written)
        if field is None or not colon or value.translate(None, _VALUE):
            return _NOT_PLAIN
        kind, name, lower = field
        if kind == _CONNECTION:
            kind = _IGNORED if value.lower() == b"keep-alive" else _REFUSED
        if lower == "host" and is_strange(value.decode()):
            return _NOT_PLAIN
        if kind == _REFUSED or (kind == _LENGTH and not (value.isdigit() and len(value) < 8)):
            return _NOT_PLAIN
        what = _Line(kind, value, (name, value.decode()), lower)
        if kind != _KEY and len(line) <= _LONGEST_LINE:
            if len(self._known) >= _LINES:
                self._known.clear()
            self._known[line] = what
        return what

    def _field(self, written: bytes) -> tuple[int, str, str] | None:
        """The kind of a field's name, the name, and it in lower case; None for what is no name."""
        if _NAME.fullmatch(written) is None:
            return None
        name = written.lower()
        field = (_REFUSED if name in _ODD else self._names.get(name, _IGNORED), written.decode(), name.decode())
        if len(self._fields) >= _MOST_NAMES:
            self._fields.clear()
        if len(written) <= _LONGEST_NAME:
            self._fields[written] = field
        return field


_NOT_PLAIN = _Line(_REFUSED, b"")

MORE = Plain(b"", [], (), b"", None, 0)
"""Stands for a request that is not whole yet."""
