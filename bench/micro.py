"""Small parts by themselves: processor time of one call, the best of several repetitions; and instructions, which noise
cannot move.

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
import time
from collections.abc import Callable
from pathlib import Path

from bench import cassettes, traffic
from bench.hot_path import HotPath
from fcproxy.codings import DECODERS
from fcproxy.core import form
from fcproxy.core.canonical import canonical
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.stripe.matching import MATCHING
from fcproxy.stripe.secrets import default_redactor
from fcproxy.vcr_format import parse, render

__all__ = ["main", "table"]

_REPETITIONS = 5


def _best(call: Callable[[int], object], times: int) -> float:
    """Seconds of one call."""
    call(0)
    best = float("inf")
    for _ in range(_REPETITIONS):
        began = time.process_time()
        for number in range(times):
            call(number)
        best = min(best, (time.process_time() - began) / times)
    return best


def table() -> dict[str, float]:
    """What -> microseconds."""
    redactor = default_redactor(DECODERS)
    comparing = redactor.comparing()
    posts = [cassettes.interaction("POST", number) for number in range(200)]
    text = traffic.form(1)
    done: list[RedactedInteraction] = [redactor.redact(one) for one in posts]
    settled = redactor.settle(done)
    file = render(settled)
    rows: dict[str, tuple[Callable[[int], object], int, int]] = {
        "form codec: parse and tree": (lambda _: form.tree(form.parse_pairs(text)), 500, 1),
        "form codec: encode": (lambda _: form.encode_pairs(form.parse_pairs(text)), 500, 1),
        "redaction of an interaction": (lambda n: redactor.redact(posts[n]), 200, 1),
        "settling an interaction": (lambda _: redactor.settle(done), 1, len(done)),
        "canonical form of a request": (lambda n: canonical(posts[n].request, MATCHING, comparing), 200, 1),
        "writing an interaction": (lambda _: render(settled), 3, len(done)),
        "reading an interaction": (lambda _: parse(file, "bench", decoders=DECODERS), 3, len(done)),
    }
    found = {what: _best(call, times) / per * 1e6 for what, (call, times, per) in rows.items()}
    with tempfile.TemporaryDirectory() as folder:
        for method in ("GET", "POST"):
            with HotPath(Path(folder), method) as path:
                found[f"replay of one hot {method}, no socket"] = _best(path.send, 2000) * 1e6
    return found


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
        for what, microseconds in table().items():
            print(f"{what:45} {microseconds:10.1f} µs")


if __name__ == "__main__":
    main()
