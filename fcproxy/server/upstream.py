"""The upstream as a port of one method. Its twins are the network (`live`) and the embedded fake (`embedded`)."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from fcproxy.core.errors import UpstreamFailed
from fcproxy.core.message import Headers, Request
from fcproxy.stripe.hosts import public_host

__all__ = ["ClientCut", "Reply", "Upstream", "public_base"]


class Reply(NamedTuple):
    """An upstream's answer while it comes: the head, and the body's bytes as they arrive, still coded.

    ``headers`` are the raw ones, hop-by-hop fields included. Iterating ``body`` raises UpstreamFailed when it is cut.
    """

    status: int
    reason: str
    headers: Headers
    body: AsyncIterator[bytes]
    data: bytes | None = None
    """All of the body, where it is here already; ``body`` gives it, too."""


class ClientCut(UpstreamFailed):
    """The upstream wants the client's own connection cut: a fault that was asked for, not one to report."""

    def __init__(self) -> None:
        super().__init__("reset", "cut on demand")


class Upstream(Protocol):
    """Where requests are forwarded to."""

    name: str
    """As the user gave it: ``fake``, ``stripe`` or a URL without credentials."""

    @property
    def connections(self) -> int:
        """Connections opened so far."""
        ...

    def send(self, request: Request, body: AsyncIterator[bytes] | None = None) -> AbstractAsyncContextManager[Reply]:
        """Forwards ``request`` (public URL, end-to-end headers), with ``body`` in its body's place where that is too
        large to be held. Raises UpstreamFailed."""
        ...


def public_base(origin: str | None) -> Callable[[str, str], str]:
    """Gives (method, raw target) -> absolute URL under which a request is known and stored.

    ``origin`` is that of an upstream which is neither Stripe nor a stand-in for it; None means Stripe's hosts by path,
    so that a recording from the fake, from a local stand-in and from Stripe itself look the same.
    """
    if origin is not None:
        return lambda method, target: origin + target
    return lambda method, target: f"https://{public_host(method, target)}{target}"
