"""Live mode: what must not be recorded, because it would hold real customers' data and a key that moves money.

Sources: docs.stripe.com/keys (prefixes), docs.stripe.com/api (every object tells `livemode`).
"""

from collections.abc import Mapping

from fcproxy.core import content
from fcproxy.core.content import Decoder, Unopenable
from fcproxy.core.credential import credential_of
from fcproxy.core.expression import expression
from fcproxy.core.message import Request, Response

__all__ = ["LiveGuard"]

_LIVE_KEY = expression(r"(?<![A-Za-z0-9])(?:sk|rk|rkcs|ek|uk|usk)_(?:org_)?live_")
_LIVE_PARAMETER = expression(rb"(?:^|[?&])key=(?:pk|sk|rk)(?:_|%5[Ff])live(?:_|%5[Ff])")
# Also within JSON in a string, as the Stripe CLI has its events.
_LIVEMODE = expression(rb'"livemode\\*"\s*:\s*true')


class LiveGuard:
    """Says by rule id what of live mode an interaction holds."""

    def __init__(self, decoders: Mapping[str, Decoder]) -> None:
        self._decoders = decoders

    def request(self, request: Request) -> str | None:
        """``live-key`` for a live key in the Authorization header or the `key` parameter."""
        for value in request.headers.get_all("Authorization"):
            _, user, password = credential_of(value)
            if any("live_" in text and _LIVE_KEY.search(text) for text in (value, user, password)):
                return "live-key"
        if (request.headers.get("Stripe-Livemode") or "").strip().lower() == "true":
            return "live-key"
        # `live` alone is looked for first: it is told by a tenth of the time, and the underscore may be escaped.
        for data in (request.url.encode("utf-8", "surrogateescape"), request.body):
            if b"live" in data and _LIVE_PARAMETER.search(data):
                return "live-key"
        return None

    def response(self, response: Response) -> str | None:
        """``livemode`` where any object of the answer says `livemode: true`."""
        try:
            names = content.coding_names(response.headers.get_all("Content-Encoding"))
            data = content.decode(response.body, names, self._decoders)
        except Unopenable:
            return None  # not stored either
        return "livemode" if _LIVEMODE.search(data) else None
