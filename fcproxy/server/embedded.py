"""The embedded fake as an upstream, in the same process: no socket, no waiting but what a fault asks for."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from fcproxy.config import Config
from fcproxy.core.errors import UsageError
from fcproxy.core.message import Request, Response
from fcproxy.fake import Fake, Options, Outbound, fixed_clock
from fcproxy.fake.faults import FAULT_HEADER
from fcproxy.server.answers import bad_request
from fcproxy.server.courier import Courier
from fcproxy.server.scenario import play_scenario
from fcproxy.server.state_file import StateFile
from fcproxy.server.upstream import ClientCut, Reply

__all__ = ["LOOK_SECONDS", "FakeUpstream", "embedded_fake"]

LOOK_SECONDS = 1.0
"""How long what became due may wait, where the clock is real."""


class FakeUpstream:
    """Answers from ``fake``; ``courier`` does for it what reaches outside; ``state`` hears of what may change it."""

    name = "fake"
    connections = 0
    """It needs none."""

    def __init__(self, fake: Fake, courier: Courier, state: StateFile | None = None) -> None:
        self.fake = fake
        self._state = state
        self.bells: set[asyncio.Event] = set()
        """Each is set when something may have happened in the fake, and when it ends."""
        self.ended = False
        self._courier = courier

    @asynccontextmanager
    async def send(self, request: Request, body: AsyncIterator[bytes] | None = None) -> AsyncIterator[Reply]:
        """See Upstream. Raises ClientCut for the fault that asks for it."""
        if body is not None:
            async for _ in body:
                pass
            yield _too_large()
            return
        result = self.fake.begin(request)
        if isinstance(result, Outbound):
            result = self.fake.finish(result, await self._courier.carry_out(result))
        self._touch(request.method)
        self.look()
        pieces = _once(result.body)
        if fault := result.headers.get(FAULT_HEADER):
            pieces = await _suffer(fault, result)
        headers = result.headers.without(FAULT_HEADER)
        if "Content-Length" not in headers:
            headers = headers.replaced("Content-Length", str(len(result.body)))
        yield Reply(result.status, result.reason, headers, pieces)

    def control(self, method: str, path: str, body: bytes) -> Response:
        """The fake's control API."""
        self._touch(method)
        response = self.fake.control(method, path, body)
        self.look()
        return response

    def look(self) -> None:
        """Sees to what is due. Called after everything that may have made an event or moved the clock."""
        self._courier.deliver_due()
        self._ring()

    def end(self) -> None:
        """Nothing happens in the fake any more."""
        self.ended = True
        self._ring()

    def _touch(self, method: str) -> None:
        if self._state is not None and method not in {"GET", "HEAD"}:
            self._state.touch()

    def _ring(self) -> None:
        for bell in self.bells:
            bell.set()


@asynccontextmanager
async def embedded_fake(config: Config) -> AsyncIterator[FakeUpstream]:
    """A fake as configured; with a state file it begins where the last one ended. Raises UsageError, CannotStart."""
    hosts = frozenset(filter(None, (host.strip() for host in (config.forward_hosts or "").split(","))))
    options = Options(strict=config.fake_strict, forward_hosts=hosts)
    fake = Fake(seed=config.seed, clock=_clock(config.clock), options=options)
    state = StateFile(fake, Path(config.state)) if config.state else None
    if state is not None:
        state.load()
    if config.scenario:
        play_scenario(fake, Path(config.scenario))
    async with AsyncExitStack() as resources:
        if state is not None:
            await resources.enter_async_context(state.kept())
        courier = await resources.enter_async_context(Courier(fake))
        upstream = FakeUpstream(fake, courier, state)
        looking = asyncio.create_task(_look_again(upstream)) if config.clock == "real" else None
        try:
            yield upstream
        finally:
            upstream.end()
            if looking is not None:
                looking.cancel()
                with suppress(asyncio.CancelledError):
                    await looking


async def _look_again(upstream: FakeUpstream) -> None:
    """Where time goes on by itself things become due without a request. Until cancelled."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        upstream.look()


def _clock(word: str) -> Callable[[], int]:
    """``fixed``, ``real``, or a moment in ISO 8601 at which it stands still."""
    if word == "fixed":
        return fixed_clock
    if word == "real":
        return lambda: int(time.time())
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise UsageError("--clock: expects fixed, real, or a moment such as 2026-01-31T12:00:00Z") from None
    seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return lambda: seconds


def _too_large() -> Reply:
    answer = bad_request(413, "too_large", "the embedded fake takes no body beyond --max-body")
    headers = answer.headers.replaced("Content-Length", str(len(answer.body)))
    return Reply(answer.status, "Payload Too Large", headers, _once(answer.body))


async def _suffer(fault: str, response: Response) -> AsyncIterator[bytes]:
    """Does to the connection what the fault says; gives what is left of the body."""
    name, _, options = fault.partition(";")
    if name == "reset":
        raise ClientCut
    if name == "slow":
        await asyncio.sleep(float(options.partition("=")[2]))
    return _half(response.body) if name == "cut" else _once(response.body)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


async def _half(body: bytes) -> AsyncIterator[bytes]:
    yield body[: len(body) // 2]
    raise ClientCut
