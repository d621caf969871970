"""An opened deck: the pure deck with what it needs of the world, from opening to the end."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from fcproxy.codings import DECODERS
from fcproxy.config import Config
from fcproxy.core.deck import Deck, Options
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import Redactor
from fcproxy.core.verdict import Verdict
from fcproxy.fake.engine import Fake
from fcproxy.server.live import LiveUpstream, parse_upstream, trust
from fcproxy.server.recording import Check, Recording
from fcproxy.server.store import exists, load
from fcproxy.server.upstream import FakeUpstream, Upstream, public_base
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor

__all__ = ["OpenedDeck", "open_deck"]


@dataclass(slots=True)
class OpenedDeck:
    """A deck at work. ``upstream`` and ``recording`` are None where the mode has none: replay has neither."""

    mode: Mode
    cassette: str
    deck: Deck
    redactor: Redactor
    public_url: Callable[[str, str], str]
    upstream: Upstream | None = None
    upstream_name: str = "none"
    fake: Fake | None = None
    recording: Recording | None = None
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def upstream_connections(self) -> int:
        """Connections opened to an upstream so far; the embedded fake needs none."""
        return self.upstream.connections if isinstance(self.upstream, LiveUpstream) else 0

    def verdict(self) -> Verdict:
        """What the deck says so far."""
        return self.deck.verdict()

    async def end(self, *, keep: bool) -> int:
        """Closes everything; commits the recording if ``keep``. Gives the interactions written (0: file untouched).

        Raises RecordingRefused or CannotStart when the recording cannot be kept.
        """
        await self.resources.aclose()
        recording, self.recording = self.recording, None
        if recording is None:
            return 0
        if recording.failed is not None:
            await recording.keep_journal()
            return 0
        if keep:
            return await recording.commit()
        await recording.abort()
        return 0


async def open_deck(config: Config, mode: Mode, check: Check) -> OpenedDeck:
    """Opens ``config.cassette`` in ``mode``. Raises UsageError, CannotStart, CassetteUnreadable."""
    path = Path(config.cassette)
    if config.once and mode is Mode.AUTO:
        mode = Mode.REPLAY if exists(path) else Mode.RECORD
    wanted = mode in {Mode.REPLAY, Mode.AUTO}
    parsed = load(path) if wanted else None
    redactor = default_redactor(DECODERS)
    deck = stripe_deck(
        mode,
        redactor,
        parsed.interactions if parsed is not None else None,
        cassette=config.cassette,
        decoders=DECODERS,
        options=Options(allow_live=config.allow_live),
    )
    base, origin = _address(config)
    opened = OpenedDeck(mode, config.cassette, deck, redactor, public_base(origin))
    try:
        if mode is not Mode.REPLAY:
            await _connect(opened, config, base)
        if mode in {Mode.RECORD, Mode.AUTO}:
            opened.recording = Recording(path, deck, check)
    except BaseException:
        await opened.resources.aclose()
        raise
    return opened


def _address(config: Config) -> tuple[str, str | None]:
    """(base URL or "", origin under which requests are stored)."""
    if config.upstream in {"fake", "stripe"}:
        return "", None
    return parse_upstream(config.upstream, allow_http=config.allow_http)


async def _connect(opened: OpenedDeck, config: Config, base: str) -> None:
    if config.upstream == "fake":
        opened.fake = Fake()
        opened.upstream = FakeUpstream(opened.fake.handle)
        opened.upstream_name = "fake"
        return
    live = LiveUpstream(
        config.upstream,
        (lambda url: url) if config.upstream == "stripe" else _rebased(base),
        tls=trust(config.upstream_ca),
        key=config.api_key,
        connect_timeout=config.connect_timeout,
        read_timeout=config.read_timeout,
    )
    opened.upstream = await opened.resources.enter_async_context(live)
    opened.upstream_name = config.upstream


def _rebased(base: str) -> Callable[[str], str]:
    """Public URL -> the same target below ``base``."""

    def locate(url: str) -> str:
        return base + url[url.index("/", url.index("://") + 3) :]

    return locate
