"""Keeping to the API's rate limit while recording: waiting instead of being refused.

A 429 in a cassette would be played for ever. Stripe allows 25 requests a second in test mode
(docs.stripe.com/rate-limits) and refuses before it does anything, so a refused request may be sent again as it is.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fcproxy.core.message import Headers, Request
from fcproxy.server.upstream import Reply, Upstream

__all__ = ["MAX_WAIT", "STRIPE_RATE", "Bucket", "PoliteUpstream", "retry_after"]

STRIPE_RATE = 25.0
"""Requests a second."""

MAX_WAIT = 60.0
"""Longest time, in seconds, that one request waits because of 429 answers, all its attempts together."""

_FIRST_WAIT = 0.5
"""Seconds before the second attempt unless Retry-After asks for more; doubled each time, as Stripe's SDKs do."""

_HEADROOM = 0.1
"""Part of the rate that is kept for bursts: in any second no more than ``rate`` requests are let through."""


class Bucket:
    """A token bucket. No clock of its own: every method is told the time, in seconds."""

    def __init__(self, rate: float) -> None:
        """``rate`` is the most requests in any second."""
        self._size = max(1.0, rate * _HEADROOM)
        self._refill = max(rate - self._size, rate * 0.5)
        self._tokens = self._size
        self._at = 0.0
        self._closed_until = 0.0

    def take(self, now: float) -> float:
        """Takes a token; gives the seconds to wait before it may be used. Callers are served in the order they come."""
        self._tokens = min(self._size, self._tokens + max(0.0, now - self._at) * self._refill)
        self._at = max(now, self._at)
        self._tokens -= 1.0
        wait = max(0.0, -self._tokens / self._refill)
        return max(wait, self._closed_until - now)

    def close_until(self, moment: float) -> None:
        """Lets nobody through before ``moment``."""
        self._closed_until = max(self._closed_until, moment)


class PoliteUpstream:
    """An upstream in front of which requests wait for their turn, and again after a 429."""

    def __init__(
        self,
        upstream: Upstream,
        rate: float,
        *,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``rate`` in requests a second; ``clock`` in seconds (default: the event loop's); ``jitter`` gives 0 to 1."""
        self.name = upstream.name
        self.connections = 0
        self.waited = 0
        """How many 429 answers were waited out."""
        self._upstream = upstream
        self._bucket = Bucket(rate)
        self._clock = clock or asyncio.get_running_loop().time
        self._sleep = sleep
        self._jitter = jitter

    @asynccontextmanager
    async def send(self, request: Request, body: AsyncIterator[bytes] | None = None) -> AsyncIterator[Reply]:
        """See Upstream. A streamed body cannot be sent twice: its 429 is passed on."""
        spent, attempt = 0.0, 0
        while True:
            if (wait := self._bucket.take(self._clock())) > 0:
                await self._sleep(wait)
            async with self._upstream.send(request, body) as reply:
                self.connections = self._upstream.connections
                pause = self._pause(reply, attempt)
                if reply.status != 429 or body is not None or spent + pause > MAX_WAIT:
                    yield reply
                    return
                async for _ in reply.body:
                    pass  # read to its end, so that the connection can be used again
            self.waited += 1
            self._bucket.close_until(self._clock() + pause)
            spent += pause
            attempt += 1

    def _pause(self, reply: Reply, attempt: int) -> float:
        # Never less than that: an upstream that always says 0 would be asked for ever.
        wait = max(retry_after(reply.headers) or 0.0, _FIRST_WAIT * float(2**attempt))
        # Clients that were refused together must not come back together.
        return wait + wait * 0.25 * self._jitter()


def retry_after(headers: Headers) -> float | None:
    """The seconds that Retry-After asks for (RFC 9110 section 10.2.3), None where it is missing, a date, or absurd."""
    value = (headers.get("Retry-After") or "").strip()
    if not value.isascii() or not value.isdigit() or len(value) > 5:
        return None
    return float(value)
