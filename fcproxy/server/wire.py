"""Messages on the wire: raw requests in, prepared bytes out.

aiohttp's own responses would add Date, Server and Content-Type and change the letter case of names; a recording must be
invisible to the client, so heads are written here, through the public `request.writer`.
"""

import asyncio
import re
import socket
import struct
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from fcproxy.core.credential import BEARING
from fcproxy.core.message import Headers, Response
from fcproxy.server.client import Client

__all__ = [
    "MAX_LENGTH_DIGITS",
    "Answer",
    "Sent",
    "break_at_once",
    "decode_raw",
    "framed",
    "head_bytes",
    "send",
    "status_line",
    "whole",
    "without_body",
]

MAX_LENGTH_DIGITS = 18
"""Longer Content-Lengths are refused. aiohttp's parser takes 2 ** 64 - 1 for none at all, and a message of that length
for whole and empty; and Python's int() reads no more than 4,300 digits, zeros counted."""

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110 section 5.6.2."""

_TRANSFER = frozenset({"transfer-encoding"})


class Sent(web.StreamResponse):
    """What a handler returns after it has written the whole answer itself: nothing is left to do."""

    def __init__(self, status: int, *, keep_alive: bool) -> None:
        super().__init__(status=status)
        self._keep = keep_alive

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays open."""
        return self._keep

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """Nothing: the head has been written."""
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing: the body has been written."""


def decode_raw(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """aiohttp's raw pairs as Headers; octets that are no UTF-8 become surrogate escapes.

    Raises ValueError for a name that is none: aiohttp takes ``Content-Length : 2`` from an upstream and goes by it.
    """
    items, names = [], []
    for name, value in raw:
        text, lower = _name(name)
        items.append((text, value.decode("utf-8", "surrogateescape")))
        names.append(lower)
    return Headers.named(items, names)


@lru_cache(1024)
def _name(raw: bytes) -> tuple[str, str]:
    """A field's name, and that in lower case. There are few: all clients and upstreams say the same."""
    if _TOKEN.fullmatch(raw) is None:
        raise ValueError("not a field's name")
    text = raw.decode("utf-8", "surrogateescape")
    return text, text.lower()


def without_body(method: str, status: int) -> bool:
    """Whether the answer has no body, whatever its headers say (RFC 9112 section 6.3)."""
    return method == "HEAD" or status in {204, 304} or 100 <= status < 200


def head_bytes(first: str, headers: Headers) -> bytes:
    """First line and header fields. Control octets, which could only be an injection, become blanks."""
    known = _lines
    return b"".join([_octets(first), *[known.get(field) or _line(field) for field in headers.fields], b"\r\n"])


def _line(field: tuple[str, str]) -> bytes:
    """A field as it goes on the wire. Nearly all are the same in each message of a client or an upstream."""
    line = _octets(f"{field[0]}: {field[1]}")
    if len(line) <= _LONGEST_LINE and field[0].lower() not in _SECRET:
        if len(_lines) >= _LINES:
            _lines.clear()
        _lines[field] = line
    return line


_lines: dict[tuple[str, str], bytes] = {}
_SECRET = BEARING | {"authorization"}
"""Not kept: this memory outlives the proxy whose client said them."""

_LINES = 2048
_LONGEST_LINE = 512
"""Of longer ones nothing is kept, so that the memory stays below a MiB or two."""


def status_line(status: int, reason: str) -> str:
    """An answer's first line (RFC 9112 section 4)."""
    return f"HTTP/1.1 {status} {reason}"


def _octets(line: str) -> bytes:
    if not line.isprintable():
        line = "".join(" " if (c < " " and c != "\t") or c == "\x7f" else c for c in line)
    return line.encode("utf-8", "surrogateescape") + b"\r\n"


class Answer:
    """How one answer is framed towards one client: its head, and whether the body is sent in chunks."""

    __slots__ = ("chunked", "head", "keep_alive", "length")

    def __init__(self, request: Client, status: int, reason: str, headers: Headers) -> None:
        """``headers`` are the end-to-end ones; a Transfer-Encoding among them marks where ours has its place."""
        length = headers.get("Content-Length")
        self.length = int(length) if length is not None and length.isascii() and length.isdigit() else None
        bodiless = without_body(request.method, status)
        unknown = self.length is None and not bodiless
        modern = request.version >= (1, 1)
        self.chunked = unknown and modern
        self.keep_alive = request.keep_alive and (modern or not unknown)
        if self.chunked:
            headers = headers.replaced("Transfer-Encoding", "chunked")
        elif not bodiless:
            headers = headers.less(_TRANSFER)
        if not self.keep_alive and modern:
            headers = Headers([*headers, ("Connection", "close")])
        elif self.keep_alive and not modern:
            headers = Headers([*headers, ("Connection", "keep-alive")])
        self.head = head_bytes(status_line(status, reason), headers)
        if bodiless:
            self.length = 0

    def frame(self, data: bytes) -> bytes:
        """``data`` as it goes on the wire."""
        return b"%x\r\n%b\r\n" % (len(data), data) if self.chunked and data else data

    @property
    def unframed(self) -> bool:
        """Whether the connection's end is the body's: a client of HTTP/1.0 knows no chunks."""
        return self.length is None and not self.chunked

    @property
    def end(self) -> bytes:
        """What closes the body."""
        return b"0\r\n\r\n" if self.chunked else b""


def break_at_once(transport: asyncio.Transport) -> None:
    """Has ``transport`` end with a reset and not in good order, which would pass for the end of an unframed body."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def framed(response: Response, *, bodiless: bool) -> Headers:
    """The headers of a response that is known whole: Content-Length is that of the body, in its old place."""
    headers = response.headers.less(_TRANSFER)
    if bodiless:
        return headers
    return headers.replaced("Content-Length", str(len(response.body)))


def whole(response: Response, extra: Iterable[tuple[str, str]] = ()) -> bytes:
    """A response that is known whole, as it goes to an HTTP/1.1 client that keeps its connection and sent no HEAD."""
    bodiless = without_body("GET", response.status)
    headers = Headers([*framed(response, bodiless=bodiless), *extra])
    head = head_bytes(status_line(response.status, response.reason or _phrase(response.status)), headers)
    return head if bodiless else head + response.body


async def send(request: Client, response: Response, extra: Iterable[tuple[str, str]] = ()) -> Sent:
    """Writes a response that is known whole, in one piece, with ``extra`` header fields at its end."""
    bodiless = without_body(request.method, response.status)
    headers = Headers([*framed(response, bodiless=bodiless), *extra])
    answer = Answer(request, response.status, response.reason or _phrase(response.status), headers)
    await request.writer.write(answer.head if bodiless else answer.head + response.body)
    return Sent(response.status, keep_alive=answer.keep_alive)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
