"""What can be imported from where, and what an import costs."""

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import fcproxy

NAMES = sorted(
    module.name
    for module in pkgutil.walk_packages(fcproxy.__path__, "fcproxy.")
    if not module.name.endswith("__main__")
)


def test_the_package_itself() -> None:
    assert fcproxy.__all__ == ["__version__"]
    assert fcproxy.__version__.count(".") == 2


@pytest.mark.parametrize("name", NAMES)
def test_every_module_names_what_it_offers(name: str) -> None:
    module = importlib.import_module(name)
    offered = getattr(module, "__all__", None)
    if offered is None:
        assert not _own_names(module), f"{name} has no __all__"
        return
    assert len(set(offered)) == len(offered)
    assert not [each for each in offered if not hasattr(module, each)]
    assert not [each for each in offered if each.startswith("_") and each != "__version__"]


def _own_names(module: ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]


HEAVY = ("aiohttp", "asyncio", "yaml", "vcr", "brotli")


def loaded_by(code: str) -> set[str]:
    """The heavy packages that a new interpreter has loaded after ``code``."""
    script = f"{code}\nimport sys\nprint(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_the_package_is_cheap() -> None:
    assert loaded_by("import fcproxy") == set()


def test_help_is_cheap() -> None:
    code = "from fcproxy.cli import cli\ncli.main(['--help'], standalone_mode=False)"
    assert loaded_by(code) == set()


def test_reading_cassettes_does_not_load_vcrpy() -> None:
    # It costs a fifth of a second, at every start.
    code = "from fcproxy.vcr_format import parse\nparse(b'interactions: []\\nversion: 1\\n', 'c')"
    assert "vcr" not in loaded_by(code)
