"""Blocking work beside the event loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

__all__ = ["to_its_end"]

Result = TypeVar("Result")


async def to_its_end(work: Callable[[], Result]) -> Result:
    """Does ``work`` in a thread. Who cancels waits all the same: two may not write one file at once."""
    done = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        with suppress(Exception):
            await done
        raise
