"""Composition root: Config -> a running proxy. The command line and the pytest plugin both use it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from fcproxy.config import Config
from fcproxy.core.errors import CannotStart, RecordingRefused, UsageError
from fcproxy.core.modes import Mode
from fcproxy.server.check import Check
from fcproxy.server.cli_socket import CliSockets, announce
from fcproxy.server.decks import Decks
from fcproxy.server.guard import Guard
from fcproxy.server.limits import LimitedServer, Limits
from fcproxy.server.log import RequestLog
from fcproxy.server.loopback import is_address, is_loopback
from fcproxy.server.opened import OpenedDeck, open_deck
from fcproxy.server.proxy import Proxy
from fcproxy.server.shortcut import Shortcut, ShortcutServer
from fcproxy.server.store import exists, journal_path

if TYPE_CHECKING:
    from fcproxy.core.message import Response
    from fcproxy.core.verdict import Verdict
    from fcproxy.server.control import Control, ControlRequest

__all__ = ["App", "Outcome", "running"]

_LONGEST_SWEEP = 60.0
"""Seconds between two looks for idle decks."""


class Outcome(NamedTuple):
    """How an ended proxy did. ``written`` are interactions in the committed cassette (0: the file is untouched);
    ``problem`` is why a recording was not kept, or None."""

    verdict: "Verdict"
    written: int
    problem: str | None
    exit_code: int


class App:
    """A running proxy. Made by `running`."""

    def __init__(self, config: Config, decks: Decks, log: RequestLog) -> None:
        self.decks = decks
        self.url = ""
        self.outcome: Outcome | None = None
        """Set once the proxy has ended."""
        self.stopping = asyncio.Event()
        """Set by whoever wants the proxy to end; by the proxy itself when a recording must not go on."""
        self.refused: RecordingRefused | None = None
        self._config = config
        self._log = log
        self._guard = guard = Guard(config.host, remote=config.allow_remote)
        self._control: Control | None = None
        self._sockets = CliSockets(guard)
        self._proxy = Proxy(
            decks,
            self._controlled,
            log,
            self.refuse,
            sockets=self._sockets,
            guard=guard,
            lends=config.api_key is not None,
            max_body=config.max_body << 20,
        )
        self._runner: web.ServerRunner | None = None
        self._server: LimitedServer | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._idling: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    @property
    def strict(self) -> bool:
        """Whether a verdict with something wrong is a failure: as configured, else in replay."""
        if self._config.strict is not None:
            return self._config.strict
        return self.decks.default.mode is Mode.REPLAY

    def refuse(self, error: RecordingRefused) -> None:
        """Ends the proxy; nothing that was recorded is kept."""
        if self.refused is None:
            self.refused = error
            self._log.trouble(f"recording refused: {error}")
        self.stopping.set()

    async def listen(self) -> None:
        """Binds the port. Raises CannotStart."""
        limits = _limits(self._config)
        shortcut = Shortcut(
            self.decks,
            self._log,
            self._proxy.forward,
            closed=self._config.api_key is not None or self._config.latency != "none",
            max_body=self._config.max_body << 20,
            limits=limits,
        )
        self._server = ShortcutServer(self._proxy, limits, self._log.note, shortcut)
        self._sweeping = asyncio.create_task(self._server.sweep())
        self._idling = asyncio.create_task(self._end_idle_decks())
        self._runner = web.ServerRunner(self._server, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await _site(self._runner, self._config.host, self._config.port).start()
        except OSError as error:
            raise CannotStart(f"cannot listen on {self._config.host}:{self._config.port}: {_why(error)}") from None
        address = self._runner.addresses[0]
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        self.url = f"http://{host}:{address[1]}"
        announce(self.decks.default, self.url)

    async def _controlled(self, asked: "ControlRequest") -> "Response":
        if self._control is None:
            # Deferred: what is asked first is data, as a rule.
            from fcproxy.server.control import Control

            self._control = Control(self.decks, self._guard, self.url)
        return await self._control(asked)

    def connections(self) -> list[web.RequestHandler]:
        """Those of clients, open now."""
        return self._server.connections if self._server is not None else []

    async def _end_idle_decks(self) -> None:
        """Until the proxy closes; never cancelled, so that a deck is not left half ended."""
        loop = asyncio.get_running_loop()
        while not self._closing.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self._config.deck_timeout / 4, _LONGEST_SWEEP)):
                    await self._closing.wait()
                return
            for line in await self.decks.end_idle(loop.time()):
                self._log.trouble(line, level="warning")

    async def close(self) -> Outcome:
        """Stops accepting, lets requests in flight end, ends every deck. Does not raise for a failed commit."""
        if self._runner is not None and self._server is not None:
            for site in list(self._runner.sites):
                await site.stop()
            self._server.pre_shutdown()
            self._sockets.close()
            await self._proxy.in_flight.drained()
            await self._runner.cleanup()
        if self._sweeping is not None:
            self._sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeping
        self._closing.set()
        if self._idling is not None:
            await self._idling
        verdict = self.decks.verdict()
        written, problems = 0, [str(self.refused)] if self.refused is not None else []
        for opened in self.decks.all():
            count, problem = await self._end(opened)
            if opened is self.decks.default:
                written = count
                verdict = self.decks.verdict()
            if problem is not None:
                problems.append(problem)
        self.outcome = Outcome(verdict, written, "; ".join(problems) or None, self._exit_code(verdict, problems))
        return self.outcome

    async def _end(self, opened: OpenedDeck) -> tuple[int, str | None]:
        failed = opened.recording.failed if opened.recording is not None else None
        try:
            written = await opened.end(keep=self.refused is None)
        except (RecordingRefused, CannotStart) as error:
            return 0, str(error)
        if failed is not None:
            left = "what was on disk by then is kept in its journal"
            if not exists(journal_path(Path(opened.cassette))):
                left = "nothing of it is left"
            return 0, f"{opened.cassette}: recording stopped: {failed}; {left}"
        return written, None

    def _exit_code(self, verdict: "Verdict", problems: list[str]) -> int:
        if problems:
            return 1
        return 1 if self.strict and not verdict.passed(allow_unused=self._config.allow_unused) else 0


def _site(runner: web.ServerRunner, host: str, port: int) -> web.BaseSite:
    if not is_address(host):
        return web.TCPSite(runner, host, port)
    # Bound here: uvloop looks addresses up like names, with threads and the tables of IDNA.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return web.SockSite(runner, socket.create_server((host, port), family=family))


def _limits(config: Config) -> Limits:
    return Limits(config.client_timeout, config.max_connections, config.max_header_size << 10, config.max_headers)


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    # The error's own words name the address once more, each loop in its way.
    return os.strerror(error.errno).lower() if error.errno else "refused"


@asynccontextmanager
async def running(config: Config, mode: Mode, *, check: Check, log: RequestLog) -> AsyncIterator[App]:
    """A proxy that accepts requests; ended, with its outcome set, when the block is left.

    Raises UsageError, CannotStart, CassetteUnreadable, RecordingRefused.
    """
    _permit(config, mode)
    default = await open_deck(config, mode, check, log.tell)
    if default.recording is not None and default.recording.rescued is not None:
        log.trouble(f"a killed recording was rescued into {default.recording.rescued}", level="warning")
    if default.mode is Mode.REPLAY and not exists(Path(config.cassette)):
        log.trouble(f"there is no {config.cassette}: every request will miss", level="warning")
    app = App(config, Decks(config, default, check, log.tell), log)
    try:
        await app.listen()
        yield app
    finally:
        await app.close()


def _permit(config: Config, mode: Mode) -> None:
    if not is_loopback(config.host) and not config.allow_remote:
        raise UsageError(
            f"--host {config.host} lets other machines use this proxy; add --allow-remote if that is meant"
        )
    live = (config.api_key or "").startswith(("sk_live_", "rk_live_"))
    if live and mode in {Mode.RECORD, Mode.AUTO} and not config.allow_live:
        raise RecordingRefused("live-key", "the key of --api-key-env is a live key; recordings are made with test keys")
