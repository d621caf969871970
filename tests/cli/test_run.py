"""`fcproxy run`: the environment, the exit code, the signals."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.processes import COMMAND, clean_environment, fcproxy

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
CALL = """
import os, urllib.request
request = urllib.request.Request(os.environ["STRIPE_API_BASE"] + "/v1/customers", b"description=x",
    {"Authorization": "Bearer " + os.environ["STRIPE_API_KEY"]})
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(opener.open(request, timeout=30).status)
"""


def python(mode: str, code: str, *options: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return fcproxy("run", mode, *options, "--", sys.executable, "-c", code, folder=folder, **environment)


def test_the_environment_that_the_command_gets(tmp_path: Path) -> None:
    done = python("replay", SHOW, "--no-strict", folder=tmp_path)
    assert done.returncode == 0
    seen = json.loads(done.stdout)
    assert seen["FCPROXY_URL"] == seen["STRIPE_API_BASE"]
    assert seen["FCPROXY_URL"].startswith("http://127.0.0.1:")
    assert seen["FCPROXY_MODE"] == "replay"
    assert seen["STRIPE_API_KEY"] == "sk_" + "test_fcproxy"
    kept = python("replay", SHOW, "--no-strict", folder=tmp_path, STRIPE_API_KEY="its own")
    assert json.loads(kept.stdout)["STRIPE_API_KEY"] == "its own"


def test_record_then_replay_then_a_miss(tmp_path: Path) -> None:
    done = python("record", CALL, folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
    assert "1 recorded" in done.stderr
    done = python("replay", CALL, folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
    done = python("replay", "", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "1 unused" in done.stderr


def test_vcrs_words_for_the_modes(tmp_path: Path) -> None:
    assert python("once", CALL, folder=tmp_path).returncode == 0
    assert python("once", CALL + CALL.replace("=x", "=y"), folder=tmp_path).returncode == 1
    assert python("new_episodes", CALL + CALL.replace("=x", "=y"), folder=tmp_path).returncode == 0
    assert python("none", CALL + CALL.replace("=x", "=y"), folder=tmp_path).returncode == 0
    assert python("all", CALL, folder=tmp_path).returncode == 0
    assert python("none", CALL, folder=tmp_path).returncode == 0


@pytest.mark.parametrize("code", [3, 77])
def test_the_exit_code_is_the_commands(code: int, tmp_path: Path) -> None:
    assert python("replay", f"raise SystemExit({code})", folder=tmp_path).returncode == code


def test_a_command_killed_by_a_signal_ends_as_in_a_shell(tmp_path: Path) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert python("replay", code, folder=tmp_path).returncode == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_are_passed_on_and_the_recording_is_kept(number: int, tmp_path: Path) -> None:
    code = CALL + (
        "import signal, sys\n"
        "for n in (signal.SIGTERM, signal.SIGINT): signal.signal(n, lambda n, _: sys.exit(40 + n))\n"
        "print('waiting', flush=True)\nsignal.pause()"
    )
    command = [*COMMAND, "run", "record", "--cassette", "c.yaml", "--", sys.executable, "-c", code]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["200\n", "waiting\n"]
        process.send_signal(number)
        assert process.wait(timeout=40) == 40 + number
    assert (tmp_path / "c.yaml").is_file()
    assert sorted(os.listdir(tmp_path)) == ["c.yaml"]


def test_a_replay_of_no_cassette_says_so_even_without_a_request(tmp_path: Path) -> None:
    done = python("replay", "", "--cassette", "none.yaml", folder=tmp_path)
    assert done.returncode == 0
    assert "  note: there is no such cassette: nothing could be replayed" in done.stderr.splitlines()
