"""What is fuzzed of HTTP: bytes of clients and of upstreams, in any pieces, against aiohttp's parser and themselves."""

import asyncio
import math
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
from fcproxy.server.deadlines import Deadlines
from fcproxy.server.exchange import Exchange
from fcproxy.server.failures import FAILURES
from fcproxy.server.limits import Limits
from fcproxy.server.plain import MORE, Plain, PlainReader
from fcproxy.server.plain_answers import PlainAnswerReader
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

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            asyncio.get_running_loop().call_soon(lambda: self.protocol.connection_lost(None))

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


class _Pooled(Connection):
    """A connection of nobody's pool."""

    def __init__(self, protocol: ResponseHandler, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(cast("BaseConnector", None), cast("Any", None), protocol, loop)

    def __del__(self, *_: object) -> None:
        """Nobody to give it back to."""

    def close(self) -> None:
        self._protocol = None


_Told = tuple[int, Headers, bytes]
"""An answer: status, header fields, body."""

_GET = b"GET / HTTP/1.1\r\n\r\n"


def _saying(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class _Upstream:
    """A connection in memory to an upstream, new or one that has served ``served`` times."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.handler = ResponseHandler(loop)
        self.wire = Wire(self.handler)
        self.handler.connection_made(self.wire)
        self.new = True
        self.back = True
        """Whether the connection may be used again."""
        self.exchange = Exchange(_Pooled(self.handler, loop), PlainAnswerReader(), 60.0, self._given_back)
        self._deadlines = Deadlines(60.0)

    def _given_back(self, _exchange: Exchange) -> None:
        self.back = True

    async def serve(self, times: int) -> None:
        for _ in range(times):
            if await self.ask([_saying(b"served")], ends=False) is None or not self.back:
                raise AssertionError("a plain answer is none")

    async def ask(self, pieces: list[bytes], *, ends: bool) -> _Told | None:
        """The answer (None: a failure) to a request, ``pieces`` being all that comes until the connection ``ends``."""
        new, self.new, self.back = self.new, False, False
        if not new and not self.exchange.is_open():
            self.exchange.drop()
            return None
        coming = asyncio.create_task(self._come(pieces, ends=ends))
        try:
            return await self._answer(quick=not new)
        except (UpstreamFailed, *FAILURES):
            return None
        finally:
            await coming
            self._deadlines.close()

    async def _answer(self, *, quick: bool) -> _Told:
        try:
            if quick:
                answer = await self.exchange.quick(_GET, self._deadlines, math.inf)
                if answer is not None:
                    return answer.status, answer.headers, answer.body
            else:
                self.exchange.send(_GET)
            reply = await self.exchange.answer()
            body = b"".join([piece async for piece in reply.body])
        except BaseException:
            await self.exchange.end()
            raise
        await self.exchange.end()
        length = reply.headers.get("Content-Length")
        if length is not None and reply.status not in {204, 304} and int(length) != len(body):
            raise AssertionError("another length than it says")
        return reply.status, reply.headers, body

    async def _come(self, pieces: list[bytes], *, ends: bool) -> None:
        for piece in pieces:
            await asyncio.sleep(0)
            if self.handler.is_connected():
                cast("asyncio.Protocol", self.wire.protocol).data_received(piece)
        await asyncio.sleep(0)
        if ends:
            self.wire.close()


async def _in_step(pieces: list[bytes]) -> None:
    new = await _Upstream().ask(pieces, ends=True)
    for served in (1, 2):
        kept = _Upstream()
        await kept.serve(served)
        if await kept.ask(pieces, ends=True) != new:
            raise AssertionError("another answer on a connection that has served")
    for served in (0, 1, 2) if new is not None and await _whole(pieces) else ():
        kept = _Upstream()
        await kept.serve(served)
        await kept.ask(pieces, ends=False)
        if kept.back and await kept.ask([_saying(b"next")], ends=True) not in {
            None,
            (200, Headers([("Content-Length", "4")]), b"next"),
        }:
            raise AssertionError("an answer that belongs to nobody")


async def _whole(pieces: list[bytes]) -> bool:
    """Whether the answer ends by itself."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.02):
            await _Upstream().ask(pieces, ends=False)
            return True
    return False


def upstream(data: bytes) -> None:
    """Whatever an upstream says is an answer or a failure, is as long as it says, is the same on a new connection and
    on one that has served, and leaves nothing for the next."""
    _run(_in_step(_pieces(data[:2000])))
