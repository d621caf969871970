"""The examples run as they stand."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.processes import COMMAND, clean_environment
from tests.clients.conftest import node_folder

__all__ = ["node_folder"]

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def run(mode: str, folder: Path, *command: str, strict: bool = True) -> subprocess.CompletedProcess[str]:
    switch = [] if strict else ["--no-strict"]
    return subprocess.run(
        [*COMMAND, "run", mode, "-q", "--cassette", "cassettes/suite.yaml", *switch, "--", *command],
        cwd=folder,
        env=clean_environment(PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


@pytest.mark.timeout(320)
def test_eight_workers_with_a_deck_for_each_test(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "pytest_xdist", tmp_path, dirs_exist_ok=True)
    pytest_ = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
    ]
    done = run("record", tmp_path, *pytest_, "-n", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    files = sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "cassettes").rglob("*"))
    assert len([name for name in files if name.endswith(".yaml")]) == 9, files
    assert not [name for name in files if set(name) & set('<>:"|?*\\')], files
    before = {name: (tmp_path / name).read_bytes() for name in files if (tmp_path / name).is_file()}
    # Each file holds customers of its own, so a stolen answer would show.
    done = run("replay", tmp_path, *pytest_, "-n", "8", strict=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 passed" in done.stdout
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


@pytest.mark.timeout(200)
def test_nodes_test_runner(tmp_path: Path, node_folder: Path) -> None:
    shutil.copytree(EXAMPLES / "node", tmp_path, dirs_exist_ok=True)
    (tmp_path / "node_modules").symlink_to(node_folder / "node_modules")
    assert json.loads((tmp_path / "package.json").read_text())["scripts"]["test"].startswith("fcproxy run replay")
    for mode in ("record", "replay"):
        done = run(mode, tmp_path, "node", "--test")
        assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "customers.test.mjs").write_text(
        (tmp_path / "customers.test.mjs").read_text().replace('"somebody"', '"somebody else"')
    )
    done = run("replay", tmp_path, "node", "--test")
    assert done.returncode == 1
    assert 'body.description: recorded "somebody", received "somebody else"' in done.stderr
