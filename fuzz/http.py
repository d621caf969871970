"""What is fuzzed of HTTP: bytes of clients and of upstreams, in any pieces, against aiohttp's parser and themselves."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, cast

from aiohttp import BaseConnector, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpRequestParser
from aiohttp.http_exceptions import HttpProcessingError

from fcproxy.core.errors import UpstreamFailed
from fcproxy.core.message import Headers, Response
from fcproxy.server.client import Client, PlainClient
from fcproxy.server.exchange import Exchange
from fcproxy.server.failures import FAILURES
from fcproxy.server.limits import Limits
from fcproxy.server.plain import MORE, Plain, PlainReader
from fcproxy.server.shortcut import Shortcut, ShortcutServer
from fcproxy.server.wire import Sent, decode_raw, send

__all__ = ["front", "plain", "upstream"]

_COMPARED = frozenset({"authorization", "content-type", "stripe-version"})


class Wire(asyncio.Transport):
    """A connection in memory that keeps what is written."""

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.written = b""
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    abort = close

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0


def _run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner() as runner:
        runner.run(main)


def _pieces(data: bytes) -> list[bytes]:
    """The first octet says how long the pieces are that the rest comes in: 0 for all at once."""
    size, rest = (data[0] if data else 0), data[1:]
    return [rest[at : at + size] for at in range(0, len(rest), size)] if size else [rest]


def plain(data: bytes) -> None:
    """What the reader of plain requests reads, aiohttp's parser reads too: one request, the same, and nothing more."""
    read = PlainReader(_COMPARED).read(data)
    if read is not None and read is not MORE:
        _run(_same(read, data))


async def _same(read: Plain, data: bytes) -> None:
    loop = asyncio.get_running_loop()
    parser = HttpRequestParser(
        BaseProtocol(loop),
        loop,
        2**16,
        max_line_size=2**16,
        max_field_size=2**16,
        max_headers=256,
        auto_decompress=False,
    )
    try:
        messages, upgraded, tail = parser.feed_data(data)
    except HttpProcessingError as error:
        raise AssertionError("aiohttp refuses what was read as plain") from error
    if len(messages) != 1 or upgraded or tail:
        raise AssertionError("not one request")
    message, payload = messages[0]
    body = payload.read_nowait(-1) if payload.is_eof() else None
    if (message.method, message.path, body) != (read.method, read.target, read.body):
        raise AssertionError("another request")
    if decode_raw(message.raw_headers) != read.headers() or message.should_close or message.chunked:
        raise AssertionError("other header fields")


class _Echo:
    """Stands for the proxy: every answer is the target that it is an answer to, and it stands in ``seen``."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.open = True
        self.read = PlainReader(_COMPARED).read

    def answer(self, read: Plain) -> bytes | None:
        if len(read.target) % 3:
            return None
        self.seen.append(read.target)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def forwarded(
        self, read: Plain, connection: BaseProtocol, loop: asyncio.AbstractEventLoop
    ) -> Coroutine[None, None, web.StreamResponse] | None:
        if len(read.target) % 3 == 1:
            return None
        return self._send(PlainClient(read.method, connection, loop), read.target)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        with suppress(web.RequestPayloadError, ConnectionError):
            await request.content.read()
            return await self._send(request, request.raw_path)
        return Sent(400, keep_alive=False)

    async def _send(self, client: Client, target: str) -> Sent:
        self.seen.append(target)
        await asyncio.sleep(0)
        return await send(client, Response(200, Headers(), b"", "OK"))


async def _told(pieces: list[bytes], *, short: bool) -> list[str]:
    echo = _Echo()
    echo.open = short
    server = ShortcutServer(echo.handle, Limits(), lambda _: None, cast("Shortcut", echo))
    connection = server()
    wire = Wire(connection)
    connection.connection_made(wire)
    for piece in pieces:
        if wire.closing:
            break
        connection.data_received(piece)
        for _ in range(8):
            await asyncio.sleep(0)
    for _ in range(40):
        await asyncio.sleep(0)
    wire.close()
    await asyncio.sleep(0)
    await server.shutdown(0)
    if wire.written.count(b"HTTP/1.1 200 OK\r\n") > len(echo.seen):
        raise AssertionError("an answer to nothing")
    return echo.seen


async def _either_way(data: bytes) -> None:
    pieces = _pieces(data)
    one = await _told(pieces, short=True)
    other = await _told([bytes([octet]) for octet in b"".join(pieces)], short=False)
    if one[: len(other)] != other[: len(one)]:
        raise AssertionError("the same octets are other requests")


def front(data: bytes) -> None:
    """Requests are the same ones, in the same order, through the shortcut and not, and in whatever pieces they come."""
    _run(_either_way(data[:2000]))


class _Kept(Connection):
    """A pooled connection to an upstream."""

    def __init__(self, protocol: ResponseHandler, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(cast("BaseConnector", None), cast("Any", None), protocol, loop)
        self.back = False

    def __del__(self) -> None:
        """Nobody to give it back to."""

    def release(self) -> None:
        self.back = True
        self._protocol = None

    def close(self) -> None:
        self._protocol = None


async def _asked(handler: ResponseHandler, pieces: list[bytes], *, ends: bool) -> tuple[bytes | None, bool]:
    """The body that comes back (None: a failure), and whether the connection may be used again."""
    connection = _Kept(handler, asyncio.get_running_loop())
    exchange = Exchange(connection, 60.0, lambda _: None)
    if not exchange.clean():
        exchange.drop()
        return None, False

    async def come() -> None:
        for piece in pieces:
            await asyncio.sleep(0)
            if handler.is_connected():
                handler.data_received(piece)
        await asyncio.sleep(0)
        if ends and handler.transport is not None:
            handler.transport.close()

    body: bytes | None = b""
    exchange.send(b"GET / HTTP/1.1\r\n\r\n")
    coming = asyncio.create_task(come())
    try:
        reply = await exchange.answer()
        async for piece in reply.body:
            body = (body or b"") + piece
        length = reply.headers.get("Content-Length")
        if length is not None and reply.status not in {204, 304} and int(length) != len(body or b""):
            raise AssertionError("another length than it says")
    except (UpstreamFailed, *FAILURES):
        body = None
    await coming
    await exchange.end()
    return body, connection.back and not handler.should_close


async def _in_step(pieces: list[bytes]) -> None:
    handler = ResponseHandler(asyncio.get_running_loop())
    handler.connection_made(Wire(handler))
    body, again = await _asked(handler, pieces, ends=True)
    handler = ResponseHandler(asyncio.get_running_loop())
    handler.connection_made(Wire(handler))
    if body is None or not await _whole(pieces):
        return
    _, again = await _asked(handler, pieces, ends=False)
    if again:
        second, _ = await _asked(handler, [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext"], ends=True)
        if second not in {b"next", None}:
            raise AssertionError("an answer that belongs to nobody")


async def _whole(pieces: list[bytes]) -> bool:
    """Whether the answer ends by itself."""
    handler = ResponseHandler(asyncio.get_running_loop())
    handler.connection_made(Wire(handler))
    with suppress(TimeoutError):
        async with asyncio.timeout(0.02):
            await _asked(handler, pieces, ends=False)
            return True
    return False


def upstream(data: bytes) -> None:
    """Whatever an upstream says is an answer or a failure, is as long as it says, and leaves nothing for the next."""
    _run(_in_step(_pieces(data[:2000])))
