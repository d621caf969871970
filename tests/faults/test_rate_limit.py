"""Recording within the API's rate limit: 429 answers are waited out and never recorded."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fcproxy.core.message import Headers, Request
from fcproxy.core.modes import Mode
from fcproxy.server.ratelimit import MAX_WAIT, Bucket, PoliteUpstream, retry_after
from fcproxy.server.store import load
from fcproxy.server.upstream import Reply
from tests.server.harness import passage, speak

REQUEST = Request("GET", "https://api.stripe.com/v1/x", Headers())


class Account:
    """An upstream of ``limit`` requests in any second, by a clock that only `sleep` moves."""

    name = "account"
    connections = 0

    def __init__(self, limit: int, retry: str | None = None) -> None:
        self.now = 1000.0
        self.limit = limit
        self.retry = retry
        self.served: deque[float] = deque()
        self.refused = 0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    @asynccontextmanager
    async def send(self, _request: Request, body: AsyncIterator[bytes] | None = None) -> AsyncIterator[Reply]:
        del body
        while self.served and self.served[0] <= self.now - 1.0:
            self.served.popleft()
        full = len(self.served) >= self.limit
        self.refused += full
        if not full:
            self.served.append(self.now)
        headers = Headers([("Retry-After", self.retry)] if full and self.retry else [])
        yield Reply(429 if full else 200, "", headers, nothing())


async def nothing() -> AsyncIterator[bytes]:
    for chunk in (b"",):
        yield chunk


def polite(account: Account, rate: float) -> PoliteUpstream:
    return PoliteUpstream(account, rate, clock=account.clock, sleep=account.sleep, jitter=lambda: 0.5)


async def statuses(upstream: PoliteUpstream, count: int) -> list[int]:
    found = []
    for _ in range(count):
        async with upstream.send(REQUEST) as reply:
            found.append(reply.status)
    return found


@pytest.mark.parametrize("rate", [1, 2, 5, 25, 100])
async def test_an_account_of_that_rate_refuses_nothing(rate: int) -> None:
    account = Account(rate)
    assert await statuses(polite(account, rate), 500) == [200] * 500
    assert account.refused == 0
    assert account.now - 1000 < 500 / (rate * 0.5) + 1


async def test_without_waiting_the_same_account_refuses_most() -> None:
    account = Account(25)
    found = []
    for _ in range(500):
        async with account.send(REQUEST) as reply:
            found.append(reply.status)
    assert found.count(429) == 475


@pytest.mark.parametrize("retry", [None, "1", "3"])
async def test_an_account_with_a_lower_limit_is_waited_for(retry: str | None) -> None:
    account = Account(5, retry)
    upstream = polite(account, 25)
    assert await statuses(upstream, 100) == [200] * 100
    assert account.refused == upstream.waited > 0


async def test_what_is_refused_for_too_long_is_passed_on() -> None:
    account = Account(0, "7")
    assert await statuses(polite(account, 25), 1) == [429]
    assert MAX_WAIT - 9 < account.now - 1000 <= MAX_WAIT


async def test_an_upstream_that_says_at_once_for_ever_is_given_up() -> None:
    account = Account(0, "0")
    assert await statuses(polite(account, 25), 1) == [429]
    assert account.refused < 10


async def test_a_streamed_body_is_sent_once() -> None:
    account = Account(0)
    async with polite(account, 25).send(REQUEST, nothing()) as reply:
        assert reply.status == 429
    assert account.refused == 1


def test_tokens_come_back_with_time_and_no_more_than_fit() -> None:
    bucket = Bucket(10)
    assert [bucket.take(5.0) > 0 for _ in range(3)] == [False, True, True]
    assert bucket.take(1000.0) == 0
    bucket.close_until(1002.0)
    assert bucket.take(1000.5) == 1.5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0.0), (" 3 ", 3.0), ("", None), ("-1", None), ("1.5", None), ("123456", None), ("²", None), ("soon", None)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after(Headers([("Retry-After", value)])) == seconds
    assert retry_after(Headers()) is None


async def test_a_recording_of_an_account_that_refuses_what_comes_too_fast_holds_no_429(tmp_path: Path) -> None:
    """On a real clock sleeps may end late and bunch, and some be refused: that is waited out. That none is refused
    otherwise is told on a clock of its own, by `test_an_account_of_that_rate_refuses_nothing`."""
    times: deque[float] = deque()

    async def account(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now = asyncio.get_running_loop().time()
        while times and times[0] < now - 1:
            times.popleft()
        if len(times) >= 40:
            writer.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\n{}")
            return
        times.append(now)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async with passage(account, Mode.RECORD, tmp_path, rate=40) as (_up, app):
        got = await asyncio.gather(
            *(speak(app.url, b"GET /v1/x/%d HTTP/1.1\r\nHost: p\r\n\r\n" % n) for n in range(70))
        )
        assert {each.status for each in got} == {200}
    parsed = load(tmp_path / "c.yaml")
    assert parsed is not None
    assert [interaction.response.status for interaction in parsed.interactions] == [200] * 70

    times.extend([asyncio.get_running_loop().time()] * 40)
    other = tmp_path / "other"
    async with passage(account, Mode.RECORD, other, rate=1000) as (_up, app):
        assert (await speak(app.url, b"GET /v1/x HTTP/1.1\r\nHost: p\r\n\r\n")).status == 200
    assert app.outcome is not None
    assert "asked too often (429) were waited out" in app.outcome.verdict.text()


async def test_without_a_rate_the_clients_get_the_429_themselves(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 9\r\nContent-Length: 2\r\n\r\n{}"
    async with passage(answer, Mode.RECORD, tmp_path) as (_up, app):
        assert (await speak(app.url, b"GET /v1/x HTTP/1.1\r\nHost: p\r\n\r\n")).raw == answer
    assert app.outcome is not None
    told = app.outcome.verdict.text()
    assert (
        "note: recorded answers of status 429: 1; they will be played for ever: record again, slower (--rate)" in told
    )
