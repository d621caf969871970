"""File systems that are full or read-only for real: a mount namespace of its own, kept by a process that sleeps."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["Place", "mounted"]


@dataclass(frozen=True)
class Place:
    """``wrap`` goes before a command line to run inside; ``outside`` is ``folder`` as seen from here."""

    folder: Path
    wrap: tuple[str, ...]
    outside: Path


@asynccontextmanager
async def mounted(folder: Path, options: str) -> AsyncIterator[Place]:
    """A tmpfs with mount ``options`` at ``folder``. Skips the test where this machine does not permit it."""
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        pytest.skip("no unshare")
    # Options that change after the first (`ro`) are applied once the tester had a chance to fill the folder.
    script = 'mount -t tmpfs -o "$1" tmpfs "$2" && echo mounted && exec sleep 600'
    holder = await asyncio.create_subprocess_exec(
        *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", options, str(folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert holder.stdout is not None
    try:
        if await holder.stdout.readline() != b"mounted\n":
            pytest.skip("mounting in a user namespace is not permitted here")
        pid = str(holder.pid)
        wrap = ("nsenter", "--user", "--mount", "--preserve-credentials", "--target", pid)
        yield Place(folder, wrap, Path(f"/proc/{pid}/root{folder}"))
    finally:
        if holder.returncode is None:
            holder.kill()
        await holder.communicate()
