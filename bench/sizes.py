"""What grows with the cassette: load, memory, the cost of a hit and of a miss; and the audit's speed.

Each load runs in a process of its own, so that one's memory and caches do not help the other.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench import cassettes
from bench.contestants import PEER_PYTHON
from bench.machine import SERVER_CORE, pinned
from bench.rows import Cell, Effort

__all__ = ["audit_speed", "costs", "load_times"]

_OURS = """
import json, resource, sys, time
from pathlib import Path
from fcproxy.codings import DECODERS
from fcproxy.core.modes import Mode
from fcproxy.server.store import load
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
parsed = load(Path(sys.argv[1]))
middle = time.perf_counter()
deck = stripe_deck(Mode.REPLAY, default_redactor(DECODERS), parsed.interactions, cassette="bench")
ended = time.perf_counter()
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({"seconds": ended - began, "read": middle - began, "bytes": memory * 1024}))
"""

_VCRPY = """
import json, resource, sys, time
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
requests, responses = FilesystemPersister.load_cassette(sys.argv[1], yamlserializer)
ended = time.perf_counter()
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({"seconds": ended - began, "bytes": memory * 1024}))
"""


def _run(python: str | Path, code: str, cassette: Path) -> dict[str, float]:
    command = pinned([str(python), "-c", code, str(cassette)], SERVER_CORE)
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


_COSTS = """
import json, random, sys, time
from statistics import median
from bench.cassettes import interaction
from fcproxy.core.message import Headers, Interaction, Request
from fcproxy.core.modes import Mode
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
count = int(sys.argv[1])
stored = [interaction("GET", number) for number in range(count)]
redactor = default_redactor()
deck = stripe_deck(Mode.REPLAY, redactor, stored, cassette="bench")
random.seed(1)
def timed(requests):
    for request in requests: deck.decide(request)
    spent = []
    for request in requests:
        began = time.perf_counter(); deck.decide(request); spent.append(time.perf_counter() - began)
    return median(spent)
hits = [stored[random.randrange(count)].request for _ in range(500)]
misses = [
    Request("GET", f"{stored[number % count].request.url}x?expand[]=data", stored[0].request.headers)
    for number in range(30)
]
wrong = [
    Request("POST", "https://api.stripe.com/v1/customers", stored[0].request.headers, b"a=%d" % number)
    for number in range(30)
]
print(json.dumps({"hit": timed(hits), "miss": max(timed(misses), timed(wrong))}))
"""


def costs(effort: Effort, counts: tuple[int, ...] = (10, 1_000, 10_000, 100_000)) -> list[Cell]:
    """Median processor cost of a hit whose form is known and of a miss, in seconds, by the cassette's size."""
    cells = []
    for count in counts:
        results = []
        for _ in range(min(effort.rounds, 3) if count < 100_000 else 1):
            command = pinned([sys.executable, "-c", _COSTS, str(count)], SERVER_CORE)
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            results.append(json.loads(done.stdout))
        for what in ("hit", "miss"):
            cells.append(Cell(f"a {what} among {count:,}", "fcproxy", "ours", "s", [one[what] for one in results]))
    return cells


def audit_speed(folder: Path, effort: Effort) -> list[Cell]:
    """Megabytes a second of `fcproxy audit` over cassettes, as a user runs it: all cores, its start included."""
    many = folder / "audited"
    many.mkdir(exist_ok=True)
    for number, method in enumerate(("GET", "POST") * 2):
        cassettes.vcr_cassette(many / f"{number}.yaml", method, 10_000)
    size = sum(path.stat().st_size for path in many.iterdir())
    values = []
    for _ in range(min(effort.rounds, 3)):
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "fcproxy", "audit", str(many)], capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the audit of the bench's own cassettes: {done.stdout[-500:]!r}")
        values.append(size / 1e6 / (time.perf_counter() - began))
    cell = Cell("audit", "fcproxy", "ours", "MB/s", values)
    cell.note = f"{size / 1e6:.0f} MB, median {median(values):.1f}"
    return [cell]
