"""README and docs say what is true: their tables are the code's, their links lead somewhere, their code runs."""

import importlib.util
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from fcproxy.cli import cli
from fcproxy.config import read_file
from fcproxy.config.options import OPTIONS
from fcproxy.core.message import Interaction
from fcproxy.vcr_format import parse

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)]*)?\)")


def blocks(language: str) -> list[tuple[str, str]]:
    """(page, code) of every block in ``language``."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found += [(page.name, code) for name, code in _BLOCK.findall(text) if name == language]
    assert found
    return found


def test_generated_regions_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr


def test_a_stale_region_is_seen() -> None:
    spec = importlib.util.spec_from_file_location("docs_script", ROOT / "scripts" / "docs.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    stale = "a\n<!-- generated: modes -->\n| old |\n<!-- /generated -->\nb"
    filled = script.fill(stale, "page")
    assert "old" not in filled
    assert "`passthrough`" in filled
    assert script.fill(filled, "page") == filled
    with pytest.raises(SystemExit, match="nobody"):
        script.fill("<!-- generated: nobody -->\n<!-- /generated -->", "page")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target, _ in _LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    listed = {target for target, _ in _LINK.findall(index)}
    assert listed == {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}


def test_the_readme_begins_with_the_two_commands_and_a_use() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    for wanted in ("make demo", "make test", "fcproxy record", "import stripe"):
        assert any(line.startswith(wanted) for line in lines), wanted


def test_the_options_page_has_every_option() -> None:
    text = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    for option in OPTIONS:
        assert f"| `{option.flag}`" in text
        assert f"`{option.variable}`" in text


def command_lines() -> list[str]:
    """Every fcproxy command in the docs' shell blocks, comments and continuation lines resolved."""
    found = []
    for _, code in blocks("sh"):
        for line in code.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["fcproxy"]:
                found.append(shlex.join(words))
    assert found
    return sorted(set(found))


@pytest.mark.parametrize("line", command_lines())
def test_commands_in_the_docs_exist_with_these_options(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    context = click.Context(cli)
    command = cli.get_command(context, name)
    assert command, name
    command.make_parser(click.Context(command, parent=context)).parse_args(arguments)


def test_python_blocks_are_python() -> None:
    for page, code in blocks("python"):
        compile(code, page, "exec")


def test_data_blocks_can_be_read(tmp_path: Path) -> None:
    for _, code in blocks("json"):
        json.loads(code)
    for _, code in blocks("toml"):
        (tmp_path / "pyproject.toml").write_text(code, encoding="utf-8")
        assert tomllib.loads(code)
        assert read_file(tmp_path / "pyproject.toml")
    cassettes = [code for page, code in blocks("yaml") if page == "cassettes.md"]
    assert cassettes
    for code in cassettes:
        assert parse(code.encode(), "docs").interactions


class Proxy:
    """A real `fcproxy` process on a free port."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("FCPROXY", "STRIPE"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fcproxy", *arguments, "--port", "0"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        found = re.match(r"listening on (http://\S+)", self.process.stdout.readline())
        assert found
        self.url = found[1]

    def end(self) -> tuple[int, str]:
        """Ctrl-C. The exit code and what it printed."""
        self.process.send_signal(signal.SIGINT)
        printed, _ = self.process.communicate(timeout=20)
        return self.process.returncode, printed


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Proxy]]:
    proxies: list[Proxy] = []
    yield proxies
    for proxy in proxies:
        if proxy.process.poll() is None:
            proxy.process.kill()
            proxy.process.communicate(timeout=20)


def readme_command(name: str) -> list[str]:
    (line,) = [line for line in command_lines() if line.startswith(f"fcproxy {name} --cassette")]
    return shlex.split(line)[1:]


def test_the_readmes_use_works_as_written(tmp_path: Path, started: list[Proxy]) -> None:
    (code,) = [code for page, code in blocks("python") if page == "README.md"]
    for name in ("record", "replay"):
        proxy = Proxy(tmp_path, *readme_command(name))
        started.append(proxy)
        program = code.replace("http://127.0.0.1:12111", proxy.url) + "print(session.id)\n"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        exit_code, printed = proxy.end()
        assert exit_code == 0, printed
    # The one in the repository is this very recording; `make example` makes it anew.
    recorded, kept = (
        parse((folder / "cassettes" / "session.yaml").read_bytes(), "session.yaml").interactions
        for folder in (tmp_path, ROOT)
    )
    assert len(kept) == 2
    # Headers hold the SDK's own version and may differ.
    assert [_contents(each) for each in recorded] == [_contents(each) for each in kept]


def _contents(interaction: Interaction) -> tuple[str, str, bytes, int, bytes]:
    request, response = interaction.request, interaction.response
    return request.method, request.url, request.body, response.status, response.body


@pytest.mark.timeout(120)
@pytest.mark.timeout(320)
def test_the_parallel_pytest_example_records_and_replays(tmp_path: Path) -> None:
    pytest_blocks = [code for page, code in blocks("python") if page == "ci.md"]
    (tmp_path / "conftest.py").write_text("\n\n".join(pytest_blocks), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n", encoding="utf-8")
    (tmp_path / "test_app.py").write_text(
        "import pytest, stripe\n\n"
        "@pytest.mark.parametrize('number', range(4))\n"
        "def test_customer(number, stripe_base):\n"
        "    client = stripe.StripeClient('sk_test_any', base_addresses={'api': stripe_base})\n"
        "    made = client.v1.customers.create({'description': f'number {number}'})\n"
        "    assert client.v1.customers.retrieve(made.id).description == f'number {number}'\n",
        encoding="utf-8",
    )
    for mode in ("record", "replay"):
        command = [sys.executable, "-m", "fcproxy", "run", mode, "--cassette", "cassettes/suite.yaml", "--"]
        command += [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=150)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "4 passed" in done.stdout
    assert len(list((tmp_path / "cassettes").glob("*.yaml"))) == 4
