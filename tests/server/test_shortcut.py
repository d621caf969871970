"""The shortcut of replay answers what the long way would, byte for byte, and counts what it would count."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from fcproxy.config import Config
from fcproxy.core.modes import Mode
from fcproxy.server.plain import Plain
from fcproxy.server.shortcut import Shortcut
from tests.server.harness import KEY, connected, proxy, read_message, speak

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
    """A cassette of two customers and a list, with the embedded fake."""
    config = replace(Config(), cassette=str(folder / "c.yaml"))
    async with proxy(Mode.RECORD, config) as app:
        for number in range(2):
            assert (await speak(app.url, post(f"metadata[n]={number}", f"k{number}"))).status == 200
        assert (await speak(app.url, get("/v1/customers?limit=2"))).status == 200
    return config


CONVERSATION = (
    ("first", post, ("metadata[n]=0", "a")),
    ("a retry", post, ("metadata[n]=0", "a")),
    ("its key with other parameters", post, ("metadata[n]=7", "a")),
    ("second", post, ("metadata[n]=1", "b")),
    ("exhausted", post, ("metadata[n]=1", "c")),
    ("the list", get, ("/v1/customers?limit=2",)),
    ("the list again", get, ("/v1/customers?limit=2",)),
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


async def test_a_deck_that_was_ejected_is_known_to_be(tmp_path: Path) -> None:
    config = await recorded(tmp_path)
    async with proxy(Mode.REPLAY, config) as app:
        name, _ = await app.decks.open("c.yaml", "replay", None)
        listing = get(f"/_fcproxy/d/{name}/v1/customers?limit=2")
        assert (await speak(app.url, listing)).status == 200
        await app.decks.eject(name, keep=True)
        assert (await speak(app.url, listing)).status == 404
