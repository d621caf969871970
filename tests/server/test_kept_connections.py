"""On a connection that has served the upstream's answers are read another way than on a new one: nobody must see it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from fcproxy.core.modes import Mode
from fcproxy.server.pool import Pool
from tests.server.harness import Script, connected, passage, read_message, speak

GET = b"GET /v1/x HTTP/1.1\r\nHost: p\r\n\r\n"
POST = b"POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: 3\r\n\r\na=1"
LONG = 300_000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

ANSWERS = {
    "plain": OK,
    "with odd octets": b"HTTP/1.1 402 caf\xe9\r\nX: \xff\r\nx:  1 \r\nX: \r\nContent-Length: 2\r\n\r\n\0\xff",
    "without a body": b"HTTP/1.1 204 No Content\r\nA: 1\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "until the end": b"HTTP/1.1 200 OK\r\nA: 1\r\n\r\nhello",
    "behind an interim one": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
    "with more behind it": OK + OK,
    "with noise behind it": OK + b"noise",
    "the last one": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "of HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "of two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "of an unknown length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc",
    "no HTTP": b"SSH-2.0-whatever\r\n\r\n",
    "a switch of protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello",
    "cut in its head": b"HTTP/1.1 200 OK\r\nContent-",
    "cut in its body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    "cut in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha",
    "none": b"",
}


def after(served: int, then: Script) -> Script:
    """Plain answers to the first ``served`` requests, whatever connection they come on; then as ``then`` says."""
    left = served

    async def script(raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        while left:
            left -= 1
            writer.write(OK)
            raw, _head = await read_message(reader)
        await then(raw, reader, writer)

    return script


def saying(*pieces: bytes) -> Script:
    """Each piece is on its way before the next one is written; then the connection is closed."""

    async def script(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002)

    return script


async def got(script: Script, served: int, folder: Path, sent: bytes, **more: Any) -> tuple[bytes, int, int]:
    """All that a client gets for ``sent`` up to the end of its connection, how many were recorded with it, and how many
    connections the proxy made."""
    async with passage(after(served, script), Mode.RECORD, folder, **more) as (_up, app):
        for _ in range(served):
            assert (await speak(app.url, GET)).raw == OK
        async with connected(app.url) as (reader, writer):
            # No next request: the proxy closes behind this one.
            writer.write(sent.replace(b"Host: p\r\n", b"Host: p\r\nConnection: close\r\n"))
            data = b""
            with suppress(ConnectionError):
                while piece := await reader.read(2**16):
                    data += piece
        assert app.decks.default.upstream is not None
        return data, app.decks.verdict().recorded - served, app.decks.default.upstream.connections


@pytest.mark.parametrize(("served", "sent"), [(1, POST), (2, GET)])
@pytest.mark.parametrize("cut", [lambda _: 0, lambda data: 12, lambda data: len(data) // 2, lambda data: len(data) - 1])
@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_is_the_same(
    name: str, cut: Callable[[bytes], int], served: int, sent: bytes, tmp_path: Path
) -> None:
    answer = ANSWERS[name]
    script = saying(answer[: cut(answer)], answer[cut(answer) :])
    assert await got(script, served, tmp_path / "kept", sent) == await got(script, 0, tmp_path / "new", sent)


@pytest.mark.parametrize(
    ("then", "spans"),
    [
        (saying(), {"read_timeout": 0.05}),
        (saying(), {"first_byte_timeout": 0.05}),
        (saying(OK[:9]), {"read_timeout": 0.05}),
        (saying(OK[:9]), {"first_byte_timeout": 0.05}),
    ],
)
async def test_an_answer_that_does_not_come_in_time_is_told(
    then: Script, spans: dict[str, float], tmp_path: Path
) -> None:
    async def silent(raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await then(raw, reader, writer)
        await reader.read()

    for sent in (GET, POST):
        data, recorded, _ = await got(silent, 1, tmp_path / sent[:3].decode(), sent, **spans)
        assert data.startswith(b"HTTP/1.1 504 ")
        assert b"fcproxy_upstream_timeout" in data
        assert recorded == 0


async def test_odd_answers_between_plain_ones_shift_nothing(tmp_path: Path) -> None:
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%02d" % number for number in range(20)]
    answers[3] = answers[4] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    answers[7] = b"HTTP/1.1 204 No Content\r\n\r\n"
    answers[9] = b"HTTP/1.1 200 caf\xe9\r\nContent-Length: 1\r\n\r\nx"
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"

    async def all_of_them(_raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, answer in enumerate(answers):
            writer.write(hints + answer if number == 12 else answer[:-1] if number == 14 else answer)
            if number == 14:
                await asyncio.sleep(0.005)
                writer.write(answer[-1:])
            await read_message(reader)

    async with passage(all_of_them, Mode.RECORD, tmp_path) as (_up, app):
        assert [(await speak(app.url, GET)).raw for _ in answers] == answers
        assert app.decks.default.upstream is not None
        assert app.decks.default.upstream.connections == 1
        assert app.decks.verdict().recorded == len(answers)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"HEAD /v1/x HTTP/1.1\r\nHost: p\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
        (b"POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: %d\r\n\r\n%b" % (LONG, b"x" * LONG), OK),
    ],
)
async def test_requests_of_another_kind_between_plain_ones(sent: bytes, answer: bytes, tmp_path: Path) -> None:
    async def all_of_them(raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(OK if raw.startswith(b"GET") else answer)
            raw, _head = await read_message(reader)

    async with passage(all_of_them, Mode.RECORD, tmp_path) as (_up, app):
        for _ in range(3):
            assert [(await speak(app.url, GET)).raw for _ in range(2)] == [OK, OK]
            assert (await speak(app.url, sent, bodiless=sent.startswith(b"HEAD"))).raw == answer
        assert app.decks.default.upstream is not None
        assert app.decks.default.upstream.connections == 1


@pytest.mark.parametrize("served", [1, 2, 3])
@pytest.mark.parametrize("noise", [OK.replace(b"ok", b"no"), OK[:9], b"noise", b"\0"])
async def test_what_comes_between_two_answers_is_nobodys(noise: bytes, served: int, tmp_path: Path) -> None:
    said = asyncio.Event()
    connections = 0

    async def noisy(raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections > 1:
            writer.write(OK)
            return
        for number in range(served):
            writer.write(OK)
            if number < served - 1:
                await read_message(reader)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(noise)
        await writer.drain()
        await asyncio.sleep(0.02)
        said.set()
        assert await reader.read() == b""

    async with passage(noisy, Mode.PASSTHROUGH, tmp_path) as (_up, app):
        for _ in range(served):
            assert (await speak(app.url, POST)).raw == OK
        await said.wait()
        assert (await speak(app.url, POST)).raw == OK
    assert connections == 2


@pytest.mark.parametrize("served", [1, 2])
@pytest.mark.parametrize("last", ["plain", "chunked"])
async def test_what_comes_unasked_ends_the_connection_at_once(last: str, served: int, tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def noisy(_raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ANSWERS[last])
        await writer.drain()
        await asyncio.sleep(0.02)
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(OK)
                await writer.drain()
                await asyncio.sleep(0)
        ended.set()

    async with passage(after(served - 1, noisy), Mode.PASSTHROUGH, tmp_path) as (_up, app):
        for _ in range(served):
            assert (await speak(app.url, GET)).status == 200
        async with asyncio.timeout(5):
            await ended.wait()


async def test_what_is_given_back_while_old_ones_are_looked_for_is_looked_for_later() -> None:
    async with Pool(None, 1.0, 1.0) as pool:
        pool.clock = lambda: 5.0
        origin = pool.origin("http://127.0.0.1:9")
        for _ in range(2):
            pool._given_back(origin, Mock())
            pool._look()
            assert pool._timer is not None
            assert len(origin.idle) == 1
            pool._timer.cancel()
            origin.idle.clear()


async def test_a_client_that_goes_away_costs_the_connection_and_nothing_else(tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def late(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone.set()
        await asyncio.sleep(0.05)
        writer.write(OK)

    async with passage(after(1, late), Mode.RECORD, tmp_path) as (_up, app):
        assert (await speak(app.url, GET)).raw == OK
        async with connected(app.url) as (_reader, writer):
            writer.write(POST)
            await gone.wait()
            gone.clear()
        assert (await speak(app.url, POST)).raw == OK
        verdict = app.decks.verdict()
        assert (verdict.recorded, verdict.not_recorded) == (2, 1)
