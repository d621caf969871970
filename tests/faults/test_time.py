"""Time in a recording: not waited for unless asked, published, too old, of another version."""

import json
from pathlib import Path

import pytest

from fcproxy.config import Config
from fcproxy.core.errors import CannotStart, UsageError
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.modes import Mode
from fcproxy.server.playback import LATENCY, is_too_old, playback
from fcproxy.server.store import load
from tests.server.harness import passage, proxy, speak

GET = b"GET /v1/x HTTP/1.1\r\nHost: p\r\nStripe-Version: 2026-01-01\r\n\r\n"
HEALTH = b"GET /_fcproxy/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LIMITED = (
    b"HTTP/1.1 429 Too Many Requests\r\nDate: Tue, 06 Oct 2026 10:00:00 GMT\r\nRetry-After: 17\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)


def answered(*headers: tuple[str, str]) -> Interaction:
    return Interaction(Request("GET", "https://api.stripe.com/v1/x", Headers()), Response(200, Headers(headers), b"{}"))


def test_nothing_is_waited_for_by_default() -> None:
    played = playback([answered(("Retry-After", "17"), (LATENCY, "1234"), ("A", "1"))], "none")
    assert played.delay(0) == 0
    assert list(played.interactions[0].response.headers) == [("Retry-After", "0"), ("A", "1")]


def test_what_needs_no_change_is_the_very_same() -> None:
    one = answered(("Retry-After", "Tue, 06 Oct 2026 10:00:00 GMT"))
    assert playback([one], "none").interactions[0].response is one.response


@pytest.mark.parametrize(
    ("latency", "stored", "seconds"),
    [
        ("recorded", "1500", 1.5),
        ("recorded", None, 0),
        ("recorded", "-3", 0),
        ("recorded", "9" * 9, 60),
        ("20", "1", 0.02),
    ],
)
def test_waiting_on_demand(latency: str, stored: str | None, seconds: float) -> None:
    played = playback([answered(("Retry-After", "17"), *([(LATENCY, stored)] if stored else []))], latency)
    assert played.delay(0) == seconds
    assert list(played.interactions[0].response.headers) == [("Retry-After", "17")]


@pytest.mark.parametrize("word", ["fast", "-1", "1.5", "9999999", "²"])
def test_other_words_are_none(word: str) -> None:
    with pytest.raises(UsageError, match="--latency"):
        playback([], word)


async def test_recorded_latency_is_stored_only_on_demand_and_never_shown(tmp_path: Path) -> None:
    for latency, there in (("none", False), ("recorded", True)):
        async with passage(LIMITED, Mode.RECORD, tmp_path / latency, latency=latency) as (_up, app):
            assert (await speak(app.url, GET)).raw == LIMITED
        parsed = load(tmp_path / latency / "c.yaml")
        assert parsed is not None
        assert (LATENCY in parsed.interactions[0].response.headers) is there
    config = Config(cassette=str(tmp_path / "recorded" / "c.yaml"), latency="recorded")
    async with proxy(Mode.REPLAY, config) as app:
        assert app.decks.default.played.delay(0) < 10
        got = await speak(app.url, GET)
    assert got.status == 429
    assert LATENCY.encode() not in got.head
    assert b"\r\nRetry-After: 17\r\n" in got.head
    async with proxy(Mode.REPLAY, config._replace(latency="none")) as app:
        assert b"\r\nRetry-After: 0\r\n" in (await speak(app.url, GET)).head


async def test_the_recorded_clock_is_published(tmp_path: Path) -> None:
    async with passage(LIMITED, Mode.RECORD, tmp_path) as (_up, app):
        assert json.loads((await speak(app.url, HEALTH)).body)["recorded_at"] is None
        await speak(app.url, GET)
    async with proxy(Mode.REPLAY, Config(cassette=str(tmp_path / "c.yaml"))) as app:
        for path in (b"health", b"verdict"):
            told = json.loads((await speak(app.url, HEALTH.replace(b"health", path))).body)
            assert told["recorded_at"] == "2026-10-06T10:00:00+00:00"


@pytest.mark.parametrize(
    ("recorded_at", "days", "old"),
    [
        ("2001-01-01T00:00:00+00:00", None, False),
        ("2001-01-01T00:00:00+00:00", 30, True),
        ("2001-01-01T00:00:00", 30, True),
        ("9999-01-01T00:00:00+00:00", 0, False),
        ("lately", 30, None),
        (None, 30, None),
    ],
)
def test_age(recorded_at: str | None, days: int | None, old: bool | None) -> None:
    assert is_too_old(recorded_at, Config(max_age=days)) is old


async def test_a_cassette_that_is_too_old_is_not_played_and_not_recorded_again(tmp_path: Path) -> None:
    aged = LIMITED.replace(b"06 Oct 2026", b"06 Oct 2020")
    async with passage(aged, Mode.RECORD, tmp_path) as (_up, app):
        await speak(app.url, GET)
    before = (tmp_path / "c.yaml").read_bytes()
    config = Config(cassette=str(tmp_path / "c.yaml"), max_age=365)
    async with proxy(Mode.REPLAY, config) as app:
        got = await speak(app.url, GET)
    assert got.status == 422
    assert b"\r\nFcproxy-Miss: expired\r\n" in got.head
    assert b"fcproxy record" in got.body
    with pytest.raises(CannotStart, match="--max-age"):
        async with proxy(Mode.AUTO, config):
            pass
    assert (tmp_path / "c.yaml").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.yaml"]


async def test_another_version_is_a_miss_or_a_warning(tmp_path: Path) -> None:
    async with passage(LIMITED, Mode.RECORD, tmp_path) as (_up, app):
        await speak(app.url, GET)
    newer = GET.replace(b"2026-01-01", b"2026-09-30")
    config = Config(cassette=str(tmp_path / "c.yaml"))
    async with proxy(Mode.REPLAY, config) as app:
        assert (await speak(app.url, newer)).status == 422
    async with proxy(Mode.REPLAY, config._replace(on_version_change="warn")) as app:
        assert (await speak(app.url, newer)).status == 429
        assert (await speak(app.url, GET)).status == 429
    assert app.outcome is not None
    assert app.outcome.verdict.rules_used == {"on-version-change": 1}
    assert "rule used: on-version-change" in app.outcome.verdict.text()
