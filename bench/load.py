"""wrk, and what it says."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.machine import LOAD_CORE, pinned

__all__ = ["Sample", "wrk"]

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True)
class Sample:
    """One round: answers a second, median latency in seconds, answers that were not 2xx or were lost, answers."""

    rate: float
    latency: float
    failed: int
    requests: int


def wrk(script: Path, port: int, connections: int, seconds: int) -> Sample:
    """Runs wrk from the other core. Raises RuntimeError when it says nothing usable."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", "-s", str(script)]
    done = subprocess.run(
        pinned([*command, f"http://127.0.0.1:{port}"], LOAD_CORE), capture_output=True, text=True, check=False
    )
    text = done.stdout
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", text)
    counted = re.search(r"bench: (\d+) answered, (\d+) failed, ([0-9.]+) a second", text)
    latency = re.search(r"50%\s+([0-9.]+)(us|ms|s)\b", text)
    if rate is None:
        raise RuntimeError(f"wrk: {done.stderr or text}")
    total = re.search(r"(\d+) requests in", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    failed = (int(bad[1]) if bad else 0) + (sum(int(one) for one in lost.groups()) if lost else 0)
    value = float(counted[3]) if counted else float(rate[1])
    return Sample(
        value, float(latency[1]) * _UNITS[latency[2]] if latency else 0.0, failed, int(total[1]) if total else 0
    )
