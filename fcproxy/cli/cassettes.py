"""Cassettes as the commands that only look at them take them: read, and redacted whatever tool recorded them."""

from pathlib import Path

from fcproxy.codings import DECODERS
from fcproxy.config import Config
from fcproxy.core.deck import Deck, Options
from fcproxy.core.errors import CassetteUnreadable
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import RedactedInteraction, Redactor
from fcproxy.core.views import Aliases, View, view
from fcproxy.server.store import load
from fcproxy.stripe.custom_routes import header_rules
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.matching import NOISE
from fcproxy.stripe.secrets import default_redactor
from fcproxy.vcr_format import ParsedCassette

__all__ = ["origin", "read", "redacted", "replaying", "views_of"]


def read(path: Path) -> ParsedCassette:
    """The cassette at ``path``. Raises CassetteUnreadable, also where there is none."""
    parsed = load(path)
    if parsed is None:
        raise CassetteUnreadable(str(path), "there is no such file")
    return parsed


def redacted(parsed: ParsedCassette) -> list[RedactedInteraction]:
    """Its interactions as they may be shown: a terminal and a CI log are no safer than a file."""
    redactor = default_redactor(DECODERS)
    return redactor.settle([redactor.redact(interaction) for interaction in parsed.interactions])


def replaying(config: Config) -> Deck:
    """A deck that replays the configured cassette; nothing listens. Raises CassetteUnreadable."""
    parsed = load(Path(config.cassette), config.max_cassette << 20)
    return stripe_deck(
        Mode.REPLAY,
        Redactor(config.rules.plus(headers=header_rules(config.match)), DECODERS),
        parsed.interactions if parsed is not None else None,
        cassette=config.cassette,
        decoders=DECODERS,
        routes=config.match,
        options=Options(ordered=config.order == "strict"),
    )


def views_of(path: Path, *, stable: bool) -> tuple[ParsedCassette, list[View]]:
    """The cassette and its views. ``stable``: ids numbered and noise left out, so that recordings can be compared."""
    parsed = read(path)
    aliases = Aliases(NOISE) if stable else None
    return parsed, [view(interaction, aliases) for interaction in redacted(parsed)]


def origin(parsed: ParsedCassette) -> str:
    """Where the cassette comes from, in brackets with a blank before; "" where it does not tell."""
    provenance = parsed.provenance
    if provenance is None:
        return ""
    facts = [
        f"recorded by {provenance.recorder}" if provenance.recorder else "",
        f"on {provenance.recorded_at}" if provenance.recorded_at else "",
        f"Stripe-Version {', '.join(provenance.stripe_versions)}" if provenance.stripe_versions else "",
        f"rules {provenance.rules}" if provenance.rules else "",
        f"rules off: {', '.join(provenance.disabled)}" if provenance.disabled else "",
    ]
    told = "; ".join(fact for fact in facts if fact)
    return f" ({told})" if told else ""
