"""The command line's surface: help, version, what it costs to ask for it, and the demo."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import fcproxy
from fcproxy.cli import COMMANDS, cli
from fcproxy.config.options import OPTIONS
from tests.cli.processes import clean_environment
from tests.cli.processes import fcproxy as command
from tests.server.harness import KEY

NAMES = [name for name, _, _ in COMMANDS]


def test_version_and_help() -> None:
    runner = CliRunner()
    assert runner.invoke(cli, ["--version"]).output == f"fcproxy, version {fcproxy.__version__}\n"
    shown = runner.invoke(cli, ["--help"]).output
    for name in NAMES:
        assert f"  {name} " in shown


@pytest.mark.parametrize("name", NAMES)
def test_every_commands_help_has_examples(name: str) -> None:
    done = CliRunner().invoke(cli, [name, "--help"], prog_name="fcproxy")
    assert done.exit_code == 0, done.output
    assert "Examples:" in done.output
    assert f"  fcproxy {name}" in done.output.partition("Examples:")[2]


@pytest.mark.parametrize("name", ["record", "replay", "auto", "passthrough", "run", "fake"])
def test_a_command_has_the_options_of_the_table_and_no_others(name: str) -> None:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    given = {parameter.name for parameter in found.params if isinstance(parameter, click.Option)}
    assert given == {option.name for option in OPTIONS if name in option.commands} | {"config"}


def test_every_place_in_the_table_is_a_command() -> None:
    for _, place, _ in COMMANDS:
        module, _, attribute = place.partition(":")
        assert isinstance(getattr(importlib.import_module(module), attribute), click.Command)


def test_asking_for_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from fcproxy.cli import cli\n"
        "assert CliRunner().invoke(cli, ['record', '--help']).exit_code == 0\n"
        "print([m for m in ('aiohttp', 'vcr', 'yaml', 'brotli', 'stripe', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_replay_imports_no_upstream_and_nothing_that_only_a_recording_needs(tmp_path: Path) -> None:
    code = """
import asyncio, sys
from fcproxy.config import Config
from fcproxy.core.modes import Mode
from fcproxy.server.check import audit_check
from fcproxy.server.opened import open_deck
import fcproxy.server.serve
asyncio.run(open_deck(Config(), Mode.REPLAY, audit_check))
heavy = ("fcproxy.fake", "fcproxy.server.live", "fcproxy.core.audit", "vcr", "multiprocessing", "stripe")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_python_m_fcproxy_is_the_command(tmp_path: Path) -> None:
    assert command("--version", folder=tmp_path).stdout == f"fcproxy, version {fcproxy.__version__}\n"


def test_the_demo_keeps_its_promises(tmp_path: Path) -> None:
    done = command("demo", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = done.stdout
    for wanted in ("1. Record", "5 recorded", "2. The cassette", "nowhere", "3. Replay", "5 of 5", "4. Audit", "CLEAN"):
        assert wanted in shown
    first = (tmp_path / "cassettes" / "demo.yaml").read_bytes()
    assert command("demo", folder=tmp_path).returncode == 0
    assert (tmp_path / "cassettes" / "demo.yaml").read_bytes() == first


def test_the_demo_works_without_the_sdk(tmp_path: Path) -> None:
    (tmp_path / "stripe.py").write_text("raise ImportError('not here')\n")
    done = command(
        "demo", folder=tmp_path, PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "plain HTTP" in done.stdout
    assert "5 of 5" in done.stdout


@pytest.mark.parametrize("arguments", [["record", "--port"], ["record", "--fsync"], ["record"], []])
def test_a_key_typed_in_a_wrong_place_is_not_repeated(arguments: list[str]) -> None:
    for prefix in ("", "--"):
        done = CliRunner().invoke(cli, [*arguments, prefix + KEY])
        assert done.exit_code == 2
        assert "<secret-key>" in done.output
        assert KEY not in done.output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is always full")
@pytest.mark.parametrize(
    "arguments", [["--version"], ["show", "c.yaml"], ["audit", "c.yaml"], ["replay", "--port", "0"]]
)
def test_output_that_finds_no_room_is_no_failed_check(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("interactions: []\nversion: 1\n")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fcproxy", *arguments],
            cwd=tmp_path,
            env=clean_environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=50,
        )
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "fcproxy: the output cannot be written: No space left on device"
    assert "Traceback" not in done.stderr
