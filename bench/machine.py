"""Processes under measurement: started on their core, waited for, stopped; and what machine this is."""

import os
import platform
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["LOAD_CORE", "SERVER_CORE", "Process", "awake", "free_port", "machine", "pinned", "start", "wait_for"]

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
LOAD_CORE = CORES[-1]
"""Load generator and upstream stay off the server's core, where there are two."""

_LATENCY = Path("/dev/cpu_dma_latency")


@dataclass
class Process:
    """A started server. ``seconds`` is the time from its start until its port accepted."""

    popen: subprocess.Popen[bytes]
    port: int
    seconds: float

    def stop(self) -> None:
        """Ends the process and its children."""
        for number, patience in ((signal.SIGTERM, 8), (signal.SIGKILL, 5)):
            if self.popen.poll() is None:
                try:
                    os.killpg(self.popen.pid, number)
                    self.popen.wait(patience)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue

    def cpu(self) -> float:
        """Processor time used so far, in seconds, by the process and its threads."""
        fields = Path(f"/proc/{self.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Resident memory in bytes."""
        for line in Path(f"/proc/{self.popen.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0


@contextmanager
def awake() -> Iterator[None]:
    """Keeps the cores from sleeping where that is allowed (kernel.org, "PM Quality Of Service Interface": no wake-up
    may take longer than 0 µs).

    Between a request and the next one of a single connection both cores have nothing to do. To wake one up that was
    halted, a virtual one most of all, takes longer than any of the servers here takes to answer.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            held = stack.enter_context(_LATENCY.open("wb", buffering=0))
            held.write(struct.pack("=i", 0))
        yield


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pinned(command: Sequence[str], core: int) -> list[str]:
    """``command`` bound to one core."""
    return ["taskset", "-c", str(core), *command]


def start(
    command: Sequence[str],
    port: int,
    *,
    core: int = SERVER_CORE,
    patience: float = 120,
    env: Mapping[str, str] | None = None,
) -> Process:
    """Starts a server and waits until ``port`` accepts. Raises TimeoutError with what it wrote when it does not."""
    began = time.perf_counter()
    log = Path(f"/tmp/fcproxy-bench-{os.getpid()}-{port}.log")
    with log.open("wb") as sink:
        popen = subprocess.Popen(
            pinned(command, core),
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
    try:
        wait_for(port, patience, popen)
    except TimeoutError:
        Process(popen, port, 0).stop()
        raise TimeoutError(f"{' '.join(command)}: {log.read_text(errors='replace')[-800:]}") from None
    finally:
        log.unlink()
    return Process(popen, port, time.perf_counter() - began)


def wait_for(port: int, patience: float, popen: subprocess.Popen[bytes]) -> None:
    """Returns once something accepts on ``port``. Raises TimeoutError."""
    deadline = time.perf_counter() + patience
    while time.perf_counter() < deadline and popen.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.002)
    raise TimeoutError


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cpu": f"{_cpu()}, {len(CORES)} cores; servers on one, load and upstream on the other",
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        **{name: _package(name) for name in ("aiohttp", "uvloop", "vcrpy", "pyyaml")},
        "wrk": "present" if shutil.which("wrk") else "absent",
        "cores": "kept awake, but where it says asleep" if os.access(_LATENCY, os.W_OK) else "asleep between requests",
        "load average at the start": " ".join(f"{one:.1f}" for one in os.getloadavg()),
    }
