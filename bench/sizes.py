"""What grows with the cassette: load, memory, the cost of a hit and of a miss; and the audit's speed.

Each load runs in a process of its own, so that one's memory and caches do not help the other.
"""

import json
import random
import resource
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench import cassettes, traffic
from bench.contestants import PEER_PYTHON, REPLAY
from bench.machine import SERVER_CORE, pinned
from bench.rows import Cell, Effort

__all__ = ["audit_speed", "costs", "load_times"]

_MOST = """
def most():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
"""
"""Most memory so far, in KiB. ru_maxrss would begin with what the process held that started this one (execve(2))."""

# Without garbage collection, as `fcproxy replay` loads (`cli/serve.py`).
_OURS = """
import gc, json, sys, time
from pathlib import Path
from fcproxy.codings import DECODERS
from fcproxy.core.modes import Mode
from fcproxy.server.store import load
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
gc.disable()
before = most()
began = time.perf_counter()
parsed = load(Path(sys.argv[1]))
middle = time.perf_counter()
deck = stripe_deck(Mode.REPLAY, default_redactor(DECODERS), parsed.interactions, cassette="bench")
ended = time.perf_counter()
memory = most() - before
print(json.dumps({"seconds": ended - began, "read": middle - began, "bytes": memory * 1024}))
"""

_VCRPY = """
import json, sys, time
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer
before = most()
began = time.perf_counter()
requests, responses = FilesystemPersister.load_cassette(sys.argv[1], yamlserializer)
ended = time.perf_counter()
memory = most() - before
print(json.dumps({"seconds": ended - began, "bytes": memory * 1024}))
"""


def _run(python: str | Path, code: str, cassette: Path) -> dict[str, float]:
    command = pinned([str(python), "-c", _MOST + code, str(cassette)], SERVER_CORE)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def load_times(folder: Path, effort: Effort, counts: tuple[int, ...] = (10_000, 100_000)) -> list[Cell]:
    """Seconds from the file to a deck that answers, and memory as a multiple of the file."""
    cells = []
    for count in counts:
        cassette = cassettes.vcr_cassette(folder / f"GET-{count}.yaml", "GET", count)
        size = cassette.stat().st_size
        rounds = effort.rounds if count <= 10_000 else 1
        row = f"load of {count:,}"
        parties: list[tuple[str, str, str | Path, str]] = [("fcproxy", "ours", sys.executable, _OURS)]
        if count <= 10_000 and effort.peers:
            vcrpy = PEER_PYTHON if PEER_PYTHON.exists() else sys.executable
            parties.append(("vcrpy", "peer", vcrpy, _VCRPY))
        found = [[_run(python, code, cassette) for _ in range(rounds)] for _, _, python, code in parties]
        for (name, kind, _, _), results in zip(parties, found, strict=True):
            cells.append(Cell(row, name, kind, "s", [one["seconds"] for one in results]))
            memory = [one["bytes"] / size for one in results]
            cells.append(Cell(f"{row}, memory", name, kind, "x the file", memory))
    return cells


_ASKED = 500
"""How many requests a round sends, one after another on one connection."""

_FIRST = 100
"""How many of them, where each is for a recording that was not asked for before."""


def costs(folder: Path, effort: Effort, counts: tuple[int, ...] = (10, 1_000, 10_000, 100_000)) -> list[Cell]:
    """Median time of an answer to its client, in seconds, by the cassette's size. The sizes take turns.

    A first hit: recordings drawn at random, none of which was asked for before (a cassette of 10 has too few). A hit:
    ten recordings drawn at random, asked for again and again, so that nothing differs but the size. A miss: what was
    never recorded, told with its nearest candidates.
    """
    ours = next(one for one in REPLAY if one.kind == "ours")
    cells = [
        [Cell(f"a {what} among {count:,}", "fcproxy", "ours", "s") for count in counts]
        for what in ("first hit", "hit", "miss")
    ]
    with ExitStack() as stack:
        running = []
        draw = random.Random(1)
        for count in counts:
            process = ours.launch(folder, "GET", count)
            stack.callback(process.stop)
            fresh = draw.sample(range(count), min(count, _FIRST * effort.rounds))
            running.append((process, count, fresh))
        for at in range(effort.rounds):
            for first, hit, miss, (process, count, fresh) in zip(*cells, running, strict=True):
                if count >= _FIRST * effort.rounds:
                    wanted = [traffic.target(one) for one in fresh[at * _FIRST : (at + 1) * _FIRST]]
                    first.values.append(_answered(process.port, wanted, 200))
                known = [traffic.target(one) for one in draw.sample(range(count), 10)]
                hit.values.append(_answered(process.port, [draw.choice(known) for _ in range(_ASKED)], 200))
                never = [f"{traffic.target(draw.randrange(count))}?expand[]=n{draw.random()}" for _ in range(30)]
                miss.values.append(_answered(process.port, never, 422))
    return [cell for row in cells for cell in row if cell.values]


def _answered(port: int, targets: list[str], status: int) -> float:
    spent = []
    head = "".join(f"{name}: {value}\r\n" for name, value in traffic.HEADERS.items())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stream = connection.makefile("rb")
        for target in targets:
            began = time.perf_counter()
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode())
            first = stream.readline()
            length = 0
            while (line := stream.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            stream.read(length)
            spent.append(time.perf_counter() - began)
            if int(first.split()[1]) != status:
                raise RuntimeError(f"{target}: {first!r}")
    return median(spent)


def audit_speed(folder: Path, effort: Effort) -> list[Cell]:
    """Megabytes a second of `fcproxy audit` over cassettes, as a user runs it: all cores, its start included.

    And a second of processor time, which other work on the machine does not lengthen. Over the bench's own cassettes,
    and over all that the fake's products say.
    """
    alike, varied = folder / "audited", folder / "varied"
    for one in (alike, varied):
        one.mkdir(exist_ok=True)
    for number, method in enumerate(("GET", "POST") * 2):
        cassettes.vcr_cassette(alike / f"{number}.yaml", method, 10_000)
    for number in range(6):
        cassettes.varied(varied / f"{number}.yaml", number)
    return [*_audited(alike, "audit", effort), *_audited(varied, "audit of every product", effort)]


def _audited(many: Path, row: str, effort: Effort) -> list[Cell]:
    size = sum(path.stat().st_size for path in many.iterdir())
    clock, processor = [], []
    for _ in range(min(effort.rounds, 3)):
        began, spent = time.perf_counter(), _spent()
        done = subprocess.run([sys.executable, "-m", "fcproxy", "audit", str(many)], capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the audit of the bench's own cassettes: {done.stdout[-500:]!r}")
        clock.append(size / 1e6 / (time.perf_counter() - began))
        processor.append(size / 1e6 / (_spent() - spent))
    cells = [
        Cell(row, "fcproxy", "ours", "MB/s", clock),
        Cell(f"{row}, a core", "fcproxy", "ours", "MB a processor second", processor),
    ]
    for cell in cells:
        cell.note = f"{size / 1e6:.0f} MB, median {median(cell.values):.1f}"
    return cells


def _spent() -> float:
    """Processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
