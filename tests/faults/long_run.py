"""A script: many requests through record, replay and the fake, with the proxy's resident memory as it goes.

    python -m tests.faults.long_run 200000 docs/memory.svg

It prints the figures and draws them. Not part of the suite: it takes minutes.
"""

import asyncio
import signal
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from tests.faults.processes import Served, create, served
from tests.server.harness import KEY, connected, read_message

_LANES = 8
_SAMPLES = 100
_SAMPLED = 0.5
"""Seconds between two looks at the memory while a recording is committed."""
_WIDTH, _HEIGHT, _LEFT, _TOP = 640, 260, 60, 30
_COLOURS = ("#1f77b4", "#9467bd", "#d62728", "#2ca02c")


@dataclass
class Run:
    """One mode's run: MiB resident after each hundredth of the requests."""

    name: str
    requests: int
    seconds: float = 0.0
    failed: int = 0
    mib: list[float] = field(default_factory=list)
    ending: list[float] = field(default_factory=list)
    """MiB resident from the signal to the end: while a recording is committed."""


def get(number: int) -> bytes:
    """A request like an SDK's: its Idempotency-Key and its telemetry are new each time."""
    return (
        b"GET /v1/customers?limit=%d HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer %b\r\n"
        b'X-Stripe-Client-Telemetry: {"last_request_metrics": {"request_id": "req_%d"}}\r\n\r\n'
    ) % (number % 3 + 1, KEY.encode(), number)


async def drive(proxy: Served, run: Run) -> None:
    """Sends the requests over a few connections that stay open."""
    step = max(run.requests // _SAMPLES, 1)
    done = 0
    start = perf_counter()

    async def lane(first: int) -> None:
        nonlocal done
        async with connected(proxy.url) as (reader, writer):
            for number in range(first, run.requests, _LANES):
                writer.write(get(number))
                raw, _ = await read_message(reader)
                run.failed += not raw.startswith(b"HTTP/1.1 200 ")
                done += 1
                if done % step == 0:
                    run.mib.append(proxy.resident() / 1024)

    await asyncio.gather(*(lane(number) for number in range(_LANES)))
    run.seconds = perf_counter() - start


async def one(name: str, requests: int, folder: Path, *options: str) -> Run:
    """A run of one mode."""
    run = Run(name, requests)
    async with served(name.split(maxsplit=1)[0], folder / "c.yaml", "-q", *options) as proxy:
        if name != "replay":
            for number in range(3):
                await create(proxy.url, number)
        await drive(proxy, run)
        began = perf_counter()
        ending = asyncio.create_task(proxy.end(signal.SIGTERM))
        while not ending.done():
            with suppress(OSError, IndexError):
                run.ending.append(proxy.resident() / 1024)
            await asyncio.wait([ending], timeout=_SAMPLED)
        code = await ending
        if name == "record":
            sys.stdout.write(
                f"commit: {perf_counter() - began:.0f} s, exit code {code}, at most {max(run.ending):.0f} MiB; "
                f"{proxy.cassette.stat().st_size / 1e6:.0f} MB\n"
            )
    sys.stdout.write(
        f"{name}: {run.requests:,} requests in {run.seconds:.0f} s, {run.failed} failed; "
        f"{run.mib[len(run.mib) // 10]:.0f} MiB after a tenth, {run.mib[-1]:.0f} MiB at the end\n"
    )
    sys.stdout.flush()
    return run


async def main(requests: int, picture: Path) -> None:
    """Records, replays, fakes."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [await one("record", requests, Path(folder), "--fsync", "batch")]
        runs.append(Run("its commit", requests, mib=runs[0].ending))
        small = Path(folder, "small")
        small.mkdir()
        await one("record", 30, small)
        runs.append(await one("replay", requests, small))
        runs.append(await one("passthrough to the fake", requests, small))
    picture.write_text(drawn(runs), encoding="ascii")


def drawn(runs: list[Run]) -> str:
    """The curves as SVG."""
    top = max(max(run.mib) for run in runs) * 1.15
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 20} {_TOP + _HEIGHT + 45}"',
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="18">Resident memory of the proxy, MiB, over {runs[0].requests:,} requests</text>',
    ]
    for part in range(5):
        y = _TOP + _HEIGHT - _HEIGHT * part / 4
        lines.append(f'<line x1="{_LEFT}" x2="{_LEFT + _WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{top * part / 4:.0f}</text>')
    for run, colour, at in zip(runs, _COLOURS, range(len(runs)), strict=True):
        points = " ".join(
            f"{_LEFT + _WIDTH * number / max(len(run.mib) - 1, 1):.1f},{_TOP + _HEIGHT - _HEIGHT * mib / top:.1f}"
            for number, mib in enumerate(run.mib)
        )
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{points}"/>')
        lines.append(f'<text x="{_LEFT + 155 * at}" y="{_TOP + _HEIGHT + 30}" fill="{colour}">{run.name}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
