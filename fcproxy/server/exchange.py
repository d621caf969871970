"""One exchange with an upstream: a request written to a pooled connection, and its answer as it comes.

aiohttp's connector opens the connections and its parser reads the answers that are not plain (`receiver`); what stands
between them in aiohttp's client is left out. ClientSession cannot send every request as it came (octets that are no
UTF-8, a repeated field in another spelling), and took as long as all the rest of forwarding.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
from aiohttp import HttpVersion10, HttpVersion11
from aiohttp.connector import Connection
from aiohttp.http import StreamWriter

from fcproxy.core.errors import UpstreamFailed
from fcproxy.server.deadlines import Deadlines
from fcproxy.server.failures import FAILURES, failed
from fcproxy.server.plain_answers import PlainAnswer, PlainAnswerReader
from fcproxy.server.receiver import Receiver
from fcproxy.server.upstream import Reply
from fcproxy.server.wire import MAX_LENGTH_DIGITS, decode_raw

__all__ = ["MAX_LINE", "Exchange"]

_VERSIONS = frozenset({HttpVersion10, HttpVersion11})

MAX_LINE = 64 * 1024
"""Longest status line or header field taken from an upstream, in bytes; aiohttp's 8 KiB is short for a CSP field."""


class Exchange:
    """Owns ``connection``. `send` or `stream`, then `answer`, then `end`; if that gave it back, the same once more, or
    `quick`."""

    __slots__ = (
        "_closed",
        "_connection",
        "_given_back",
        "_payload",
        "_protocol",
        "_read_timeout",
        "_receiver",
        "_sending",
    )

    def __init__(
        self,
        connection: Connection,
        reader: PlainAnswerReader,
        read_timeout: float,
        given_back: Callable[["Exchange"], None],
    ) -> None:
        """``read_timeout``: longest silence of the upstream, in seconds. ``given_back`` is called when the connection
        may serve another exchange; until then, `drop` is for whoever has it."""
        self._given_back = given_back
        self._connection = connection
        self._protocol = protocol = connection.protocol
        self._receiver: Receiver | None = None
        if protocol is not None and protocol.transport is not None:
            self._receiver = Receiver(protocol, reader.read, self._ready)
            protocol.transport.set_protocol(self._receiver)
        self._read_timeout = read_timeout
        self._payload: aiohttp.StreamReader | None = None
        self._sending: asyncio.Task[None] | None = None
        self._closed: asyncio.Future[None] | None = None

    def is_open(self) -> bool:
        """Whether the connection can be used. What comes on it unasked between two requests has closed it."""
        return self._protocol is not None and self._protocol.is_connected()

    def drop(self) -> None:
        """Closes the connection unused."""
        self._connection.close()

    async def quick(self, data: bytes, deadlines: Deadlines, when: float) -> PlainAnswer | None:
        """Writes the whole request, which is no HEAD, and gives its answer if that is plain; then the connection is
        given back. None: go on with `answer`. Raises TimeoutError ``when`` (the loop's time) nothing has
        come, and ClientConnectionError where the connection has gone before anything was written.
        """
        protocol, receiver = self._protocol, self._receiver
        if protocol is None or receiver is None or protocol.transport is None:
            raise aiohttp.ServerDisconnectedError
        waiter = receiver.expect()
        protocol.transport.write(data)
        deadlines.set(receiver, when)
        try:
            answer = await waiter
        except BaseException:
            self._connection.close()
            raise
        finally:
            deadlines.drop(receiver)
        if answer is not None:
            self._given_back(self)
        return answer

    def _ready(self) -> None:
        """Has aiohttp's handler read what comes."""
        self._expect_answer(bodiless=False)

    def send(self, data: bytes) -> None:
        """Writes the whole request. Raises ClientConnectionError where the connection has gone."""
        self._begin(data)
        if self._protocol is not None:
            self._protocol.start_timeout()

    def stream(self, head: bytes, body: AsyncIterator[bytes], moving: Callable[[], None]) -> None:
        """Writes ``head`` and goes on with ``body`` while the answer is waited for, which may come before its end.

        ``moving`` is called at each piece as long as there is no answer.
        """
        self._begin(head)
        if self._protocol is not None:
            writer = StreamWriter(self._protocol, asyncio.get_running_loop())
            if b"\r\nTransfer-Encoding: chunked\r\n" in head:
                writer.enable_chunking()
            self._sending = asyncio.create_task(self._pieces(writer, body, moving))

    def _begin(self, data: bytes) -> None:
        protocol = self._protocol
        if protocol is None or protocol.transport is None:
            raise aiohttp.ServerDisconnectedError
        if self._receiver is not None:
            self._receiver.through = True
        self._expect_answer(bodiless=data.startswith(b"HEAD "))
        protocol.transport.write(data)

    def _expect_answer(self, *, bodiless: bool) -> None:
        if self._protocol is None:
            return
        self._protocol.set_response_params(
            skip_payload=bodiless,
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=self._read_timeout,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
        )

    async def _pieces(self, writer: StreamWriter, body: AsyncIterator[bytes], moving: Callable[[], None]) -> None:
        done = False
        try:
            async for piece in body:
                if self._payload is None:
                    moving()
                try:
                    await writer.write(piece)
                except ConnectionError:
                    done = True
                    return  # the upstream takes no more; what it answered, or that it did not, says the rest
            await writer.write_eof()
            if self._protocol is not None:
                self._protocol.start_timeout()
            done = True
        finally:
            if not done and writer.transport is not None:
                # Half a request must not look whole: whoever breaks off ``body`` has the connection broken, too.
                writer.transport.abort()

    async def answer(self) -> Reply:
        """The answer's head, interim ones (1xx) passed over. Raises any of `FAILURES`, and UpstreamFailed."""
        if self._protocol is None:
            raise aiohttp.ServerDisconnectedError
        while True:
            message, payload = await self._protocol.read()
            if message.code >= 200:
                break
            if message.code < 100 or message.code == 101:
                raise UpstreamFailed("protocol", "the upstream switched protocols unasked, or its status is none")
        if message.version not in _VERSIONS:
            raise UpstreamFailed("protocol", "the upstream answered in another version of HTTP than 1.0 and 1.1")
        received = decode_raw(message.raw_headers)
        codings = received.get_all("Transfer-Encoding")
        if codings and ",".join(codings).strip().lower() not in {"", "chunked"}:
            raise UpstreamFailed("protocol", "the upstream answered in a transfer coding other than chunked")
        if len(received.get("Content-Length") or "") > MAX_LENGTH_DIGITS:
            raise UpstreamFailed("protocol", "the upstream's answer says a length that is none")
        self._payload = payload
        data = payload.read_nowait(-1) if payload.is_eof() and payload.exception() is None else None
        if data is None:
            self._watch()
        body = _chunks(payload) if data is None else _once(data)
        return Reply(message.code, message.reason or "", received, body, data)

    def _watch(self) -> None:
        """Sees to it that whoever waits for the body learns of the connection's end.

        aiohttp's handler closes the connection on a chunk that is none, drops its time-out, and tells the body's reader
        nothing.
        """
        closed = self._protocol.closed if self._protocol is not None else None
        if closed is None:
            self._broken(None)
            return
        self._closed = closed
        closed.remove_done_callback(_retrieved)
        closed.add_done_callback(_retrieved)
        closed.add_done_callback(self._broken)

    def _broken(self, _closed: asyncio.Future[None] | None) -> None:
        payload = self._payload
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            payload.set_exception(aiohttp.ClientPayloadError())

    async def end(self) -> None:
        """Gives the connection back where both messages went through whole, else closes it."""
        closed, self._closed = self._closed, None
        if closed is not None:
            closed.remove_done_callback(self._broken)
        payload, self._payload = self._payload, None
        sending, self._sending = self._sending, None
        sent = sending is None or (sending.done() and not sending.cancelled() and sending.exception() is None)
        if sending is not None and not sending.done():
            sending.cancel()
            await asyncio.wait([sending])
        if sent and payload is not None and payload.is_eof() and self._rests():
            self._given_back(self)
        else:
            self._connection.close()

    def _rests(self) -> bool:
        """Whether nothing came behind the answer, which would be taken for the next one; from here on the receiver sees
        to it.

        Of a connection that has served: on a new one what comes first is an answer, since "too busy" is said to whoever
        connects.
        """
        protocol, receiver = self._protocol, self._receiver
        if protocol is None or receiver is None or protocol.should_close:
            return False
        # aiohttp's handler hands over whole answers and says what is none; the beginning of one stays in its parser.
        # Two empty lines are nothing between two messages, and end or spoil one that has begun.
        protocol.read_timeout = None
        protocol.data_received(b"\r\n\r\n")
        receiver.through = False
        return not protocol.should_close


def _retrieved(closed: asyncio.Future[None]) -> None:
    """Takes the exception that a lost connection leaves in its future, which asyncio would miss."""
    if not closed.cancelled():
        closed.exception()


async def _once(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data


async def _chunks(payload: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    try:
        while chunk := await payload.readany():
            yield chunk
    except FAILURES as error:
        raise failed(error) from None
