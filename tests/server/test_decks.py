"""Decks: many at once, each its own; idle ones end; a stray request is told where it belongs."""

import asyncio
import json
import random
import secrets
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from fcproxy.config import Config
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.modes import Mode
from fcproxy.server.app import running
from fcproxy.server.check import audit_check
from fcproxy.server.log import RequestLog
from fcproxy.server.store import load
from tests.server.harness import KEY, Spoken, passage, proxy, speak
from tests.server.test_control import ask

CLIENTS = 16


async def data(url: str, line: str, body: str = "", **headers: str) -> Spoken:
    """One request to the API."""
    fields = {"Host": "p", "Authorization": f"Bearer {KEY}", **{n.replace("_", "-"): v for n, v in headers.items()}}
    if body:
        fields["Content-Type"] = "application/x-www-form-urlencoded"
    fields["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return await speak(url, f"{line} HTTP/1.1\r\n{head}\r\n{body}".encode())


def told(spoken: Spoken) -> Any:
    return json.loads(spoken.body)


async def opened(url: str, cassette: str, mode: str) -> dict[str, str]:
    answer = await ask(url, "POST /_fcproxy/decks", {"cassette": cassette, "mode": mode})
    assert answer.status == 201, answer.body
    deck = told(answer)
    assert isinstance(deck, dict)
    return deck


async def story(url: str, number: int, mode: str) -> tuple[list[Any], dict[str, Any]]:
    """What one client does in a deck of its own; every client sends the same requests, and one of its own."""
    deck = await opened(url, f"tests/test_x.py::test_it[{number}]", mode)
    selector = number % 3
    base = f"/_fcproxy/d/{deck['id']}" if selector == 0 else ""
    headers = {"Fcproxy_Deck": deck["id"]} if selector == 1 else {}
    if selector == 2:
        headers = {"Authorization": f"Bearer {deck['api_key']}"}
    seen = []
    for line, body in (
        ("POST", f"description=client {number}"),
        ("POST", "description=the same"),
        ("POST", "description=the same"),
        ("GET", ""),
        ("GET", ""),
    ):
        answer = await data(url, f"{line} {base}/v1/customers{'' if body else '?limit=3'}", body, **headers)
        assert answer.status == 200, answer.body
        seen.append(told(answer))
    verdict = told(await ask(url, f"DELETE /_fcproxy/decks/{deck['id']}"))
    assert (await ask(url, f"GET /_fcproxy/decks/{deck['id']}")).status == 404
    return seen, verdict


async def test_sixteen_clients_at_once_with_no_bleed_and_no_lost_mark(tmp_path: Path) -> None:
    config = Config(cassette=str(tmp_path / "default.yaml"))
    async with proxy(Mode.PASSTHROUGH, config) as app:
        recorded = await asyncio.gather(*(story(app.url, number, "record") for number in range(CLIENTS)))
    assert [verdict["recorded"] for _, verdict in recorded] == [5] * CLIENTS
    files = sorted(tmp_path.rglob("*.yaml"))
    assert len(files) == CLIENTS
    for file in files:
        parsed = load(file)
        assert parsed is not None
        assert len(parsed.interactions) == 5
    async with proxy(Mode.REPLAY, config) as app:
        replayed = await asyncio.gather(*(story(app.url, number, "replay") for number in reversed(range(CLIENTS))))
        assert told(await ask(app.url, "GET /_fcproxy/verdict"))["missed"] == 0
    for number, (seen, verdict) in zip(reversed(range(CLIENTS)), replayed, strict=True):
        assert seen == recorded[number][0]
        assert seen[0]["description"] == f"client {number}"
        assert (verdict["played"], verdict["unused"], verdict["missed"]) == (5, 0, 0)


@pytest.mark.parametrize("mode", ["record", "auto"])
async def test_a_name_that_holds_a_secret_makes_no_file(tmp_path: Path, mode: str) -> None:
    """pytest's node ids hold the parameters of tests."""
    key = "sk_" + "test_" + secrets.token_hex(12)
    async with proxy(Mode.PASSTHROUGH, Config(cassette=str(tmp_path / "default.yaml"))) as app:
        for value in (key, "jenny" + "@" + "rosen.org"):
            body = {"cassette": f"tests/test_x.py::test_it[{value}]", "mode": mode}
            answer = await ask(app.url, "POST /_fcproxy/decks", body)
            assert answer.status == 400
            assert "holds what is not stored" in told(answer)["error"]["message"]
            assert value not in json.dumps(told(answer))
    assert not list(tmp_path.iterdir())


async def test_a_name_that_holds_a_secret_is_not_repeated_where_there_is_such_a_file(tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.yaml").write_text("interactions: []\nversion: 1\n")
    config = Config(cassette=str(tmp_path / "default.yaml"))
    log = RequestLog(stream=StringIO())
    async with running(config._replace(port=0), Mode.PASSTHROUGH, check=audit_check, log=log) as app:
        answer = await ask(app.url, "POST /_fcproxy/decks", {"cassette": KEY, "mode": "auto"})
        assert answer.status == 400
        assert KEY.encode() not in answer.raw


async def test_a_stray_request_is_told_which_deck_would_have_matched(tmp_path: Path) -> None:
    config = Config(cassette=str(tmp_path / "default.yaml"))
    async with proxy(Mode.PASSTHROUGH, config) as app:
        deck = await opened(app.url, "one", "record")
        await data(app.url, f"POST /_fcproxy/d/{deck['id']}/v1/customers", "description=x")
        await ask(app.url, f"DELETE /_fcproxy/decks/{deck['id']}")
    async with proxy(Mode.REPLAY, config) as app:
        deck = await opened(app.url, "one", "replay")
        answer = await data(app.url, "POST /_fcproxy/d/0123456789abcdef/v1/customers", "description=x")
        assert (answer.status, told(answer)["error"]["code"]) == (422, "wrong_deck")
        assert f"it would match in {deck['id']}" in told(answer)["error"]["message"]
        lost = await data(app.url, "POST /v1/customers", "description=y", Fcproxy_Deck="nobody")
        assert "would match" not in told(lost)["error"]["message"]
        assert told(await ask(app.url, "GET /_fcproxy/verdict"))["missed"] == 2
        assert (await data(app.url, f"POST /_fcproxy/d/{deck['id']}/v1/customers", "description=x")).status == 200


async def test_idle_decks_end_and_keep_what_they_recorded(tmp_path: Path) -> None:
    config = Config(cassette=str(tmp_path / "default.yaml"), deck_timeout=100.0)
    async with proxy(Mode.PASSTHROUGH, config) as app:
        idle, busy = await opened(app.url, "idle", "record"), await opened(app.url, "busy", "record")
        for deck in (idle, busy):
            await data(app.url, f"POST /_fcproxy/d/{deck['id']}/v1/customers", "description=x")
        assert await app.decks.end_idle(0.0) == []
        assert await app.decks.end_idle(99.0) == []
        await data(app.url, f"POST /_fcproxy/d/{busy['id']}/v1/customers", "description=y")
        (line,) = await app.decks.end_idle(100.0)
        assert idle["id"] in line
        assert "1 recorded" in line
        assert (tmp_path / "idle.yaml").exists()
        assert (await data(app.url, f"GET /_fcproxy/d/{idle['id']}/v1/customers")).status == 404
        assert await app.decks.end_idle(198.0) == []
        assert len(await app.decks.end_idle(200.0)) == 1
    parsed = load(tmp_path / "busy.yaml")
    assert parsed is not None
    assert len(parsed.interactions) == 2


async def test_replay_by_the_shortcut_keeps_a_deck_awake(tmp_path: Path) -> None:
    config = Config(cassette=str(tmp_path / "default.yaml"), deck_timeout=100.0)
    async with proxy(Mode.REPLAY, config) as app:
        deck = await opened(app.url, "none", "replay")
        for now in (0.0, 90.0, 180.0):
            await data(app.url, f"GET /_fcproxy/d/{deck['id']}/v1/customers")
            assert await app.decks.end_idle(now) == []


async def test_the_proxy_looks_for_idle_decks_by_itself(tmp_path: Path) -> None:
    log = StringIO()
    config = Config(cassette=str(tmp_path / "default.yaml"), deck_timeout=0.02)
    async with proxy(Mode.PASSTHROUGH, config, log=log) as app:
        deck = await opened(app.url, "idle", "record")
        async with asyncio.timeout(20):
            while not app.decks.was_ejected(deck["id"]):
                await asyncio.sleep(0)
    assert deck["id"] in log.getvalue()


async def test_two_decks_cannot_record_into_one_cassette(tmp_path: Path) -> None:
    async with proxy(Mode.PASSTHROUGH, Config(cassette=str(tmp_path / "default.yaml"))) as app:
        await opened(app.url, "same", "record")
        again = await ask(app.url, "POST /_fcproxy/decks", {"cassette": "same", "mode": "record"})
        assert again.status == 409
        await opened(app.url, "same", "replay")


async def test_an_aborted_deck_leaves_the_old_cassette(tmp_path: Path) -> None:
    async with proxy(Mode.PASSTHROUGH, Config(cassette=str(tmp_path / "default.yaml"))) as app:
        for body, query in (("description=old", ""), ("description=new", "?abort=true")):
            deck = await opened(app.url, "c", "record")
            await data(app.url, f"POST /_fcproxy/d/{deck['id']}/v1/customers", body)
            await ask(app.url, f"DELETE /_fcproxy/decks/{deck['id']}{query}")
    parsed = load(tmp_path / "c.yaml")
    assert parsed is not None
    assert [one.request.body for one in parsed.interactions] == [b"description=old"]


@pytest.mark.parametrize("query", ["", "?abort=true"])
async def test_a_deck_is_ejected_when_its_requests_have_ended(query: str, tmp_path: Path) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await go_on.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with passage(slow, Mode.PASSTHROUGH, tmp_path, deck_timeout=100.0) as (_, app):
        deck = await opened(app.url, "c", "record")
        path = f"/_fcproxy/d/{deck['id']}/v1/customers"
        client = asyncio.create_task(data(app.url, f"POST {path}", "description=x"))
        await asked.wait()
        assert await app.decks.end_idle(0.0) == []
        assert await app.decks.end_idle(1000.0) == []
        ejected = asyncio.create_task(ask(app.url, f"DELETE /_fcproxy/decks/{deck['id']}{query}"))
        while not app.decks.was_ejected(deck["id"]):
            await asyncio.sleep(0.001)
        assert (await data(app.url, f"GET {path}")).status == 404
        assert not ejected.done()
        go_on.set()
        assert (await client).body == b"ok"
        verdict = told(await ejected)
        assert (verdict["recorded"], verdict["not_recorded"]) == (1, 0)
    assert (tmp_path / "c.yaml").exists() == (not query)


async def test_an_ejected_deck_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcproxy.server.in_flight.DRAIN_SECONDS", 0.05)
    asked = asyncio.Event()

    async def silent(_raw: bytes, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    async with passage(silent, Mode.PASSTHROUGH, tmp_path) as (_, app):
        deck = await opened(app.url, "c", "record")
        client = asyncio.create_task(data(app.url, f"POST /_fcproxy/d/{deck['id']}/v1/customers", "description=x"))
        await asked.wait()
        assert (await ask(app.url, f"DELETE /_fcproxy/decks/{deck['id']}")).status == 200
        assert (await client).status == 502
    assert not (tmp_path / "c.yaml").exists()


# -- the config's words on matching --------------------------------------------------------------------------------


async def recorded(folder: Path, *requests: tuple[str, str], **more: Any) -> Config:
    config = Config(cassette=str(folder / "c.yaml"))._replace(**more)
    async with proxy(Mode.RECORD, config) as app:
        for line, body in requests:
            await data(app.url, line, body, X_Tenant="one")
    return config


async def test_a_configured_rule_is_at_work_and_named(tmp_path: Path) -> None:
    rules = (RouteRule("run", ignore=("body.metadata.run",), headers=("X-Tenant",)),)
    config = await recorded(tmp_path, ("POST /v1/customers", "metadata[run]=1"), match=rules)
    assert b"X-Tenant" in (tmp_path / "c.yaml").read_bytes()
    async with proxy(Mode.REPLAY, config) as app:
        assert (await data(app.url, "POST /v1/customers", "metadata[run]=2", X_Tenant="two")).status == 422
        assert (await data(app.url, "POST /v1/customers", "metadata[run]=2", X_Tenant="one")).status == 200
        assert told(await ask(app.url, "GET /_fcproxy/verdict"))["rules_used"] == {"run": 1}


async def test_strict_order_over_the_wire(tmp_path: Path) -> None:
    two = (("POST /v1/customers", "description=a"), ("GET /v1/customers", ""))
    config = await recorded(tmp_path, *two, order="strict")
    async with proxy(Mode.REPLAY, config) as app:
        early = await data(app.url, "GET /v1/customers", X_Tenant="one")
        assert told(early)["error"]["code"] == "out_of_order"
        for line, body in two:
            assert (await data(app.url, line, body)).status == 200


@pytest.mark.parametrize("seed", range(2))
async def test_fifty_at_once_replay_whatever_order_they_come_in(seed: int, tmp_path: Path) -> None:
    lines = [("POST /v1/customers", f"description=number {number}") for number in range(50)]
    config = Config(cassette=str(tmp_path / "c.yaml"))
    async with proxy(Mode.RECORD, config) as app:
        answers = await asyncio.gather(*(data(app.url, *line) for line in lines))
        expected = {line: told(answer)["id"] for line, answer in zip(lines, answers, strict=True)}
    async with proxy(Mode.REPLAY, config) as app:
        order = random.Random(seed).sample(lines, 50)
        again = await asyncio.gather(*(data(app.url, *line) for line in order))
        assert {line: told(answer)["id"] for line, answer in zip(order, again, strict=True)} == expected
        assert app.decks.verdict().passed()


async def recorded_in_order(order: list[int], folder: Path) -> bytes:
    """The file of a recording whose requests come one after the other, and whose answers come in ``order``."""
    gates = {number: asyncio.Event() for number in order}
    arrived = asyncio.Event()

    async def answer(raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = int(raw.rpartition(b"=")[2])
        arrived.set()
        await gates[number].wait()
        body = f'{{"number": {number}}}'
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()

    async with passage(answer, Mode.RECORD, folder) as (_up, app):
        asked = []
        for number in range(len(order)):
            arrived.clear()
            asked.append(asyncio.create_task(data(app.url, "POST /v1/customers", f"number={number}")))
            await arrived.wait()
        for number in order:
            gates[number].set()
            await asked[number]
    return (folder / "c.yaml").read_bytes()


async def test_one_recording_whatever_order_the_answers_come_in(tmp_path: Path) -> None:
    files = set()
    for seed in range(3):
        folder = tmp_path / str(seed)
        folder.mkdir()
        files.add(await recorded_in_order(random.Random(seed).sample(range(20), 20), folder))
    assert len(files) == 1
