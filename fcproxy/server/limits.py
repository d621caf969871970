"""What one client may take: connections, header sizes, time; and the Stripe-shaped answers to what is no clear HTTP.

aiohttp's server has no time-out for a request that does not end, no limit on connections, and answers what it cannot
parse with the client's own bytes in plain text. This is the same server with these three things changed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from fcproxy.core.message import Headers, Response
from fcproxy.server.answers import bad_request, stripe_error
from fcproxy.server.wire import MAX_LENGTH_DIGITS, Sent, head_bytes, status_line

__all__ = ["Connection", "LimitedServer", "Limits", "unclear"]

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Limits(NamedTuple):
    """``client_timeout``: seconds in which a request's head must be whole, in which the next piece of its body must
    come, and in which the client must take something of the answer. ``max_header_size``: bytes of one line of the head.
    """

    client_timeout: float = 60.0
    max_connections: int = 1000
    max_header_size: int = 64 * 1024
    max_headers: int = 256


class LimitedServer(web.Server):
    """Serves ``handler`` within limits. `sweep` must run beside it."""

    def __init__(self, handler: Handler, limits: Limits, note: Callable[[str], None]) -> None:
        """``note`` is told, in words without values, what was refused."""
        super().__init__(self._serve)
        self.limits = limits
        self.note = note
        self._handler = handler

    def __call__(self) -> web.RequestHandler:
        """A protocol for a new connection."""
        return Connection(self, asyncio.get_running_loop())

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        if not isinstance(connection, Connection):
            return await self._handler(request)
        refused = unclear(request)
        if refused is not None:
            self.note("an unclear request was refused")
            return _Closing(refused)
        connection.begin(request)
        try:
            return await self._handler(request)
        finally:
            connection.finish()

    async def sweep(self) -> None:
        """Ends connections whose clients keep the proxy waiting; until cancelled."""
        while True:
            # A quarter: what is late is seen at the latest after one and a quarter of the time-out.
            await asyncio.sleep(self.limits.client_timeout / 4)
            for connection in self.connections:
                if isinstance(connection, Connection):
                    connection.look()


class Connection(web.RequestHandler):
    """One client connection, which knows since when it waits for its client."""

    __slots__ = ("_begun", "_clock", "_heard", "_request", "_server", "_stuck", "_stuck_since")

    def __init__(self, server: LimitedServer, loop: asyncio.AbstractEventLoop) -> None:
        limits = server.limits
        super().__init__(
            server,
            loop=loop,
            auto_decompress=False,
            max_line_size=limits.max_header_size,
            max_field_size=limits.max_header_size,
            max_headers=limits.max_headers,
        )
        self._server = server
        self._clock = loop.time
        self._begun = self._heard = 0.0
        """When the head that is not whole began to come (0: there is none), and when bytes came last."""
        self._request: web.BaseRequest | None = None
        self._stuck, self._stuck_since = 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._begun = self._clock()
        if len(self._server.connections) > self._server.limits.max_connections:
            self._server.note("a connection too many was refused")
            self._end(bad_request(503, "too_many_connections", "more connections than --max-connections allows"))

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._heard = self._clock()
        if not self._begun:
            self._begun = self._heard
        super().data_received(data)
        self._give_up_body()

    def begin(self, request: web.BaseRequest) -> None:
        """The head is whole."""
        self._request = request
        self._give_up_body()

    def _give_up_body(self) -> None:
        """Tells whoever waits for a body that has turned out to be none.

        aiohttp puts the error into its queue, behind the request that waits for its body; while that is not whole,
        nothing else can be in there.
        """
        body = self._request.content if self._request is not None else None
        if body is not None and self._messages and not body.is_eof() and body.exception() is None:
            body.set_exception(web.RequestPayloadError())
            body.feed_eof()  # or aiohttp would linger for the rest, and log what it gets

    def finish(self) -> None:
        """The request is answered."""
        self._request = None
        self._begun = 0.0

    def look(self) -> None:
        """Ends the connection if its client is late."""
        now, patience = self._clock(), self._server.limits.client_timeout
        if self._is_stuck(now) and now - self._stuck_since > patience:
            self._server.note("a client that takes no answer was cut off")
            self._end(None)
        elif self._request is None:
            if self._begun and now - self._begun > patience:
                self._late()
        elif not self._request.content.is_eof() and not self._reading_paused and now - self._heard > patience:
            self._late()

    def _is_stuck(self, now: float) -> bool:
        waiting = self.transport.get_write_buffer_size() if self.transport is not None else 0
        if waiting != self._stuck:
            self._stuck, self._stuck_since = waiting, now
        return waiting > 0

    def _late(self) -> None:
        self._server.note("a request that did not end was cut off")
        late = bad_request(408, "client_timeout", "the request did not come whole within --client-timeout")
        # Who has sent nothing at all gets nothing: a connection that was opened in advance is no error.
        self._end(late if self._heard else None)

    def _end(self, response: Response | None) -> None:
        if self.transport is None:
            return
        if response is None:
            self.transport.abort()
            return
        self.transport.write(_whole(response))
        self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """See aiohttp's RequestHandler. ``message`` and the exception's own text quote the client: neither is used."""
        del message
        if isinstance(exc, HttpProcessingError):
            self._server.note(f"a request that is no HTTP was refused ({type(exc).__name__})")
            answer = _not_http(exc)
        else:
            self.log_exception("unhandled", exc_info=exc)
            answer = stripe_error(status, "api_error", "fcproxy_internal", "fcproxy: a defect; see the log", more={})
        if request.writer.output_size > 0:
            raise ConnectionResetError
        return _Closing(answer)


def _not_http(error: HttpProcessingError) -> Response:
    if isinstance(error, LineTooLong):
        return bad_request(431, "header_too_large", "a line of the head exceeds --max-header-size")
    return bad_request(
        400, "not_http", "the request is not HTTP as it should be, or has more headers than --max-headers"
    )


class _Closing(Sent):
    """A whole answer, after which the connection is closed: what follows may be the rest of what was refused."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status, keep_alive=False)
        self._data = _whole(response)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """Writes all of it."""
        await request.writer.write(self._data)
        return request.writer


def _whole(response: Response) -> bytes:
    headers = Headers([*response.headers, ("Content-Length", str(len(response.body))), ("Connection", "close")])
    return head_bytes(status_line(response.status, HTTPStatus(response.status).phrase), headers) + response.body


_VERSIONS = frozenset({(1, 0), (1, 1)})


_NO_FORWARDING = frozenset({"CONNECT", "TRACE"})
"""TRACE would tell the client what was put on its request (RFC 9110 section 9.3.8): the key of --api-key-env, too."""


def unclear(request: web.BaseRequest) -> Response | None:
    """The answer that refuses a request which asks for something that is no forwarding, or whose body could be framed
    in two ways (RFC 9112 section 6.1); or None."""
    if tuple(request.version) not in _VERSIONS:
        return bad_request(400, "bad_version", "the HTTP version must be 1.0 or 1.1")
    if request.method in _NO_FORWARDING:
        return bad_request(400, "bad_method", "there are no tunnels here, and no looking at what is forwarded")
    wrong = _framing(request)
    return bad_request(400, "bad_framing", wrong) if wrong is not None else None


def _framing(request: web.BaseRequest) -> str | None:
    if len(request.headers.get("Content-Length", "")) > MAX_LENGTH_DIGITS:
        return "the Content-Length is no length"
    codings = request.headers.getall("Transfer-Encoding", None)
    if codings is None:
        return None
    if request.version == (1, 0):
        return "HTTP/1.0 has no Transfer-Encoding"
    if [coding.strip(" \t").lower() for coding in codings] != ["chunked"]:
        return "the only transfer coding that is known is chunked"
    return None
