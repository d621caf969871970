"""Requests that are being answered, for those who wait until they have ended."""

import asyncio
from contextlib import suppress

__all__ = ["DRAIN_SECONDS", "InFlight"]

DRAIN_SECONDS = 10.0
"""How long requests in flight may take to end once their proxy stops, or their deck is ejected."""


class InFlight:
    """A count. Whoever answers calls `begin` and, whatever comes of it, `end`."""

    __slots__ = ("_ended", "count")

    def __init__(self) -> None:
        self.count = 0
        self._ended: asyncio.Event | None = None

    def begin(self) -> None:
        """One request more."""
        self.count += 1

    def end(self) -> None:
        """One of them has been answered, or has failed."""
        self.count -= 1
        if self.count == 0 and self._ended is not None:
            self._ended.set()

    async def drained(self) -> None:
        """Returns once there is none, and after DRAIN_SECONDS all the same. One at a time may wait."""
        if self.count:
            self._ended = asyncio.Event()
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._ended.wait()
