"""fcproxy as a process of its own, to be killed, starved and cut off; and what the tests say to it."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from fcproxy.core.message import Interaction
from fcproxy.server.journal import read_journal
from fcproxy.server.store import journal_path, load
from tests.server.harness import KEY, connected, read_message

__all__ = ["Ended", "Served", "create", "ended", "environment", "numbers", "served", "stored", "survivors"]

_READY = re.compile(rb"listening on (http://\S+) ")
_NUMBER = re.compile(r"metadata\[number\]=(\d+)")


def environment() -> dict[str, str]:
    """This process's own, less what configures fcproxy or hands it to a tool that looks into it.

    No bytecode is written: a process whose files may not grow would leave modules cut short for all who come after.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("FCPROXY_", "COV_", "PYTHON"))}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass
class Served:
    """A serving process. ``out`` and ``err`` are what it has written, complete once it has ended."""

    process: asyncio.subprocess.Process
    url: str
    cassette: Path
    out: bytes = b""
    err: bytes = b""
    _readers: list[asyncio.Task[bytes]] = field(default_factory=list)

    async def end(self, number: int | None = signal.SIGTERM) -> int:
        """Sends a signal (None: waits only); gives the exit code, minus the signal's number where one killed it."""
        if number is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)
        code = await self.process.wait()
        if self._readers:
            rest, self.err = await asyncio.gather(*self._readers)
            self.out += rest
            self._readers = []
        return code

    def resident(self) -> int:
        """Resident memory in KiB (Linux: /proc/PID/status)."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(text.split("VmRSS:")[1].split()[0])


@asynccontextmanager
async def served(
    mode: str, cassette: Path, *options: str, wrap: Sequence[str] = (), cwd: Path | None = None
) -> AsyncIterator[Served]:
    """A process that accepts requests; killed at the end if it still runs. ``wrap`` goes before its command line."""
    command = [*wrap, sys.executable, "-m", "fcproxy", mode, "--port", "0", "--cassette", str(cassette), *options]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
        cwd=cwd or cassette.parent,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    try:
        line = await process.stdout.readline()
        ready = _READY.match(line)
        assert ready, (line, await errors)
        rest = asyncio.create_task(process.stdout.read())
        running = Served(process, ready[1].decode(), cassette, line, _readers=[rest, errors])
        yield running
        await running.end(signal.SIGKILL)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        errors.cancel()
        with suppress(asyncio.CancelledError):
            await errors


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str


async def ended(*arguments: str, wrap: Sequence[str] = (), cwd: Path) -> Ended:
    """Runs ``fcproxy`` with ``arguments`` to its end."""
    process = await asyncio.create_subprocess_exec(
        *wrap,
        sys.executable,
        "-m",
        "fcproxy",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
        cwd=cwd,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def create(url: str, number: int) -> bool:
    """Creates a customer who bears ``number``; whether the whole answer came, which acknowledges it."""
    body = b"name=fault&metadata[number]=%d" % number
    head = (
        b"POST /v1/customers HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
    ) % (KEY.encode(), len(body))
    try:
        async with connected(url) as (reader, writer):
            writer.write(head + body)
            raw, _ = await read_message(reader)
    except (ConnectionError, asyncio.IncompleteReadError):
        return False
    return raw.startswith(b"HTTP/1.1 200 ")


def numbers(interactions: list[Interaction]) -> list[int]:
    """The numbers of the customers whose creation was recorded, in the recorded order."""
    found = (_NUMBER.search(interaction.request.body.decode()) for interaction in interactions)
    return [int(match[1]) for match in found if match]


def stored(cassette: Path) -> list[int]:
    """The numbers in a cassette file."""
    parsed = load(cassette)
    assert parsed is not None
    return numbers(parsed.interactions)


def survivors(cassette: Path) -> list[int]:
    """The numbers in the journal of a cassette."""
    path = journal_path(cassette)
    return numbers([interaction for _, interaction in read_journal(path)]) if path.exists() else []
