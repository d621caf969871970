"""Upstreams that answer too early, too much, too little or in two ways: nobody ever gets what was meant for another."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import pytest

from fcproxy.config import Config
from fcproxy.core.message import Interaction
from fcproxy.core.modes import Mode
from fcproxy.server.app import App
from fcproxy.server.store import load
from tests.server.harness import KEY, Script, Spoken, connected, passage, proxy, read_message, speak

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def sized(body: bytes, *fields: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), b"".join(fields), body)


OK = sized(b"ok")
PLANTED = sized(b"planted")

LEFT_OVER: dict[str, bytes] = {
    "another answer": PLANTED,
    "the beginning of one": PLANTED[:20],
    "its first octet": PLANTED[:1],
    "half a head": PLANTED[:40],
    "all but its last octet": PLANTED[:-1],
    "an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n",
    "no HTTP": b"planted",
    "an octet": b"\0",
    "a last chunk": b"0\r\n\r\n",
}
"""What comes behind a whole answer, where nothing was asked for."""

NOT_HTTP: dict[str, bytes] = {
    "a length and chunks": sized(b"2\r\nok\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n"),
    "chunks and a length": CHUNKED[:-2] + b"Content-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "two lengths": sized(b"ok", b"Content-Length: 3\r\n"),
    "a list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    "a signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
    "a hexadecimal length": b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
    "no length": b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok",
    "a length of 65 bits": b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\nok",
    "a length of 64 bits": b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nok",
    "a length with a blank before its colon": b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
    "chunks with a blank before the colon": CHUNKED.replace(b":", b" :") + b"2\r\nok\r\n0\r\n\r\n",
    "another coding": CHUNKED.replace(b"chunked", b"xchunked") + b"2\r\nok\r\n0\r\n\r\n",
    "chunks in chunks": CHUNKED.replace(b"chunked", b"chunked, chunked") + b"2\r\nok\r\n0\r\n\r\n",
    "codings in two fields": CHUNKED[:-2] + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "an endless chunk": CHUNKED + b"ffffffffffffffffff\r\nok\r\n0\r\n\r\n",
    "a negative chunk": CHUNKED + b"-2\r\nok\r\n0\r\n\r\n",
    "chunks between bare line feeds": CHUNKED + b"2\nok\n0\n\n",
    "a chunk longer than it says": CHUNKED + b"2\r\nokok\r\n0\r\n\r\n",
    "a field without a colon": sized(b"ok", b"foo\r\n"),
    "NUL in a name": sized(b"ok", b"f\0o: x\r\n"),
    "NUL in a value": sized(b"ok", b"X: a\0b\r\n"),
    "a bare carriage return": sized(b"ok", b"X: a\rY: b\r\n"),
    "5,000 fields": sized(b"ok", *[b"X-%d: a\r\n" % number for number in range(5000)]),
    "a field of 100 kB": sized(b"ok", b"X: " + b"a" * 100_000 + b"\r\n"),
    "a reason of 100 kB": OK.replace(b"OK", b"a" * 100_000),
    "HTTP/2.0": OK.replace(b"1.1", b"2.0"),
    "HTTP/0.9": OK.replace(b"1.1", b"0.9"),
    "HTTP/9.9": OK.replace(b"1.1", b"9.9"),
    "no HTTP": b"<html>planted",
    "status 099": OK.replace(b"200", b"099"),
    "status 20": OK.replace(b"200", b"20"),
    "status 2000": OK.replace(b"200", b"2000"),
    "status -20": OK.replace(b"200", b"-20"),
    "another protocol": b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n" + PLANTED,
    "another protocol, unsaid": b"HTTP/1.1 101 Go\r\n\r\n" + PLANTED,
    "a body behind an interim answer": b"HTTP/1.1 103 Early\r\nContent-Length: 7\r\n\r\nplanted" + OK,
}


def answered(*said: tuple[bytes, bytes]) -> Script:
    """To /v1/odd/N the first of what is at N, and the other a moment later; else the target that was asked for."""

    async def answer(raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            target = raw.split(b" ")[1]
            if target.startswith(b"/v1/odd/"):
                first, late = said[int(target[8:])]
                writer.write(first)
                await writer.drain()
                await asyncio.sleep(0.005 if late else 0)
                writer.write(late)
            else:
                whole = sized(target)
                writer.write(whole[: -len(target)] if raw.startswith(b"HEAD ") else whole)
            raw, _ = await read_message(reader)

    return answer


def get(target: str, *, method: str = "GET", odd: bool = False) -> bytes:
    """``odd``: a request that takes no shortcut."""
    return f"{method} {target} HTTP/1.1\r\nHost: p\r\n{'TE: trailers' + chr(13) + chr(10) if odd else ''}\r\n".encode()


FORWARDING = [Mode.RECORD, Mode.AUTO, Mode.PASSTHROUGH]


@asynccontextmanager
async def behind(mode: Mode, folder: Path, said: Sequence[tuple[bytes, bytes]]) -> AsyncIterator[App]:
    async with passage(answered(*said), mode, folder, fsync="never") as (_up, app):
        yield app


async def assert_out_of_use(app: App, number: int) -> None:
    """The next clients get what they asked for, and on another connection than number ``number`` (from 0)."""
    for step in range(2):
        assert (await speak(app.url, get(f"/v1/next/{number}/{step}"))).body == b"/v1/next/%d/%d" % (number, step)
    assert app.decks.default.upstream_connections == number + 2


@pytest.mark.parametrize("mode", FORWARDING)
async def test_what_is_left_over_is_nobodys_answer(mode: Mode, tmp_path: Path) -> None:
    said = [(OK + rest, b"") for rest in LEFT_OVER.values()] + [(OK, rest) for rest in LEFT_OVER.values()]
    async with behind(mode, tmp_path, said) as app:
        for number, (_, late) in enumerate(said):
            got = await speak(app.url, get(f"/v1/odd/{number}"))
            assert got.raw == OK or got.status == 502, said[number]
            await asyncio.sleep(0.01 if late else 0)
            await assert_out_of_use(app, number)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified", b"200 OK"])
async def test_a_body_where_there_can_be_none(status: bytes, tmp_path: Path) -> None:
    head = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (status, len(PLANTED))
    method = "HEAD" if status.startswith(b"200") else "GET"
    async with behind(Mode.RECORD, tmp_path, [(head + PLANTED, b""), (head, PLANTED)]) as app:
        for number in range(2):
            got = await speak(app.url, get(f"/v1/odd/{number}", method=method), bodiless=True)
            assert got.raw == head or got.status == 502
            await asyncio.sleep(0.01 * number)
            await assert_out_of_use(app, number)


@pytest.mark.parametrize("mode", FORWARDING)
async def test_what_is_no_clear_answer_is_none(mode: Mode, tmp_path: Path) -> None:
    async with behind(mode, tmp_path, [(data, b"") for data in NOT_HTTP.values()]) as app:
        for number, (name, data) in enumerate(NOT_HTTP.items()):
            try:
                got = await speak(app.url, get(f"/v1/odd/{number}"))
            except (asyncio.IncompleteReadError, ConnectionError):
                assert data.startswith(CHUNKED), name  # broken off: the head was out already
            else:
                assert json.loads(got.body)["error"]["code"] == "fcproxy_upstream_protocol", name
                assert b"planted" not in got.raw
            await assert_out_of_use(app, number)
        assert app.decks.verdict().recorded == (0 if mode is Mode.PASSTHROUGH else 2 * len(NOT_HTTP))


@pytest.mark.parametrize("rest", [b"zz\r\n", b"-2\r\nok\r\n", b"2\nok\n", b"2\r\nokok\r\n", b"0\r\nfoo\r\n\r\n"])
async def test_a_body_that_turns_out_to_be_none_is_cut_at_once(rest: bytes, tmp_path: Path) -> None:
    """Not after --read-timeout: that is over once aiohttp has closed the connection."""
    first = CHUNKED + b"2\r\nok\r\n"
    async with behind(Mode.RECORD, tmp_path, [(first, rest)]) as app:
        async with connected(app.url) as (reader, writer), asyncio.timeout(5):
            writer.write(get("/v1/odd/0"))
            with suppress(ConnectionError):
                assert not (await reader.read()).endswith(b"0\r\n\r\n")
        await assert_out_of_use(app, 0)
        assert app.decks.verdict().recorded == 2


@pytest.mark.parametrize("answer", [sized(b"four"), CHUNKED + b"2\r\nfo\r\n2;x=y\r\nur\r\n0\r\nX-Late: 1\r\n\r\n"])
async def test_reset_at_every_octet_and_never_taken_for_whole(answer: bytes, tmp_path: Path) -> None:
    async def cut(raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end = int(raw.split(b" ")[1].rpartition(b"/")[2])
        writer.write(answer[:end])
        await writer.drain()
        if end < len(answer):
            writer.transport.abort()

    async with passage(cut, Mode.RECORD, tmp_path, fsync="never") as (_up, app):
        for end in range(len(answer)):
            try:
                got = await speak(app.url, get(f"/v1/cut/{end}"))
            except (asyncio.IncompleteReadError, ConnectionError):
                continue
            assert got.status == 502, end
        assert (app.decks.verdict().recorded, app.decks.verdict().not_recorded) == (0, len(answer))
        assert (await speak(app.url, get(f"/v1/cut/{len(answer)}"))).status == 200
        assert app.decks.verdict().recorded == 1


@pytest.mark.parametrize("answer", [sized(b"four"), CHUNKED + b"2\r\nfo\r\n2\r\nur\r\n0\r\n\r\n"])
async def test_octet_by_octet_it_is_the_same(answer: bytes, tmp_path: Path) -> None:
    async def drip(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for octet in b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 20 + answer:
            writer.write(bytes([octet]))
            await writer.drain()
            await asyncio.sleep(0)

    async with passage(drip, Mode.RECORD, tmp_path) as (_up, app):
        got = await speak(app.url, get("/v1/x"))
    assert got.head == answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert body_of(got) == b"four"


class Mischief:
    """An upstream that does to each answer what its dice say. An answer always names what it answers to.

    What comes unasked comes at once: once the next request is out, nobody could tell it from the answer to that.
    """

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)

    async def __call__(self, raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            method, target, _ = raw.split(b" ", 2)
            body = target + b" " + raw.partition(b"\r\n\r\n")[2]
            answer = sized(body)
            if self.dice.random() < 0.3:
                answer = CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            if method == b"HEAD":
                answer = answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            planted = self.dice.choice(list(LEFT_OVER.values()))
            match self.dice.choice(["good", "good", "early", "split", "over", "cut", "close"]):
                case "early":
                    await self._say(writer, b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * self.dice.randint(1, 3) + answer)
                case "split":
                    at = self.dice.randrange(len(answer))
                    await self._say(writer, answer[:at], answer[at:])
                case "over":
                    await self._say(writer, answer + planted)
                case "cut":
                    await self._say(writer, answer[: self.dice.randrange(len(answer))])
                    writer.transport.abort()
                case "close":
                    await self._say(writer, answer)
                    return
                case _:
                    await self._say(writer, answer)
            raw, _ = await read_message(reader)

    async def _say(self, writer: asyncio.StreamWriter, *pieces: bytes) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(self.dice.choice([0, 0, 0.001]))


def asked(name: str, dice: Random) -> bytes:
    """A request that is its own, plain or not."""
    odd = dice.random() < 0.3
    if dice.random() < 0.2:
        return get(f"/v1/{name}", method="HEAD", odd=odd)
    if dice.random() < 0.4:
        return get(f"/v1/{name}", odd=odd)
    body = f"n={name}"
    fields = f"Host: p\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    return f"POST /v1/{name} HTTP/1.1\r\n{fields}{'TE: trailers' + chr(13) + chr(10) if odd else ''}\r\n{body}".encode()


def meant_for(request: bytes) -> bytes:
    return request.split(b" ")[1] + b" " + request.partition(b"\r\n\r\n")[2]


def body_of(got: Spoken) -> bytes:
    if b"\r\nTransfer-Encoding: chunked\r\n" not in got.head:
        return got.body
    body, rest = b"", got.body
    while not rest.startswith(b"0\r\n"):
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body


async def converse(url: str, requests: list[bytes], dice: Random) -> list[tuple[bytes, Spoken]]:
    """Several requests on one connection, some of them before the answer to the one before; with what came back."""
    got: list[tuple[bytes, Spoken]] = []
    left = list(requests)
    while left:
        ahead = left[: dice.randint(1, 4)]
        before = len(got)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            async with connected(url) as (reader, writer):
                writer.write(b"".join(ahead))
                for request in ahead:
                    spoken = Spoken(*await read_message(reader, bodiless=request.startswith(b"HEAD")))
                    got.append((request, spoken))
        # What a broken connection swallowed is the client's to ask again; here it is given up.
        left = left[max(len(got) - before, 1) :]
    return got


@pytest.mark.parametrize("mode", FORWARDING)
async def test_of_200_interleaved_requests_none_gets_anothers_answer(mode: Mode, tmp_path: Path) -> None:
    dice = Random(str(mode))
    lanes = [[asked(f"{lane}x{number}", dice) for number in range(10)] for lane in range(20)]
    async with passage(Mischief(7), mode, tmp_path, fsync="never") as (_up, app):
        async with asyncio.timeout(30):
            spoken = await asyncio.gather(*(converse(app.url, requests, dice) for requests in lanes))
    whole = 0
    for request, got in (pair for lane in spoken for pair in lane):
        assert got.status in {200, 502}, got.raw
        if got.status == 502 or request.startswith(b"HEAD"):
            continue
        assert body_of(got) == meant_for(request), got.raw
        whole += 1
    assert whole > 60
    for interaction in recorded(tmp_path / "c.yaml"):
        sent = interaction.request
        if sent.method != "HEAD":
            assert interaction.response.body == f"{sent.url[sent.url.index('/', 8) :]} {sent.body.decode()}".encode()


def recorded(cassette: Path) -> list[Interaction]:
    parsed = load(cassette) if cassette.exists() else None
    return parsed.interactions if parsed is not None else []


async def test_of_200_interleaved_requests_none_gets_anothers_recorded_answer(tmp_path: Path) -> None:
    dice = Random(11)
    lanes = [[asked(f"{lane}x{number}", dice) for number in range(10)] for lane in range(20)]
    async with passage(answered(), Mode.RECORD, tmp_path, fsync="never") as (_up, app):
        for request in (request for lane in lanes for request in lane):
            await speak(app.url, request, bodiless=request.startswith(b"HEAD"))
    async with proxy(Mode.REPLAY, Config()._replace(cassette=str(tmp_path / "c.yaml"))) as app:
        spoken = await asyncio.gather(*(converse(app.url, requests, dice) for requests in lanes))
        verdict = app.decks.verdict()
    assert verdict.played == 200
    for request, got in (pair for lane in spoken for pair in lane):
        assert got.status == 200
        assert request.startswith(b"HEAD") or got.body == request.split(b" ")[1]


async def test_of_200_interleaved_requests_to_the_fake_none_gets_anothers_answer(tmp_path: Path) -> None:
    dice = Random(13)

    def create(name: str) -> bytes:
        body = f"metadata[name]={name}"
        fields = f"Host: p\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n"
        fields += "Content-Type: application/x-www-form-urlencoded\r\n"
        return f"POST /v1/customers HTTP/1.1\r\n{fields}\r\n{body}".encode()

    lanes = [[create(f"{lane}x{number}") for number in range(10)] for lane in range(20)]
    async with proxy(Mode.PASSTHROUGH, Config()._replace(cassette=str(tmp_path / "c.yaml"))) as app:
        spoken = await asyncio.gather(*(converse(app.url, requests, dice) for requests in lanes))
    pairs = [pair for lane in spoken for pair in lane]
    assert len(pairs) == 200
    for request, got in pairs:
        assert json.loads(got.body)["metadata"]["name"] == request.rpartition(b"=")[2].decode()
