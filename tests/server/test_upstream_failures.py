"""An upstream that fails: the client learns which way, nothing is recorded, and the SDKs do not try again."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from fcproxy.config import Config
from fcproxy.core.errors import UsageError
from fcproxy.core.message import Headers, Request
from fcproxy.core.modes import Mode
from fcproxy.server.app import App
from fcproxy.server.live import LiveUpstream, trust
from fcproxy.server.upstream import public_base
from fcproxy.server.upstream_url import parse_upstream
from tests.server.harness import Spoken, connected, origin, passage, proxy, speak

GET = b"GET /v1/x HTTP/1.1\r\nHost: p\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def assert_failure(got: Spoken, status: int, kind: str) -> None:
    """The Stripe-shaped error of one kind."""
    assert got.status == status
    assert b"\r\nStripe-Should-Retry: false\r\n" in got.head
    error = json.loads(got.body)["error"]
    assert (error["type"], error["code"]) == ("api_error", f"fcproxy_upstream_{kind}")


@asynccontextmanager
async def before(url: str, folder: Path, **more: float | str) -> AsyncIterator[App]:
    config = Config()._replace(cassette=str(folder / "c.yaml"), upstream=url, **more)  # type: ignore[arg-type]
    async with proxy(Mode.RECORD, config) as app:
        yield app
    assert list(folder.glob("c.yaml*")) == []


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, held so that nobody can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


async def test_refused(closed_port: int, tmp_path: Path) -> None:
    async with before(f"http://127.0.0.1:{closed_port}", tmp_path) as app:
        assert_failure(await speak(app.url, GET), 502, "refused")
        assert app.decks.verdict().recorded == 0


async def test_unresolved(tmp_path: Path) -> None:
    async with before("https://host.invalid", tmp_path) as app:
        assert_failure(await speak(app.url, GET), 502, "unresolved")


async def test_no_answer_in_time(tmp_path: Path) -> None:
    async def silent(_raw: bytes, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with origin(silent) as up, before(up.url, tmp_path, read_timeout=0.05) as app:
        assert_failure(await speak(app.url, GET), 504, "timeout")


async def test_closed_before_the_answer(tmp_path: Path) -> None:
    async with origin(b"") as up, before(up.url, tmp_path) as app:
        assert_failure(await speak(app.url, GET), 502, "reset")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-whatever sk_" + b"test_secret\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
async def test_what_is_not_http_is_said_to_be_so_and_not_quoted(answer: bytes, tmp_path: Path) -> None:
    async with origin(answer) as up, before(up.url, tmp_path) as app:
        got = await speak(app.url, GET)
    assert_failure(got, 502, "protocol")
    assert b"sk_" not in got.raw
    assert b"many" not in got.raw


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
async def test_cut_in_the_middle_of_the_body_is_cut_for_the_client_too(answer: bytes, tmp_path: Path) -> None:
    async with origin(answer) as up, before(up.url, tmp_path) as app, connected(app.url) as (reader, writer):
        writer.write(GET)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readuntil(b"the end that never comes")
        verdict = app.decks.verdict()
        assert (verdict.recorded, verdict.not_recorded) == (0, 1)


async def test_a_client_of_http_1_0_does_not_take_half_an_answer_for_a_whole_one(tmp_path: Path) -> None:
    """Its body ends with the connection, so the connection must not end in good order."""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
    async with origin(answer) as up, before(up.url, tmp_path) as app, connected(app.url) as (reader, writer):
        writer.write(b"GET /v1/x HTTP/1.0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert app.decks.verdict().recorded == 0


async def test_a_client_that_goes_away_leaves_no_half_interaction(tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def slowly(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await gone.wait()
        for _ in range(50):
            writer.write(b"4\r\nmore\r\n")
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")

    async with origin(slowly) as up, before(up.url, tmp_path) as app:
        async with connected(app.url) as (reader, writer):
            writer.write(GET)
            await reader.readuntil(b"half")
        gone.set()
        async with asyncio.timeout(10):
            while app.decks.verdict().not_recorded == 0:
                await asyncio.sleep(0.005)
        assert app.decks.verdict().recorded == 0


async def test_a_request_that_does_not_end_is_cut_when_the_drain_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcproxy.server.in_flight.DRAIN_SECONDS", 0.05)
    asked = asyncio.Event()

    async def silent(_raw: bytes, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    async with origin(silent) as up:
        async with before(up.url, tmp_path) as app:
            client = asyncio.create_task(speak(app.url, GET))
            await asked.wait()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client
    assert app.outcome is not None
    assert app.outcome.verdict.not_recorded == 1


async def test_an_answer_that_its_client_does_not_take_is_counted_when_the_drain_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcproxy.server.in_flight.DRAIN_SECONDS", 0.05)

    async def endless(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()

    async with (
        origin(endless) as up,
        before(up.url, tmp_path, max_body=1) as app,
        connected(app.url) as (reader, writer),
        asyncio.timeout(20),
    ):
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        (connection,) = app.connections()
        while not connection.writing_paused:
            await asyncio.sleep(0.001)
        outcome = await app.close()
    assert outcome.verdict.not_recorded == 1


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A private certificate authority."""
    return trustme.CA()


def served_by(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


async def test_tls_with_a_private_authority(authority: trustme.CA, tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(pem)
    async with (
        origin(OK, tls=served_by(authority, "localhost")) as up,
        passage(OK, Mode.PASSTHROUGH, tmp_path) as _,
        proxy(Mode.RECORD, Config(cassette=str(tmp_path / "c.yaml"), upstream=up.url, upstream_ca=str(pem))) as app,
    ):
        assert (await speak(app.url, GET)).raw == OK
        assert app.decks.default.upstream_connections == 1


@pytest.mark.parametrize("names", [["elsewhere.example"], ["localhost"]])
async def test_a_certificate_of_another_name_or_another_authority_is_refused(
    authority: trustme.CA, names: list[str], tmp_path: Path
) -> None:
    pem = tmp_path / "ca.pem"
    (authority if names != ["localhost"] else trustme.CA()).cert_pem.write_to_path(pem)
    tls = served_by(authority, *names)
    async with origin(OK, tls=tls) as up, before(up.url, tmp_path, upstream_ca=str(pem)) as app:
        assert_failure(await speak(app.url, GET), 502, "tls")
    assert up.requests == []


async def test_without_authorities_of_ones_own_the_systems_are_trusted_and_not_read_again(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("read again")

    async with origin(OK, tls=served_by(authority, "localhost")) as up:
        with monkeypatch.context() as patched:
            patched.setattr(ssl, "create_default_context", read)
            async with before(up.url, tmp_path) as app:
                assert_failure(await speak(app.url, GET), 502, "tls")
    assert up.requests == []


@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
async def test_authorities_that_cannot_be_read_are_refused_at_the_start(base: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--upstream-ca: not a readable PEM file"):
        async with before(base, tmp_path, upstream_ca=str(tmp_path / "none.pem")):
            pass


async def test_plain_text_behind_an_https_address_is_a_tls_failure(tmp_path: Path) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with before(f"https://127.0.0.1:{port}", tmp_path) as app:
            assert_failure(await speak(app.url, GET), 502, "tls")


async def test_stripes_hosts_by_path_each_with_its_own_certificate(authority: trustme.CA, tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(pem)
    asked = {
        ("GET", "/v1/customers?limit=1"): "api.stripe.com",
        ("POST", "/v1/files"): "files.stripe.com",
        ("GET", "/v1/files?limit=1"): "api.stripe.com",
        ("GET", "/v1/files/file_1/contents"): "files.stripe.com",
        ("POST", "/oauth/token"): "connect.stripe.com",
        ("POST", "/v2/billing/meter_event_stream"): "meter-events.stripe.com",
        ("POST", "/v2/billing/meter_event_session"): "api.stripe.com",
    }
    async with origin(OK, tls=served_by(authority, "localhost")) as up:
        called = []

        def locate(url: str) -> str:
            called.append(url)
            return up.url + url[url.index("/", 8) :]

        async with LiveUpstream("stripe", locate, tls=trust(str(pem))) as upstream:
            for method, target in asked:
                request = Request(method, public_base(None)(method, target), Headers())
                async with upstream.send(request) as reply:
                    assert [chunk async for chunk in reply.body] == [b"ok"]
    assert called == [f"https://{host}{target}" for (_, target), host in asked.items()]
    assert [raw.split(b" HTTP")[0].decode() for raw in up.requests] == [f"{m} {target}" for m, target in asked]


@pytest.mark.parametrize(
    "word",
    [
        "ftp://x",
        "stirpe",
        "http://api.example",
        "https://user:pw@api.example",
        "https://api.example/?x=1",
        "https://api.example/#x",
        "http://[::1",
        "https://",
        "https://api.example:99999",
        "http://127.0.0.1:",
        "http://127.0.0.1:0",
        "http://[::1]:/x",
    ],
)
def test_upstreams_that_cannot_be(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_upstream(word)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("word", "base", "stored"),
    [
        ("http://127.0.0.1:12111/", "http://127.0.0.1:12111", None),
        ("http://localhost:1/a/b/", "http://localhost:1/a/b", None),
        ("http://[::1]:8/", "http://[::1]:8", None),
        ("https://api.stripe.com", "https://api.stripe.com", None),
        ("https://gateway.example/stripe", "https://gateway.example/stripe", "https://gateway.example"),
    ],
)
def test_a_base_url_and_what_its_requests_are_stored_under(word: str, base: str, stored: str | None) -> None:
    assert parse_upstream(word) == (base, stored)
