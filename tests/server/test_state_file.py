"""The file of --state while the fake runs: what is in it, when, and what a killed process leaves."""

import asyncio
import json
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


KEPT = tuple(journey for journey in JOURNEYS if journey.__name__ not in {"failed_checks", "registrations"})
"""Not those that make the same kinds over and over."""


@pytest.mark.parametrize("journey", KEPT, ids=lambda journey: journey.__name__)
async def test_everything_that_the_products_make_is_kept_and_taken_up_again(tmp_path: Path, journey: Journey) -> None:
    fake, other, path = Fake(), Fake(), tmp_path / "state.json"
    kept = StateFile(fake, path)
    for number, _ in enumerate(journey(Caller(fake, version="2026-10-28.endive"))):
        if number % 3 == 0:
            await kept.snapshot()
    kept.save()
    whole = json.loads(path.read_bytes())
    assert whole == json.loads(json.dumps(fake.dump()))
    bit_by_bit = json.loads(b"".join(await kept.snapshot()))
    for state in (whole, bit_by_bit):
        state["objects"].sort(key=lambda row: row[3])
    assert bit_by_bit == whole
    StateFile(other, path).load()
    again = json.loads(json.dumps(other.dump()))
    again["objects"].sort(key=lambda row: row[3])
    assert again == whole


async def test_requests_come_between_while_very_much_is_written_out(tmp_path: Path) -> None:
    call = Caller()
    for _ in range(500):
        call.post("/v1/customers")
    kept = StateFile(call.fake, tmp_path / "state.json")
    writing = asyncio.create_task(kept.snapshot())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not writing.done()
    last = call.post("/v1/customers")["id"]
    state = json.loads(b"".join(await writing))
    assert last in {row[0] for row in state["objects"]}
    call.fake.reset()
    assert json.loads(b"".join(await kept.snapshot()))["objects"] == []
