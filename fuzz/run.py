"""Runs one target under atheris: ``python -m fuzz.run TARGET [libFuzzer options]``, from the kept corpus on.

atheris (https://pypi.org/project/atheris/) is no dependency of the project: install it into a virtual environment that
has fcproxy. Inputs that reach new code go to ``build/fuzz/TARGET``; put the few that tell something into the corpus.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["fcproxy"]):
    from fuzz.targets import TARGETS

__all__ = ["main"]


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(f"usage: python -m fuzz.run {{{','.join(TARGETS)}}} [libFuzzer options]")
    name = sys.argv.pop(1)
    found = Path("build", "fuzz", name)
    found.mkdir(parents=True, exist_ok=True)
    atheris.Setup([*sys.argv, str(found), str(Path(__file__).with_name("corpus") / name)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
