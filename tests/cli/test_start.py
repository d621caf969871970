"""What `fcproxy replay` does before its first answer, counted: no figure here depends on how quick the machine is."""

import subprocess
import sys
import urllib.request

import pytest

from tests.cli.processes import clean_environment

KEY = "sk_" + "test_" + "51Start0000000000000000"

CASSETTE = """\
interactions:
- request:
    body: null
    headers:
      Authorization:
      - 'Bearer sk_test_REDACTED~1'
      Stripe-Version:
      - '2026-10-28.clover'
    method: GET
    uri: https://api.stripe.com/v1/customers/cus_1Start0000000000
  response:
    body:
      string: |-
        {
          "id": "cus_1Start0000000000",
          "object": "customer"
        }
    headers:
      Content-Type:
      - application/json
    status:
      code: 200
      message: OK
version: 1
"""

HOOK = """
import re._compiler, sys
log = open(sys.argv.pop(1), "w", buffering=1)
compile_ = re._compiler.compile
LIBRARY = ("re", "fcproxy.core.expression", "__main__")

def counting(pattern, flags=0):
    frame = sys._getframe(1)
    while frame.f_globals["__name__"].startswith("re.") or frame.f_globals["__name__"] in LIBRARY:
        frame = frame.f_back
    print("expression", frame.f_globals["__name__"], ascii(pattern), file=log)
    return compile_(pattern, flags)

re._compiler.compile = counting
sys.addaudithook(lambda event, arguments: event == "import" and print("module", arguments[0], file=log))
from fcproxy.cli import main
main()
"""
"""fcproxy; the file that the first argument names gets a line for each expression that is compiled, with the module
that asked for it, and for each module that is loaded."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """(what, module) of all that happened before the first answer."""
    folder = tmp_path_factory.mktemp("start")
    (folder / "c.yaml").write_text(CASSETTE, encoding="ascii")
    command = [sys.executable, "-c", HOOK, "log", "replay", "--cassette", "c.yaml", "--port", "0"]
    process = subprocess.Popen(command, cwd=folder, env=clean_environment(), stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        request = urllib.request.Request(
            f"{url}/v1/customers/cus_1Start0000000000",
            headers={"Authorization": f"Bearer {KEY}", "Stripe-Version": "2026-10-28.clover"},
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
        lines = (folder / "log").read_text(encoding="utf-8").splitlines()
        process.terminate()
    return [(what, name) for what, name, *_ in map(str.split, lines)]


def test_few_expressions_are_compiled(told: list[tuple[str, str]]) -> None:
    ours = [name for what, name in told if what == "expression" and name.startswith("fcproxy.")]
    assert 0 < len(ours) <= 65, sorted(ours)


UNUSED = (
    "dataclasses",
    "difflib",
    "encodings.idna",
    "fcproxy.core.draft",
    "fcproxy.core.settling",
    "fcproxy.core.verdict",
    "fcproxy.server.control",
    "fcproxy.server.relay",
    "tomllib",
    "yaml",
)
"""What takes its time to load, and is of no use to a hit."""


def test_what_a_hit_has_no_use_for_is_not_loaded(told: list[tuple[str, str]]) -> None:
    assert not {name for what, name in told if what == "module"} & {*UNUSED}


def test_few_modules_are_loaded(told: list[tuple[str, str]]) -> None:
    ours = {name for what, name in told if what == "module" and name.startswith("fcproxy.")}
    assert 0 < len(ours) <= 110, sorted(ours)
