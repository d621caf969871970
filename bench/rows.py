"""The measurements. Within a row all contestants run at once and take turns, so that noise meets them alike."""

import shutil
from collections.abc import Iterable, Sequence
from compileall import compile_dir
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import fcproxy
from bench import traffic
from bench.contestants import FORWARD, RECORD, REPLAY, Contestant, nginx
from bench.load import wrk
from bench.machine import LOAD_CORE, Process

__all__ = ["Cell", "Effort", "forwarding", "replay_distinct", "replay_hot", "replay_once", "start_times"]


@dataclass(frozen=True)
class Effort:
    """How long it may take: rounds, whole seconds a round, seconds of warm-up."""

    rounds: int = 5
    seconds: int = 1
    warm_up: int = 1
    peers: bool = True


@dataclass
class Cell:
    """One contestant in one row. ``values`` are rounds; ``latencies`` in seconds; ``costs`` in microseconds
    of processor time a request; ``note`` says why there are none."""

    row: str
    name: str
    kind: str
    unit: str
    values: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    failed: int = 0
    note: str = ""

    @property
    def middle(self) -> float:
        """The median, or 0."""
        return median(self.values) if self.values else 0.0

    def to_json(self) -> dict[str, object]:
        """Everything that was measured."""
        return asdict(self) | {"median": self.middle}


def present(contestants: Sequence[Contestant], effort: Effort, recordings: int = 1) -> list[Contestant]:
    """Those that are installed and can load so many recordings."""
    return [
        one for one in contestants if one.needs() and one.most >= recordings and (effort.peers or one.kind != "peer")
    ]


def _launched(
    stack: ExitStack, contestants: Iterable[Contestant], row: str, folder: Path, method: str, count: int
) -> list[tuple[Cell, Process]]:
    running = []
    for one in contestants:
        cell = Cell(row, one.name, one.kind, "requests/s")
        try:
            process = one.launch(folder, method, count)
        except TimeoutError as error:
            print(f"{one.name}: did not start: {error}")
            continue
        stack.callback(process.stop)
        running.append((cell, process))
    return running


_STILL = 0.1
_PATIENCE = 20.0


def _wait_until_still(running: Iterable[tuple[Cell, Process]]) -> None:
    """Until no server is at work any more, `_PATIENCE` seconds at most: one that answers slowly goes on with what wrk
    has left behind, on the core of the next one."""
    processes = [process for _, process in running]
    deadline = perf_counter() + _PATIENCE
    spent = -1.0
    while perf_counter() < deadline and (now := sum(one.cpu() for one in processes)) != spent:
        spent = now
        sleep(_STILL)


def _measure(cell: Cell, process: Process, script: Path, connections: int, seconds: int) -> None:
    before = process.cpu()
    sample = wrk(script, process.port, connections, seconds)
    cell.costs.append((process.cpu() - before) * 1e6 / max(sample.requests, 1))
    cell.values.append(sample.rate)
    cell.latencies.append(sample.latency)
    cell.failed += sample.failed


def replay_hot(folder: Path, effort: Effort, connections: Sequence[int] = (1, 16, 64), *, how: str = "") -> list[Cell]:
    """One recording, asked for again and again. POSTs come with one Idempotency-Key: a retry, which Stripe answers
    with the first answer; with new keys a cassette would be exhausted after the first. ``how`` is added to the rows'
    names."""
    cells: list[Cell] = []
    for method in ("GET", "POST"):
        script = traffic.lua(folder, method)
        with ExitStack() as stack:
            running = _launched(stack, present(REPLAY, effort), "", folder, method, 1)
            for cell, process in running:
                wrk(script, process.port, 16, effort.warm_up * (4 if cell.name == "WireMock" else 1))
            for count in connections:
                row = [Cell(f"hot {method}, {count}{how}", cell.name, cell.kind, cell.unit) for cell, _ in running]
                for _ in range(effort.rounds):
                    for cell, (_, process) in zip(row, running, strict=True):
                        _wait_until_still(running)
                        _measure(cell, process, script, count, effort.seconds)
                cells += row
    return cells


def replay_distinct(folder: Path, effort: Effort, recordings: int) -> list[Cell]:
    """``recordings`` distinct GETs in random order, each with its own Idempotency-Key and telemetry.

    In the warm-up ours is asked for every one once; `replay_once` shows what first times cost.
    """
    cells: list[Cell] = []
    with ExitStack() as stack:
        running = _launched(
            stack, present(REPLAY, effort, recordings), f"{recordings:,} distinct GET, 16", folder, "GET", recordings
        )
        for at in range(effort.rounds + 1):
            script = traffic.lua(folder, "GET", count=recordings, seed=at + 1)
            for cell, process in running:
                _wait_until_still(running)
                if at:
                    _measure(cell, process, script, 16, effort.seconds)
                elif cell.kind == "ours":
                    wrk(traffic.lua(folder, "GET", count=recordings, once=True), process.port, 16, 15)
                else:
                    wrk(script, process.port, 16, effort.warm_up)
        cells += [cell for cell, _ in running]
    return cells


def replay_once(folder: Path, effort: Effort, recordings: int) -> list[Cell]:
    """``recordings`` distinct form POSTs in random order, each sent once: a proxy is started anew for each round."""
    ours = [one for one in present(REPLAY, effort, recordings) if one.kind != "peer"]
    cells = [Cell(f"{recordings:,} distinct POST, once each, 16", one.name, one.kind, "requests/s") for one in ours]
    for at in range(effort.rounds):
        script = traffic.lua(folder, "POST", count=recordings, once=True, seed=at + 1)
        for cell, one in zip(cells, ours, strict=True):
            try:
                process = one.launch(folder, "POST", recordings)
            except TimeoutError as error:
                print(f"{one.name}: did not start: {error}")
                continue
            try:
                _measure(cell, process, script, 16, max(effort.seconds, 2))
            finally:
                process.stop()
    return cells


def forwarding(folder: Path, effort: Effort) -> list[Cell]:
    """Form POSTs, all distinct, to nginx on the other core: passed through, and recorded."""
    if shutil.which("nginx") is None:
        print("no nginx: nothing is forwarded (apt-get install nginx-light)")
        return []
    cells: list[Cell] = []
    with ExitStack() as stack:
        upstream = nginx(folder, traffic.answer(), core=LOAD_CORE)
        stack.callback(upstream.stop)
        everyone = [*present(FORWARD, effort), *present(RECORD, effort)]
        running = _launched(stack, everyone, "forwarding POST, 16", folder, "", upstream.port)
        for at in range(effort.rounds + 1):
            for cell, process in running:
                script = traffic.lua(folder, "POST", count=1_000_000 // 8, seed=at + 1)
                _wait_until_still(running)
                if at:
                    _measure(cell, process, script, 16, effort.seconds)
                else:
                    wrk(script, process.port, 16, effort.warm_up)
        cells += [cell for cell, _ in running]
    return cells


def _asked(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", traffic.PATH, headers=traffic.HEADERS)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def start_times(folder: Path, effort: Effort) -> list[Cell]:
    """From the start of the process to the end of its first answer, in seconds."""
    # As pip leaves a package; a checkout may have been changed since, or bytecode be switched off.
    compile_dir(Path(fcproxy.__file__).parent, quiet=1)
    everyone = [one for one in present(REPLAY, effort) if one.most > 1 or one.kind == "peer"]
    cells = [Cell("start", one.name, one.kind, "s") for one in everyone]
    for _ in range(effort.rounds):
        for cell, one in zip(cells, everyone, strict=True):
            process = one.launch(folder, "GET", 1)
            began = perf_counter()
            cell.failed += not _asked(process.port)
            cell.values.append(process.seconds + perf_counter() - began)
            process.stop()
    return cells
