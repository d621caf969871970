"""Streams: bytes as they come, large bodies in bounded memory, slow and vanished peers."""

import asyncio
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from fcproxy.config import Config
from fcproxy.core.modes import Mode
from fcproxy.server.store import load
from tests.faults.processes import served
from tests.server.harness import Script, connected, origin, passage, proxy, read_message, speak

MIB = 1 << 20
PIECE = b"0123456789abcdef" * 4096
GET = b"GET /v1/x HTTP/1.1\r\nHost: p\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
MIXED = MIB // len(PIECE)


def large_answer(mib: int, *, chunked: bool) -> Script:
    async def script(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (mib * MIB)
        writer.write(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")
        for _ in range(mib * MIXED):
            writer.write(b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE)
            await writer.drain()
        if chunked:
            writer.write(b"0\r\n\r\n")
            await writer.drain()

    return script


async def received(reader: asyncio.StreamReader, end: int) -> int:
    """Reads ``end`` bytes of body and keeps none."""
    count = 0
    while count < end and (piece := await reader.read(MIB)):
        count += len(piece)
    return count


async def upload(writer: asyncio.StreamWriter, mib: int, *, chunked: bool) -> None:
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (mib * MIB)
    writer.write(b"POST /v1/files HTTP/1.1\r\nHost: p\r\nX-Kept: 1\r\n" + framing + b"\r\n\r\n")
    for _ in range(mib * MIXED):
        writer.write(b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE)
        await writer.drain()
    if chunked:
        writer.write(b"0\r\n\r\n")


class Sink:
    """An upstream that counts a request's body and keeps nothing of it."""

    def __init__(self) -> None:
        self.head = b""
        self.body = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = await reader.readuntil(b"\r\n\r\n")
        if b"chunked" in self.head:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
                self.body += size
            await reader.readexactly(2)
        else:
            length = int(self.head.lower().split(b"content-length: ")[1].split(b"\r")[0])
            self.body = await received(reader, length)
        writer.write(OK)
        await writer.drain()
        writer.close()


@pytest.mark.parametrize(
    ("mode", "chunked"), [("record", False), ("record", True), ("auto", False), ("passthrough", False)]
)
async def test_an_answer_of_200_mib_passes_whole_in_bounded_memory(mode: str, chunked: bool, tmp_path: Path) -> None:
    async with origin(large_answer(200, chunked=chunked)) as up:
        options = ("--upstream", up.url, "-q", "--max-body", "1")
        async with served(mode, tmp_path / "c.yaml", *options) as running, connected(running.url) as (reader, writer):
            before = running.resident()
            writer.write(GET)
            await reader.readuntil(b"\r\n\r\n")
            framing = (len(PIECE) + 9) * 200 * MIXED + 5 if chunked else 200 * MIB
            got = await received(reader, framing if not chunked else 200 * MIB)
            assert got >= 200 * MIB
            grown = running.resident() - before
            writer.close()
            await running.end()
    assert grown < 16 * 1024
    if mode != "passthrough" and not chunked:
        parsed = load(tmp_path / "c.yaml")
        assert parsed is not None
        assert parsed.interactions[0].response.body == b""
        marked = parsed.interactions[0].response.headers.get("Fcproxy-Body")
        assert marked == f"not-stored; reason=too-large; bytes={200 * MIB}"


@pytest.mark.parametrize(("mode", "chunked"), [("record", True), ("auto", False), ("passthrough", False)])
async def test_a_request_of_200_mib_passes_whole_in_bounded_memory(mode: str, chunked: bool, tmp_path: Path) -> None:
    sink = Sink()
    async with await asyncio.start_server(sink.serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        options = ("--upstream", url, "-q", "--max-body", "1")
        async with served(mode, tmp_path / "c.yaml", *options) as running:
            before = running.resident()
            async with connected(running.url) as (reader, writer):
                await upload(writer, 200, chunked=chunked)
                raw, _ = await read_message(reader)
            assert raw == OK
            assert running.resident() - before < 16 * 1024
            assert await running.end() == 0
    assert sink.body == 200 * MIB
    assert (b"chunked" in sink.head) is chunked
    assert b"\r\nX-Kept: 1\r\n" in sink.head
    if mode == "passthrough":
        return
    parsed = load(tmp_path / "c.yaml")
    assert parsed is not None
    assert parsed.interactions[0].request.body == b""
    assert f"bytes={200 * MIB}" in (parsed.interactions[0].request.headers.get("Fcproxy-Body") or "")


async def test_what_was_too_large_is_refused_in_replay_with_the_reason(tmp_path: Path) -> None:
    async with passage(large_answer(2, chunked=False), Mode.RECORD, tmp_path, max_body=1) as (_up, app):
        got = await speak(app.url, GET)
        assert got.body == PIECE * 2 * MIXED
        verdict = app.decks.verdict()
        assert (verdict.recorded, verdict.not_recorded, verdict.not_stored) == (1, 0, 1)
        assert "--max-body" in " ".join(verdict.notes)
    async with proxy(Mode.REPLAY, Config(cassette=str(tmp_path / "c.yaml"))) as app:
        missed = await speak(app.url, GET)
    assert missed.status == 422
    assert b"\r\nFcproxy-Miss: not_stored\r\n" in missed.head
    assert b"too-large" in missed.body


async def test_a_large_upload_is_found_again_by_its_length(tmp_path: Path) -> None:
    sink = Sink()
    async with await asyncio.start_server(sink.serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        config = Config(cassette=str(tmp_path / "c.yaml"), upstream=url, max_body=1)
        async with proxy(Mode.RECORD, config) as app, connected(app.url) as (reader, writer):
            await upload(writer, 2, chunked=False)
            await read_message(reader)
    for chunked in (False, True):
        async with proxy(Mode.REPLAY, config) as app, connected(app.url) as (reader, writer):
            await upload(writer, 2, chunked=chunked)
            raw, _ = await read_message(reader)
            assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
        async with proxy(Mode.REPLAY, config) as app, connected(app.url) as (reader, writer):
            await upload(writer, 3, chunked=chunked)
            raw, _ = await read_message(reader)
            assert raw.startswith(b"HTTP/1.1 422 ")
    async with proxy(Mode.AUTO, config) as app, connected(app.url) as (reader, writer):
        await upload(writer, 2, chunked=True)
        raw, _ = await read_message(reader)
    assert raw.startswith(b"HTTP/1.1 411 ")


async def test_control_requests_and_the_fake_take_no_large_bodies(tmp_path: Path) -> None:
    config = Config(cassette=str(tmp_path / "c.yaml"), max_body=1)
    async with proxy(Mode.PASSTHROUGH, config) as app:
        async with connected(app.url) as (reader, writer):
            await upload(writer, 2, chunked=False)
            raw, _ = await read_message(reader)
        assert raw.startswith(b"HTTP/1.1 413 ")
        head = b"POST /_fcproxy/decks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n\r\n"
        assert (await speak(app.url, head)).status == 413


async def test_events_arrive_one_by_one(tmp_path: Path) -> None:
    seen = [asyncio.Event() for _ in range(5)]

    async def events(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number, event in enumerate(seen):
            writer.write(b"e\r\ndata: %06d\n\n\r\n" % number)
            await writer.drain()
            await event.wait()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async with passage(events, Mode.RECORD, tmp_path) as (_up, app), connected(app.url) as (reader, writer):
        writer.write(GET)
        for number, event in enumerate(seen):
            await reader.readuntil(b"data: %06d\n\n" % number)
            event.set()
        await reader.readuntil(b"0\r\n\r\n")
    parsed = load(tmp_path / "c.yaml")
    assert parsed is not None
    assert parsed.interactions[0].response.body.count(b"data: ") == 5


async def test_a_client_that_does_not_read_holds_the_upstream_back(tmp_path: Path) -> None:
    sent = 0

    async def endless(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"%x\r\n%b\r\n" % (len(PIECE), PIECE))
            await writer.drain()
            sent += len(PIECE)

    lines = StringIO()
    async with origin(endless) as up:
        config = Config(cassette=str(tmp_path / "c.yaml"), upstream=up.url, client_timeout=0.4, max_body=1)
        async with proxy(Mode.RECORD, config, log=lines) as app, connected(app.url) as (_reader, writer):
            writer.write(GET)
            async with asyncio.timeout(20):
                while "takes no answer" not in lines.getvalue():
                    await asyncio.sleep(0.02)
    assert sent < 64 * MIB
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("part", "answered"),
    [
        (b"GET /v1/x HT", True),
        (b"GET /v1/x HTTP/1.1\r\nHost: p\r\nX: ", True),
        (b"POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: 5\r\n\r\nab", True),
        (b"POST /v1/x HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", True),
        (b"", False),
    ],
)
async def test_a_request_that_does_not_end_is_ended(part: bytes, answered: bool, tmp_path: Path) -> None:
    async with (
        passage(OK, Mode.RECORD, tmp_path, client_timeout=0.2) as (up, app),
        connected(app.url) as (reader, writer),
    ):
        writer.write(part)
        async with asyncio.timeout(20):
            try:
                raw = await reader.read()
            except ConnectionError:
                raw = b""
    assert raw.startswith(b"HTTP/1.1 408 ") is answered
    if answered:
        assert json.loads(raw.partition(b"\r\n\r\n")[2])["error"]["code"] == "fcproxy_client_timeout"
    assert up.requests == []


async def test_an_idle_connection_between_two_requests_is_left_alone(tmp_path: Path) -> None:
    async with (
        passage(OK, Mode.RECORD, tmp_path, client_timeout=0.1) as (_up, app),
        connected(app.url) as (reader, writer),
    ):
        for _ in range(2):
            writer.write(GET)
            raw, _ = await read_message(reader)
            assert raw == OK
            await asyncio.sleep(0.3)


async def test_a_connection_too_many_is_told_so(tmp_path: Path) -> None:
    async with passage(OK, Mode.RECORD, tmp_path, max_connections=2) as (_up, app):
        async with connected(app.url) as (_, first), connected(app.url) as (_, second):
            first.write(GET)
            second.write(GET)
            refused = await speak(app.url, GET)
            assert refused.status == 503
            assert b"--max-connections" in refused.body
        async with asyncio.timeout(10):
            while (await speak(app.url, GET)).status != 200:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("option", "stalls_after"),
    [("first_byte_timeout", b""), ("read_timeout", b""), ("total_timeout", b""), ("read_timeout", OK[:-1])],
)
async def test_a_stalled_upstream(option: str, stalls_after: bytes, tmp_path: Path) -> None:
    async def stall(_raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(stalls_after)
        await reader.read()

    short: dict[str, Any] = {option: 0.1}
    async with passage(stall, Mode.RECORD, tmp_path, **short) as (_up, app):
        if not stalls_after:
            got = await speak(app.url, GET)
            assert got.status == 504
            assert json.loads(got.body)["error"]["code"] == "fcproxy_upstream_timeout"
        else:
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await speak(app.url, GET)
        assert (app.decks.verdict().recorded, app.decks.verdict().not_recorded) == (0, 1)
    assert list(tmp_path.iterdir()) == []


async def test_a_slow_stream_within_its_time_outs_is_not_cut(tmp_path: Path) -> None:
    async def drip(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            await asyncio.sleep(0.05)
            writer.write(b"x")
            await writer.drain()

    async with passage(drip, Mode.RECORD, tmp_path, read_timeout=0.3, first_byte_timeout=0.3) as (_up, app):
        assert (await speak(app.url, GET)).body == b"x" * 8


async def test_a_client_that_goes_away_in_the_middle_of_its_upload(tmp_path: Path) -> None:
    lines = StringIO()
    async with origin(OK) as up:
        config = Config()._replace(cassette=str(tmp_path / "c.yaml"), upstream=up.url, max_body=1)
        async with proxy(Mode.RECORD, config, log=lines) as app:
            async with connected(app.url) as (_reader, writer):
                writer.write(b"POST /v1/files HTTP/1.1\r\nHost: p\r\nContent-Length: 4000000\r\n\r\n" + PIECE)
                await writer.drain()
            async with asyncio.timeout(10):
                while "client gone" not in lines.getvalue():
                    await asyncio.sleep(0.01)
            assert app.decks.verdict().recorded == 0
    assert list(tmp_path.iterdir()) == []
