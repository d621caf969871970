"""What the fake asks to be carried out in the world: forwarded calls, and webhook deliveries to the user's app."""

import asyncio
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from fcproxy.core.message import Headers, Request, Response
from fcproxy.fake import Delivery, Fake, Outbound, Outcome
from fcproxy.server.loopback import is_loopback
from fcproxy.server.wire import decode_raw

__all__ = ["Courier"]

_SECONDS = 20.0
"""How long an endpoint may take; docs.stripe.com/webhooks asks for an answer before anything slow is done."""

_MAX_ANSWER = 1 << 20
"""Most bytes that are taken of an answer."""

_FAILURES = (aiohttp.ClientError, OSError, ValueError)


class Courier:
    """Makes the calls that one fake wants made. Use as an asynchronous context manager."""

    def __init__(self, fake: Fake) -> None:
        self._fake = fake
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def deliver_due(self) -> None:
        """Starts what is due. Called after everything that may have made an event or moved the clock."""
        # Signed for the real time: the receiver refuses what its own clock finds old.
        for delivery in self._fake.due(int(time.time())):
            task = asyncio.create_task(self._deliver(delivery))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        status: int | None = None
        try:
            # Only to this machine: nothing that the fake does may reach anybody else.
            if is_loopback(urlsplit(delivery.request.url).hostname):
                status = (await self._call(delivery.request)).status
        except (*_FAILURES, TimeoutError):
            status = None
        self._fake.sent(delivery, status)

    async def carry_out(self, outbound: Outbound) -> Outcome:
        """Makes a call that the fake has found to be permitted."""
        start = time.perf_counter()
        try:
            response = await self._call(outbound.request)
        except TimeoutError:
            return Outcome(None, "timeout", milliseconds=_since(start))
        except _FAILURES:
            return Outcome(None, "connection", milliseconds=_since(start))
        return Outcome(response, milliseconds=_since(start))

    async def _call(self, request: Request) -> Response:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=_SECONDS),
                skip_auto_headers=("Accept-Encoding", "User-Agent"),
            )
        async with self._session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=list(request.headers),
            data=request.body or None,
            allow_redirects=False,
        ) as response:
            body = await response.content.read(_MAX_ANSWER)
            headers = Headers(decode_raw(response.raw_headers))
            return Response(response.status, headers, body, response.reason or "")


def _since(start: float) -> int:
    return round((time.perf_counter() - start) * 1000)
