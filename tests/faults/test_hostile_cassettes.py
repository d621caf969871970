"""Cassettes that are damaged or made to harm: an error with file, line and what to do; no traceback, no silence."""

import asyncio
import base64
import os
import re
import sys
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from fcproxy.cli import cli
from fcproxy.config import Config
from fcproxy.core.errors import CassetteUnreadable
from fcproxy.core.modes import Mode
from fcproxy.server.serve import ready_line, summary
from fcproxy.server.store import load
from tests.faults.processes import ended, environment
from tests.server.harness import proxy, speak

HEAD = "interactions:\n"
ONE = (
    "- request:\n    body: null\n    headers: {}\n    method: GET\n    uri: https://api.stripe.com/v1/x\n"
    "  response:\n    body:\n      string: ok\n    headers: {}\n    status:\n      code: 200\n      message: OK\n"
)
GOOD = HEAD + ONE + "version: 1\n"
CANARY = "c4n4ry" * 4


def bomb(levels: int) -> str:
    """Aliases that mean 9 ** levels values."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


HOSTILE: dict[str, tuple[bytes | str, int | None, str]] = {
    "empty": (b"", None, "empty"),
    "blank": (b" \n\n", None, "empty"),
    "random bytes": (bytes(range(256)) * 20, 2, "UTF-8"),
    "NUL bytes": (b"\0" * 5000, 1, "control character"),
    "gzip": (b"\x1f\x8b\x08" + bytes(range(128, 256)), 1, "UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), 1, "UTF-16"),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), 1, "control character"),
    "Latin-1 in the middle": (GOOD.replace("OK", "caf\xe9").encode("latin-1"), 13, "UTF-8"),
    "an escape sequence": (GOOD.replace("OK", "\x1b[31m"), 13, "control character"),
    "cut in the middle": (GOOD[:120], None, ""),
    "cut before the version": (HEAD + ONE, None, "cut short"),
    "cut inside a text": (GOOD.replace("string: ok", 'string: "' + CANARY), None, "not valid YAML"),
    "a merge conflict": (
        HEAD + "<<<<<<< HEAD\n" + ONE + "=======\n" + ONE + ">>>>>>> theirs\nversion: 1\n",
        2,
        "merge conflict",
    ),
    "a conflict resolved by keeping both": (GOOD + GOOD, 15, "same key twice"),
    "a conflict that left one request in two": (
        HEAD + ONE.replace("    method: GET\n", "    method: GET\n    method: POST\n") + "version: 1\n",
        6,
        "same key twice",
    ),
    "a tab for indentation": (GOOD.replace("    body", "\tbody"), 3, "not valid YAML"),
    "HTML": (b"<!DOCTYPE html><html><body>404</body></html>", None, ""),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", None, ""),
    "JSON that is cut": (b'{"interactions": [{"request": {"method"', None, "not valid YAML"),
    "deep JSON": (b"[" * 100_000, 1, "nest"),
    "deep YAML flow": (b"interactions: " + b"[" * 100_000, 1, "nest"),
    "deep YAML block": ("\n".join(" " * n + "a:" for n in range(300)), 201, "deeper"),
    "a list": (b"- 1\n- 2\n", None, "not a cassette"),
    "a text": (b"hello", None, "not a cassette"),
    "another version": (GOOD.replace("version: 1", "version: 7"), None, "version"),
    "interactions that are no list": (b"interactions: {a: 1}\nversion: 1\n", None, "list"),
    "an interaction that is none": (b"interactions:\n- 1\nversion: 1\n", None, ""),
    "no request": (b"interactions:\n- response: {}\nversion: 1\n", 2, ""),
    "a status of words": (GOOD.replace("code: 200", "code: fine"), 2, "status"),
    "a status of many digits": (GOOD.replace("code: 200", "code: " + "9" * 5000), 2, "status"),
    "no URI": (GOOD.replace("uri:", "url:"), 2, "uri"),
    "two documents": (GOOD + "---\n" + GOOD, 15, "more than one"),
    "an alias without an anchor": (GOOD.replace("string: ok", "string: *a"), 9, "alias"),
    "a merge key": (GOOD.replace("headers: {}", "headers: {<<: {a: b}}", 1), 4, "merge key"),
    "a list as a key": (GOOD.replace("headers: {}", "headers: {[a]: b}", 1), 4, "key"),
    "binary that is no base64": (GOOD.replace("string: ok", "string: !!binary a"), 9, "base64"),
    "a bomb of aliases as a body": (bomb(12) + GOOD.replace("body: null", "body: {x: *a11}"), None, "too many"),
    "a bomb of aliases as a list": (bomb(12) + "interactions: *a11\nversion: 1\n", None, ""),
    "code": (GOOD.replace("string: ok", "string: !!python/object/apply:os.system [touch pwned]"), 9, "run code"),
    "code by another tag": (GOOD.replace("string: ok", "string: !!python/object/new:subprocess.Popen [[x]]"), 9, "run"),
    "a module": (GOOD.replace("string: ok", "string: !!python/module:os"), 9, "run"),
    "a tag of somebody else's": (GOOD.replace("string: ok", "string: !ruby/object:Gem::Installer {}"), 9, "run"),
    "a Ruby cassette": (b"http_interactions: []\nrecorded_with: VCR 6.0.0\n", None, "convert"),
}
"""Name -> (bytes, the line that the error names or None where there is none to name, words of the error)."""


def write(folder: Path, name: str) -> Path:
    data = HOSTILE[name][0]
    path = folder / "c.yaml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize("name", HOSTILE)
def test_the_error_names_file_line_and_reason(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, name)
    with pytest.raises(CassetteUnreadable) as caught:
        load(path)
    _, line, words = HOSTILE[name]
    if line is not None:
        assert caught.value.line == line, caught.value
    assert words in caught.value.reason
    assert str(path) in str(caught.value)
    assert CANARY not in str(caught.value)
    assert str(caught.value).isprintable()
    assert caught.value.__cause__ is None
    assert sorted(os.listdir(tmp_path)) == ["c.yaml"]


@pytest.mark.parametrize("name", ["a merge conflict", "code", "random bytes", "a bomb of aliases as a body"])
def test_commands_end_with_exit_code_3_and_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, name)
    (tmp_path / "good.yaml").write_text(GOOD, encoding="ascii")
    serving = [[mode, "--port", "0", "--cassette", "c.yaml"] for mode in ("replay", "auto")]
    for command in [*serving, *(words for word, words in COMMANDS.items() if word != "audit")]:
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 3, command
        assert re.fullmatch(r"fcproxy: c\.yaml(:\d+)?: .+\n", done.stderr), command
        assert done.stdout == ""
    assert sorted(os.listdir(tmp_path)) == ["c.yaml", "good.yaml"]


async def test_the_console_script_ends_so_too(tmp_path: Path) -> None:
    path = write(tmp_path, "code")
    done = await ended("replay", "--cassette", str(path), cwd=tmp_path)
    assert (done.code, done.out) == (3, "")
    assert re.fullmatch(rf"fcproxy: {re.escape(str(path))}(:\d+)?: .+\n", done.err)
    assert not (tmp_path / "pwned").exists()


ODD = base64.b64encode(b"\x1b[2J\xff\xed\xa0\x80\r\n- 9 DELETE /v1/all\n").decode()
"""Octets that clear a screen, are no UTF-8, and make a line of their own."""

PLACES = ("method: GET", "uri: https://api.stripe.com/v1/x", "body: null", "string: ok", "message: OK", "headers: {}")
COMMANDS = {
    "show": ["show", "c.yaml"],
    "diff": ["diff", "c.yaml", "good.yaml"],
    "explain": ["explain", "--cassette", "c.yaml", "--", "http://p/v1/y"],
    "audit": ["audit", "c.yaml"],
    "convert": ["convert", "--force", "c.yaml", "o.har"],
    "redact": ["redact", "c.yaml"],
    "drift": ["drift", "c.yaml", "--upstream", "http://127.0.0.1:9", "--format", "text"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_octets_of_any_sort_in_any_place_are_shown_or_refused(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(GOOD, encoding="ascii")
    for place in PLACES:
        name, _, value = place.partition(": ")
        odd = f"{{X-A: [!!binary {ODD}], ? !!binary {ODD} : [a]}}" if name == "headers" else f"!!binary {ODD}"
        (tmp_path / "c.yaml").write_text(GOOD.replace(f"{name}: {value}", f"{name}: {odd}"), encoding="ascii")
        done = CliRunner().invoke(cli, COMMANDS[command])
        assert isinstance(done.exception, SystemExit | None), (place, done.exception)
        assert done.exit_code in ({0, 1} if command in {"show", "diff", "explain"} else {0, 1, 3}), place
        assert all(line.isprintable() for line in done.output.split("\n")), place
        assert "\n- 9 DELETE /v1/all\n" not in done.output


NAMES = (
    b"a\nb.yaml",
    b"\x1b[2J.yaml",
    b"-rf",
    b"--help",
    b"\xff\xed\xa0\x80.yaml",
    b"\xe2\x80\xae.yaml",
    b"$(id) 'x\".yaml",
)


@pytest.mark.parametrize("raw", NAMES)
async def test_hostile_names_are_shown_escaped_and_served(
    raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(raw)
    Path(name).write_text(GOOD, encoding="ascii")
    for command in (["show", "--", name], ["audit", "--", name], ["redact", "--", name], ["recover", "--", name]):
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 0, (command, done.output)
        assert all(line.isprintable() for line in done.output.split("\n"))
    lines = StringIO()
    async with proxy(Mode.RECORD, Config(cassette=name), log=lines) as app:
        assert ready_line(app).isprintable()
        assert (await speak(app.url, b"GET /v1/balance HTTP/1.1\r\nHost: p\r\n\r\n")).status < 500
    assert app.outcome is not None
    assert all(line.isprintable() for line in summary(app.outcome, name).split("\n"))
    assert os.listdir(os.fsencode(tmp_path)) == [raw]


def test_a_name_of_255_octets_leaves_no_room_for_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = "x" * 250 + ".yaml"
    Path(name).write_text(GOOD, encoding="ascii")
    assert CliRunner().invoke(cli, ["recover", name]).exit_code == 0
    assert CliRunner().invoke(cli, ["show", name]).exit_code == 0
    for command in (["redact", name], ["record", "--port", "0", "--cassette", name]):
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 3, done.output
        assert "too long" in done.output
    assert os.listdir(tmp_path) == [name]


async def test_an_enormous_file_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    with path.open("wb") as file:
        file.write(GOOD.encode())
        file.truncate(500 << 20)
    script = (
        "import sys; from pathlib import Path; from fcproxy.server.store import load\n"
        "from fcproxy.core.errors import CassetteUnreadable\n"
        "try: load(Path(sys.argv[1]))\n"
        "except CassetteUnreadable as error: print(error)\n"
        # Not getrusage: its peak is the parent's too, from before the exec.
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(path)), stdout=asyncio.subprocess.PIPE, env=environment()
    )
    out, _ = await process.communicate()
    error, peak = out.decode().splitlines()
    assert "larger than 256 MiB" in error
    assert "--max-cassette" in error
    assert int(peak) < 200_000


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    for path in (tmp_path / "fifo.yaml", Path("/dev/zero"), tmp_path):
        with pytest.raises(CassetteUnreadable, match=r"no regular file|Is a directory"):
            load(path)


def test_names_that_are_too_long_or_hold_control_octets_are_said_to_be_so(tmp_path: Path) -> None:
    for name in ("x" * 300, "a\nb\x1b[31m.yaml"):
        with suppress(OSError):
            (tmp_path / name).write_bytes(b"\0")
        with pytest.raises(CassetteUnreadable) as caught:
            load(tmp_path / name)
        assert str(caught.value).isprintable()
