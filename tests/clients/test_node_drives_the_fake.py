"""Stripe's SDK for node drives every endpoint of the fake; see `node/every_endpoint.mjs` for what it expects."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from tests.cli.processes import Served, clean_environment
from tests.server.harness import KEY

SCRIPT = Path(__file__).parent / "node" / "every_endpoint.mjs"

NOT_REACHED = {
    "GET /stripecli/auth/{word}": "belongs to the Stripe CLI's login",
    "POST /stripecli/auth": "belongs to the Stripe CLI's login",
    "POST /v1/stripecli/sessions": "belongs to the Stripe CLI, which goes on over a websocket",
}


def endpoints(url: str) -> set[str]:
    """Every "METHOD path" that the fake declares."""
    paths = requests.get(f"{url}/_fcproxy/openapi.json", timeout=30).json()["paths"]
    return {f"{method.upper()} {path}" for path in paths for method in paths[path]}


def test_every_endpoint_is_reached(node_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    script = shutil.copy(SCRIPT, node_folder)
    with Served("fake", folder=tmp_path) as served:
        done = subprocess.run(
            ["node", str(script), served.url, KEY],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        assert done.returncode == 0, done.stderr
        declared = endpoints(served.url)
        assert served.stop() == 0, served.errors
    assert declared - set(json.loads(done.stdout)) == set(NOT_REACHED)
