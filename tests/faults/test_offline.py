"""Replay is offline: in a network with nothing but loopback, the kernel counts no connection of the proxy's."""

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from fcproxy.config import Config
from fcproxy.core.modes import Mode
from tests.faults.processes import environment
from tests.server.harness import KEY, proxy, speak

ROOT = Path(__file__).resolve().parents[2]
ALONE = ("unshare", "--user", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


async def recorded(folder: Path) -> Path:
    """A cassette of six interactions with the embedded fake."""
    config = Config()._replace(cassette=str(folder / "c.yaml"))
    head = f"Host: p\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    async with proxy(Mode.RECORD, config) as app:
        for number in range(3):
            body = f"metadata[number]={number}"
            line = f"POST /v1/customers HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}"
            assert (await speak(app.url, line.encode())).status == 200
            listing = f"GET /v1/customers?limit={number + 1} HTTP/1.1\r\n{head}\r\n"
            assert (await speak(app.url, listing.encode())).status == 200
    return folder / "c.yaml"


async def run(folder: Path, *arguments: str, alone: bool) -> dict[str, Any]:
    """What the script says; skips where this machine gives no network namespace."""
    if alone and (shutil.which("unshare") is None or shutil.which("ip") is None):
        pytest.skip("no unshare or ip")
    command = [*(ALONE if alone else ()), sys.executable, "-m", "tests.faults.offline", str(folder), *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(), cwd=ROOT
    )
    out, err = await process.communicate()
    if alone and not out and b"unshare" in err:
        pytest.skip("a network namespace is not permitted here")
    assert process.returncode == 0, err.decode()
    told: dict[str, Any] = json.loads(out)
    return told


LOOPS = ["asyncio", "uvloop"]
FORWARDERS = ("connect", "courier", "embedded", "exchange", "live", "ratelimit", "relay")
"""Modules of fcproxy.server that hold whatever can call somebody."""


def skip_without(loop: str) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")


@pytest.mark.parametrize("loop", LOOPS)
async def test_an_exhausted_cassette_costs_no_connection_and_no_look_up(loop: str, tmp_path: Path) -> None:
    skip_without(loop)
    told = await run(tmp_path, str(await recorded(tmp_path)), loop, "replay", alone=True)
    # Six hits, then three changes that are used up, then one request that was never recorded.
    assert told["statuses"] == [200] * 6 + [422] * 4
    opened = told["after"]["connections"] - told["before"]["connections"]
    assert opened == len(told["statuses"]), "the client's own connections, and no other"
    assert told["after"]["datagrams"] == told["before"]["datagrams"] == 0
    assert told["events"] == []
    assert told["called"] in ([], None)
    assert told["code"] == 1
    loaded = told["modules"]
    assert "fcproxy.server.proxy" in loaded
    assert ("uvloop.loop" in loaded) == (loop == "uvloop")
    assert not [name for name in loaded if name.startswith("fcproxy.fake")]
    assert not {f"fcproxy.server.{name}" for name in FORWARDERS} & set(loaded), (
        "what could forward is not even imported"
    )


@pytest.mark.parametrize("loop", LOOPS)
async def test_the_same_watchers_see_a_proxy_that_forwards(loop: str, tmp_path: Path) -> None:
    skip_without(loop)
    cassette = await recorded(tmp_path)
    if loop == "asyncio":
        unresolved = ("--upstream", "https://api.stripe.invalid")
        told = await run(tmp_path, str(cassette), loop, "passthrough", *unresolved, alone=True)
        assert set(told["statuses"]) == {502}
        assert "socket.getaddrinfo" in told["events"]
    told = await run(tmp_path, str(cassette), loop, "passthrough", "--upstream", "http://127.0.0.1:9", alone=True)
    assert "socket.connect" in told["events"] or loop == "uvloop"
    opened = told["after"]["connections"] - told["before"]["connections"]
    assert opened > len(told["statuses"])
    assert (told["called"] is None) == (shutil.which("strace") is None)
    assert told["called"] is None or "AF_INET" in told["called"]
    assert {f"fcproxy.server.{name}" for name in ("connect", "exchange", "live")} <= set(told["modules"])


async def test_without_a_namespace_pythons_own_events_tell_the_same(tmp_path: Path) -> None:
    told = await run(tmp_path, str(await recorded(tmp_path)), "asyncio", "replay", alone=False)
    assert told["statuses"] == [200] * 6 + [422] * 4
    assert told["events"] == []
