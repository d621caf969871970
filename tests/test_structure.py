"""The floors hold, and the linter that holds them can fail."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PLANTS = {
    "core/form.py": "import time",
    "core/message.py": "from fcproxy.stripe import ids",
    "stripe/ids.py": "import logging",
    "fake/errors.py": "import random",
    "config/files.py": "from fcproxy.server import app",
    "server/store.py": "import yaml",
}
"""File of the package -> a line that must not stand in it."""


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the package in ``folder``, with this project's contracts."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "300", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def copy_package(folder: Path) -> Path:
    shutil.copytree(ROOT / "fcproxy", folder / "fcproxy", ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "fcproxy"


def test_the_package_keeps_its_floors(tmp_path: Path) -> None:
    copy_package(tmp_path)
    done = lint_imports(tmp_path)
    assert done.returncode == 0, done.stdout


def test_a_planted_breach_of_each_kind_is_seen(tmp_path: Path) -> None:
    package = copy_package(tmp_path)
    for name, line in PLANTS.items():
        path = package / name
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    done = lint_imports(tmp_path)
    assert done.returncode == 1
    for name, line in PLANTS.items():
        module = "fcproxy." + name.removesuffix(".py").replace("/", ".")
        words = line.split()
        imported = ".".join(words[1::2])
        assert f"{module} -> {imported}" in done.stdout, done.stdout


def test_a_new_floor_must_be_named(tmp_path: Path) -> None:
    (copy_package(tmp_path) / "helpers.py").write_text("", encoding="utf-8")
    assert lint_imports(tmp_path).returncode == 1


def test_nothing_pure_imports_a_part_of_a_package_it_may_use() -> None:
    # import-linter cannot forbid urllib.request and allow urllib.parse.
    for floor in ("core", "stripe", "fake"):
        for path in (ROOT / "fcproxy" / floor).rglob("*.py"):
            imported = set(
                re.findall(r"^\s*(?:from|import) (urllib[\w.]*)", path.read_text(encoding="utf-8"), re.MULTILINE)
            )
            assert imported <= {"urllib.parse"}, path
