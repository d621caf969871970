"""The upstream over the network: Stripe itself, or any base URL."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from fcproxy.core.errors import UpstreamFailed, UsageError
from fcproxy.core.message import Headers, Request
from fcproxy.server.hop import end_to_end
from fcproxy.server.upstream import Reply
from fcproxy.server.wire import decode_raw

__all__ = ["LiveUpstream", "trust"]

MAX_LINE = 64 * 1024
"""Longest status line or header field taken from an upstream, in bytes; aiohttp's 8 KiB is short for a CSP field."""

_ONE_GO = 1 << 20
"""Longest body, in bytes, that is written in one go."""

_AUTO_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


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
        self._total = total_timeout
        self.name = name
        self.connections = 0
        """Connections opened so far."""
        self._locate = locate
        self._key = key
        self._tls = tls
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout, sock_read=read_timeout)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, ssl=self._tls or True, keepalive_timeout=15, socket_factory=self._socket
            ),
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTO_HEADERS,
            timeout=self._timeout,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """Counts. A trace of the session would do that too, and cost every request a dozen awaits."""
        self.connections += 1
        return socket.socket(*address[:3])

    @asynccontextmanager
    async def send(self, request: Request, body: AsyncIterator[bytes] | None = None) -> AsyncIterator[Reply]:
        """See Upstream."""
        try:
            async with asyncio.timeout(self._total), await self._answer(request, body) as response:
                yield _reply(response)
        except TimeoutError:
            raise UpstreamFailed("timeout", "the exchange did not end within --total-timeout") from None

    async def _answer(self, request: Request, body: AsyncIterator[bytes] | None) -> aiohttp.ClientResponse:
        try:
            return await self._asked(request, body)
        except _FAILURES as error:
            raise _failed(error) from None

    async def _asked(self, request: Request, body: AsyncIterator[bytes] | None) -> aiohttp.ClientResponse:
        """The answer's head. The time for its first byte runs from the last piece of the request."""
        if self._session is None:
            raise UpstreamFailed("refused", "the proxy is not started")
        # Long ones as a stream: aiohttp warns of long bytes objects, which it would write in one go.
        whole = BytesIO(request.body) if len(request.body) > _ONE_GO else request.body or None
        async with asyncio.timeout(self._first_byte) as limit:
            return await self._session.request(
                request.method,
                URL(self._locate(request.url), encoded=True),
                headers=_one_spelling(self._headers(request, streamed=body is not None)),
                data=whole if body is None else _patient(body, limit, self._first_byte),
                allow_redirects=False,
            )

    def _headers(self, request: Request, *, streamed: bool) -> Headers:
        headers = end_to_end(request.headers).without("Host")
        if not streamed and (request.body or "Content-Length" in headers):
            size = str(len(request.body))
            if headers.get_all("Content-Length") != [size]:
                headers = headers.replaced("Content-Length", size)
        if self._key is not None:
            headers = headers.replaced("Authorization", f"Bearer {self._key}")
        try:
            "".join(name + value for name, value in headers).encode()
        except UnicodeEncodeError:
            raise UpstreamFailed(
                "protocol", "a request header is not UTF-8 and cannot be forwarded unchanged"
            ) from None
        return headers


async def _patient(body: AsyncIterator[bytes], limit: asyncio.Timeout, seconds: float) -> AsyncIterator[bytes]:
    """``body``, with the time for the first byte put off at each piece. An answer may come before the body's end."""
    clock = asyncio.get_running_loop().time
    async for piece in body:
        with suppress(RuntimeError):  # the head is here, and its time is over
            limit.reschedule(clock() + seconds)
        yield piece


def _one_spelling(headers: Headers) -> list[tuple[str, str]]:
    """The fields, repeats under the first one's spelling: aiohttp's client drops a repeat that is spelled otherwise."""
    if len(set(headers.names)) == len(headers):
        return list(headers)
    spelling: dict[str, str] = {}
    return [(spelling.setdefault(name.lower(), name), value) for name, value in headers]


def _reply(response: aiohttp.ClientResponse) -> Reply:
    received = decode_raw(response.raw_headers)
    codings = ",".join(received.get_all("Transfer-Encoding")).strip().lower()
    if codings not in {"", "chunked"}:
        raise UpstreamFailed("protocol", "the upstream answered in a transfer coding other than chunked")
    whole = response.content.is_eof() and response.content.exception() is None
    return Reply(response.status, response.reason or "", received, _body(response), whole)


async def _body(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.content.iter_any():
            yield chunk
    except _FAILURES as error:
        raise _failed(error) from None


_FAILURES = (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError)

_KINDS: tuple[tuple[type[BaseException], str, str], ...] = (
    (asyncio.TimeoutError, "timeout", "the upstream did not answer in time"),
    (aiohttp.ClientConnectorDNSError, "unresolved", "the upstream's host name cannot be resolved"),
    (aiohttp.ClientConnectorCertificateError, "tls", "the upstream's certificate is not trusted"),
    (aiohttp.ClientSSLError, "tls", "the TLS handshake with the upstream failed"),
    (ssl.SSLError, "tls", "the TLS connection to the upstream failed"),
    (aiohttp.ClientConnectorError, "refused", "no connection to the upstream"),
    (aiohttp.ClientPayloadError, "reset", "the upstream's answer was cut short"),
    (aiohttp.ClientResponseError, "protocol", "the upstream's answer is not HTTP as it should be"),
    (OSError, "reset", "the upstream closed the connection before it had answered"),
    (aiohttp.ClientConnectionError, "reset", "the upstream closed the connection before it had answered"),
)
"""First row that fits counts. The library's own texts are not passed on: they quote the upstream's bytes."""


def _failed(error: BaseException) -> UpstreamFailed:
    for kind, word, message in _KINDS:
        if isinstance(error, kind):
            return UpstreamFailed(word, message)
    return UpstreamFailed("protocol", "the request or the answer is not HTTP as it should be")


def trust(ca_file: str | None) -> ssl.SSLContext:
    """A verifying context: the system's authorities, or only those in ``ca_file`` (PEM). Raises UsageError."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise UsageError("--upstream-ca: not a readable PEM file") from None
