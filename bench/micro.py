"""Small parts by themselves: their time (`test_micro`, by pytest-benchmark), and instructions, which noise cannot move.

python -m bench.micro               the table
python -m bench.micro --count       instructions of one replayed request, counted by valgrind
python -m bench.micro --profile     where the time of the hot path goes
"""

import argparse
import cProfile
import os
import pstats
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.hot_path import HotPath

__all__ = ["main"]


def _instructions(method: str, times: int) -> int:
    code = (
        "import sys, pathlib; from bench.hot_path import HotPath\n"
        "with HotPath(pathlib.Path(sys.argv[1]), sys.argv[2]) as path:\n"
        "    for number in range(int(sys.argv[3])): path.send(number)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", sys.executable, "-c", code]
        done = subprocess.run(
            [*command, folder, method, str(times)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
    counted = re.search(r"Collected : (\d+)", done.stderr)
    if counted is None:
        raise RuntimeError(done.stderr[-500:])
    return int(counted[1])


def count() -> dict[str, int]:
    """Instructions of one more replayed request, for each method: the difference of two runs."""
    many, few = 700, 100
    return {
        method: (_instructions(method, many) - _instructions(method, few)) // (many - few) for method in ("GET", "POST")
    }


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="bench.micro", description=__doc__)
    parser.add_argument("--count", action="store_true")
    parser.add_argument("--profile", action="store_true")
    flags = parser.parse_args()
    if flags.count:
        if shutil.which("valgrind") is None:
            raise SystemExit("missing: valgrind")
        for method, instructions in count().items():
            print(f"one hot {method}: {instructions:,} instructions")
    elif flags.profile:
        with (
            tempfile.TemporaryDirectory() as folder,
            HotPath(Path(folder), "GET") as path,
            cProfile.Profile() as profile,
        ):
            for number in range(20_000):
                path.send(number)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    else:
        here = Path(__file__).parent
        command = [sys.executable, "-m", "pytest", "-c", str(here / "micro.ini"), str(here / "test_micro.py")]
        raise SystemExit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
