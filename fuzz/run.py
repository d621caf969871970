"""Runs one target under atheris: ``python -m fuzz.run TARGET [libFuzzer options]``, from the seeds on.

atheris (https://pypi.org/project/atheris/) is no dependency of the project: install it into a virtual environment that
has fcproxy. Inputs that reach new code go to ``build/fuzz/TARGET``; make seeds of the few that tell something.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["fcproxy"]):
    from fuzz.targets import TARGETS

from fuzz.seeds import SEEDS

__all__ = ["main"]


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(f"usage: python -m fuzz.run {{{','.join(TARGETS)}}} [libFuzzer options]")
    name = sys.argv.pop(1)
    found = Path("build", "fuzz", name)
    found.mkdir(parents=True, exist_ok=True)
    seeds = Path("build", "fuzz", "seeds", name)
    seeds.mkdir(parents=True, exist_ok=True)
    for seed, data in SEEDS[name].items():
        (seeds / seed).write_bytes(data)
    atheris.Setup([*sys.argv, str(found), str(seeds)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
