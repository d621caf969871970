"""A recording that is killed: nothing acknowledged is lost, the old cassette stays whole, the lock falls."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fcproxy.server.store import journal_path
from tests.faults.processes import Served, create, ended, environment, served, stored, survivors

OLD = b"interactions: []\nversion: 1\n"


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    """An old cassette, which a new recording is to replace."""
    path = tmp_path / "c.yaml"
    path.write_bytes(OLD)
    return path


async def test_killed_after_k_of_n_all_k_are_recovered_by_the_next_start(cassette: Path) -> None:
    async with served("record", cassette) as proxy:
        for number in range(5):
            assert await create(proxy.url, number)
        assert await proxy.end(signal.SIGKILL) == -signal.SIGKILL
    assert cassette.read_bytes() == OLD
    assert survivors(cassette) == list(range(5))

    async with served("record", cassette) as proxy:
        assert await create(proxy.url, 99)
        assert await proxy.end() == 0
    rescued = cassette.with_name("c.rescued-1.yaml")
    assert stored(rescued) == list(range(5))
    assert rescued.name.encode() in proxy.err
    assert stored(cassette) == [99]
    assert sorted(path.name for path in cassette.parent.iterdir()) == ["c.rescued-1.yaml", "c.yaml"]


async def ended_under_load(proxy: Served, number: int) -> set[int]:
    """Which customers eight clients had acknowledged, when the sixtieth of them brings the signal ``number``."""
    acknowledged: set[int] = set()

    async def client(first: int) -> None:
        for customer in range(first, first + 1000):
            if not await create(proxy.url, customer):
                return
            acknowledged.add(customer)
            if len(acknowledged) == 60:
                proxy.process.send_signal(number)

    await asyncio.gather(*(client(1000 * lane) for lane in range(8)))
    return acknowledged


async def test_killed_under_load_nothing_acknowledged_is_lost(cassette: Path) -> None:
    async with served("record", cassette) as proxy:
        acknowledged = await ended_under_load(proxy, signal.SIGKILL)
        assert await proxy.end(None) == -signal.SIGKILL
    kept = survivors(cassette)
    assert acknowledged <= set(kept)
    assert len(kept) == len(set(kept))
    assert cassette.read_bytes() == OLD


async def test_terminated_under_load_every_answered_request_is_in_the_cassette(cassette: Path) -> None:
    async with served("record", cassette) as proxy:
        acknowledged = await ended_under_load(proxy, signal.SIGTERM)
        assert await proxy.end(None) == 0
    assert acknowledged <= set(stored(cassette))
    assert not journal_path(cassette).exists()
    assert b"interactions written" in proxy.out


_COMMIT = """
import asyncio, os, signal, sys
from pathlib import Path
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.codings import DECODERS
from fcproxy.server.recording import Recording
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor

calls = 0
def counted(real, last):
    def call(*arguments, **more):
        global calls
        calls += 1
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **more)
    return call

async def main(cassette, last):
    deck = stripe_deck(Mode.RECORD, default_redactor(DECODERS), None, cassette=str(cassette))
    recording = Recording(cassette, deck, lambda name, known: lambda part: None)
    for number in range(3):
        request = Request("POST", "https://api.stripe.com/v1/customers", Headers(), b"metadata[number]=%d" % number)
        answer = Response(200, Headers(), b"{}", "OK")
        await recording.append(number, RedactedInteraction(Interaction(request, answer)), None)
    for name in ("open", "fsync", "fdatasync", "unlink", "close", "replace", "fchmod", "write", "stat", "rename"):
        setattr(os, name, counted(getattr(os, name), last))
    await recording.commit()

step = 0
while True:
    step += 1
    cassette = Path(sys.argv[1], str(step), "c.yaml")
    child = os.fork()
    if child == 0:
        asyncio.run(main(cassette, step))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        print(step)
        break
"""
"""Commits once for each system call that a commit makes, each time killed at another one; the last time at none."""


def test_killed_at_every_step_of_a_commit_the_file_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    for step in range(1, 50):
        (tmp_path / str(step)).mkdir()
        (tmp_path / str(step) / "c.yaml").write_bytes(OLD)
    script = [sys.executable, "-c", _COMMIT, str(tmp_path)]
    steps = int(subprocess.run(script, env=environment(), capture_output=True, check=True, timeout=50).stdout)
    assert steps > 5
    new = (tmp_path / str(steps) / "c.yaml").read_bytes()
    seen = []
    for step in range(1, steps):
        cassette = tmp_path / str(step) / "c.yaml"
        seen.append(cassette.read_bytes())
        assert seen[-1] in {OLD, new}
        if seen[-1] == OLD:
            assert survivors(cassette) == [0, 1, 2]
    assert set(seen) == {OLD, new}
    assert seen == sorted(seen, key=[OLD, new].index)


async def test_a_second_process_is_refused_with_the_holders_pid(cassette: Path) -> None:
    async with served("record", cassette) as first:
        assert await create(first.url, 1)
        second = await ended("record", "--port", "0", "--cassette", str(cassette), cwd=cassette.parent)
        assert second.code == 3
        assert f"pid {first.process.pid})" in second.err
        assert "Traceback" not in second.err
        assert await create(first.url, 2)
        assert await first.end() == 0
    assert stored(cassette) == [1, 2]


async def test_the_lock_of_a_dead_process_is_none(cassette: Path) -> None:
    lock = cassette.with_name("c.yaml.lock")
    lock.write_text(str(os.getpid()))
    async with served("record", cassette) as proxy:
        assert lock.read_text() == str(proxy.process.pid)
        assert await create(proxy.url, 3)
        assert await proxy.end() == 0
    assert stored(cassette) == [3]
    assert not lock.exists()


async def test_interrupted_twice_the_recording_is_still_committed(cassette: Path) -> None:
    async with served("record", cassette) as proxy:
        assert await create(proxy.url, 4)
        proxy.process.send_signal(signal.SIGINT)
        assert await proxy.end(signal.SIGINT) == 0
    assert stored(cassette) == [4]


async def test_two_decks_of_one_process_do_not_share_a_cassette_either(cassette: Path) -> None:
    body = json.dumps({"cassette": "c.yaml", "mode": "record"}).encode()
    async with served("record", cassette) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))
        writer.write(
            b"POST /_fcproxy/decks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body)
        )
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 409 ")
    assert b"(pid %d)" % proxy.process.pid in answer
