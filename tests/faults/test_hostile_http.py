"""Requests made to be read in two ways: refused before anything is forwarded, and never quoted."""

import asyncio
import json
from io import StringIO
from pathlib import Path

import pytest

from fcproxy.config import Config
from fcproxy.core.modes import Mode
from fcproxy.server.store import load
from tests.server.harness import Spoken, connected, origin, passage, proxy, read_message, speak

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
POST = b"POST /v1/x HTTP/1.1\r\nHost: p\r\n"
GET = b"GET /v1/x HTTP/1.1\r\nHost: p\r\n"
SMUGGLED = b"GET /v1/smuggled HTTP/1.1\r\nHost: p\r\n\r\n"

REFUSED: dict[str, bytes] = {
    "length and chunks": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 40\r\n\r\na=b" + SMUGGLED,
    "the same length twice": POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\na=b" + SMUGGLED,
    "a list of lengths": POST + b"Content-Length: 3, 3\r\n\r\na=b" + SMUGGLED,
    "a signed length": POST + b"Content-Length: +3\r\n\r\na=b" + SMUGGLED,
    "a negative length": POST + b"Content-Length: -3\r\n\r\na=b" + SMUGGLED,
    "a hexadecimal length": POST + b"Content-Length: 0x3\r\n\r\na=b" + SMUGGLED,
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
    "chunks in HTTP/1.0": b"POST /v1/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n",
    "a chunk size that is none": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "a negative chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n-3\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk size with 0x": POST + b"Transfer-Encoding: chunked\r\n\r\n0x3\r\na=b\r\n0\r\n\r\n" + SMUGGLED,
    "an endless chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\na=b\r\n0\r\n\r\n",
    "a chunk longer than it says": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\na=bXX0\r\n\r\n" + SMUGGLED,
    "chunks between bare line feeds": POST + b"Transfer-Encoding: chunked\r\n\r\n3\na=b\n0\n\n" + SMUGGLED,
    "a line feed in a chunk extension": POST + b'Transfer-Encoding: chunked\r\n\r\n3;a="\n"\r\na=b\r\n0\r\n\r\n',
    "bare line feeds": b"GET /v1/x HTTP/1.1\nHost: p\n\n",
    "a bare line feed between fields": GET + b"X: a\nY: b\r\n\r\n",
    "a bare carriage return": GET + b"X: a\rY: b\r\n\r\n",
    "NUL in a field": GET + b"X: a\0b\r\n\r\n",
    "a folded field": GET + b"X: a\r\n b\r\n\r\n",
    "a field without a colon": GET + b"X\r\n\r\n",
    "a field without a name": GET + b": x\r\n\r\n",
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
    "a chunk extension": POST + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
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


@pytest.mark.parametrize("name", REFUSED)
async def test_refused_unforwarded_unquoted_and_closed(name: str, tmp_path: Path) -> None:
    lines = StringIO()
    async with origin(OK) as up:
        config = Config(cassette=str(tmp_path / "c.yaml"), upstream=up.url)
        async with proxy(Mode.RECORD, config, log=lines) as app, connected(app.url) as (reader, writer):
            writer.write(REFUSED[name])
            raw, head = await read_message(reader)
            async with asyncio.timeout(5):
                rest = await reader.read()
    got = Spoken(raw, head)
    assert 400 <= got.status < 500
    assert rest == b""
    assert up.requests == []
    assert_stripe_shaped(got)
    for quoted in (b"smuggled", b"aaaa", b"a=b"):
        assert quoted not in raw
        assert quoted.decode() not in lines.getvalue()
    assert "Traceback" not in lines.getvalue()
    assert not (tmp_path / "c.yaml").exists()


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
