"""A disk that is full, read-only, limited or gone: clients get their answers, the old cassette stands, exit code 1."""

import asyncio
import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from fcproxy.config import Config
from fcproxy.core.message import Interaction
from fcproxy.core.modes import Mode
from fcproxy.server.store import journal_path, load
from tests.faults.mounts import mounted
from tests.faults.processes import Served, create, ended, numbers, served, stored, survivors
from tests.server.harness import KEY, proxy, speak

OLD = b"interactions: []\nversion: 1\n"


async def fill(proxy: Served, last: int) -> None:
    """Creates customers; every one of them must be answered, whatever the disk does."""
    for number in range(last):
        assert await create(proxy.url, number), number


async def asked(proxy: Served, what: str) -> dict[str, Any]:
    """What the control API says."""
    got = await speak(proxy.url, b"GET /_fcproxy/%b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % what.encode())
    fields: dict[str, Any] = json.loads(got.body)
    return fields


async def test_a_full_disk_stops_the_recording_and_nothing_else(tmp_path: Path) -> None:
    async with mounted(tmp_path, "size=32k") as place:
        (place.outside / "c.yaml").write_bytes(OLD)
        async with served("record", tmp_path / "c.yaml", wrap=place.wrap, cwd=Path("/")) as proxy:
            await fill(proxy, 30)
            told = {**await asked(proxy, "health"), **await asked(proxy, "verdict")}
            assert await proxy.end() == 1
        kept = survivors(place.outside / "c.yaml")
        assert 0 < len(kept) < 30
        assert kept == list(range(len(kept)))
        assert (place.outside / "c.yaml").read_bytes() == OLD
        assert sorted(path.name for path in place.outside.iterdir()) == ["c.yaml", "c.yaml.journal"]
    assert b"No space left on device" in proxy.out
    assert b"kept in its journal" in proxy.out
    said = b"c.yaml: recording stopped: No space left on device; clients are still answered"
    assert proxy.err.count(said) == 1
    assert told["recording_stopped"] == "No space left on device"
    assert (told["recorded"], told["not_recorded"]) == (len(kept), 30 - len(kept))
    assert "recording stopped: No space left on device" in " ".join(told["notes"])
    assert b"Traceback" not in proxy.err


async def test_room_for_the_journal_but_not_for_the_cassette(tmp_path: Path) -> None:
    async with mounted(tmp_path, "size=32k") as place:
        (place.outside / "c.yaml").write_bytes(OLD)
        async with served("record", tmp_path / "c.yaml", wrap=place.wrap, cwd=Path("/")) as proxy:
            await fill(proxy, 6)
            with pytest.raises(OSError, match="No space"):
                (place.outside / "ballast").write_bytes(b"x" * 40_000)
            assert await proxy.end() == 1
        assert (place.outside / "c.yaml").read_bytes() == OLD
        assert survivors(place.outside / "c.yaml") == list(range(6))
        assert sorted(path.name for path in place.outside.iterdir()) == ["ballast", "c.yaml", "c.yaml.journal"]
        assert b"the recording is kept in" in proxy.out

        (place.outside / "ballast").unlink()
        done = await ended("recover", str(tmp_path / "c.yaml"), wrap=place.wrap, cwd=Path("/"))
        assert done.code == 0, done.err
        parsed = load(place.outside / "c.rescued-1.yaml")
        assert parsed is not None
        assert numbers(parsed.interactions) == list(range(6))


async def test_a_file_size_limit_is_a_full_disk_too(tmp_path: Path) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("no prlimit")
    cassette = tmp_path / "c.yaml"
    cassette.write_bytes(OLD)
    async with served("record", cassette, wrap=("prlimit", "--fsize=12000")) as proxy:
        await fill(proxy, 12)
        assert await proxy.end() == 1
    kept = survivors(cassette)
    assert 0 < len(kept) < 12
    assert kept == list(range(len(kept)))
    assert cassette.read_bytes() == OLD
    assert b"File too large" in proxy.out


async def test_a_read_only_folder_is_said_at_the_start(tmp_path: Path) -> None:
    async with mounted(tmp_path, "ro") as place:
        arguments = ("record", "--port", "0", "--cassette", str(tmp_path / "c.yaml"))
        done = await ended(*arguments, wrap=place.wrap, cwd=Path("/"))
    assert done.code == 3
    assert str(tmp_path) in done.err
    assert "cannot be written to" in done.err
    assert "Traceback" not in done.err


async def test_a_folder_deleted_while_recording_is_noticed_and_said(tmp_path: Path) -> None:
    cassette = tmp_path / "folder" / "c.yaml"
    cassette.parent.mkdir()
    async with served("record", cassette, cwd=tmp_path) as proxy:
        await fill(proxy, 2)
        shutil.rmtree(cassette.parent)
        await fill(proxy, 2)
        assert await proxy.end() == 1
    assert b"the journal was deleted; nothing of it is left" in proxy.out
    assert not cassette.parent.exists()
    assert b"Traceback" not in proxy.err


async def test_a_journal_that_another_program_removes_is_noticed_too(tmp_path: Path) -> None:
    cassette = tmp_path / "c.yaml"
    cassette.write_bytes(OLD)
    async with served("record", cassette) as proxy:
        await fill(proxy, 1)
        journal_path(cassette).unlink()
        await fill(proxy, 1)
        assert await proxy.end() == 1
    assert b"the journal was deleted; nothing of it is left" in proxy.out
    assert stored(cassette) == []


async def test_a_disk_that_takes_its_time_holds_the_answers_back_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, writes = threading.Event(), []

    def slow(file: int, data: memoryview) -> int:
        writes.append(file)
        assert goes_on.wait(30)
        return os.write(file, data)

    request = b"POST /v1/customers HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer %b\r\n" % KEY.encode()
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\nname=%d"
    async with proxy(Mode.RECORD, Config(cassette=str(tmp_path / "c.yaml"))) as app:
        monkeypatch.setattr("fcproxy.server.journal.write", slow)
        asked = [asyncio.create_task(speak(app.url, request + form % (number % 10))) for number in range(40)]
        while not writes or app.decks.verdict().recorded < 40:
            await asyncio.sleep(0.001)
        for _ in range(20):
            health = await speak(app.url, b"GET /_fcproxy/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert health.status == 200
        assert not any(task.done() for task in asked), "acknowledged before it is on the disk"
        assert len(writes) == 1
        goes_on.set()
        got = await asyncio.gather(*asked)
        assert {each.status for each in got} == {200}
        assert len({json.loads(each.body)["id"] for each in got}) == 40
        assert len(writes) <= 2, "those that waited share one"
        monkeypatch.undo()
    assert len(load_all(tmp_path / "c.yaml")) == 40


def load_all(cassette: Path) -> list[Interaction]:
    parsed = load(cassette)
    assert parsed is not None
    return parsed.interactions
