"""Recording and passing through are invisible: bytes in, bytes out."""

import asyncio
import gzip
from pathlib import Path

import pytest

from fcproxy.core.modes import Mode
from fcproxy.server.store import load
from tests.server.harness import KEY, connected, passage, read_message, speak

GET = b"GET /v1/customers?limit=3&expand[]=data.x%2Fy HTTP/1.1\r\nHost: proxy\r\n\r\n"
FORWARDING = [Mode.PASSTHROUGH, Mode.RECORD]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("mode", FORWARDING)
async def test_head_and_body_come_back_byte_for_byte(mode: Mode, tmp_path: Path) -> None:
    body = gzip.compress(b'{"id": "cus_1"}', mtime=0)
    answer = (
        b"HTTP/1.1 402 Payment Is Required\r\n"
        b"server: nginx\r\nX-Repeat: one\r\nContent-Type: application/json\r\nx-repeat: two\r\nX-REPEAT: three\r\n"
        b"Content-Encoding: gzip\r\nContent-Length: %d\r\nX-Latin: caf\xe9\r\nX-Empty: \r\nDate: nonsense\r\n\r\n%b"
    ) % (len(body), body)
    async with passage(answer, mode, tmp_path) as (_up, app):
        got = await speak(app.url, GET)
    assert got.raw == answer


@pytest.mark.parametrize("mode", FORWARDING)
async def test_the_request_arrives_untouched_but_for_its_host(mode: Mode, tmp_path: Path) -> None:
    body = b"a[]=1&a[]=2&b=%C3%A9+x"
    length = str(len(body)).encode()
    sent = (
        b"POST /v1/a//b/../c%2fd;p?x=1&x=2&y=%zz&z= HTTP/1.1\r\nHost: proxy.test:1\r\nX-One: 1\r\n"
        b"accept-encoding: gzip, br\r\nX-One: 2\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: " + length + b"\r\nX-Utf: caf\xc3\xa9\r\nX-Latin: caf\xe9\r\nx-ONE:\t3\tand 4\r\n\r\n" + body
    )
    async with passage(OK, mode, tmp_path) as (up, app):
        assert (await speak(app.url, sent)).body == b"ok"
    sent = sent.replace(b"proxy.test:1", up.url.removeprefix("http://").encode()).replace(b":\t3", b": 3")
    assert up.requests == [sent]


async def test_a_base_path_is_put_before_the_target(tmp_path: Path) -> None:
    async with passage(OK, Mode.PASSTHROUGH, tmp_path, base="/base/path/") as (up, app):
        await speak(app.url, GET)
    assert up.requests[0].startswith(b"GET /base/path/v1/customers?limit=3&expand[]=data.x%2Fy HTTP/1.1\r\n")


async def test_hop_by_hop_fields_stay_on_their_hop_both_ways(tmp_path: Path) -> None:
    sent = (
        b"GET / HTTP/1.1\r\nHost: p\r\nConnection: keep-alive, X-Mine, Authorization\r\nX-Mine: 1\r\n"
        b"Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\nUpgrade: h2c\r\n"
        b"Authorization: Bearer x\r\nX-Kept: 1\r\n\r\n"
    )
    answer = (
        b"HTTP/1.1 200 OK\r\nConnection: close, X-Theirs\r\nX-Theirs: 1\r\nKeep-Alive: timeout=9\r\nTrailer: X\r\n"
        b"Proxy-Authenticate: Basic\r\nContent-Length: 2\r\nX-Kept: 2\r\n\r\nok"
    )
    async with passage(answer, Mode.PASSTHROUGH, tmp_path) as (up, app):
        got = await speak(app.url, sent)
    host = up.url.removeprefix("http://").encode()
    assert up.requests == [b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nAuthorization: Bearer x\r\nX-Kept: 1\r\n\r\n"]
    assert got.raw == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kept: 2\r\n\r\nok"


@pytest.mark.parametrize("mode", FORWARDING)
@pytest.mark.parametrize(
    ("method", "answer"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 4711\r\nX: 1\r\n\r\n"),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (b"DELETE", b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n"),
        (b"GET", b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n'),
        (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (b"GET", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/elsewhere\r\nContent-Length: 2\r\n\r\nno"),
        (b"GET", b"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx"),
        (b"GET", b"HTTP/1.1 599 Odd\r\nContent-Length: 1\r\n\r\nx"),
    ],
)
async def test_answers_without_a_body_redirects_and_odd_statuses(
    mode: Mode, method: bytes, answer: bytes, tmp_path: Path
) -> None:
    async with passage(answer, mode, tmp_path) as (up, app), connected(app.url) as (reader, writer):
        for _ in range(2):
            # Twice on one connection: a wrong framing would shift the second answer.
            writer.write(method + b" /v1/x HTTP/1.1\r\nHost: p\r\n\r\n")
            raw, _head = await read_message(reader, bodiless=method == b"HEAD")
            assert raw == answer
    assert len(up.requests) == 2


@pytest.mark.parametrize("mode", FORWARDING)
async def test_chunked_answers_stay_chunked_and_ones_without_framing_become_so(mode: Mode, tmp_path: Path) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\nB: 2\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    async with passage(chunked, mode, tmp_path) as (_up, app):
        assert (await speak(app.url, GET)).raw == chunked
    until_close = b"HTTP/1.1 200 OK\r\nA: 1\r\n\r\nhello"
    other = tmp_path / "other"
    async with passage(until_close, mode, other) as (_up, app):
        got = await speak(app.url, GET)
    assert got.raw == b"HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


async def test_a_client_of_http_1_0_gets_no_chunks(tmp_path: Path) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    async with passage(chunked, Mode.RECORD, tmp_path) as (_up, app):
        got = await speak(app.url, b"GET /v1/x HTTP/1.0\r\n\r\n")
        assert got.raw == b"HTTP/1.1 200 OK\r\n\r\nhello"


async def test_a_chunked_request_is_forwarded_with_its_length(tmp_path: Path) -> None:
    sent = b"POST /v1/x HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    async with passage(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Mode.PASSTHROUGH, tmp_path) as (up, app):
        await speak(app.url, sent)
    assert up.requests[0].endswith(b"\r\nContent-Length: 3\r\n\r\nabc")
    assert b"chunked" not in up.requests[0]


async def test_an_expectation_is_met_before_the_body_comes(tmp_path: Path) -> None:
    async with passage(OK, Mode.RECORD, tmp_path) as (up, app), connected(app.url) as (reader, writer):
        writer.write(b"POST /v1/x HTTP/1.1\r\nHost: p\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        raw, _ = await read_message(reader)
        assert raw == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    assert up.requests[0].endswith(b"\r\n\r\nabc")
    assert b"expect" not in up.requests[0].lower()


async def test_an_unknown_expectation_is_refused(tmp_path: Path) -> None:
    async with passage(b"", Mode.PASSTHROUGH, tmp_path) as (up, app):
        got = await speak(app.url, b"GET / HTTP/1.1\r\nHost: p\r\nExpect: magic\r\n\r\n")
    assert got.status == 417
    assert up.requests == []


@pytest.mark.parametrize("mode", FORWARDING)
async def test_the_first_bytes_arrive_before_the_upstream_has_ended(mode: Mode, tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def slowly(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata:1\r\n"
        )
        await seen.wait()
        writer.write(b"6\r\ndata:2\r\n0\r\n\r\n")
        await writer.drain()

    async with passage(slowly, mode, tmp_path) as (_up, app), connected(app.url) as (reader, writer):
        writer.write(GET)
        await reader.readuntil(b"data:1\r\n")
        seen.set()
        assert await reader.readuntil(b"0\r\n\r\n") == b"6\r\ndata:2\r\n0\r\n\r\n"


async def test_with_a_length_all_but_the_last_bytes_arrive_before_the_end(tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def slowly(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
        await seen.wait()
        writer.write(b"def")
        await writer.drain()

    async with passage(slowly, Mode.RECORD, tmp_path) as (_up, app), connected(app.url) as (reader, writer):
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\nabc")
        seen.set()
        assert await reader.readexactly(3) == b"def"


async def test_interim_answers_are_passed_over(tmp_path: Path) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"
    async with passage(interim + OK, Mode.RECORD, tmp_path) as (_up, app):
        assert (await speak(app.url, GET)).raw == OK


async def test_an_upgrade_that_nobody_asked_for_is_no_answer(tmp_path: Path) -> None:
    switched = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello"
    async with passage(switched, Mode.RECORD, tmp_path) as (_up, app):
        got = await speak(app.url, GET)
        assert (got.status, app.decks.verdict().recorded) == (502, 0)


async def test_a_kept_connection_that_was_closed_is_opened_again_for_what_may_be_sent_twice(tmp_path: Path) -> None:
    async def once(_raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)  # kept open, as it says, but for the next request, which is cut off
        await reader.read(1)

    async with passage(once, Mode.PASSTHROUGH, tmp_path) as (up, app):
        statuses = [(await speak(app.url, sent)).status for sent in (GET, GET, GET.replace(b"GET", b"POST"))]
    assert statuses == [200, 200, 502]
    assert [raw.split(b" ")[0] for raw in up.requests] == [b"GET", b"GET"]


async def test_many_requests_on_one_connection(tmp_path: Path) -> None:
    async with passage(OK, Mode.RECORD, tmp_path) as (_up, app), connected(app.url) as (reader, writer):
        for number in range(20):
            writer.write(b"POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: 2\r\n\r\n%02d" % number)
            raw, _ = await read_message(reader)
            assert raw.endswith(b"\r\n\r\nok")
    parsed = load(tmp_path / "c.yaml")
    assert parsed is not None
    assert [interaction.request.body for interaction in parsed.interactions] == [b"%02d" % n for n in range(20)]


@pytest.mark.parametrize(("idle", "connections"), [(15.0, 1), (-1.0, 3)])
async def test_a_connection_that_has_served_serves_again_unless_it_was_idle_for_long(
    idle: float, connections: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcproxy.server.pool._IDLE_SECONDS", idle)
    ended: list[asyncio.Future[None]] = []

    async def keeping(_raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ended.append(end)
        try:
            while True:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await read_message(reader)
        finally:
            end.set_result(None)

    async with passage(keeping, Mode.PASSTHROUGH, tmp_path) as (_up, app), connected(app.url) as (reader, writer):
        for number in range(3):
            writer.write(b"GET /v1/x HTTP/1.1\r\nHost: p\r\n\r\n")
            await read_message(reader)
            if number:
                await asyncio.gather(*ended[:-1])  # those that were left alone are closed
        assert len(ended) == connections
        assert app.decks.default.upstream is not None
        assert app.decks.default.upstream.connections == connections
        await app.close()
        await asyncio.gather(*ended)


async def test_a_connection_that_is_idle_for_long_is_closed_without_another_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcproxy.server.pool._IDLE_SECONDS", 0.05)
    ended: list[float] = []

    async def keeping(raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The second request comes while the first waits, so that there are two connections.
        if raw.startswith(b"GET /late"):
            await asyncio.sleep(0.03)
        writer.write(OK)
        assert await reader.read() == b""
        ended.append(asyncio.get_running_loop().time())

    async with passage(keeping, Mode.PASSTHROUGH, tmp_path) as (_up, app):
        began = asyncio.get_running_loop().time()
        await asyncio.gather(speak(app.url, GET.replace(b"/v1", b"/late")), speak(app.url, GET))
        while len(ended) < 2:
            await asyncio.sleep(0.01)
        assert ended[0] - began >= 0.05
        assert ended[1] - began >= 0.08
        assert app.decks.default.upstream is not None
        assert app.decks.default.upstream.pool._timer is None  # type: ignore[attr-defined]


async def test_a_lent_key_takes_the_place_of_the_clients(tmp_path: Path) -> None:
    async with passage(OK, Mode.RECORD, tmp_path, api_key=KEY) as (up, app):
        host = app.url.removeprefix("http://").encode()
        line = b"GET /v1/x HTTP/1.1\r\nHost: " + host + b"\r\nAuthorization: Basic ZHVtbXk6\r\n"
        assert (await speak(app.url, line + b"\r\n")).status == 200
        assert (await speak(app.url, line + b"Origin: https://evil.example\r\n\r\n")).status == 403
        assert (await speak(app.url, line.replace(host, b"evil.example") + b"\r\n")).status == 403
    assert len(up.requests) == 1
    assert b"\r\nAuthorization: Bearer " + KEY.encode() in up.requests[0]
    assert KEY.encode() not in (tmp_path / "c.yaml").read_bytes()


async def test_an_absolute_target_is_no_say_over_the_upstream(tmp_path: Path) -> None:
    async with passage(OK, Mode.PASSTHROUGH, tmp_path) as (up, app):
        await speak(app.url, b"GET http://evil.example:9/v1/x?y HTTP/1.1\r\nHost: p\r\n\r\n")
        refused = await speak(app.url, b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert [request.split(b"\r\n")[0] for request in up.requests] == [b"GET /v1/x?y HTTP/1.1"]
    assert refused.status == 400


@pytest.mark.parametrize("mode", FORWARDING)
async def test_long_bodies_both_ways(mode: Mode, tmp_path: Path) -> None:
    body = bytes(range(256)) * 12_000
    head = b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = b"HTTP/1.1 200 OK\r\n" + head + body
    async with passage(answer, mode, tmp_path) as (up, app):
        got = await speak(app.url, b"PUT /v1/x HTTP/1.1\r\nHost: p\r\n" + head + body)
    assert got.raw == answer
    assert up.requests[0].endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /v1/x HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: p\r\nBad\x01Name: 1\r\n\r\n",
        b"GET /v1/x HTTP/9\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
async def test_malformed_requests_reach_no_upstream(request_: bytes, tmp_path: Path) -> None:
    async with passage(OK, Mode.RECORD, tmp_path) as (up, app):
        assert (await speak(app.url, request_)).status == 400
        assert app.decks.verdict().recorded == 0
    assert up.requests == []
