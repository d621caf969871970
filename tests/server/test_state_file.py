"""The file of --state while the fake runs: what is in it, when, and what a killed process leaves."""

import asyncio
import json
import marshal
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcproxy.config import Config
from fcproxy.core.modes import Mode
from fcproxy.fake import Fake
from fcproxy.server import state_file
from fcproxy.server.state_file import StateFile
from fcproxy.server.store import replace_file
from tests.fake.journeys import JOURNEYS, Journey
from tests.fake.support import Caller
from tests.faults.processes import create, served
from tests.server.harness import answered, control, proxy, request, speak

SOON = 0.05


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saves sooner, in this process, so that the tests need not wait."""
    monkeypatch.setattr(state_file, "SAVE_SECONDS", SOON)


def names(path: Path) -> list[str]:
    """The descriptions of the customers in a state file."""
    data = json.loads(path.read_bytes())
    return [row[4]["description"] for row in data["objects"] if row[1] == "customer"]


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Waits for something that happens by itself. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_killed_fake_goes_on_with_what_it_had_a_second_before(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    (tmp_path / "state.json.4194999.tmp").write_bytes(b"left by another that was killed")
    options = ("--state", str(path))
    async with served("passthrough", tmp_path / "c.yaml", *options) as running:
        for number in range(20):
            assert await create(running.url, number)
        acknowledged = time.monotonic()
        await until(lambda: path.exists() and len(json.loads(path.read_bytes())["objects"]) == 40)
        assert time.monotonic() - acknowledged < 5
        assert await running.end(signal.SIGKILL) == -signal.SIGKILL
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]
    async with served("passthrough", tmp_path / "c.yaml", *options) as running:
        state = await control(running.url, "state")
        assert sum(row[1] == "customer" for row in state["objects"]) == 20
        assert await create(running.url, 20)
        assert await running.end() == 0
    assert sum(row[1] == "customer" for row in json.loads(path.read_bytes())["objects"]) == 21


async def test_a_change_in_place_is_saved_too_and_a_look_is_not(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    async with proxy(Mode.PASSTHROUGH, Config(state=str(path))) as app:
        made = answered(await speak(app.url, request("POST", "/v1/customers", "description=one")))["id"]
        await until(path.exists)
        await speak(app.url, request("POST", f"/v1/customers/{made}", "description=two"))
        await until(lambda: names(path) == ["two"])
        before = path.stat().st_ino
        assert (await speak(app.url, request("GET", f"/v1/customers/{made}"))).status == 200
        await asyncio.sleep(5 * SOON)
        assert path.stat().st_ino == before
        await control(app.url, "reset", {})
        await until(lambda: names(path) == [])


async def test_saving_holds_no_request_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(path: Path, pieces: Any) -> None:
        begun.set()
        assert go_on.wait(20)
        replace_file(path, pieces)

    path = tmp_path / "state.json"
    async with proxy(Mode.PASSTHROUGH, Config(state=str(path))) as app:
        monkeypatch.setattr(state_file, "replace_file", slowly)
        await speak(app.url, request("POST", "/v1/customers", "description=one"))
        await until(begun.is_set)
        await speak(app.url, request("POST", "/v1/customers", "description=two"))
        assert not path.exists()
        go_on.set()
        await until(lambda: path.exists() and names(path) == ["one", "two"])


@pytest.mark.parametrize("heals", [True, False])
async def test_a_disk_that_takes_nothing_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, heals: bool
) -> None:
    failed = threading.Event()

    def full(path: Path, pieces: Any) -> None:
        failed.set()
        raise OSError(28, "No space left on device")

    path = tmp_path / "state.json"
    with monkeypatch.context() as patched:
        patched.setattr(state_file, "replace_file", full)
        async with proxy(Mode.PASSTHROUGH, Config(state=str(path))) as app:
            await speak(app.url, request("POST", "/v1/customers", "description=one"))
            await until(failed.is_set)
            if heals:
                patched.undo()
                await until(path.exists)
    assert app.outcome is not None
    assert app.outcome.problem == (None if heals else f"--state {path}: not written: No space left on device")
    assert path.exists() == heals


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.__name__)
def test_everything_that_the_products_make_can_be_kept(tmp_path: Path, journey: Journey) -> None:
    fake, other, path = Fake(), Fake(), tmp_path / "state.json"
    list(journey(Caller(fake, version="2026-10-28.endive")))
    StateFile(fake, path).save()
    kept = json.loads(path.read_bytes())
    assert kept == json.loads(json.dumps(marshal.loads(marshal.dumps(fake.dump()))))
    StateFile(other, path).load()
    assert json.loads(json.dumps(other.dump())) == kept
