"""The jobs and the hook that the docs show, run as GitHub and pre-commit run them: in a fresh clone, by `bash -e`."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.processes import clean_environment
from tests.core.audit_support import secret_key

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("docs/ci.md", "docs/audit.md", "examples/github-actions/replay.yml")
TEST = """
import json, os, urllib.request

def test_a_customer_is_made():
    asked = urllib.request.Request(os.environ["STRIPE_API_BASE"] + "/v1/customers", b"description=somebody")
    asked.add_header("Authorization", "Bearer " + os.environ["STRIPE_API_KEY"])
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked) as answer:
        assert json.load(answer)["description"] == "somebody"
"""


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for source in SOURCES:
        text = (ROOT / source).read_text(encoding="utf-8")
        for block in [text] if source.endswith(".yml") else re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
            document = yaml.safe_load(block)
            if isinstance(document, dict) and "jobs" in document:
                yield from ((f"{source}: {name}", job) for name, job in document["jobs"].items())


JOBS = dict(jobs())


def environment(**more: str) -> dict[str, str]:
    """What `setup-python` and the install step leave: Python's own programs come first."""
    path = f"{more.pop('first', '')}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return clean_environment(PATH=path, PYTHONDONTWRITEBYTECODE="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **more)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with recorded tests, committed. There is no network, so its `pip` does nothing but take `install`."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_shop.py").write_text(TEST)
    (folder / "pip").write_text('#!/bin/sh\n[ "$1" = install ]\n')
    (folder / "pip").chmod(0o755)
    record = "fcproxy run record -q --cassette tests/cassettes/suite.yaml -- pytest -q -p no:cacheprovider"
    keep = (
        "cp -r tests/cassettes cassettes; git init -q .; git add -A; git -c user.name=a -c user.email=a@b commit -qm a"
    )
    done = bash(f"{record}\n{keep}", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def bash(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    variables = environment(first=str(folder), **variables)
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def clone(project: Path, folder: Path) -> Path:
    subprocess.run(["git", "clone", "-q", project, folder / "clone"], check=True)
    return folder / "clone"


def steps(job: dict[str, Any]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The shell texts of a job with their variables; a repository's secret that nobody has set is empty."""
    return tuple(
        (step["run"], tuple((name, re.sub(r"\$\{\{.*?\}\}", "", value)) for name, value in step.get("env", {}).items()))
        for step in job["steps"]
        if "run" in step and not step["run"].startswith("pip ")
    )


def test_each_source_shows_a_job_and_each_job_installs() -> None:
    assert {name.partition(":")[0] for name in JOBS} == set(SOURCES)
    for job in JOBS.values():
        actions = [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step]
        assert actions[:2] == ["actions/checkout", "actions/setup-python"]
        assert [step["run"] for step in job["steps"] if step.get("run", "").startswith("pip install ")]


@pytest.mark.parametrize(
    "job", {steps(job): job for job in JOBS.values()}.values(), ids=lambda job: str(len(steps(job)))
)
def test_the_steps_pass_in_a_fresh_clone_and_fail_on_a_secret(
    job: dict[str, Any], project: Path, tmp_path: Path
) -> None:
    folder = clone(project, tmp_path)
    for text, variables in steps(job):
        done = bash(text, folder, **dict(variables))
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
    for name in ("cassettes", "tests/cassettes"):
        (folder / name / "leak.yaml").write_text(f"a: {secret_key()}\n")
    text, variables = steps(job)[-1]
    done = bash(text, folder, **dict(variables))
    assert done.returncode == 1
    assert "FOUND: 1 findings" in done.stdout + done.stderr
    for step in job["steps"]:
        if "upload-sarif" in step.get("uses", ""):
            assert step["if"] == "always()"
            report = json.loads((folder / step["with"]["sarif_file"]).read_text())
            assert [one["ruleId"] for one in report["runs"][0]["results"]] == ["secret-key"]


def test_the_hook_passes_and_fails_by_the_files_it_is_given(project: Path, tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (shown,) = re.findall(r"```yaml\nrepos:\n(.*?)```", (ROOT / "docs" / "audit.md").read_text(), re.DOTALL)
    assert hook["id"] in [one["id"] for repo in yaml.safe_load(shown) for one in repo["hooks"]]
    folder = clone(project, tmp_path)
    (folder / "cassettes" / "leak.yaml").write_text(f"a: {secret_key()}\n")
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.yaml"))]
    given = [name for name in names if re.search(hook["files"], name)]
    assert given == names
    good = [name for name in given if "leak" not in name]
    assert bash(shlex.join([*shlex.split(hook["entry"]), *good]), folder).returncode == 0
    assert bash(shlex.join([*shlex.split(hook["entry"]), *given]), folder).returncode == 1
