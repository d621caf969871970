"""The upstream as a port of one method, and its in-process twin, the embedded fake."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from fcproxy.core.message import Headers, Request, Response
from fcproxy.stripe.hosts import public_host

__all__ = ["FakeUpstream", "Reply", "Upstream", "public_base"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An upstream's answer while it comes: the head, and the body's bytes as they arrive, still coded.

    ``headers`` are the raw ones, hop-by-hop fields included. Iterating ``body`` raises UpstreamFailed when it is cut.
    """

    status: int
    reason: str
    headers: Headers
    body: AsyncIterator[bytes]


class Upstream(Protocol):
    """Where requests are forwarded to."""

    name: str
    """As the user gave it: ``fake``, ``stripe`` or a URL without credentials."""

    def send(self, request: Request) -> AbstractAsyncContextManager[Reply]:
        """Forwards ``request`` (public URL, end-to-end headers). Raises UpstreamFailed."""
        ...


class FakeUpstream:
    """The embedded fake, in the same process: no socket, no waiting."""

    name = "fake"

    def __init__(self, handle: Callable[[Request], Response]) -> None:
        self._handle = handle

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[Reply]:
        """See Upstream."""
        response = self._handle(request)
        yield Reply(response.status, response.reason, response.headers, _once(response.body))


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


def public_base(origin: str | None) -> Callable[[str, str], str]:
    """Gives (method, raw target) -> absolute URL under which a request is known and stored.

    ``origin`` is that of an upstream which is neither Stripe nor a stand-in for it; None means Stripe's hosts by path,
    so that a recording from the fake, from a local stand-in and from Stripe itself look the same.
    """
    if origin is not None:
        return lambda method, target: origin + target
    return lambda method, target: f"https://{public_host(method, target)}{target}"
