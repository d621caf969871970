"""What one client recorded, all replay; each raises a miss at once, with one request on the wire."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cli.processes import Served, rig
from tests.clients.stories import Seen, Teller, with_async_python, with_curl, with_node, with_python
from tests.server.harness import KEY

CLIENTS = ["python", "python-async", "node", "curl"]

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the SDK's own call of httpx


@pytest.fixture(autouse=True)
def straight_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No web proxy of the machine's stands between."""
    monkeypatch.setenv("NO_PROXY", "*")


def teller(name: str, request: pytest.FixtureRequest) -> Teller:
    if name == "node":
        return with_node(request.getfixturevalue("node_folder"))
    return {"python": with_python, "python-async": with_async_python, "curl": with_curl}[name]


@contextmanager
def deck(url: str, cassette: str) -> Iterator[dict[str, Any]]:
    """A replaying deck of its own; its verdict is in it at the end."""
    opened = requests.post(f"{url}/_fcproxy/decks", json={"cassette": cassette, "mode": "replay"}, timeout=30).json()
    yield opened
    opened["verdict"] = requests.delete(f"{url}/_fcproxy/decks/{opened['id']}", timeout=30).json()


def told_in_a_deck(tell: Teller, by: str, url: str) -> tuple[Seen, dict[str, Any]]:
    """By the deck's base URL where the client takes a path in it, else by its API key."""
    with deck(url, "c.yaml") as opened:
        seen = tell(url if by == "key" else opened["base_url"], opened["api_key"] if by == "key" else KEY, "whole")
    return seen, opened["verdict"]


@pytest.mark.parametrize("recorder", ["python", "node"])
def test_all_clients_replay_what_one_recorded(recorder: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with rig(tmp_path, "-q") as served:
        recorded = teller(recorder, request)(served.url, KEY, "whole")
        assert served.stop() == 0, served.errors
    assert recorded[3] == {"error": "resource_missing"}
    assert isinstance(recorded[5], list)
    with Served("replay", "--cassette", "c.yaml", "-q", "--no-strict", folder=tmp_path) as served:
        for name in CLIENTS:
            seen, verdict = told_in_a_deck(teller(name, request), "key" if name == "node" else "url", served.url)
            assert seen == recorded, (name, verdict["misses"])
            assert (verdict["played"], verdict["unused"], verdict["missed"]) == (6, 0, 0), name
        assert served.stop() == 0


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A cassette of the whole story."""
    folder = tmp_path_factory.mktemp("recording")
    with rig(folder, "-q") as served:
        with_python(served.url, KEY, "whole")
        assert served.stop() == 0, served.errors
    return (folder / "c.yaml").read_bytes()


@pytest.mark.parametrize("name", CLIENTS)
def test_a_miss_is_raised_at_once_with_one_request_on_the_wire(
    name: str, recording: bytes, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    (tmp_path / "c.yaml").write_bytes(recording)
    with Served("replay", "--cassette", "c.yaml", "--log-format", "json", folder=tmp_path) as served:
        assert teller(name, request)(served.url, KEY, "miss") == [{"miss": "no_match"}]
        assert served.stop() == 1
        lines = [json.loads(line) for line in served.errors.splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [("POST", "/v1/customers", 422)]
