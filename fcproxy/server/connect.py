"""The configured upstream, opened."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from fcproxy.config import Config
from fcproxy.server.embedded import FakeUpstream, embedded_fake
from fcproxy.server.live import LiveUpstream, trust
from fcproxy.server.upstream import Upstream
from fcproxy.server.upstream_url import parse_upstream

__all__ = ["connect"]


async def connect(config: Config, resources: AsyncExitStack) -> tuple[Upstream, FakeUpstream | None]:
    """Opens the upstream; ``resources`` closes it. The second is the same once more, where it is the embedded fake.

    Raises UsageError, CannotStart.
    """
    if config.upstream == "fake":
        fake = await resources.enter_async_context(embedded_fake(config))
        return fake, fake
    live = await resources.enter_async_context(
        LiveUpstream(
            config.upstream,
            _as_it_is if config.upstream == "stripe" else _below(config),
            # Without one aiohttp verifies by the system's authorities, which it has read already: another context
            # would take longer than all the rest of the start.
            tls=trust(config.upstream_ca) if config.upstream_ca is not None else None,
            key=config.api_key,
            connect_timeout=config.connect_timeout,
            first_byte_timeout=config.first_byte_timeout,
            read_timeout=config.read_timeout,
            total_timeout=config.total_timeout,
        )
    )
    return live, None


def _as_it_is(url: str) -> str:
    return url


def _below(config: Config) -> Callable[[str], str]:
    """Public URL -> the same target below the configured base."""
    base, _ = parse_upstream(config.upstream, allow_http=config.allow_http)

    def locate(url: str) -> str:
        return base + url[url.index("/", url.index("://") + 3) :]

    return locate
