"""Requests made to be read in two ways: refused before anything is forwarded, and never quoted."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import StringIO
from pathlib import Path

import pytest

from fcproxy.config import Config
from fcproxy.core.modes import Mode
from fcproxy.server.app import App
from fcproxy.server.store import load
from tests.server.harness import Origin, Spoken, connected, origin, passage, proxy, read_message, speak

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
POST = b"POST /v1/x HTTP/1.1\r\nHost: p\r\n"
GET = b"GET /v1/x HTTP/1.1\r\nHost: p\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"3\r\na=b\r\n0\r\n\r\n"
SMUGGLED = b"GET /v1/smuggled HTTP/1.1\r\nHost: p\r\n\r\n"

AHEAD = b"GET /v1/ahead HTTP/1.1\r\nHost: p\r\n\r\n"

REFUSED: dict[str, bytes] = {
    "length and chunks": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 40\r\n\r\na=b" + SMUGGLED,
    "the same length twice": POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\na=b" + SMUGGLED,
    "a list of lengths": POST + b"Content-Length: 3, 3\r\n\r\na=b" + SMUGGLED,
    "a signed length": POST + b"Content-Length: +3\r\n\r\na=b" + SMUGGLED,
    "a negative length": POST + b"Content-Length: -3\r\n\r\na=b" + SMUGGLED,
    "a hexadecimal length": POST + b"Content-Length: 0x3\r\n\r\na=b" + SMUGGLED,
    "a length of 64 bits": POST + b"Content-Length: 18446744073709551615\r\n\r\na=b" + SMUGGLED,
    "a length of 5,000 digits": POST + b"Content-Length: " + b"0" * 5000 + b"3\r\n\r\na=b" + SMUGGLED,
    "no length": POST + b"Content-Length: \r\n\r\na=b" + SMUGGLED,
    "a length and more": POST + b"Content-Length: 3;\r\n\r\na=b" + SMUGGLED,
    "two numbers": POST + b"Content-Length: 3 3\r\n\r\na=b" + SMUGGLED,
    "a length with an underscore": POST + b"Content-Length: 0_3\r\n\r\na=b" + SMUGGLED,
    "a length in other digits": POST + "Content-Length: \u0663\r\n\r\na=b".encode() + SMUGGLED,
    "a length by vertical tab": POST + b"Content-Length:\x0b3\r\n\r\na=b" + SMUGGLED,
    "an endless length": POST + b"Content-Length: 99999999999999999999999\r\n\r\na=b" + SMUGGLED,
    "a length with a blank before its colon": POST + b"Content-Length : 3\r\n\r\na=b" + SMUGGLED,
    "another coding": POST + b"Transfer-Encoding: gzip\r\n\r\na=b" + SMUGGLED,
    "two codings": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "chunked, but not last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n3\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "chunked and identity": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n3\r\na=b\r\n0\r\n\r\n"
    + SMUGGLED,
    "nearly chunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "chunks by vertical tab": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "chunks with a blank before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKS + SMUGGLED,
    "chunks with a blank before the name": POST + b" Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + SMUGGLED,
    "chunks behind a bare line feed": POST + b"X: X\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS + SMUGGLED,
    "chunks on a line of their own": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKS + SMUGGLED,
    "a colon on a line of its own": POST + b"Transfer-Encoding\r\n : chunked\r\n\r\n" + CHUNKS + SMUGGLED,
    "chunks in quotes": POST + b'Transfer-Encoding: "chunked"\r\n\r\n' + CHUNKS + SMUGGLED,
    "chunks with a parameter": POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n" + CHUNKS + SMUGGLED,
    "chunks behind a comma": POST + b"Transfer-Encoding: ,chunked\r\n\r\n" + CHUNKS + SMUGGLED,
    "chunks before a comma": POST + b"Transfer-Encoding: chunked,\r\n\r\n" + CHUNKS + SMUGGLED,
    "chunks behind an octet beyond ASCII": POST + b"Transfer-Encoding: \xa0chunked\r\n\r\n" + CHUNKS + SMUGGLED,
    "chunks twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS + SMUGGLED,
    "chunks and cow": POST + b"Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n\r\n" + CHUNKS + SMUGGLED,
    "no coding and a length": POST + b"Transfer-Encoding: \r\nContent-Length: 3\r\n\r\na=b" + SMUGGLED,
    "identity and a length": POST + b"Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\na=b" + SMUGGLED,
    "chunks in HTTP/1.0": b"POST /v1/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n",
    "a chunk size that is none": POST + CHUNKED + b"zz\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "a negative chunk size": POST + CHUNKED + b"-3\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk size with 0x": POST + CHUNKED + b"0x3\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk size of 65 bits": POST + CHUNKED + b"10000000000000003\r\na=b\r\n0\r\n\r\n",
    "a chunk size behind a blank": POST + CHUNKED + b" 3\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk size before a blank": POST + CHUNKED + b"3 \r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk size with an underscore": POST + CHUNKED + b"0_3\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk without a size": POST + CHUNKED + b"\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk that a bare line feed ends": POST + CHUNKED + b"3\r\na=b\n0\r\n\r\n" + SMUGGLED,
    "a length behind the chunks": POST + CHUNKED + b"3\r\na=b\r\n0\r\nContent-Length: 9\r\n\r\n",
    "a coding behind the chunks": POST + CHUNKED + b"3\r\na=b\r\n0\r\nTransfer-Encoding: x\r\n\r\n",
    "an endless chunk": POST + CHUNKED + b"ffffffffffffffffffff\r\na=b\r\n0\r\n\r\n",
    "a chunk longer than it says": POST + CHUNKED + b"3\r\na=bXX0\r\n\r\n" + SMUGGLED,
    "chunks between bare line feeds": POST + CHUNKED + b"3\na=b\n0\n\n" + SMUGGLED,
    "a line feed in a chunk extension": POST + b'Transfer-Encoding: chunked\r\n\r\n3;a="\n"\r\na=b\r\n0\r\n\r\n',
    "bare line feeds": b"GET /v1/x HTTP/1.1\nHost: p\n\n",
    "a bare line feed between fields": GET + b"X: a\nY: b\r\n\r\n",
    "a bare carriage return": GET + b"X: a\rY: b\r\n\r\n",
    "NUL in a field": GET + b"X: a\0b\r\n\r\n",
    "a folded field": GET + b"X: a\r\n b\r\n\r\n",
    "a field without a colon": GET + b"X\r\n\r\n",
    "a field without a name": GET + b": x\r\n\r\n",
    "two content types": GET + b"Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
    "a tunnel": b"CONNECT api.stripe.com:443 HTTP/1.1\r\nHost: p\r\n\r\n" + SMUGGLED,
    "a tunnel to a path": b"CONNECT /v1/x HTTP/1.1\r\nHost: p\r\n\r\n" + SMUGGLED,
    "a look at what is forwarded": b"TRACE /v1/x HTTP/1.1\r\nHost: p\r\n\r\n",
    "an authority": b"GET api.stripe.com:443 HTTP/1.1\r\nHost: p\r\n\r\n",
    "a file": b"GET file:///etc/passwd HTTP/1.1\r\nHost: p\r\n\r\n",
    "a fragment": b"GET /v1/x#y HTTP/1.1\r\nHost: p\r\n\r\n",
    "a version in small letters": b"GET /v1/x http/1.1\r\nHost: p\r\n\r\n",
    "a version of three digits": b"GET /v1/x HTTP/1.10\r\nHost: p\r\n\r\n",
    "a method in small letters": b"get /v1/x HTTP/1.1\r\nHost: p\r\n\r\n",
    "no host": b"GET /v1/x HTTP/1.1\r\n\r\n",
    "two hosts": GET + b"Host: q\r\n\r\n",
    "no version": b"GET /v1/x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no known version": b"GET /v1/x HTTP/3.7\r\nHost: p\r\n\r\n",
    "a blank in the target": b"GET /v1/a b HTTP/1.1\r\nHost: p\r\n\r\n",
    "control octets in the target": b"GET /v1/\x01\x7f HTTP/1.1\r\nHost: p\r\n\r\n",
    "raw octets in the target": b"GET /v1/\xc3\xa9\xff HTTP/1.1\r\nHost: p\r\n\r\n",
    "a target of 100 kB": b"GET /v1/" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: p\r\n\r\n",
    "a field of 100 kB": GET + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    "1,000 fields": GET + b"".join(b"X-%d: a\r\n" % number for number in range(1000)) + b"\r\n",
    "no path": b"OPTIONS * HTTP/1.1\r\nHost: p\r\n\r\n",
    "a method with a letter that is none": b"G\xc3\xa9T / HTTP/1.1\r\nHost: p\r\n\r\n",
    "TLS": bytes.fromhex("16030100a5010000a10303") + b"x" * 200,
    "every octet": bytes(range(256)) + b"\r\n\r\n",
}

ACCEPTED: dict[str, bytes] = {
    "a body with GET": GET + b"Content-Length: 3\r\n\r\nabc",
    "an upgrade that is not taken up": GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "a chunk extension": POST + CHUNKED + b"3;x=y\r\nabc\r\n0\r\n\r\n",
    "empty lines before the request": b"\r\n\r\n" + GET + b"\r\n",
    "a target of 30 kB": b"GET /v1/" + b"a" * 30_000 + b" HTTP/1.1\r\nHost: p\r\n\r\n",
    "100 fields": GET + b"".join(b"X-%d: a\r\n" % number for number in range(100)) + b"\r\n",
}


def assert_stripe_shaped(got: Spoken) -> None:
    """An error object that every SDK raises at once."""
    assert b"\r\nContent-Type: application/json\r\n" in got.head
    assert b"\r\nStripe-Should-Retry: false\r\n" in got.head
    error = json.loads(got.body)["error"]
    assert error["type"] == "invalid_request_error"
    assert error["code"].startswith("fcproxy_")


def own(target: bytes) -> bytes:
    """What an echoing upstream answers."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(target), target)


MODES = {"record": Mode.RECORD, "replay": Mode.REPLAY, "auto": Mode.AUTO, "passthrough": Mode.PASSTHROUGH}
FORWARDING = {"record", "auto", "passthrough"}


@asynccontextmanager
async def serving(word: str, folder: Path, lines: StringIO) -> AsyncIterator[tuple[App, Origin]]:
    """A proxy in one of `MODES` before an echoing upstream, or before the fake, with another that sees nothing."""

    async def echo(raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(0.002)
            writer.write(own(raw.split(b" ")[1]))
            raw, _ = await read_message(reader)
            up.requests.append(raw)

    async with origin(echo) as up:
        config = Config(cassette=str(folder / "c.yaml"), upstream="fake" if word == "fake" else up.url, fsync="never")
        async with proxy(MODES.get(word, Mode.PASSTHROUGH), config, log=lines) as app:
            yield app, up


async def one_ahead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes, up: Origin | None) -> None:
    """Sends a good request and, while ``up`` is at it, ``data``; without ``up``, behind its answer. Reads that."""
    before = len(up.requests) if up is not None else 0
    writer.write(AHEAD)
    if up is not None:
        while len(up.requests) == before:
            await asyncio.sleep(0)
        writer.write(data)
        assert (await read_message(reader))[0] == own(b"/v1/ahead")
    else:
        await read_message(reader)
        writer.write(data)


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("word", [*MODES, "fake"])
async def test_refused_unforwarded_unquoted_and_closed(word: str, ahead: bool, tmp_path: Path) -> None:
    """``ahead``: with a good request before it on the connection."""
    lines = StringIO()
    async with serving(word, tmp_path, lines) as (app, up):
        for name, data in REFUSED.items():
            async with connected(app.url) as (reader, writer):
                if ahead:
                    await one_ahead(reader, writer, data, up if word in FORWARDING else None)
                else:
                    writer.write(data)
                raw, head = await read_message(reader)
                async with asyncio.timeout(5):
                    rest = await reader.read()
            got = Spoken(raw, head)
            assert 400 <= got.status < 500, name
            assert rest == b"", name
            assert_stripe_shaped(got)
            for quoted in (b"smuggled", b"aaaa", b"a=b"):
                assert quoted not in raw, name
        asked = [request.split(b" ")[1] for request in up.requests]
        assert set(asked) <= {b"/v1/ahead"}
    for word_ in ("smuggled", "aaaa", "a=b", "Traceback"):
        assert word_ not in lines.getvalue()
    assert ahead or not (tmp_path / "c.yaml").exists()


async def test_bodies_that_turn_out_to_be_none_are_refused_at_once(tmp_path: Path) -> None:
    """Their heads have come, and are good: somebody waits for the body already."""
    lines = StringIO()
    async with serving("record", tmp_path, lines) as (app, up):
        for name, data in REFUSED.items():
            head, end, rest = data.partition(b"\r\n\r\n")
            if not head.startswith(POST + CHUNKED[:-4]) or "codings" in name or b"HTTP/1.0" in head:
                continue
            async with connected(app.url) as (reader, writer):
                writer.write(head + end + rest[:1])
                await asyncio.sleep(0.002)
                writer.write(rest[1:])
                async with asyncio.timeout(5):
                    raw, head = await read_message(reader)
                    with suppress(ConnectionError):  # what it did not read breaks the connection
                        assert await reader.read() == b"", name
            assert Spoken(raw, head).status == 400, name
            assert_stripe_shaped(Spoken(raw, head))
        assert up.requests == []
    assert "Error" not in lines.getvalue()


@pytest.mark.parametrize("name", ACCEPTED)
async def test_unusual_but_clear_requests_pass_and_the_connection_stays_in_step(name: str, tmp_path: Path) -> None:
    async with passage(OK, Mode.RECORD, tmp_path) as (up, app), connected(app.url) as (reader, writer):
        for request in (ACCEPTED[name], GET.replace(b"/x", b"/next") + b"\r\n"):
            writer.write(request)
            raw, _ = await read_message(reader)
            assert raw == OK
    assert len(up.requests) == 2
    assert up.requests[1].startswith(b"GET /v1/next ")


async def test_a_log_line_is_no_longer_than_a_line(tmp_path: Path) -> None:
    lines = StringIO()
    async with origin(OK) as up:
        config = Config(cassette=str(tmp_path / "c.yaml"), upstream=up.url)
        async with proxy(Mode.RECORD, config, log=lines) as app:
            await speak(app.url, ACCEPTED["a target of 30 kB"])
    assert all(len(line) < 500 for line in lines.getvalue().splitlines())
    assert "recorded" in lines.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        '"a\\r\\nX-Injected: 1"',
        '"a\\nX-Injected: 1"',
        '"a\\rX-Injected: 1"',
        '"a\\0b"',
        '!!binary "YQ0KWC1JbmplY3RlZDogMQ=="',
    ],
)
async def test_recorded_values_inject_no_header(value: str, tmp_path: Path) -> None:
    cassette = tmp_path / "c.yaml"
    cassette.write_text(
        "interactions:\n- request:\n    body: null\n    headers: {}\n    method: GET\n"
        "    uri: https://api.stripe.com/v1/x\n  response:\n    body:\n      string: ok\n"
        f"    headers:\n      Request-Id:\n      - {value}\n      ? {value}\n      :\n      - x\n"
        f"    status:\n      code: 200\n      message: {value}\nversion: 1\n",
        encoding="ascii",
    )
    async with proxy(Mode.REPLAY, Config(cassette=str(cassette))) as app:
        got = await speak(app.url, GET + b"\r\n")
    assert got.status == 200
    assert got.body == b"ok"
    assert b"\nX-Injected" not in got.head
    assert got.head.count(b"\r\n") == got.head.count(b"\n") == got.head.count(b"\r")
    assert b"\0" not in got.head


async def test_upstream_heads_inject_none_either(tmp_path: Path) -> None:
    for answer in (
        b"HTTP/1.1 200 OK\r\nX: a\rX-Injected: 1\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ):
        async with passage(answer, Mode.RECORD, tmp_path) as (_up, app):
            got = await speak(app.url, GET + b"\r\n")
        assert b"\r\nX-Injected" not in got.head
        assert got.head.count(b"\r") == got.head.count(b"\r\n")
        assert b"\0" not in got.head
    parsed = load(tmp_path / "c.yaml")
    assert parsed is None or all(i.response.body == b"ok" for i in parsed.interactions)
