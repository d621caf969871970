"""Plain requests: whole, HTTP/1.1, framed by Content-Length or without a body, in ASCII. Read from their bytes at once.

That is what every SDK sends. Reading it here costs a tenth of what a general parser and a task for each request cost.
The grammar is a strict part of RFC 9112's; whatever is not surely in it is not read here but left to aiohttp, from its
first byte on, so that nothing can be read in two ways.
"""

import re
from dataclasses import dataclass

from fcproxy.core.message import Headers

__all__ = ["MAX_BODY", "MAX_HEAD", "MORE", "Plain", "PlainReader"]

MAX_HEAD = 16 * 1024
MAX_BODY = 256 * 1024
"""Most bytes of a request's head and body that are read here."""

_LINES = 2048
"""How many header lines are remembered."""

_LONGEST_LINE = 1024
"""Longer lines are not remembered, so that the memory stays below 2 MiB."""

_FIRST = re.compile(rb"(GET|POST|DELETE|PUT|PATCH|OPTIONS) (/[!\"$-~]*) HTTP/1\.1")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~](?:[ -~\t]*[!-~])?)?[ \t]*")

_ODD = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer"})
"""Fields that change how a request is framed or answered: such a request is not plain."""

_IGNORED, _COMPARED, _KEY, _LENGTH, _REFUSED = range(5)
_NOT_PLAIN = (_REFUSED, b"")


@dataclass(frozen=True, slots=True)
class Plain:
    """A request. ``first`` is its first line, ``lines`` are its header lines, ``compared`` those of them that matter.

    Two with equal ``first``, ``compared`` and ``body`` differ in nothing that a deck looks at, but for ``key``, the
    Idempotency-Key's value. ``size`` is the number of bytes that were read.
    """

    first: bytes
    lines: list[bytes]
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
        found = [_FIELD.fullmatch(line) for line in self.lines]
        return Headers((one[1].decode(), (one[2] or b"").decode()) for one in found if one)


class PlainReader:
    """Reads plain requests. Most header lines are the same in every request, so what is known of a line is kept."""

    def __init__(self, compared: frozenset[str]) -> None:
        """``compared``: lower-case names of the header fields that a deck looks at."""
        self._names = {name.encode(): _COMPARED for name in compared} | {
            b"idempotency-key": _KEY,
            b"content-length": _LENGTH,
        }
        self._known: dict[bytes, tuple[int, bytes]] = {}

    def read(self, data: bytes) -> Plain | None:
        """The plain request that ``data`` is; `MORE` where further bytes must come; None: not plain."""
        head, found, body = data.partition(b"\r\n\r\n")
        if len(head) > MAX_HEAD:
            return None
        if not found:
            return MORE
        lines = head.split(b"\r\n")
        first = lines.pop(0)
        fields = self._fields(lines) if _FIRST.fullmatch(first) else None
        if fields is None:
            return None
        compared, key, length = fields
        if len(body) != length:
            return MORE if len(body) < length <= MAX_BODY else None
        return Plain(first, lines, compared, body, key, len(data))

    def _fields(self, lines: list[bytes]) -> tuple[tuple[bytes, ...], bytes | None, int] | None:
        """The compared lines, the Idempotency-Key and the body's length."""
        known, compared, key, length = self._known, [], None, None
        for line in lines:
            kind, value = known.get(line) or self._look(line)
            if kind == _IGNORED:
                continue
            if kind == _COMPARED:
                compared.append(line)
            elif kind == _KEY and key is None:
                key = value
            elif kind == _LENGTH and length is None:
                length = int(value)
            else:
                return None
        return tuple(compared), key, length or 0

    def _look(self, line: bytes) -> tuple[int, bytes]:
        """What a header line means here."""
        found = _FIELD.fullmatch(line)
        if found is None:
            return _NOT_PLAIN
        name, value = found[1].lower(), found[2] or b""
        if name in _ODD or (name == b"connection" and value.lower() != b"keep-alive"):
            return _NOT_PLAIN
        kind = self._names.get(name, _IGNORED)
        if kind == _LENGTH and not (value.isdigit() and len(value) < 8):
            return _NOT_PLAIN
        what = (kind, value)
        if kind != _KEY and len(line) <= _LONGEST_LINE:
            if len(self._known) >= _LINES:
                self._known.clear()
            self._known[line] = what
        return what


MORE = Plain(b"", [], (), b"", None, 0)
"""Stands for a request that is not whole yet."""
