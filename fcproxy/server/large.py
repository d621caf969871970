"""Bodies beyond --max-body: passed on piece by piece, never held whole and never stored."""

from collections.abc import AsyncIterator

from aiohttp import web

from fcproxy.core.message import Headers, Request, Response
from fcproxy.core.standins import standin

__all__ = ["REASON", "Copy", "LargeBody"]

REASON = "too-large"
"""What a stand-in says of a body beyond --max-body."""


class LargeBody:
    """A body of which only the beginning is here. `pieces` gives all of it, once."""

    def __init__(self, request: web.BaseRequest, first: bytes) -> None:
        """``first`` are the bytes already taken from ``request``."""
        self.length = request.content_length
        """As the client announced it; None for chunks."""
        self.broken = False
        """Whether the client went away, or framed it badly, before its end."""
        self._request = request
        self._first = first
        self._size = len(first)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body's bytes as they come; the next piece is taken from the client only when it is asked for."""
        try:
            if self._first:
                yield self._first
            async for piece in self._request.content.iter_any():
                self._size += len(piece)
                yield piece
        except (web.RequestPayloadError, ConnectionError):
            self.broken = True
            raise

    async def drained(self) -> None:
        """Reads to the end and keeps nothing. Raises ConnectionResetError when the client goes away."""
        try:
            async for _ in self.pieces():
                pass
        except web.RequestPayloadError:
            raise ConnectionResetError from None

    def stands_for(self, request: Request) -> Request:
        """``request`` with a marked stand-in where this body was."""
        size = self.length if self.length is not None else self._size
        return Request(request.method, request.url, standin(request.headers, REASON, size))


class Copy:
    """What is kept of an answer's body while it passes: all of it, or its size alone once that exceeds ``limit``."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        """The next piece."""
        self._size += len(piece)
        if self._size <= self._limit:
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    def response(self, status: int, headers: Headers, reason: str) -> Response:
        """The answer as it is recorded."""
        if self._size > self._limit:
            return Response(status, standin(headers, REASON, self._size), b"", reason)
        return Response(status, headers, b"".join(self._pieces), reason)
