"""The way of one request: read, let the deck decide, carry that out, log one line."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING

from aiohttp import web

from fcproxy.core.deck import Forward, Refuse, Replay
from fcproxy.core.errors import RecordingRefused
from fcproxy.core.message import Headers, Request, Response
from fcproxy.core.modes import Mode
from fcproxy.server.answers import bad_request, miss_response, refusal_response
from fcproxy.server.cli_socket import CliSockets
from fcproxy.server.client import Client
from fcproxy.server.decks import Decks
from fcproxy.server.guard import Guard
from fcproxy.server.in_flight import InFlight
from fcproxy.server.incoming import BadRequest, build, is_reserved, raw_headers, read_body, target_of
from fcproxy.server.large import LargeBody
from fcproxy.server.log import RequestLog
from fcproxy.server.opened import OpenedDeck
from fcproxy.server.wire import Sent, send

if TYPE_CHECKING:
    from fcproxy.server.control import ControlRequest

__all__ = ["ControlHandler", "Proxy"]

ControlHandler = Callable[["ControlRequest"], Awaitable[Response]]
"""Answers a request below the reserved prefix."""

_CLIENT_GONE = 499
"""Logged, never sent: nginx's number for a client that closed the connection."""


class Proxy:
    """The handler of aiohttp's low-level server."""

    def __init__(
        self,
        decks: Decks,
        control: ControlHandler,
        log: RequestLog,
        on_refusal: Callable[[RecordingRefused], None],
        *,
        sockets: CliSockets,
        guard: Guard,
        lends: bool = False,
        max_body: int = 32 << 20,
    ) -> None:
        """``on_refusal`` is told when a recording must not go on; ``lends``: a key is put on requests;
        ``max_body`` is in bytes."""
        self._max_body = max_body
        self.in_flight = InFlight()
        self._decks = decks
        self._control = control
        self._sockets = sockets
        self._log = log
        self._on_refusal = on_refusal
        self._guard = guard
        self._lends = lends

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """See aiohttp.web.Server."""
        return await self._counted(request, request.raw_path, self._answer(request))

    async def forward(self, client: Client, target: str, opened: OpenedDeck, outgoing: Request) -> web.StreamResponse:
        """Answers a request that was read already and is forwarded, or played, by ``opened``."""
        return await self._counted(client, target, self._data(client, opened, outgoing))

    async def _counted(
        self, client: Client, target: str, answering: Coroutine[None, None, tuple[web.StreamResponse, str]]
    ) -> web.StreamResponse:
        self.in_flight.begin()
        start = time.perf_counter()
        sent: web.StreamResponse
        try:
            sent, action = await answering
        except BadRequest as bad:
            sent, action = await self._refuse(client, bad.response), "refused"
        except ConnectionError:
            sent, action = Sent(_CLIENT_GONE, keep_alive=False), "client gone"
        finally:
            self.in_flight.end()
        if self._log.enabled and (action != "control" or self._log.verbose):
            path = self._decks.default.redactor.text(target.partition("?")[0])
            self._log.request(client.method, path, sent.status, action, time.perf_counter() - start)
        return sent

    async def _refuse(self, request: Client, response: Response) -> Sent:
        sent = await send(request, response)
        # What follows on this connection may be the rest of what was refused.
        return Sent(sent.status, keep_alive=False)

    async def _answer(self, request: web.BaseRequest) -> tuple[web.StreamResponse, str]:
        target = target_of(request)
        headers = raw_headers(request)
        body = await read_body(request, self._max_body)
        opened, rest = self._decks.choose(target, headers)
        if isinstance(body, LargeBody):
            return await self._large(request, opened, headers, rest, body)
        if is_reserved(rest):
            return await self._reserved(request, opened, rest, headers, body), "control"
        if isinstance(opened, Response):
            return await send(request, opened), "deck ejected"
        if refused := self._guard.refusal_of_data(headers, lends=self._lends):
            return await send(request, refused), "refused"
        if opened is None:
            miss = self._decks.stray(build(request.method, headers, rest, body, self._decks.default.public_url))
            return await send(request, miss_response(miss)), f"miss {miss.reason}"
        return await self._data(request, opened, build(request.method, headers, rest, body, opened.public_url))

    async def _reserved(
        self, request: web.BaseRequest, opened: OpenedDeck | Response | None, rest: str, headers: Headers, body: bytes
    ) -> web.StreamResponse:
        from fcproxy.server.control import ControlRequest  # deferred, as below: a replay is seldom asked for it

        socket = await self._sockets.serve(request, opened, rest, headers)
        if socket is not None:  # by identity: a response that holds nothing is false
            return socket
        return await send(request, await self._control(ControlRequest(request.method, rest, headers, body, opened)))

    async def _large(
        self,
        request: web.BaseRequest,
        opened: OpenedDeck | Response | None,
        headers: Headers,
        rest: str,
        body: LargeBody,
    ) -> tuple[web.StreamResponse, str]:
        """A body beyond --max-body. It is compared as its stand-in, which tells its length."""
        if is_reserved(rest) or not isinstance(opened, OpenedDeck):
            raise BadRequest(bad_request(413, "too_large", "a body of this size is taken for forwarding only"))
        if refused := self._guard.refusal_of_data(headers, lends=self._lends):
            raise BadRequest(refused)
        if opened.mode is Mode.REPLAY:
            await body.drained()
        elif opened.mode is Mode.AUTO and body.length is None:
            # To look it up its length is needed, and to know that it would have to be read, and kept, whole.
            raise BadRequest(
                bad_request(411, "length_required", "mode auto takes a body of this size only with a length")
            )
        return await self._data(request, opened, build(request.method, headers, rest, b"", opened.public_url), body)

    async def _data(
        self, request: Client, opened: OpenedDeck, outgoing: Request, large: LargeBody | None = None
    ) -> tuple[web.StreamResponse, str]:
        opened.in_flight.begin()
        try:
            return await self._decided(request, opened, outgoing, large)
        finally:
            opened.in_flight.end()

    async def _decided(
        self, request: Client, opened: OpenedDeck, outgoing: Request, large: LargeBody | None
    ) -> tuple[web.StreamResponse, str]:
        try:
            decision = opened.deck.decide(outgoing if large is None else large.stands_for(outgoing))
        except RecordingRefused as error:
            self._on_refusal(error)
            return await send(request, refusal_response(error)), f"refused {error.rule}"
        match decision:
            case Replay(index, response):
                if wait := opened.played.delay(index):
                    await asyncio.sleep(wait)
                return await send(request, response, [("Fcproxy-Hit", str(index))]), f"replayed {index}"
            case Refuse(miss):
                return await send(request, miss_response(miss)), f"miss {miss.reason}"
            case Forward():
                if opened.upstream is None:
                    raise RuntimeError("a deck without an upstream decided to forward")
                from fcproxy.server.relay import Relay

                relay = Relay(
                    request, opened, outgoing, decision, self._on_refusal, max_body=self._max_body, large=large
                )
                return await relay.run(opened.upstream)
