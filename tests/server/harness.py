"""What the server's tests stand on: a scripted upstream and a client as plain sockets, and a proxy in this process."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

from fcproxy.config import Config
from fcproxy.core.modes import Mode
from fcproxy.server.app import App, running
from fcproxy.server.check import Judge
from fcproxy.server.log import RequestLog

__all__ = [
    "KEY",
    "Origin",
    "Script",
    "Spoken",
    "answered",
    "connected",
    "control",
    "no_check",
    "origin",
    "passage",
    "proxy",
    "read_message",
    "request",
    "speak",
]

Script = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""(the request's raw bytes, reader, writer): answers in whatever way the test wants."""


KEY = "sk_" + "test_" + "a1B2c3D4e5F6g7H8i9J0k1L2"
"""A test key made from parts, so that no secret scanner trips over this file."""


def no_check(_name: str, _known: Collection[str]) -> Judge:
    """A commit's check that finds nothing."""
    return lambda _part: None


@dataclass
class Origin:
    """An upstream that says what its script says, and keeps what it was sent."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def origin(
    answer: bytes | Script, *, tls: SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Origin]:
    """``answer`` is sent as it is and the connection then closed, or is a Script."""
    made = Origin("")
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            raw, _ = await read_message(reader)
            made.requests.append(raw)
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(raw, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    made.url = f"{'https' if tls else 'http'}://{'localhost' if tls else host}:{port}"
    try:
        yield made
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def read_message(reader: asyncio.StreamReader, *, bodiless: bool = False) -> tuple[bytes, bytes]:
    """One HTTP message as (all its raw bytes, its head), framed by itself; up to the end if it has no framing."""
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    first = head.split(b" ", 2)
    if head.startswith(b"HTTP/") and (first[1] in {b"204", b"304"} or first[1].startswith(b"1") or bodiless):
        return head, head
    if b"\r\ntransfer-encoding: chunked" in lower:
        raw = head
        while True:
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            raw += line + await reader.readexactly(size + 2)
            if size == 0:
                return raw, head
    if b"\r\ncontent-length:" in lower:
        length = int(lower.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
        return head + await reader.readexactly(length), head
    return (head + await reader.read() if head.startswith(b"HTTP/") else head), head


@dataclass
class Spoken:
    """A raw answer."""

    raw: bytes
    head: bytes

    @property
    def body(self) -> bytes:
        return self.raw[len(self.head) :]

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1])


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A plain connection to ``url``'s host and port."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def speak(url: str, data: bytes, *, bodiless: bool = False) -> Spoken:
    """Sends raw bytes, reads one raw answer."""
    async with connected(url) as (reader, writer):
        writer.write(data)
        await writer.drain()
        return Spoken(*await read_message(reader, bodiless=bodiless))


def request(method: str, path: str, form: str = "", *extra: str) -> bytes:
    """A request as an app sends it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {KEY}", *extra]
    if form:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}"]
    return ("\r\n".join([*lines, "", ""]) + form).encode()


def answered(spoken: Spoken) -> Any:
    """The JSON of an answer."""
    return json.loads(spoken.body)


async def control(url: str, path: str, body: object = None) -> Any:
    """What the fake's control API answers: to a POST, or to a GET where there is no body."""
    raw = b"" if body is None else json.dumps(body).encode()
    head = f"{'GET' if body is None else 'POST'} /_fcproxy/fake/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    return answered(await speak(url, head.encode() + raw))


@asynccontextmanager
async def proxy(mode: Mode, config: Config, *, log: StringIO | None = None) -> AsyncIterator[App]:
    """A proxy on a free port in this process."""
    lines = log if log is not None else StringIO()
    async with running(
        config._replace(port=0), mode, check=no_check, log=RequestLog(stream=lines, verbose=True)
    ) as app:
        yield app


@asynccontextmanager
async def passage(
    answer: bytes | Script, mode: Mode, folder: Path, *, base: str = "", **more: Any
) -> AsyncIterator[tuple[Origin, App]]:
    """An upstream with a proxy before it that records into ``folder / "c.yaml"``; ``base`` is its base path."""
    async with origin(answer) as up:
        config = Config()._replace(cassette=str(folder / "c.yaml"), upstream=up.url + base, **more)
        async with proxy(mode, config) as app:
            yield up, app
