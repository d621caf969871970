"""The upstream over the network: Stripe itself, or any base URL."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from yarl import URL

from fcproxy.core.errors import UpstreamFailed, UsageError
from fcproxy.core.message import Headers, Request
from fcproxy.server.deadlines import Deadlines
from fcproxy.server.exchange import Exchange
from fcproxy.server.failures import FAILURES, failed
from fcproxy.server.hop import HOP_BY_HOP, end_to_end
from fcproxy.server.upstream import Reply
from fcproxy.server.wire import head_bytes

__all__ = ["LiveUpstream", "trust"]

_ONE_GO = 256 * 1024
"""Longest body, in bytes, that is written in one go."""

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""RFC 9110 section 9.2.2: sent once more when a kept connection turns out to be closed."""


_OURS = HOP_BY_HOP | {"host"}

_IDLE_SECONDS = 15.0
"""How long a connection that has nothing to do may be used again: servers close theirs after a while."""


class _Origin(NamedTuple):
    """``asked`` is what the connector wants to know of an origin; ``host`` is its Host field; ``idle`` are connections
    that have served, and since when they have nothing to do, the last one at the end."""

    asked: aiohttp.ClientRequest
    host: str
    idle: list[tuple[float, Exchange]]


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
        self._first_byte = first_byte_timeout
        self._read_timeout = read_timeout
        self._total = total_timeout
        self.name = name
        self.connections = 0
        """Connections opened so far."""
        self._locate = locate
        self._key = key
        self._tls = tls
        self._connecting = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout)
        self._connector: aiohttp.TCPConnector | None = None
        self._clock: Callable[[], float] = monotonic
        """The loop's, once it runs."""
        self._origins: dict[str, _Origin] = {}
        self._deadlines = Deadlines(first_byte_timeout, total_timeout)

    async def __aenter__(self) -> Self:
        self._clock = asyncio.get_running_loop().time
        self._connector = aiohttp.TCPConnector(limit=0, ssl=self._tls or True, socket_factory=self._socket)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.close()
        for origin in self._origins.values():
            _drop(origin.idle)
        if self._connector is not None:
            await self._connector.close()

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """Counts. Traces would do that too, and cost every request a dozen awaits."""
        self.connections += 1
        return socket.socket(*address[:3])

    @asynccontextmanager
    async def send(self, request: Request, body: AsyncIterator[bytes] | None = None) -> AsyncIterator[Reply]:
        """See Upstream."""
        now = self._clock()
        end = now + self._total
        exchange, late = None, "the upstream did not answer in time"
        try:
            # One deadline for both spans: the head's, then the whole exchange's.
            async with asyncio.timeout(None) as limit:
                self._deadlines.set(limit, min(now + self._first_byte, end))
                try:
                    try:
                        exchange, reply = await self._asked(request, body, lambda: self._put_off(limit, end))
                    except FAILURES as error:
                        raise failed(error) from None
                    self._deadlines.set(limit, end)
                    late = "the exchange did not end within --total-timeout"
                    yield reply
                finally:
                    self._deadlines.drop(limit)
        except TimeoutError:
            raise UpstreamFailed("timeout", late) from None
        finally:
            if exchange is not None:
                await exchange.end()

    def _put_off(self, limit: asyncio.Timeout, end: float) -> None:
        self._deadlines.set(limit, min(self._clock() + self._first_byte, end))

    async def _asked(
        self, request: Request, body: AsyncIterator[bytes] | None, moving: Callable[[], None]
    ) -> tuple[Exchange, Reply]:
        """The answer's head. ``moving`` is called at each piece of ``body``: its time runs from the last one."""
        origin, target = self._origin(request.url)
        head = head_bytes(f"{request.method} {target} HTTP/1.1", self._headers(request, origin, body is not None))
        if body is None and len(request.body) > _ONE_GO:
            body = _in_pieces(request.body)
        again = body is None and request.method in _IDEMPOTENT
        while True:
            exchange = await self._connected(origin)
            try:
                if body is None:
                    exchange.send(head + request.body)
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

    def _origin(self, url: str) -> tuple[_Origin, str]:
        """Where ``url`` leads, and the target to ask for there."""
        located = self._locate(url)
        slash = located.index("/", located.index("://") + 3)
        base, target = located[:slash], located[slash:]
        origin = self._origins.get(base)
        if origin is None:
            there = URL(base, encoded=True)
            asked = aiohttp.ClientRequest("GET", there, loop=asyncio.get_running_loop(), ssl=self._tls or True)
            origin = self._origins[base] = _Origin(asked, there.host_port_subcomponent or "", [])
        return origin, target

    async def _connected(self, origin: _Origin) -> Exchange:
        if self._connector is None:
            raise UpstreamFailed("refused", "the proxy is not started")
        while origin.idle:
            since, exchange = origin.idle.pop()
            if self._clock() - since > _IDLE_SECONDS:
                exchange.drop()
                _drop(origin.idle)  # they are older
            elif exchange.clean():
                return exchange
            else:
                exchange.drop()
        # The connector's own pool is passed by: to give back there and take again cost as much as writing the request.
        connection = await self._connector.connect(origin.asked, [], self._connecting)
        return Exchange(connection, self._read_timeout, lambda one: origin.idle.append((self._clock(), one)))

    def _headers(self, request: Request, origin: _Origin, streamed: bool) -> Headers:
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


def _drop(idle: list[tuple[float, Exchange]]) -> None:
    for _, exchange in idle:
        exchange.drop()
    idle.clear()


async def _in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), _ONE_GO):
        yield body[at : at + _ONE_GO]


def trust(ca_file: str | None) -> ssl.SSLContext:
    """A verifying context: the system's authorities, or only those in ``ca_file`` (PEM). Raises UsageError."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise UsageError("--upstream-ca: not a readable PEM file") from None
