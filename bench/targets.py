"""What is to be reached, as rows: each names the cells that it compares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.rows import Cell

__all__ = ["TARGETS", "Target", "Verdict", "verdicts"]

BARE = "bare aiohttp application"


@dataclass(frozen=True)
class Verdict:
    """One target, and what was found."""

    what: str
    wanted: str
    found: str
    held: bool


@dataclass(frozen=True)
class Target:
    """``measure`` gives the value, or None where its cells were not measured; ``least`` or ``most`` bounds it."""

    what: str
    measure: Callable[[Sequence[Cell]], float | None]
    least: float | None = None
    most: float | None = None
    unit: str = "x"

    def judge(self, cells: Sequence[Cell]) -> Verdict | None:
        """None where it was not measured."""
        value = self.measure(cells)
        if value is None:
            return None
        wanted = (
            f"at least {self.least:g} {self.unit}" if self.least is not None else f"at most {self.most:g} {self.unit}"
        )
        held = value >= self.least if self.least is not None else value <= (self.most or 0)
        return Verdict(self.what, wanted, f"{value:.2f} {self.unit}", held)


def _cell(cells: Sequence[Cell], row: str, name: str) -> Cell | None:
    return next((one for one in cells if one.row == row and one.name == name and one.values), None)


def ratio(row: str, ours: str, other: str) -> Callable[[Sequence[Cell]], float | None]:
    """Median over median."""

    def measure(cells: Sequence[Cell]) -> float | None:
        mine, theirs = _cell(cells, row, ours), _cell(cells, row, other)
        return mine.middle / theirs.middle if mine and theirs and theirs.middle else None

    return measure


def best_peer(row: str, ours: str, *, inverse: bool = False) -> Callable[[Sequence[Cell]], float | None]:
    """Ours over the best peer's; ``inverse``: where less is better, the best peer's over ours."""

    def measure(cells: Sequence[Cell]) -> float | None:
        mine = _cell(cells, row, ours)
        peers = [one.middle for one in cells if one.row == row and one.kind == "peer" and one.middle and not one.failed]
        if mine is None or not peers or not mine.middle:
            return None
        return min(peers) / mine.middle if inverse else mine.middle / max(peers)

    return measure


def latency(row: str, ours: str, other: str) -> Callable[[Sequence[Cell]], float | None]:
    """Median latency over median latency."""

    def measure(cells: Sequence[Cell]) -> float | None:
        mine, theirs = _cell(cells, row, ours), _cell(cells, row, other)
        if mine is None or theirs is None or not theirs.latencies:
            return None
        return median(mine.latencies) / median(theirs.latencies)

    return measure


def value(row: str, name: str = "fcproxy") -> Callable[[Sequence[Cell]], float | None]:
    """A cell's own median."""

    def measure(cells: Sequence[Cell]) -> float | None:
        cell = _cell(cells, row, name)
        return cell.middle if cell else None

    return measure


def between(row: str, other: str) -> Callable[[Sequence[Cell]], float | None]:
    """One row's median over another's, both fcproxy's."""

    def measure(cells: Sequence[Cell]) -> float | None:
        mine, base = _cell(cells, row, "fcproxy"), _cell(cells, other, "fcproxy")
        return mine.middle / base.middle if mine and base else None

    return measure


TARGETS: tuple[Target, ...] = (
    *(
        Target(
            f"replay, one hot GET, {n} connections: x bare application", ratio(f"hot GET, {n}", "fcproxy", BARE), 1.8
        )
        for n in (1, 16, 64)
    ),
    *(
        Target(f"replay, one hot form POST, {n}: x bare application", ratio(f"hot POST, {n}", "fcproxy", BARE), 1.5)
        for n in (1, 16, 64)
    ),
    *(
        Target(f"replay, one hot {m}, {n}: x best peer", best_peer(f"hot {m}, {n}", "fcproxy"), 1.0)
        for m in ("GET", "POST")
        for n in (1, 16, 64)
    ),
    Target("replay, 10,000 distinct GET: x bare application", ratio("10,000 distinct GET, 16", "fcproxy", BARE), 1.0),
    Target("replay, 10,000 distinct GET: x best peer", best_peer("10,000 distinct GET, 16", "fcproxy"), 1.0),
    Target(
        "replay, 10,000 distinct POST once each: x bare application",
        ratio("10,000 distinct POST, once each, 16", "fcproxy", BARE),
        1.0,
    ),
    Target(
        "passthrough: x bare proxy with uvloop",
        ratio("forwarding POST, 16", "fcproxy passthrough", "bare aiohttp proxy, uvloop"),
        0.95,
    ),
    Target(
        "record: x bare proxy with uvloop",
        ratio("forwarding POST, 16", "fcproxy record", "bare aiohttp proxy, uvloop"),
        0.6,
    ),
    Target("record: x best peer's recording", best_peer("forwarding POST, 16", "fcproxy record"), 1.0),
    *(
        Target(
            f"median latency, {m}, 1 connection: x bare application", latency(f"hot {m}, 1", "fcproxy", BARE), most=1.2
        )
        for m in ("GET", "POST")
    ),
    Target("start to the first answer: x bare application", ratio("start", "fcproxy", BARE), most=1.3),
    Target("start: slower than WireMock", ratio("start", "fcproxy", "WireMock"), most=1.0),
    Target("start: slower than mountebank", ratio("start", "fcproxy", "mountebank"), most=1.0),
    Target("start: slower than mitmproxy", ratio("start", "fcproxy", "mitmproxy"), most=1.0),
    Target("load of 10,000: times quicker than vcrpy", best_peer("load of 10,000", "fcproxy", inverse=True), 5.0),
    Target("load of 100,000", value("load of 100,000"), most=60.0, unit="s"),
    Target("memory of 10,000", value("load of 10,000, memory"), most=3.0, unit="x the file"),
    Target("memory of 100,000", value("load of 100,000, memory"), most=3.0, unit="x the file"),
    Target("a hit among 100,000: x among 10", between("a hit among 100,000", "a hit among 10"), most=1.2),
    Target(
        "a first hit among 100,000: x among 1,000",
        between("a first hit among 100,000", "a first hit among 1,000"),
        most=1.2,
    ),
    Target("a miss among 100,000", value("a miss among 100,000"), most=0.02, unit="s"),
    Target("audit, a core", value("audit, a core"), 20.0, unit="MB a processor second"),
    Target("audit, both cores at once", value("audit"), 20.0, unit="MB/s"),
    Target(
        "audit of every product of the fake, a core",
        value("audit of every product, a core"),
        20.0,
        unit="MB a processor second",
    ),
    Target("audit of every product of the fake, both cores", value("audit of every product"), 20.0, unit="MB/s"),
)


def verdicts(cells: Sequence[Cell]) -> list[Verdict]:
    """Every target whose cells were measured."""
    return [one for target in TARGETS if (one := target.judge(cells)) is not None]
