"""Deadlines of many exchanges, watched by one timer: nearly none is reached, and a timer for each of them, put off once
its head is there, costs more than writing the request."""

import asyncio
from typing import Protocol

__all__ = ["Deadlines", "Limit"]

_PARTS = 20
"""How much later than asked for a deadline may be noticed: one part in so many."""

_GRAIN = 0.25
"""And never more than so many seconds."""


_LEAST = 0.001


class Limit(Protocol):
    """What can be ended: `asyncio.timeout(None)` is one."""

    def expired(self) -> bool:
        """Whether it ends already."""
        ...

    def reschedule(self, when: float, /) -> None:
        """Ends it at ``when``, the loop's time."""
        ...


class Deadlines:
    """Of many limits. The timer runs while there is something to watch."""

    def __init__(self, *spans: float) -> None:
        """``spans``: seconds, for which deadlines will be set."""
        self._grain = max(min(_GRAIN, *(span / _PARTS for span in spans)), _LEAST)
        self._due: dict[Limit, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def set(self, limit: Limit, when: float) -> None:
        """Ends ``limit`` at ``when`` (the loop's time), instead of when it was told before."""
        if limit.expired():
            return  # it ends already
        self._due[limit] = when
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._grain, self._look)

    def drop(self, limit: Limit) -> None:
        """No more is to be done about ``limit``. To be called before it is left."""
        self._due.pop(limit, None)

    def close(self) -> None:
        """Stops the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for limit in [limit for limit, when in self._due.items() if when <= now]:
            del self._due[limit]
            limit.reschedule(now)
        self._timer = loop.call_later(self._grain, self._look) if self._due else None
