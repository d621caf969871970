"""The hot path of replay without a socket: bytes in, bytes out, in one process, for profiles and instruction counts."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from bench import cassettes, traffic
from fcproxy.config import Config
from fcproxy.core.modes import Mode
from fcproxy.server.check import Judge
from fcproxy.server.decks import Decks
from fcproxy.server.limits import Limits
from fcproxy.server.log import RequestLog
from fcproxy.server.opened import open_deck
from fcproxy.server.shortcut import Shortcut, ShortcutServer

__all__ = ["HotPath"]


class _Sink(asyncio.Transport):
    """A transport that takes everything and keeps nothing but a count."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.bytes += len(data)

    def close(self) -> None:
        return

    def abort(self) -> None:
        return

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0


def _raw(method: str, number: int) -> bytes:
    body = traffic.form().encode() if method == "POST" else b""
    headers = {"Host": "127.0.0.1", **traffic.HEADERS, "Idempotency-Key": f"key-{number if method == 'GET' else 0}"}
    telemetry = f'{{"last_request_metrics": {{"request_id": "req_{number}", "request_duration_ms": {number % 300}}}}}'
    headers["X-Stripe-Client-Telemetry"] = telemetry
    if body:
        headers |= {"Content-Type": traffic.FORM_TYPE, "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {traffic.PATH} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def _forward(*_: object) -> web.StreamResponse:
    raise RuntimeError("a replay forwards nothing")


def _nothing_to_check(_name: str, _known: Collection[str]) -> Judge:
    raise RuntimeError("a replay commits nothing")


class HotPath:
    """One connection to a proxy that replays one interaction. A context manager: it owns an event loop."""

    def __init__(self, folder: Path, method: str) -> None:
        self._cassette = cassettes.vcr_cassette(folder / f"hot-{method}.yaml", method, 1)
        self._requests = [_raw(method, number) for number in range(2500)]
        self._loop = asyncio.new_event_loop()
        self._sink = _Sink()

    def __enter__(self) -> Self:
        asyncio.set_event_loop(self._loop)
        self._connection = self._loop.run_until_complete(self._connect())
        return self

    async def _connect(self) -> asyncio.Protocol:
        config = Config()._replace(cassette=str(self._cassette), quiet=True)
        opened = await open_deck(config, Mode.REPLAY, _nothing_to_check)
        log = RequestLog(quiet=True)
        server = ShortcutServer(
            self._never, Limits(), log.note, Shortcut(Decks(config, opened, _nothing_to_check), log, _forward)
        )
        connection = server()
        connection.connection_made(self._sink)
        return connection

    async def _never(self, request: web.BaseRequest) -> web.StreamResponse:
        raise AssertionError("the hot path went the long way")

    def send(self, number: int) -> None:
        """One request, answered before this returns."""
        before = self._sink.bytes
        self._connection.data_received(self._requests[number % len(self._requests)])
        assert self._sink.bytes > before

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
