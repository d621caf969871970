"""The shortcut answers what the long way would, byte for byte, and counts what it would count."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fcproxy.config import Config
from fcproxy.core.canonical import Canonical
from fcproxy.core.deck import Deck, Refuse, Replay
from fcproxy.core.modes import Mode
from fcproxy.server.decks import Decks
from fcproxy.server.plain import Plain
from fcproxy.server.shortcut import Shortcut, ShortcutConnection
from tests.server.harness import KEY, Script, connected, passage, proxy, read_message, speak

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
HEAD = f"Host: p\r\nAuthorization: Bearer {KEY}\r\n"


def get(target: str, *, odd: bool = False) -> bytes:
    """``odd``: the same request with a header that no shortcut is taken for."""
    return f"GET {target} HTTP/1.1\r\n{HEAD}{'TE: trailers' + chr(13) + chr(10) if odd else ''}\r\n".encode()


def post(body: str, key: str, *, odd: bool = False) -> bytes:
    extra = "TE: trailers\r\n" if odd else ""
    fields = f"{HEAD}{FORM}Idempotency-Key: {key}\r\n{extra}Content-Length: {len(body)}\r\n"
    return f"POST /v1/customers HTTP/1.1\r\n{fields}\r\n{body}".encode()


async def recorded(folder: Path) -> Config:
    """A cassette of two customers, a list, and one customer before and after each, with the embedded fake."""
    config = Config()._replace(cassette=str(folder / "c.yaml"))
    async with proxy(Mode.RECORD, config) as app:
        for number in range(2):
            assert (await speak(app.url, get("/v1/customers?limit=1"))).status == 200
            assert (await speak(app.url, post(f"metadata[n]={number}", f"k{number}"))).status == 200
        assert (await speak(app.url, get("/v1/customers?limit=2"))).status == 200
    return config


POLL = ("a poll", get, ("/v1/customers?limit=1",))
CONVERSATION = (
    POLL,
    POLL,
    POLL,
    ("first", post, ("metadata[n]=0", "a")),
    ("a retry", post, ("metadata[n]=0", "a")),
    POLL,
    POLL,
    POLL,
    ("its key with other parameters", post, ("metadata[n]=7", "a")),
    ("second", post, ("metadata[n]=1", "b")),
    ("exhausted", post, ("metadata[n]=1", "c")),
    ("the list", get, ("/v1/customers?limit=2",)),
    *(("the list again", get, ("/v1/customers?limit=2",)),) * 4,
    POLL,
    ("the same in another spelling", get, ("/v1/customers?limit=%32",)),
    ("never recorded", get, ("/v1/customers?limit=3",)),
    ("a deck that there never was", get, ("/_fcproxy/d/nobody/v1/customers",)),
)


async def answers(config: Config, *, odd: bool) -> tuple[list[bytes], dict[str, object]]:
    async with proxy(Mode.REPLAY, config) as app, connected(app.url) as (reader, writer):
        found = []
        for _, make, arguments in CONVERSATION:
            writer.write(make(*arguments, odd=odd))
            found.append((await read_message(reader))[0])
        return found, app.decks.verdict().to_json()


async def test_the_same_bytes_and_the_same_verdict_as_the_long_way(tmp_path: Path) -> None:
    config = await recorded(tmp_path)
    short, counted = await answers(config, odd=False)
    long, expected = await answers(config, odd=True)
    for (name, _, _), one, other in zip(CONVERSATION, short, long, strict=True):
        assert one == other, name
    assert counted == expected


async def test_it_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = await recorded(tmp_path)
    taken: list[bytes] = []
    answer = Shortcut.answer

    def watched(self: Shortcut, plain: Plain) -> bytes | None:
        taken.append(plain.first)
        return answer(self, plain)

    monkeypatch.setattr(Shortcut, "answer", watched)
    await answers(config, odd=False)
    assert len(taken) == len(CONVERSATION)
    taken.clear()
    await answers(config, odd=True)
    assert taken == []


async def test_what_is_settled_is_only_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = await recorded(tmp_path)
    asked: list[str] = []
    replay = Deck.replay

    def watched(self: Deck, form: Canonical, key: str | None) -> Replay | Refuse:
        asked.append(form.method)
        return replay(self, form, key)

    monkeypatch.setattr(Deck, "replay", watched)
    async with proxy(Mode.REPLAY, config) as app, connected(app.url) as (reader, writer):
        for number in range(6):
            telemetry = f"X-Stripe-Client-Telemetry: {number}\r\n\r\n".encode()
            writer.write(get("/v1/customers?limit=2")[:-2] + telemetry)
            assert (await read_message(reader))[0].startswith(b"HTTP/1.1 200 OK\r\n")
        verdict = app.decks.verdict()
        assert asked == ["GET", "GET"]  # the first time, and the time from which on it is known
        assert (verdict.played, verdict.repeated) == (1, 5)
        # Something learned may change what an equal request means: the deck is asked again.
        app.decks.default.deck._live.ledger.learned.add("sk_" + "test_" + "51NewlyLearned", "secret")
        writer.write(get("/v1/customers?limit=2"))
        await read_message(reader)
        assert len(asked) == 3
        assert app.decks.verdict().repeated == 6


async def test_a_second_body_needs_no_deck_and_no_form_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = await recorded(tmp_path)
    async with proxy(Mode.REPLAY, config) as app:
        first = await speak(app.url, post("metadata[n]=0", "a"))
        monkeypatch.setattr(Decks, "choose", None)
        second = await speak(app.url, post("metadata[n]=1", "b"))
    assert (first.status, second.status) == (200, 200)
    assert first.body != second.body


async def test_a_connection_returns_to_it_after_the_long_way(tmp_path: Path) -> None:
    config = await recorded(tmp_path)
    listing = get("/v1/customers?limit=2")
    async with proxy(Mode.REPLAY, config) as app, connected(app.url) as (reader, writer):
        writer.write(listing)
        first = (await read_message(reader))[0]
        writer.write(get("/_fcproxy/health").replace(b"Host: p", b"Host: 127.0.0.1"))
        assert b'"status": "ok"' in (await read_message(reader))[0]
        writer.write(listing)
        assert (await read_message(reader))[0] == first


async def test_pieces_and_pipelines_are_answered_in_order(tmp_path: Path) -> None:
    config = await recorded(tmp_path)
    listing, missing = get("/v1/customers?limit=2"), get("/v1/customers?limit=3")
    async with proxy(Mode.REPLAY, config) as app, connected(app.url) as (reader, writer):
        for byte in listing:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert (await read_message(reader))[0].startswith(b"HTTP/1.1 200 ")
        writer.write(listing + missing + listing)
        statuses = [(await read_message(reader))[0].split(b" ")[1] for _ in range(3)]
        assert statuses == [b"200", b"422", b"200"]


async def forwarded(mode: Mode, folder: Path, *, odd: bool) -> tuple[list[bytes], list[bytes], dict[str, object]]:
    """What the client gets, what the upstream gets, and the verdict."""

    async def echo(raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            body = raw.partition(b"\r\n\r\n")[2]
            writer.write(b"HTTP/1.1 201 Made\r\nX-One: 1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            raw, _ = await read_message(reader)
            up.requests.append(raw)

    got = []
    async with passage(echo, mode, folder) as (up, app), connected(app.url) as (reader, writer):
        for request in (post("a=1", "k1", odd=odd), get("/v1/x?b=%20", odd=odd), post("", "k2", odd=odd)):
            writer.write(request)
            got.append((await read_message(reader))[0])
        verdict = app.decks.verdict().to_json()
    return got, [raw.replace(up.url.encode(), b"").split(b"\r\n", 2)[2] for raw in up.requests], verdict


@pytest.mark.parametrize("mode", [Mode.RECORD, Mode.PASSTHROUGH, Mode.AUTO])
async def test_forwarded_as_on_the_long_way(mode: Mode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[object] = []
    forward = Shortcut.forwarded

    def watched(*args: Any) -> object:
        taken.append(forward(*args))
        return taken[-1]

    monkeypatch.setattr(Shortcut, "forwarded", watched)
    short = await forwarded(mode, tmp_path / "short", odd=False)
    assert len(taken) == 3
    long = await forwarded(mode, tmp_path / "long", odd=True)
    assert len(taken) == 3
    assert short[:2] == long[:2]
    names = ("recorded", "missed", "played", "not_recorded")
    assert [short[2][name] for name in names] == [long[2][name] for name in names]


async def test_what_comes_before_an_answer_waits_for_it(tmp_path: Path) -> None:
    goes_on = asyncio.Event()

    async def slow(raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"first" in raw:
            await goes_on.wait()
        name = raw.split(b" ")[1]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(name), name))

    async with passage(slow, Mode.RECORD, tmp_path) as (up, app), connected(app.url) as (reader, writer):
        writer.write(get("/v1/first"))
        while not up.requests:
            await asyncio.sleep(0)
        many = [f"/v1/{number}" for number in range(3)]
        writer.write(b"".join(map(get, many)) + get("/v1/last")[:20])
        await writer.drain()
        goes_on.set()
        writer.write(get("/v1/last")[20:])
        bodies = [(await read_message(reader))[0].rpartition(b"\r\n\r\n")[2].decode() for _ in range(5)]
        assert bodies == ["/v1/first", *many, "/v1/last"]
        assert app.decks.verdict().recorded == 5


def held(goes_on: asyncio.Event) -> Script:
    """An upstream that does not answer before it may."""

    async def answer(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await goes_on.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    return answer


async def test_a_client_that_sends_on_and_on_is_not_read_from(tmp_path: Path) -> None:
    goes_on = asyncio.Event()

    async with passage(held(goes_on), Mode.PASSTHROUGH, tmp_path) as (up, app), connected(app.url) as (reader, writer):
        writer.write(get("/v1/first"))
        while not up.requests:
            await asyncio.sleep(0)
        (connection,) = app.connections()
        assert isinstance(connection, ShortcutConnection)
        writer.write(get("/v1/x") * 60_000)
        while not connection.ahead:
            await asyncio.sleep(0)
        for _ in range(1_000):
            await asyncio.sleep(0)
        assert 0 < connection.ahead < 1 << 20
        goes_on.set()
        assert (await read_message(reader))[0].startswith(b"HTTP/1.1 200 ")
        assert (await read_message(reader))[0].startswith(b"HTTP/1.1 200 ")


async def test_an_ending_proxy_gives_the_answer_that_is_on_its_way(tmp_path: Path) -> None:
    goes_on = asyncio.Event()

    async with passage(held(goes_on), Mode.RECORD, tmp_path) as (up, app), connected(app.url) as (reader, writer):
        writer.write(get("/v1/first"))
        while not up.requests:
            await asyncio.sleep(0)
        ending = asyncio.create_task(app.close())
        await asyncio.sleep(0)
        writer.write(get("/v1/too-late"))
        goes_on.set()
        assert (await reader.read()).endswith(b"\r\n\r\nok")
        assert (await ending).written == 1
    assert len(up.requests) == 1


async def test_a_client_that_goes_meanwhile_is_not_recorded(tmp_path: Path) -> None:
    goes_on = asyncio.Event()

    async with passage(held(goes_on), Mode.RECORD, tmp_path) as (up, app):
        async with connected(app.url) as (_, writer):
            writer.write(get("/v1/first"))
            while not up.requests:
                await asyncio.sleep(0)
        goes_on.set()
        while not app.decks.verdict().not_recorded:
            await asyncio.sleep(0)
        assert app.decks.verdict().recorded == 0


async def test_a_deck_that_was_ejected_is_known_to_be(tmp_path: Path) -> None:
    config = await recorded(tmp_path)
    async with proxy(Mode.REPLAY, config) as app:
        name, _ = await app.decks.open("c.yaml", "replay", None)
        listing = get(f"/_fcproxy/d/{name}/v1/customers?limit=2")
        assert (await speak(app.url, listing)).status == 200
        await app.decks.eject(name, keep=True)
        assert (await speak(app.url, listing)).status == 404
