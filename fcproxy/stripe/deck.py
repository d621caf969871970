"""A deck that knows Stripe: default matching, live-mode guard."""

from collections.abc import Mapping, Sequence

from fcproxy.core.content import STANDARD_DECODERS, Decoder
from fcproxy.core.deck import Deck, Options
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.message import Interaction
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import Redactor
from fcproxy.stripe.live import LiveGuard
from fcproxy.stripe.matching import MATCHING

__all__ = ["stripe_deck"]


def stripe_deck(
    mode: Mode,
    redactor: Redactor,
    interactions: Sequence[Interaction] | None,
    *,
    cassette: str,
    decoders: Mapping[str, Decoder] = STANDARD_DECODERS,
    routes: Sequence[RouteRule] = (),
    options: Options | None = None,
) -> Deck:
    """``interactions`` None: there is no cassette file. ``routes``: the user's exceptions from the matching."""
    return Deck(
        mode,
        redactor,
        interactions,
        cassette=cassette,
        rules=MATCHING._replace(routes=tuple(routes)),
        guard=LiveGuard(decoders),
        options=options,
    )
