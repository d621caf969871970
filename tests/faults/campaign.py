"""A script: faults by the hundred, and what they cost. ``python -m tests.faults.campaign [rounds]``, or `make faults`.

Each row: faults tried, interactions acknowledged to clients while they were tried, acknowledged interactions that were
not on disk afterwards (must be 0), and whether the old cassette was ever found damaged (must be never).
"""

import asyncio
import random
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from fcproxy.core.modes import Mode
from tests.faults.mounts import mounted
from tests.faults.processes import Served, create, served, stored, survivors
from tests.server.harness import connected, passage, speak

OLD = b"interactions: []\nversion: 1\n"
GET = b"GET /v1/x HTTP/1.1\r\nHost: p\r\n\r\n"
_LANES = 8


@dataclass
class Figures:
    """One row. ``bad`` counts what must never be, apart from lost interactions."""

    tried: int = 0
    acknowledged: int = 0
    lost: int = 0
    bad: int = 0


async def under_load(proxy: Served, after: int, number: signal.Signals) -> set[int]:
    """Numbers acknowledged before and after the process got a signal, which it gets after so many."""
    acknowledged: set[int] = set()

    async def lane(first: int) -> None:
        for each in range(first, first + 10_000):
            if not await create(proxy.url, each):
                return
            acknowledged.add(each)
            if len(acknowledged) == after:
                proxy.process.send_signal(number)

    await asyncio.gather(*(lane(10_000 * each) for each in range(_LANES)))
    await proxy.end(None)
    return acknowledged


async def killed(rounds: int, chance: random.Random) -> Figures:
    """SIGKILL at any moment of a recording under load."""
    figures = Figures()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            cassette = Path(folder, "c.yaml")
            cassette.write_bytes(OLD)
            async with served("record", cassette, "-q") as proxy:
                acknowledged = await under_load(proxy, chance.randint(1, 120), signal.SIGKILL)
            figures.tried += 1
            figures.acknowledged += len(acknowledged)
            figures.lost += len(acknowledged - set(survivors(cassette)))
            figures.bad += cassette.read_bytes() != OLD
    return figures


async def terminated(rounds: int, chance: random.Random) -> Figures:
    """SIGTERM under load: every answered request is in the cassette."""
    figures = Figures()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            cassette = Path(folder, "c.yaml")
            async with served("record", cassette, "-q") as proxy:
                acknowledged = await under_load(proxy, chance.randint(1, 120), signal.SIGTERM)
            figures.tried += 1
            figures.acknowledged += len(acknowledged)
            figures.lost += len(acknowledged - set(stored(cassette)))
            figures.bad += proxy.process.returncode != 0
    return figures


async def filled(rounds: int, chance: random.Random) -> Figures:
    """A disk that is full after a few interactions; those it took are there, and every client got its answer."""
    figures = Figures()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            async with mounted(Path(folder), f"size={chance.randint(3, 12) * 4}k") as place:
                (place.outside / "c.yaml").write_bytes(OLD)
                async with served("record", Path(folder, "c.yaml"), wrap=place.wrap, cwd=Path("/")) as proxy:
                    answered = [await create(proxy.url, number) for number in range(40)]
                    code = await proxy.end()
                recorded = proxy.err.count(b" recorded ")
                kept = survivors(place.outside / "c.yaml")
                figures.tried += 1
                figures.acknowledged += recorded
                figures.lost += recorded - len(kept)
                whole = (place.outside / "c.yaml").read_bytes() == OLD
                figures.bad += not all(answered) or code != 1 or not whole
    return figures


async def cut(rounds: int, chance: random.Random) -> Figures:
    """Upstreams that cut, reset or stall an answer, and clients that leave: nothing of it is recorded as whole."""
    body = b"x" * 5000
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + body
    figures = Figures()

    async def answer(_raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(whole[: chance.randrange(len(whole))])
        await writer.drain()
        fate = chance.choice(("close", "reset", "stall"))
        if fate == "reset" and writer.transport is not None:
            writer.transport.abort()
        elif fate == "stall":
            await reader.read()

    with tempfile.TemporaryDirectory() as folder:
        async with passage(answer, Mode.RECORD, Path(folder), read_timeout=0.05) as (_up, app):
            for number in range(rounds):
                try:
                    if number % 4 == 0:
                        async with connected(app.url) as (reader, writer):
                            writer.write(GET)
                            await reader.read(chance.randint(1, 100))
                    else:
                        await speak(app.url, GET)
                except (ConnectionError, asyncio.IncompleteReadError):
                    pass
                figures.tried += 1
        figures.bad = app.decks.verdict().recorded + Path(folder, "c.yaml").exists()
    return figures


async def started(rounds: int, _chance: random.Random) -> Figures:
    """Cold starts: the first request, sent as soon as the ready line is there, is answered."""
    figures = Figures()
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            async with served("record", Path(folder, "c.yaml"), "-q") as proxy:
                good = await create(proxy.url, number)
                figures.tried += 1
                figures.bad += not good
                figures.acknowledged += good
                await proxy.end()
            figures.lost += good and stored(Path(folder, "c.yaml")) != [number]
    return figures


Fault = Callable[[int, random.Random], Awaitable[Figures]]

FAULTS: tuple[tuple[str, Fault, int], ...] = (
    ("SIGKILL under load", killed, 25),
    ("SIGTERM under load", terminated, 10),
    ("full disk", filled, 10),
    ("answer cut, reset or stalled; client gone", cut, 200),
    ("cold start, request at once", started, 50),
)
"""What is done, how, how many times in one round."""


async def main(rounds: int) -> int:
    """The exit code: 0 if nothing was lost and nothing was bad."""
    chance = random.Random(rounds)
    total = Figures()
    for name, fault, times in FAULTS:
        start = perf_counter()
        figures = await fault(times * rounds, chance)
        sys.stdout.write(
            f"{name:45} {figures.tried:5} tried {figures.acknowledged:7,} acknowledged {figures.lost:3} lost "
            f"{figures.bad:3} bad {perf_counter() - start:6.0f} s\n"
        )
        sys.stdout.flush()
        total.tried += figures.tried
        total.acknowledged += figures.acknowledged
        total.lost += figures.lost
        total.bad += figures.bad
    sys.stdout.write(
        f"{'all':45} {total.tried:5} tried {total.acknowledged:7,} acknowledged {total.lost:3} lost {total.bad:3} bad\n"
    )
    return 1 if total.lost or total.bad else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)))
