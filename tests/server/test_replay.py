"""Replay: no upstream exists, answers are the stored ones, misses are final and stay in the verdict."""

import gzip
import json
from pathlib import Path

import pytest

from fcproxy.config import Config
from fcproxy.core.errors import CassetteUnreadable, RecordingRefused
from fcproxy.core.modes import Mode
from fcproxy.server.app import App, running
from fcproxy.server.check import Judge
from fcproxy.server.log import RequestLog
from fcproxy.server.store import load
from tests.server.harness import connected, origin, passage, proxy, read_message, speak

ANSWER = (
    b"HTTP/1.1 201 Made It\r\nRequest-Id: req_1\r\nStripe-Version: 2026-01-01\r\n"
    b"Content-Type: application/json\r\nContent-Length: 16\r\n\r\n" + b'{"id": "cus_12"}'
)
POST = b"POST /v1/customers HTTP/1.1\r\nHost: p\r\nContent-Length: 12\r\n\r\ncurrency=eur"


async def recorded(folder: Path, answer: bytes, *requests: bytes) -> Config:
    """Records the answer to each request; gives what replays it."""
    async with passage(answer, Mode.RECORD, folder) as (_up, app):
        for request in requests:
            await speak(app.url, request, bodiless=request.startswith(b"HEAD"))
    return Config(cassette=str(folder / "c.yaml"))


def outcome_of(app: App) -> tuple[int, int, int, int]:
    assert app.outcome is not None
    verdict = app.outcome.verdict
    return verdict.played, verdict.unused, verdict.missed, app.outcome.exit_code


async def test_the_answer_is_the_recorded_one_and_its_place(tmp_path: Path) -> None:
    config = await recorded(tmp_path, ANSWER, POST)
    async with proxy(Mode.REPLAY, config) as app:
        assert app.decks.default.upstream is None
        got = await speak(app.url, POST)
    assert got.head == ANSWER.split(b"\r\n\r\n")[0] + b"\r\nFcproxy-Hit: 0\r\n\r\n"
    assert got.body == b'{"id": "cus_12"}'
    assert outcome_of(app) == (1, 0, 0, 0)


async def test_a_miss_is_final_redacted_and_stays_in_the_verdict(tmp_path: Path) -> None:
    config = await recorded(tmp_path, ANSWER, POST)
    async with proxy(Mode.REPLAY, config) as app:
        got = await speak(app.url, POST.replace(b"eur", b"usd"))
        seen = await speak(app.url, b"GET /_fcproxy/verdict HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert got.status == 422
    assert b"\r\nStripe-Should-Retry: false\r\n" in got.head
    assert b"\r\nFcproxy-Miss: no_match\r\n" in got.head
    error = json.loads(got.body)["error"]
    assert (error["type"], error["code"]) == ("fcproxy_miss", "no_match")
    assert isinstance(error["nearest"], list)
    verdict = json.loads(seen.body)
    assert (verdict["missed"], verdict["played"], verdict["upstream_connections"]) == (1, 0, 0)
    assert outcome_of(app) == (0, 1, 1, 1)


async def test_no_cassette_is_a_miss_of_its_own(tmp_path: Path) -> None:
    async with proxy(Mode.REPLAY, Config(cassette=str(tmp_path / "none.yaml"))) as app:
        got = await speak(app.url, POST)
    assert json.loads(got.body)["error"]["code"] == "no_cassette"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("strict", "allow_unused", "code"), [(True, False, 1), (False, False, 0), (True, True, 0)])
async def test_unused_interactions_fail_a_strict_verdict(
    strict: bool, allow_unused: bool, code: int, tmp_path: Path
) -> None:
    config = await recorded(tmp_path, ANSWER, POST)
    async with proxy(Mode.REPLAY, config._replace(strict=strict, allow_unused=allow_unused)) as app:
        pass
    assert outcome_of(app) == (0, 1, 0, code)


async def test_head_and_empty_answers_replay_with_right_framing(tmp_path: Path) -> None:
    head = b"HEAD /v1/x HTTP/1.1\r\nHost: p\r\n\r\n"
    empty = b"DELETE /v1/x HTTP/1.1\r\nHost: p\r\n\r\n"
    config = await recorded(tmp_path, b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n", head, empty)
    async with proxy(Mode.REPLAY, config) as app, connected(app.url) as (reader, writer):
        for request in (head, empty):
            writer.write(request)
            raw, _ = await read_message(reader, bodiless=True)
            assert raw.startswith(b"HTTP/1.1 204 No Content\r\n")
            assert b"content-length" not in raw.lower()


async def test_chunked_and_compressed_answers_replay_with_a_length(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"a": 1}')
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
        b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed)
    )
    config = await recorded(tmp_path, answer, POST)
    async with proxy(Mode.REPLAY, config) as app:
        got = await speak(app.url, POST)
    assert got.body == b'{"a": 1}'
    assert b"content-length: 8\r\n" in got.head.lower()
    assert b"encoding" not in got.head.lower()


async def test_auto_replays_what_it_has_and_adds_what_it_has_not(tmp_path: Path) -> None:
    other = POST.replace(b"eur", b"usd")
    await recorded(tmp_path, ANSWER, POST)
    async with passage(ANSWER, Mode.AUTO, tmp_path) as (up, app):
        assert b"Fcproxy-Hit: 0" in (await speak(app.url, POST)).head
        assert b"Fcproxy-Hit" not in (await speak(app.url, other)).head
    assert len(up.requests) == 1
    async with proxy(Mode.REPLAY, Config(cassette=str(tmp_path / "c.yaml"))) as app:
        assert b"Fcproxy-Hit: 0" in (await speak(app.url, POST)).head
        assert b"Fcproxy-Hit: 1" in (await speak(app.url, other)).head


async def test_once_records_without_a_cassette_and_replays_with_one(tmp_path: Path) -> None:
    async with passage(ANSWER, Mode.AUTO, tmp_path, once=True) as (_, app):
        assert app.decks.default.mode is Mode.RECORD
        await speak(app.url, POST)
    async with passage(ANSWER, Mode.AUTO, tmp_path, once=True) as (up, app):
        assert app.decks.default.mode is Mode.REPLAY
        assert (await speak(app.url, POST.replace(b"eur", b"usd"))).status == 422
    assert up.requests == []


async def test_auto_with_nothing_new_leaves_the_file_alone(tmp_path: Path) -> None:
    config = await recorded(tmp_path, ANSWER, POST)
    before = Path(config.cassette).stat()
    async with passage(ANSWER, Mode.AUTO, tmp_path) as (_, app):
        await speak(app.url, POST)
    assert Path(config.cassette).stat().st_ino == before.st_ino


async def test_a_recording_with_nothing_in_it_leaves_the_old_cassette(tmp_path: Path) -> None:
    config = await recorded(tmp_path, ANSWER, POST)
    old = Path(config.cassette).read_bytes()
    async with passage(ANSWER, Mode.RECORD, tmp_path) as _:
        pass
    assert Path(config.cassette).read_bytes() == old


async def test_an_unreadable_cassette_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("<<<<<<< HEAD\n")
    with pytest.raises(CassetteUnreadable, match=r"c\.yaml"):
        async with proxy(Mode.REPLAY, Config(cassette=str(tmp_path / "c.yaml"))):
            pass


async def test_a_commit_that_the_check_refuses_keeps_the_old_cassette(tmp_path: Path) -> None:
    config = await recorded(tmp_path, ANSWER, POST)
    old = Path(config.cassette).read_bytes()

    def refuse(name: str, _known: object) -> Judge:
        def judge(part: bytes) -> None:
            assert b"currency=usd" in part
            raise RecordingRefused("some-rule", f"{name}: found something")

        return judge

    async with (
        origin(ANSWER) as up,
        running(config._replace(upstream=up.url, port=0), Mode.RECORD, check=refuse, log=RequestLog(quiet=True)) as app,
    ):
        await speak(app.url, POST.replace(b"eur", b"usd"))
    assert app.outcome is not None
    assert app.outcome.exit_code == 1
    assert app.outcome.problem is not None
    assert "found something" in app.outcome.problem
    assert Path(config.cassette).read_bytes() == old
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


async def test_auto_keeps_what_is_there_byte_for_byte(tmp_path: Path) -> None:
    config = await recorded(tmp_path, ANSWER, POST)
    path = Path(config.cassette)
    kept = path.read_bytes().replace(b"interactions:\n", b"# a remark\ninteractions:\n").replace(b"'", b'"')
    path.write_bytes(kept)
    async with passage(ANSWER, Mode.AUTO, tmp_path) as (_, app):
        await speak(app.url, POST.replace(b"eur", b"usd"))
    end = b"version: 1\n"
    assert path.read_bytes().startswith(kept.removesuffix(end))
    parsed = load(path)
    assert parsed is not None
    assert [one.request.body for one in parsed.interactions] == [b"currency=eur", b"currency=usd"]
