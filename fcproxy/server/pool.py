"""Connections to upstreams, kept open between exchanges."""

import asyncio
import socket
import ssl
from bisect import bisect
from collections.abc import Callable
from functools import partial
from operator import itemgetter
from time import monotonic
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from yarl import URL

from fcproxy.core.errors import UpstreamFailed
from fcproxy.server.exchange import Exchange
from fcproxy.server.plain_answers import PlainAnswerReader

__all__ = ["Origin", "Pool"]

_IDLE_SECONDS = 15.0
"""How long a connection that has nothing to do may be used again: servers close theirs after a while."""


class Origin(NamedTuple):
    """``asked`` is what the connector wants to know of an origin; ``host`` is its Host field; ``idle`` are connections
    that have served, and since when they have nothing to do, the last one at the end."""

    asked: aiohttp.ClientRequest
    host: str
    idle: list[tuple[float, Exchange]]


class Pool:
    """Use as an asynchronous context manager."""

    def __init__(self, tls: ssl.SSLContext | None, connect_timeout: float, read_timeout: float) -> None:
        """Seconds; ``read_timeout`` is the longest silence of an upstream."""
        self.connections = 0
        """Connections opened so far."""
        self.clock: Callable[[], float] = monotonic
        """The loop's, once it runs."""
        self._tls = tls
        self._connecting = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout)
        self._read_timeout = read_timeout
        self._connector: aiohttp.TCPConnector | None = None
        self._origins: dict[str, Origin] = {}
        self._reader = PlainAnswerReader()
        self._timer: asyncio.TimerHandle | None = None
        """Runs while there are idle connections."""

    async def __aenter__(self) -> Self:
        self.clock = asyncio.get_running_loop().time
        self._connector = aiohttp.TCPConnector(limit=0, ssl=self._tls or True, socket_factory=self._socket)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for origin in self._origins.values():
            _drop(origin.idle, len(origin.idle))
        if self._connector is not None:
            await self._connector.close()

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """Counts. Traces would do that too, and cost every request a dozen awaits."""
        self.connections += 1
        return socket.socket(*address[:3])

    def origin(self, base: str) -> Origin:
        """What is known of a URL's scheme, host and port. Raises ValueError."""
        origin = self._origins.get(base)
        if origin is None:
            there = URL(base, encoded=True)
            asked = aiohttp.ClientRequest("GET", there, loop=asyncio.get_running_loop(), ssl=self._tls or True)
            origin = self._origins[base] = Origin(asked, there.host_port_subcomponent or "", [])
        return origin

    def kept(self, origin: Origin) -> Exchange | None:
        """For a connection that has served and is open, if there is one."""
        while origin.idle:
            since, exchange = origin.idle.pop()
            if self.clock() - since <= _IDLE_SECONDS and exchange.is_open():
                return exchange
            exchange.drop()
        return None

    def _given_back(self, origin: Origin, exchange: Exchange) -> None:
        origin.idle.append((self.clock(), exchange))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._look)

    def _look(self) -> None:
        """Closes what was idle for long."""
        self._timer = None
        now = self.clock()
        for origin in self._origins.values():
            # The last one used is the first to be used again: those at the beginning are the oldest.
            old = bisect(origin.idle, now - _IDLE_SECONDS, key=itemgetter(0))
            _drop(origin.idle, old)
        left = [origin.idle[0][0] for origin in self._origins.values() if origin.idle]
        if left:
            self._timer = asyncio.get_running_loop().call_later(min(left) + _IDLE_SECONDS - now, self._look)

    async def connected(self, origin: Origin) -> Exchange:
        """For a kept connection, or a new one. Raises any of `FAILURES`, and UpstreamFailed."""
        if self._connector is None:
            raise UpstreamFailed("refused", "the proxy is not started")
        if (kept := self.kept(origin)) is not None:
            return kept
        # The connector's own pool is passed by: to give back there and take again cost as much as writing the request.
        connection = await self._connector.connect(origin.asked, [], self._connecting)
        return Exchange(connection, self._reader, self._read_timeout, partial(self._given_back, origin))


def _drop(idle: list[tuple[float, Exchange]], first: int) -> None:
    """Closes the ``first`` ones."""
    for _, exchange in idle[:first]:
        exchange.drop()
    del idle[:first]
