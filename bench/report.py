"""Cells -> the table for people, JSON, the page's table, and a picture.

The picture is SVG by hand: matplotlib is heavier than the bench.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from xml.sax.saxutils import escape

from bench.rows import Cell
from bench.targets import verdicts

__all__ = ["markdown", "picture", "table", "write_json"]


def rows_of(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    """Cells by row, in order."""
    rows: dict[str, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    return rows


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.3f}" if value >= 0.01 else f"{value * 1e6:.0f}e-6"


def _line(cell: Cell, base: float) -> list[str]:
    values = cell.values or [0.0]
    ratio = f"{cell.middle / base:.2f}" if base else ""
    latency = f"{median(cell.latencies) * 1e6:,.0f}" if cell.latencies else ""
    cost = f"{median(cell.costs):.0f}" if cell.costs and median(cell.costs) else ""
    bad = f"{cell.failed} answers failed" if cell.failed else ""
    middle = [_number(one) for one in (min(values), cell.middle, max(values))]
    return [cell.name, *middle, cell.unit, ratio, latency, cost, bad or cell.note]


HEAD = ["", "min", "median", "max", "unit", "x bare", "latency µs", "CPU µs", ""]
"""`x bare`: ratio to the row's first limit. CPU: processor time of the server for one request."""


def _base(cells: Sequence[Cell]) -> float:
    return next((one.middle for one in cells if one.kind == "limit"), cells[0].middle)


def table(cells: Iterable[Cell]) -> str:
    """For a terminal."""
    out = []
    for row, members in rows_of(cells).items():
        lines = [HEAD, *(_line(one, _base(members)) for one in members)]
        widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
        out.append(row)
        for line in lines:
            words = [
                word.ljust(width) if at == 0 else word.rjust(width)
                for at, (word, width) in enumerate(zip(line, widths, strict=True))
            ]
            out.append("  " + "  ".join(words).rstrip())
    return "\n".join(out)


def markdown(cells: Sequence[Cell], machine: dict[str, str]) -> str:
    """For docs/performance.md."""
    out = ["| what | reach | reached | |", "| --- | --- | --- | --- |"]
    out += [f"| {one.what} | {one.wanted} | {one.found} | {'yes' if one.held else 'no'} |" for one in verdicts(cells)]
    out += ["", *(f"- {name}: {value}" for name, value in machine.items()), ""]
    for row, members in rows_of(cells).items():
        out += [f"**{row}**", "", f"| {' | '.join(HEAD)} |", f"|{' --- |' * len(HEAD)}"]
        out += [f"| {' | '.join(_line(one, _base(members)))} |" for one in members]
        out.append("")
    return "\n".join(out)


def write_json(path: Path, cells: Iterable[Cell], machine: dict[str, str]) -> None:
    """Everything that was measured."""
    path.write_text(json.dumps({"machine": machine, "cells": [one.to_json() for one in cells]}, indent=1) + "\n")


_WIDTH, _BAR, _LEFT = 760, 15, 250
_COLOURS = {"ours": "#635bff", "limit": "#8792a2", "peer": "#c1c9d2"}
_PICTURED = ("hot GET, 16", "hot POST, 16", "10,000 distinct GET, 16", "forwarding POST, 16")


def picture(cells: Iterable[Cell]) -> str:
    """Bars of requests a second at 16 connections."""
    rows = {row: members for row, members in rows_of(cells).items() if row in _PICTURED}
    out, top = [], 30
    for row, members in rows.items():
        most = max(one.middle for one in members) or 1.0
        out.append(f'<text x="8" y="{top}" font-weight="bold">{escape(row)} connections, requests a second</text>')
        for cell in sorted(members, key=lambda one: -one.middle):
            top += _BAR + 5
            width = max(cell.middle / most * (_WIDTH - _LEFT - 90), 1)
            colour = _COLOURS[cell.kind]
            out.append(f'<text x="{_LEFT - 8}" y="{top + 12}" text-anchor="end">{escape(cell.name)}</text>')
            out.append(f'<rect x="{_LEFT}" y="{top}" width="{width:.0f}" height="{_BAR}" fill="{colour}"/>')
            out.append(f'<text x="{_LEFT + width + 6:.0f}" y="{top + 12}">{cell.middle:,.0f}</text>')
        top += _BAR + 32
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}" viewBox="0 0 {_WIDTH} {top}"'
    style = ' font-family="sans-serif" font-size="12" fill="#3c4257">'
    return "\n".join([head + style, f'<rect width="{_WIDTH}" height="{top}" fill="white"/>', *out, "</svg>", ""])
