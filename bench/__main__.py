"""`make bench`: measures fcproxy, what its engine could do at best, and its peers, in turns.

python -m bench [--quick] [--no-peers] [--only ROW ...] [--rounds N] [--out FOLDER]
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path

from bench import report
from bench.machine import awake, machine
from bench.rows import Cell, Effort, forwarding, replay_distinct, replay_hot, replay_once, start_times
from bench.sizes import audit_speed, costs, load_times
from bench.targets import verdicts

Part = Callable[[Path, Effort], list[Cell]]

PARTS: dict[str, Part] = {
    "hot": replay_hot,
    "asleep": lambda folder, effort: replay_hot(folder, replace(effort, peers=False), (1,), how=", cores asleep"),
    "distinct": lambda folder, effort: replay_distinct(folder, effort, 10_000),
    "once": lambda folder, effort: replay_once(folder, effort, 10_000),
    "forward": forwarding,
    "start": start_times,
    "load": load_times,
    "costs": costs,
    "audit": audit_speed,
}

ASLEEP = frozenset({"asleep"})
"""Parts in which the cores may sleep while they have nothing to do."""

QUICK: dict[str, Part] = {
    "hot": lambda folder, effort: replay_hot(folder, effort, (16,)),
    "distinct": lambda folder, effort: replay_distinct(folder, effort, 1_000),
    "forward": forwarding,
    "start": start_times,
    "costs": lambda folder, effort: costs(folder, effort, (10, 1_000)),
}


def put_into_page(out: Path) -> None:
    """Copies table and picture into the documentation."""
    docs = Path(__file__).parents[1] / "docs"
    page = docs / "performance.md"
    before, begin, rest = page.read_text().partition("<!-- measured -->\n")
    _, end, after = rest.partition("<!-- /measured -->")
    page.write_text(before + begin + "\n" + (out / "bench.md").read_text().rstrip() + "\n\n" + end + after)
    (docs / "performance.svg").write_text((out / "bench.svg").read_text())


def merged(cells: list[Cell], last: Path) -> list[Cell]:
    """``cells`` in the place of the last run's of the same rows."""
    if not last.exists():
        return cells
    fresh = {one.row for one in cells}
    names = {one.name for one in fields(Cell)}
    old = [
        Cell(**{name: value for name, value in one.items() if name in names})
        for one in json.loads(last.read_text())["cells"]
    ]
    return [*(one for one in old if one.row not in fresh), *cells]


def write(out: Path, cells: list[Cell], about: dict[str, str]) -> None:
    """Puts table, numbers and picture into ``out``."""
    out.mkdir(exist_ok=True)
    report.write_json(out / "bench.json", cells, about)
    (out / "bench.md").write_text(report.markdown(cells, about))
    (out / "bench.svg").write_text(report.picture(cells))


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, small cassettes: two minutes")
    parser.add_argument("--no-peers", action="store_true", help="fcproxy and the limits only")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="these parts")
    parser.add_argument("--rounds", type=int, help="rounds of each measurement; 5 unless told, 2 with --quick")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out", help="where results are put")
    parser.add_argument(
        "--page", action="store_true", help="put the last results into docs/performance.md, measure nothing"
    )
    flags = parser.parse_args()
    if flags.page:
        put_into_page(flags.out)
        return
    for tool, package in (("wrk", "wrk"), ("nginx", "nginx-light"), ("taskset", "util-linux")):
        if shutil.which(tool) is None:
            print(f"missing: {tool} (Debian: apt-get install {package})")
            if tool != "nginx":
                raise SystemExit(2)
    effort = Effort(rounds=flags.rounds or (2 if flags.quick else 5), peers=not flags.no_peers)
    about = machine()
    parts = QUICK if flags.quick else PARTS
    cells: list[Cell] = []
    with tempfile.TemporaryDirectory(prefix="fcproxy-bench-") as name:
        for part in flags.only or parts:
            with nullcontext() if part in ASLEEP else awake():
                found = (parts.get(part) or PARTS[part])(Path(name), effort)
            print(report.table(found), flush=True)
            cells += found
            # After each: an interrupted run has something to show. Parts that were not run stay as they were.
            write(flags.out, merged(cells, flags.out / "bench.json") if flags.only else cells, about)
    for one in verdicts(cells):
        print(f"{'yes' if one.held else 'NO ':3} {one.what}: {one.found} ({one.wanted})")
    print(f"results: {flags.out}")


if __name__ == "__main__":
    main()
