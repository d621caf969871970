"""Stripe's SDK for node, installed once into the virtual environment; without node its tests are skipped, loudly."""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SDK = "stripe@22.6.2"


@pytest.fixture(scope="session")
def node_folder() -> Path:
    """A folder with the SDK in its `node_modules`. Workers of pytest-xdist take turns."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed: THE SDK FOR NODE IS NOT TESTED")
    folder = Path(sys.prefix) / "node"
    folder.mkdir(exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / f".installed-{SDK}"
        if not stamp.exists():
            (folder / "package.json").write_text('{"private": true, "type": "module"}\n')
            done = subprocess.run(
                ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", SDK],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            if done.returncode and any(
                word in done.stderr for word in ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN")
            ):
                pytest.skip("npm's registry cannot be reached: THE SDK FOR NODE IS NOT TESTED")
            assert done.returncode == 0, done.stderr
            stamp.touch()
    return folder
