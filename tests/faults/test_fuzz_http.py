"""The HTTP front under mutated requests over real sockets: every answer is HTTP, and the proxy goes on serving."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.config import Config
from fcproxy.core.modes import Mode
from tests.faults.test_hostile_http import ACCEPTED, REFUSED
from tests.server.harness import KEY, proxy

SEEDS = [data for data in (*REFUSED.values(), *ACCEPTED.values()) if len(data) < 1000]
LAST = b"GET /v1/last HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n"
"""Ends the connection, unless what came before it swallows it; then --client-timeout does."""

AUTHORIZED = b"GET /v1/customers HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer " + KEY.encode() + b"\r\n\r\n"


@pytest.fixture(scope="module", params=[Mode.RECORD, Mode.REPLAY])
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A proxy that serves in a thread of its own until the module's tests are done."""
    folder: Path = tmp_path_factory.mktemp("fuzz")
    ready, stop = threading.Event(), threading.Event()
    found: list[int] = []

    async def serve() -> None:
        config = Config(cassette=str(folder / "c.yaml"), client_timeout=0.2)
        async with proxy(request.param, config) as app:
            found.append(urlsplit(app.url).port or 0)
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    yield found[0]
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def talk(port: int, data: bytes) -> bytes:
    """Sends ``data``; gives everything that comes back until the proxy closes. Raises TimeoutError if it does not."""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        answer = b""
        with suppress(ConnectionError):
            connection.sendall(data)
            while piece := connection.recv(65536):
                answer += piece
        return answer


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """One request, or two on one connection, with a few pieces replaced."""
    data = b"".join(draw(st.lists(st.sampled_from(SEEDS), min_size=1, max_size=2)))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 12)))
        data = data[:start] + draw(st.binary(max_size=6)) + data[end:]
    return data


@settings(max_examples=80, deadline=None, derandomize=True)
@given(data=requests())
def test_whatever_comes_the_answer_is_http_and_the_next_client_is_served(port: int, data: bytes) -> None:
    answer = talk(port, data + LAST)
    # With a control octet in it, one request may be two; never is there none, and never a fault of our own.
    statuses = [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3}) ", answer, re.MULTILINE)]
    assert statuses, data
    assert all(status < 500 for status in statuses), answer[:300]


def test_after_all_that_it_serves(port: int) -> None:
    answer = talk(port, AUTHORIZED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 422 "))
    health = talk(port, b"GET /_fcproxy/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert json.loads(health.partition(b"\r\n\r\n")[2])["status"] == "ok"
