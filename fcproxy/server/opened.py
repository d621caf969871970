"""An opened deck: the pure deck with what it needs of the world, from opening to the end."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from fcproxy.codings import DECODERS
from fcproxy.config import Config
from fcproxy.core.deck import Deck, Options
from fcproxy.core.errors import CannotStart, CassetteUnreadable, RecordingRefused, UsageError
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import Redactor
from fcproxy.core.rules import RuleBook
from fcproxy.server.check import Check
from fcproxy.server.in_flight import InFlight
from fcproxy.server.log import Tell, silent
from fcproxy.server.playback import VERSION_RULE, Playback, is_too_old, playback
from fcproxy.server.store import exists, load, read_file
from fcproxy.server.threads import to_its_end
from fcproxy.server.upstream import Upstream, public_base
from fcproxy.server.upstream_url import stored_origin
from fcproxy.stripe.deck import stripe_deck

if TYPE_CHECKING:
    from fcproxy.core.verdict import Verdict
    from fcproxy.server.embedded import FakeUpstream
    from fcproxy.server.ratelimit import PoliteUpstream
    from fcproxy.server.recording import Recording

__all__ = ["OpenedDeck", "open_deck"]


class OpenedDeck:
    """A deck at work. ``upstream`` and ``recording`` are None where the mode has none: replay has neither."""

    def __init__(
        self, mode: Mode, cassette: str, deck: Deck, redactor: Redactor, public_url: Callable[[str, str], str]
    ) -> None:
        self.mode = mode
        self.cassette = cassette
        self.deck = deck
        self.redactor = redactor
        self.public_url = public_url
        self.upstream: Upstream | None = None
        self.polite: PoliteUpstream | None = None
        """The upstream once more, where it is asked no more often than it allows."""
        self.upstream_name = "none"
        self.fake: FakeUpstream | None = None
        """The upstream once more, where that is the embedded fake."""
        self.recording: Recording | None = None
        self.played = Playback([])
        self.recorded_at: str | None = None
        """When the cassette that is played was recorded (ISO 8601, UTC), if it tells."""
        self.timed = False
        """Whether a recording keeps how long each answer took."""
        self.in_flight = InFlight()
        """Its requests that are being answered, but for those that the shortcut answers at once."""
        self.resources = AsyncExitStack()

    @property
    def upstream_connections(self) -> int:
        """Connections opened to an upstream so far; the embedded fake needs none."""
        return self.upstream.connections if self.upstream is not None else 0

    def verdict(self) -> "Verdict":
        """What the deck says so far."""
        return self.deck.verdict()

    async def end(self, *, keep: bool) -> int:
        """Closes everything; commits the recording if ``keep``. Gives the interactions written (0: file untouched).

        Raises RecordingRefused or CannotStart when the recording cannot be kept.
        """
        await self.resources.aclose()
        if self.polite is not None and self.polite.waited:
            self.deck.note(f"{self.polite.waited} answers that it was asked too often (429) were waited out")
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


async def open_deck(config: Config, mode: Mode, check: Check, tell: Tell = silent) -> OpenedDeck:
    """Opens ``config.cassette`` in ``mode``. Raises UsageError, CannotStart, CassetteUnreadable.

    ``tell`` is told what people should know: that the disk takes no more, how far a long recording is written.
    """
    path = Path(config.cassette)
    if config.once and mode is Mode.AUTO:
        mode = Mode.REPLAY if exists(path) else Mode.RECORD
    wanted = mode in {Mode.REPLAY, Mode.AUTO}
    parsed = load(path, config.max_cassette << 20) if wanted else None
    played = playback(parsed.interactions if parsed is not None else [], config.latency)
    recorded_at = parsed.provenance.recorded_at if parsed is not None and parsed.provenance is not None else None
    too_old = is_too_old(recorded_at, config) if parsed is not None else False
    if too_old and mode is Mode.AUTO:
        raise CannotStart(f"{config.cassette}: older than --max-age; record it again: auto only adds what is new")
    redactor = Redactor(_rules(config), DECODERS)
    if mode in {Mode.RECORD, Mode.AUTO} and (shown := redactor.text(config.cassette)) != config.cassette:
        # Files are named before anything is recorded; the audit would refuse the name at the end, and all with it.
        raise UsageError(f"cassette: the name {shown!r} holds what is not stored; give it another one")
    if parsed is not None and mode is Mode.AUTO:
        await _may_stay(config, check)
    deck = stripe_deck(
        mode,
        redactor,
        played.interactions if parsed is not None else None,
        cassette=config.cassette,
        decoders=DECODERS,
        routes=(*config.match, *((VERSION_RULE,) if config.on_version_change == "warn" else ())),
        options=Options(
            ordered=config.order == "strict",
            keep_retries=config.keep_retries,
            allow_live=config.allow_live,
            expired=bool(too_old),
        ),
    )
    if mode is Mode.REPLAY and parsed is None:
        # Without a request there is no miss to tell it, and a strict verdict would look like a success.
        deck.note("there is no such cassette: nothing could be replayed")
    if too_old is None:
        deck.note("--max-age: this cassette does not tell when it was recorded")
    opened = OpenedDeck(mode, config.cassette, deck, redactor, public_base(stored_origin(config)))
    opened.played, opened.recorded_at, opened.timed = played, recorded_at, config.latency == "recorded"
    try:
        if mode is not Mode.REPLAY:
            # Deferred: in replay neither the fake nor any client is even imported.
            from fcproxy.server.connect import connect

            opened.upstream, opened.fake = await connect(config, opened.resources)
            opened.upstream_name = opened.upstream.name
        if mode in {Mode.RECORD, Mode.AUTO}:
            opened.polite = _polite(opened, config)
            opened.upstream = opened.polite or opened.upstream
            from fcproxy.server.recording import Recording

            opened.recording = Recording(
                path,
                deck,
                check,
                fsync=config.fsync,
                on_failure=lambda why: _stopped(opened, why, tell),
                tell=tell,
                playable=config.max_cassette << 20,
            )
    except BaseException:
        await opened.resources.aclose()
        raise
    return opened


async def _may_stay(config: Config, check: Check) -> None:
    """Raises CannotStart where the cassette that is added to holds what the audit refuses. A file that was recorded so
    is for its owner to rewrite, and to look at what of it is public already."""

    def judge() -> None:
        check(config.cassette, ())(read_file(Path(config.cassette), config.max_cassette << 20))

    try:
        # In a thread: a server goes on answering while one more of its decks is opened.
        await to_its_end(judge)
    except RecordingRefused as error:
        raise CannotStart(
            f"{config.cassette}: {error}; auto leaves what is there as it is, and adds nothing to that: "
            f"run `fcproxy redact {config.cassette}` first"
        ) from None
    except OSError as error:
        raise CassetteUnreadable(config.cassette, f"cannot be read: {error.strerror}") from None


def _rules(config: Config) -> RuleBook:
    """Those of the config, and what its matching needs."""
    if not config.match:
        return config.rules
    from fcproxy.stripe.custom_routes import header_rules

    return config.rules.plus(headers=header_rules(config.match))


def _stopped(opened: OpenedDeck, why: str, tell: Tell) -> None:
    """A recording that can take no more: said at once, for whoever could still make room and start again."""
    told = f"recording stopped: {why}; clients are still answered, and nothing more is recorded"
    opened.deck.note(told)
    tell(f"{opened.cassette}: {told}", "error")


def _polite(opened: OpenedDeck, config: Config) -> "PoliteUpstream | None":
    """The upstream, within the rate that it allows; None where it allows any."""
    from fcproxy.server.ratelimit import STRIPE_RATE, PoliteUpstream

    rate = config.rate if config.rate is not None else STRIPE_RATE if config.upstream == "stripe" else 0
    return PoliteUpstream(opened.upstream, rate) if opened.upstream is not None and rate else None
