"""The upstream over the network: Stripe itself, or any base URL."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp

from fcproxy.core.errors import UpstreamFailed, UsageError
from fcproxy.core.message import Headers, Request
from fcproxy.server.deadlines import Deadlines
from fcproxy.server.exchange import Exchange
from fcproxy.server.failures import FAILURES, failed
from fcproxy.server.hop import HOP_BY_HOP, end_to_end
from fcproxy.server.pool import Origin, Pool
from fcproxy.server.upstream import Reply
from fcproxy.server.wire import head_bytes

__all__ = ["LiveUpstream", "trust"]

_ONE_GO = 256 * 1024
"""Longest body, in bytes, that is written in one go."""

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""RFC 9110 section 9.2.2: sent once more when a kept connection turns out to be closed."""

_OURS = HOP_BY_HOP | {"host"}


class _Asked(NamedTuple):
    """What is sent, and where to. ``at`` is when it began (the loop's time); ``sent``: by this exchange, already."""

    origin: Origin
    head: bytes
    body: AsyncIterator[bytes] | None
    at: float
    sent: Exchange | None


class LiveUpstream:
    """Forwards over http or https. Use as an asynchronous context manager; it owns the connection pool."""

    def __init__(
        self,
        name: str,
        locate: Callable[[str], str],
        *,
        tls: ssl.SSLContext | None = None,
        key: str | None = None,
        connect_timeout: float = 10.0,
        first_byte_timeout: float = 90.0,
        read_timeout: float = 90.0,
        total_timeout: float = 3600.0,
    ) -> None:
        """``locate`` maps a request's public URL to the one to call; ``key`` replaces the client's own; seconds."""
        self.first_byte = first_byte_timeout
        self.silence = min(first_byte_timeout, read_timeout)
        self.total = total_timeout
        self.name = name
        self._locate = locate
        self._key = key
        self.pool = Pool(tls, connect_timeout, read_timeout)
        self.deadlines = Deadlines(first_byte_timeout, read_timeout, total_timeout)

    @property
    def connections(self) -> int:
        """Connections opened so far."""
        return self.pool.connections

    async def __aenter__(self) -> Self:
        await self.pool.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.deadlines.close()
        await self.pool.__aexit__(kind, error, trace)

    def send(self, request: Request, body: AsyncIterator[bytes] | None = None) -> "_Sending":
        """See Upstream."""
        return _Sending(self, request, body)

    def head(self, request: Request, *, streamed: bool) -> tuple[Origin, bytes]:
        """Where the request leads, and its head as it is sent there. Raises ValueError."""
        located = self._locate(request.url)
        slash = located.index("/", located.index("://") + 3)
        origin = self.pool.origin(located[:slash])
        headers = self._headers(request, origin, streamed)
        return origin, head_bytes(f"{request.method} {located[slash:]} HTTP/1.1", headers)

    def _headers(self, request: Request, origin: Origin, streamed: bool) -> Headers:
        headers = end_to_end(request.headers, _OURS)
        if streamed:
            if "Content-Length" not in headers:
                headers = Headers([*headers, ("Transfer-Encoding", "chunked")])
        elif request.body or "Content-Length" in headers:
            size = str(len(request.body))
            if headers.get_all("Content-Length") != [size]:
                headers = headers.replaced("Content-Length", size)
        if self._key is not None:
            headers = headers.replaced("Authorization", f"Bearer {self._key}")
        return Headers.named([("Host", origin.host), *headers], ("host", *headers.names))


class _Sending:
    """One exchange: a request is sent when this is entered, and the answer has been taken, or not, when it is left.

    Nearly all are quick: on a connection that has served, with an answer that is there at once. Then nothing is left
    to be watched or ended when the answer is given out.
    """

    __slots__ = ("_at_length", "_body", "_request", "_upstream")

    def __init__(self, upstream: LiveUpstream, request: Request, body: AsyncIterator[bytes] | None) -> None:
        self._upstream = upstream
        self._request = request
        self._body = body
        self._at_length: AbstractAsyncContextManager[Reply] | None = None

    async def __aenter__(self) -> Reply:
        upstream, request, body = self._upstream, self._request, self._body
        now = upstream.pool.clock()
        if body is None and len(request.body) > _ONE_GO:
            body = _in_pieces(request.body)
        exchange = None
        try:
            origin, head = upstream.head(request, streamed=self._body is not None)
            if body is None and request.method != "HEAD":
                exchange = upstream.pool.kept(origin)
            if exchange is not None:
                when = now + min(upstream.silence, upstream.total)
                answer = await exchange.quick(head + request.body, upstream.deadlines, when)
                if answer is not None:
                    return Reply(answer.status, answer.reason, answer.headers, _once(answer.body), answer.body)
        except FAILURES as error:
            raise failed(error) from None
        self._at_length = self._long(_Asked(origin, head, body, now, exchange))
        return await self._at_length.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._at_length.__aexit__(kind, error, trace) if self._at_length is not None else None

    @asynccontextmanager
    async def _long(self, asked: _Asked) -> AsyncIterator[Reply]:
        deadlines, now = self._upstream.deadlines, asked.at
        end = now + self._upstream.total
        exchange, late = asked.sent, "the upstream did not answer in time"
        try:
            # One deadline for both spans: the head's, then the whole exchange's.
            async with asyncio.timeout(None) as limit:
                deadlines.set(limit, min(now + self._upstream.first_byte, end))
                try:
                    try:
                        exchange, reply = await self._asked(asked, lambda: self._put_off(limit, end))
                    except FAILURES as error:
                        raise failed(error) from None
                    deadlines.set(limit, end)
                    late = "the exchange did not end within --total-timeout"
                    yield reply
                finally:
                    deadlines.drop(limit)
        except TimeoutError:
            raise UpstreamFailed("timeout", late) from None
        finally:
            if exchange is not None:
                await exchange.end()

    def _put_off(self, limit: asyncio.Timeout, end: float) -> None:
        upstream = self._upstream
        upstream.deadlines.set(limit, min(upstream.pool.clock() + upstream.first_byte, end))

    async def _asked(self, asked: _Asked, moving: Callable[[], None]) -> tuple[Exchange, Reply]:
        """The answer's head. ``moving`` is called at each piece of the body: its time runs from the last one."""
        origin, head, body, _, sent = asked
        again = body is None and self._request.method in _IDEMPOTENT
        while True:
            exchange = sent or await self._upstream.pool.connected(origin)
            try:
                if sent is not None:
                    sent = None
                elif body is None:
                    exchange.send(head + self._request.body)
                else:
                    exchange.stream(head, body, moving)
                return exchange, await exchange.answer()
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                await exchange.end()
                if not again:
                    raise
                again = False
            except BaseException:
                await exchange.end()
                raise


async def _once(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data


async def _in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), _ONE_GO):
        yield body[at : at + _ONE_GO]


def trust(ca_file: str | None) -> ssl.SSLContext:
    """A verifying context: the system's authorities, or only those in ``ca_file`` (PEM). Raises UsageError."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise UsageError("--upstream-ca: not a readable PEM file") from None
