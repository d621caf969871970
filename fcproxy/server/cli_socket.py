"""The websocket over which a listening Stripe CLI is told of events and requests.

`stripe listen` and `stripe logs tail` open a session at the fake, and then this socket; what goes over it is the fake's
business (`Fake.cli_message`). What the CLI sends back tells how the user's app answered, which the CLI shows by
itself: nothing here depends on it.
"""

import asyncio
import time
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, hdrs, web

from fcproxy.core.message import Headers, Response
from fcproxy.server.answers import bad_request, stripe_error
from fcproxy.server.guard import Guard
from fcproxy.server.incoming import PREFIX
from fcproxy.server.opened import OpenedDeck
from fcproxy.server.wire import send

if TYPE_CHECKING:
    from fcproxy.server.embedded import FakeUpstream

__all__ = ["PROTOCOL", "CliSockets", "announce"]

PROTOCOL = "stripecli-devproxy-v1"
"""The sub-protocol, as the CLI's source code has it (package websocket)."""

_PATH = PREFIX + "fake/cli/"

_UNKNOWN = "Unknown WebSocket ID."
"""The CLI's source code compares the message with this text, and then opens another session; at any other one it tries
the same session for ever."""

_GOODBYE_SECONDS = 1.0
"""How long a client may take to answer that the socket is closed, and to read what was written before."""


def announce(opened: OpenedDeck, base_url: str) -> None:
    """Lets a deck's fake name the socket's address to CLIs; ``base_url`` is the deck's own, without a slash behind."""
    if opened.fake is not None:
        from dataclasses import replace  # deferred: no replay needs it

        fake = opened.fake.fake
        base = "ws" + base_url.removeprefix("http") + _PATH.rstrip("/")
        fake.options = replace(fake.options, websocket_base=base)


class _Listener:
    """One socket. ``bell`` is rung when there may be something to do; ``over`` says that it is to end."""

    # No dataclass: a replay, which has no socket, would wait for dataclasses to load.
    def __init__(self, transport: asyncio.Transport, *, over: bool) -> None:
        self.transport = transport
        self.bell = asyncio.Event()
        self.over = over

    def end(self) -> None:
        """Lets it end, a moment later."""
        self.over = True
        self.bell.set()


class CliSockets:
    """Serves the sockets of one proxy."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._closed = False
        self._open: set[_Listener] = set()
        self._latest: dict[tuple[FakeUpstream, str], _Listener] = {}

    def close(self) -> None:
        """Ends every socket, a moment later."""
        self._closed = True
        for listener in self._open:
            listener.end()
        if self._open:
            # One that waits for a client which reads nothing cannot see that it is to end.
            asyncio.get_running_loop().call_later(_GOODBYE_SECONDS, self._cut)

    def _cut(self) -> None:
        for listener in self._open:
            listener.transport.abort()

    async def serve(
        self, request: web.BaseRequest, opened: OpenedDeck | Response | None, target: str, headers: Headers
    ) -> web.StreamResponse | None:
        """Serves a socket to its end; None: the request does not ask for one of these. Raises ConnectionError."""
        path = target.partition("?")[0]
        if not path.startswith(_PATH) or (headers.get("Upgrade") or "").lower() != "websocket":
            return None
        if not isinstance(opened, OpenedDeck) or opened.fake is None:
            return None
        session = path.removeprefix(_PATH)
        # Nothing is won by compression within a machine, and what does not unpack cannot unpack to too much.
        socket = web.WebSocketResponse(protocols=(PROTOCOL,), compress=False, timeout=_GOODBYE_SECONDS)
        if refused := self._guard.refusal_of_control(request.method, headers, b"") or _refusal(request, socket):
            return await send(request, refused)
        if not opened.fake.fake.has_cli_session(session):
            return await send(
                request, stripe_error(404, "invalid_request_error", "fcproxy_unknown_session", _UNKNOWN, more={})
            )
        await socket.prepare(request)
        if request.transport is None:
            raise ConnectionResetError("the client has gone")
        listener = _Listener(request.transport, over=self._closed)
        place = (opened.fake, session)
        if (earlier := self._latest.get(place)) is not None:
            # The CLI comes again after a minute, and whenever it lost the connection: what it had before leads nowhere.
            earlier.end()
        self._latest[place] = listener
        self._open.add(listener)
        opened.fake.bells.add(listener.bell)
        try:
            await _tell(socket, opened.fake, session, listener)
        finally:
            opened.fake.bells.discard(listener.bell)
            self._open.discard(listener)
            if self._latest.get(place) is listener:
                del self._latest[place]
        return socket


async def _tell(socket: web.WebSocketResponse, fake: "FakeUpstream", session: str, listener: _Listener) -> None:
    """Sends what there is whenever the bell rings, until one of the two sides ends."""
    reading = asyncio.create_task(_read(socket))
    reading.add_done_callback(lambda _: listener.bell.set())

    def ended() -> bool:
        gone = reading.done() or socket.closed or listener.transport.is_closing()
        return gone or listener.over or fake.ended or not fake.fake.has_cli_session(session)

    try:
        while not ended():
            listener.bell.clear()
            # One at a time: what is still in the queue when the client goes is there for the next socket. Signed for
            # the real time: the receiver refuses what its own clock finds old.
            while not ended() and (message := fake.fake.cli_message(session, int(time.time()))) is not None:
                await socket.send_str(message)
            if not ended():
                await listener.bell.wait()
        await socket.close(code=WSCloseCode.GOING_AWAY)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def _refusal(request: web.BaseRequest, socket: web.WebSocketResponse) -> Response | None:
    """The answer to a handshake that is none, or None."""
    # Looked at first: aiohttp logs whatever other protocol it is asked for.
    offered = [word.strip() for word in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")]
    if request.method == "GET" and PROTOCOL in offered and socket.can_prepare(request).ok:
        return None
    return bad_request(400, "websocket", f"a websocket of the sub-protocol {PROTOCOL} is expected here")


async def _read(socket: web.WebSocketResponse) -> None:
    """Until the client closes the socket. Reading is also what answers its pings."""
    async for _ in socket:
        pass
