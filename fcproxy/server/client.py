"""Who asked, as far as an answer depends on it: a request of aiohttp's, or one that was read without aiohttp."""

import asyncio
from typing import Protocol

from aiohttp import HttpVersion, HttpVersion11
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import StreamWriter

__all__ = ["Client", "PlainClient", "Writer"]


class Writer(Protocol):
    """Sends bytes to the client, as fast as it takes them."""

    async def write(self, chunk: bytes, /) -> None:
        """Raises ConnectionError where the client has gone."""
        ...


class Client(Protocol):
    """aiohttp's web.BaseRequest is one."""

    @property
    def method(self) -> str:
        """The request's method."""
        ...

    @property
    def version(self) -> HttpVersion:
        """The request's HTTP version."""
        ...

    @property
    def keep_alive(self) -> bool:
        """Whether the client may send another request on its connection."""
        ...

    @property
    def transport(self) -> asyncio.Transport | None:
        """The connection, None once it is lost."""
        ...

    @property
    def writer(self) -> Writer:
        """Where answers go."""
        ...


class PlainClient:
    """The sender of a plain request: HTTP/1.1, on a connection that is kept."""

    version = HttpVersion11
    keep_alive = True

    def __init__(self, method: str, connection: BaseProtocol, loop: asyncio.AbstractEventLoop) -> None:
        self.method = method
        self.writer = StreamWriter(connection, loop)
        self._connection = connection

    @property
    def transport(self) -> asyncio.Transport | None:
        """See Client."""
        return self._connection.transport
