"""The hot path: a plain request is replayed in the call that brings its bytes, without a task or a parser.

Each trick, and why (figures: docs/performance.md):

- Requests are read by `PlainReader`; what is not plain goes to aiohttp untouched. A test suite sends nothing else.
- A bounded memory leads from what a deck compares, as raw bytes, to its canonical form, so that decoding, redaction and
  canonical form are paid once. Idempotency keys and telemetry, new in each request, are no part of it.
- Where only the body is new, as in most POSTs, deck and headers are known, and the body leads to the recording. What is
  found like that is remembered when it comes again: most comes once.
- The deck still decides each time: marks, repeats, retries and misses are its own.
- Answers are kept as the bytes that go on the wire (`Prepared`).

Where a request has to be forwarded there is something to wait for, and so a task; what is saved is the general parser,
its streams and the machinery around a handler.
"""

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import NamedTuple

from aiohttp import web
from aiohttp.base_protocol import BaseProtocol

from fcproxy.core.canonical import Canonical, shown
from fcproxy.core.deck import Refuse, Replay
from fcproxy.core.message import Request
from fcproxy.core.modes import Mode
from fcproxy.core.stored_forms import Begun
from fcproxy.server.answers import miss_response
from fcproxy.server.client import Client, PlainClient
from fcproxy.server.decks import Decks
from fcproxy.server.incoming import SELECTORS, build, is_reserved
from fcproxy.server.limits import Connection, Handler, LimitedServer, Limits
from fcproxy.server.log import RequestLog
from fcproxy.server.opened import OpenedDeck
from fcproxy.server.plain import MAX_BODY, MAX_HEAD, MORE, Plain, PlainReader
from fcproxy.server.prepared import Prepared
from fcproxy.server.wire import whole

__all__ = ["Shortcut", "ShortcutServer"]

Answering = Coroutine[None, None, web.StreamResponse]
Forwarding = Callable[[Client, str, OpenedDeck, Request], Answering]

_ENTRIES = 16_384
_AHEAD = MAX_HEAD + MAX_BODY
"""Most bytes that a client may send ahead of an answer, about: then it is not read from."""

_HEADS = 1024
_LARGEST = 8 * 1024
_BYTES = 64 * 1024 * 1024
"""Most bytes of requests that are kept."""


class _Known(NamedTuple):
    """What is known of a request: its deck, its form, and the state that the form depends on; and what the deck decided
    and the answer's bytes, where that is settled."""

    opened: OpenedDeck
    form: Canonical
    version: int
    settled: tuple[Replay, bytes] | None = None


class _Head(NamedTuple):
    """What is known of all requests with one first line and the same compared header lines: their deck, and what leads
    from a body to a form."""

    opened: OpenedDeck
    begun: Begun


class Shortcut:
    """Answers plain requests. Shared by all connections."""

    def __init__(
        self,
        decks: Decks,
        log: RequestLog,
        forward: Forwarding,
        *,
        closed: bool = False,
        max_body: int = MAX_BODY,
        limits: Limits | None = None,
    ) -> None:
        """``forward``: see Proxy. ``closed``: every request goes the long way (where a key is lent, each must be looked
        at). ``max_body``: longest body, in bytes, that is recorded."""
        self._forward = forward
        self._max_body = max_body
        self._closed = closed
        self._decks = decks
        self._log = log
        self._version = decks.version
        limits = limits or Limits()
        self._reader = PlainReader(
            decks.default.deck.header_names | SELECTORS, max_head=limits.max_header_size, max_fields=limits.max_headers
        )
        self._known: dict[tuple[bytes, tuple[bytes, ...], bytes], _Known] = {}
        self._heads: dict[tuple[bytes, tuple[bytes, ...]], _Head] = {}
        self._size = 0
        self._prepared = Prepared()
        self.read = self._reader.read
        self._replays = self._forwards = False
        """Whether there are decks in mode replay, and in others."""
        self.open = not closed
        """Whether plain requests are taken."""
        self._changed()

    def answer(self, plain: Plain) -> bytes | None:
        """The whole answer, or None where the request must go the long way: then nothing has been decided yet."""
        started = perf_counter() if self._log.enabled else 0.0
        if self._version != self._decks.version:
            self._changed()
        if not self._replays:
            return None
        # In one step: reading a named tuple's fields by their names costs as much as a call each.
        first, _, _, compared, body, sent, size = plain
        at = (first, compared, body)
        known = self._known.get(at)
        if known is not None:
            opened, form, version, settled = known
            if settled is not None and opened.deck.repeat(settled[0].index, version):
                if self._log.enabled:
                    self._note(form, settled[0], perf_counter() - started)
                return settled[1]
        learned = known is None or version != opened.deck.version
        if learned:
            found = self._quickly(plain) or self._learn(plain, at)
            if found is None:
                return None
            opened, form = found
        key = sent.decode() if sent is not None else None
        decision = opened.deck.replay(form, key)
        if isinstance(decision, Refuse):
            data = whole(miss_response(decision.miss))
        else:
            data = self._prepared.get(decision)
            if decision.settled and size + len(data) <= _LARGEST:
                self._remember(at, _Known(opened, form, opened.deck.version, (decision, data)), size + len(data))
            elif learned and decision.again and size <= _LARGEST:
                self._remember(at, _Known(opened, form, opened.deck.version), size)
        if self._log.enabled:
            self._note(form, decision, perf_counter() - started)
        return data

    def _note(self, form: Canonical, decision: Replay | Refuse, seconds: float) -> None:
        if isinstance(decision, Refuse):
            status, action = 422, f"miss {decision.miss.reason}"
        else:
            status, action = decision.response.status, f"replayed {decision.index}"
        self._log.request(form.method, shown(form.path), status, action, seconds)

    def forwarded(self, plain: Plain, connection: BaseProtocol, loop: AbstractEventLoop) -> Answering | None:
        """What is to be awaited for the answer of a deck that may forward; None where the request must go the long
        way. `answer` comes first."""
        if not self._forwards or len(plain.body) > self._max_body:
            return None
        headers, target = plain.headers(), plain.target
        opened, rest = self._decks.choose(target, headers)
        if not isinstance(opened, OpenedDeck) or opened.mode is Mode.REPLAY or is_reserved(rest):
            return None
        outgoing = build(plain.method, headers, rest, plain.body, opened.public_url)
        return self._forward(PlainClient(plain.method, connection, loop), target, opened, outgoing)

    def _changed(self) -> None:
        self._version = self._decks.version
        self._known.clear()
        self._heads.clear()
        modes = {one.mode for one in self._decks.all()}
        self._replays, self._forwards = Mode.REPLAY in modes, modes != {Mode.REPLAY}

    def _quickly(self, plain: Plain) -> tuple[OpenedDeck, Canonical] | None:
        """By what is known of requests with the same head, and other bodies."""
        head = self._heads.get((plain.first, plain.compared))
        form = head.begun.form(plain.body) if head is not None else None
        return (head.opened, form) if head is not None and form is not None else None

    def _learn(self, plain: Plain, at: tuple[bytes, tuple[bytes, ...], bytes]) -> tuple[OpenedDeck, Canonical] | None:
        headers, target = plain.headers(), plain.target
        opened, rest = self._decks.choose(target, headers)
        if not isinstance(opened, OpenedDeck) or opened.mode is not Mode.REPLAY or is_reserved(rest):
            return None
        request = build(plain.method, headers, rest, plain.body, opened.public_url)
        if at[:2] not in self._heads:
            self._remember_head(plain, opened, request)
        form = opened.deck.canonical(request)
        if plain.size <= _LARGEST:
            self._remember(at, _Known(opened, form, opened.deck.version), plain.size)
        return opened, form

    def _remember(self, at: tuple[bytes, tuple[bytes, ...], bytes], known: _Known, size: int) -> None:
        self._size += size
        if len(self._known) >= _ENTRIES or self._size > _BYTES:
            self._known.clear()
            self._size = size
        self._known[at] = known

    def _remember_head(self, plain: Plain, opened: OpenedDeck, request: Request) -> None:
        begun = opened.deck.begun(request) if plain.body else None
        if begun is not None and plain.size <= _LARGEST:
            if len(self._heads) >= _HEADS:
                self._heads.clear()
            self._heads[plain.first, plain.compared] = _Head(opened, begun)


class ShortcutServer(LimitedServer):
    """Serves plain requests through ``shortcut``, all others through ``handler``."""

    def __init__(self, handler: Handler, limits: Limits, note: Callable[[str], None], shortcut: Shortcut) -> None:
        super().__init__(handler, limits, note)
        self.shortcut = shortcut

    def __call__(self) -> web.RequestHandler:
        """A protocol for a new connection."""
        return ShortcutConnection(self, asyncio.get_running_loop())


class ShortcutConnection(Connection):
    """A connection that takes the shortcut where it can.

    ``_direct``: aiohttp has nothing to do on this connection, so that what comes next may be answered here.
    ``_answering``: the request that is being forwarded; what comes meanwhile is held.
    """

    __slots__ = ("_answering", "_armed", "_direct", "_ending", "_event_loop", "_held", "_returns", "_shortcut")

    def __init__(self, server: "ShortcutServer", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(server, loop)
        self._shortcut = server.shortcut
        self._event_loop = loop  # known here: to be told which one runs costs a system call
        self._direct = True
        self._returns = False
        self._held = b""
        self._armed = True
        self._answering: asyncio.Task[web.StreamResponse] | None = None
        self._ending = False

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._answering is not None:
            self._held += data
            if len(self._held) > _AHEAD and self.transport is not None:
                self.transport.pause_reading()
            return
        if not self._direct:
            self._returns = False  # more than the one whole request: what aiohttp is at cannot be known any more
            super().data_received(data)
            return
        if self._held:
            data, self._held = self._held + data, b""
        plain = self._shortcut.read(data) if self._shortcut.open else None
        if plain is MORE:
            self._held = data
            self._heard = self._clock()
            self._begun = self._begun or self._heard
            return
        # A client that does not read gets its answers at its own pace, through aiohttp.
        answer = self._shortcut.answer(plain) if plain is not None and not self.writing_paused else None
        if answer is None or self.transport is None:
            if plain is None or not self._forwarded(plain):
                self._direct, self._returns = False, plain is not None
                super().data_received(data)
            return
        self.transport.write(answer)
        if self._begun or self._request is not None:  # not where it came whole, as nearly all do
            self.finish()
        if self._armed:
            self._disarm()

    @property
    def ahead(self) -> int:
        """Bytes that the client has sent ahead of an answer."""
        return len(self._held)

    def _forwarded(self, plain: Plain) -> bool:
        """Whether the request is on its way through the shortcut."""
        if self.transport is None or self.writing_paused:
            return False
        answering = self._shortcut.forwarded(plain, self, self._event_loop)
        if answering is None:
            return False
        self.finish()  # the client has done its part: from here on it keeps nobody waiting
        self._answering = self._event_loop.create_task(answering)
        self._answering.add_done_callback(self._answered)
        return True

    def _answered(self, task: asyncio.Task[web.StreamResponse]) -> None:
        self._answering = None
        if task.cancelled() or self.transport is None:
            return
        if (error := task.exception()) is not None:
            self.log_exception("unhandled", exc_info=error)
            self.transport.abort()
        elif self._ending or not task.result().keep_alive:
            self.force_close()
        else:
            if self._armed:
                self._disarm()
            data, self._held = self._held, b""
            if len(data) > _AHEAD:
                self.transport.resume_reading()
            if data:
                self.data_received(data)

    def _disarm(self) -> None:
        # aiohttp would close a connection on which it has done nothing for an hour.
        self.keep_alive(True)
        self._armed = False

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """See aiohttp's RequestHandler. Once the one request it was given is answered, the shortcut is open again."""
        done = await super().finish_response(request, resp, start_time)
        self._direct = self._returns and bool(resp.keep_alive)
        self._armed = True
        return done

    def close(self) -> None:
        """See aiohttp's RequestHandler. A request that is being forwarded gets its answer."""
        self._direct = self._returns = False
        self._ending = True
        if self._answering is None:
            super().close()

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 (aiohttp's signature)
        """See aiohttp's RequestHandler. What is still on its way when all ends is broken off now, and so counted: a
        client that takes nothing would keep its connection open for ever."""
        answering = self._answering
        if answering is not None:
            answering.cancel()
            await asyncio.wait([answering])
            if self.transport is not None:
                self.transport.abort()
        await super().shutdown(timeout)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See asyncio.Protocol. The client gone, its request is still carried out, unless all ends."""
        if self._answering is not None and self._ending:
            self._answering.cancel()
        super().connection_lost(exc)
