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
_NAMED = b'"livemode'
"""Found by itself first, at a fifth of the cost."""

# Also within JSON in a string, as the Stripe CLI has its events.
_LIVEMODE = expression(rb'"livemode\\*"\s*:\s*true')


class LiveGuard:
    """Says by rule id what of live mode an interaction holds."""

    def __init__(self, decoders: Mapping[str, Decoder]) -> None:
        self._decoders = decoders
        self._fine: str | None = None
        """The last credential that was none of live mode: clients say the same one each time."""

    def request(self, request: Request) -> str | None:
        """``live-key`` for a live key in the Authorization header or the `key` parameter."""
        for value in request.headers.get_all("Authorization"):
            if value != self._fine and _is_live(value):
                return "live-key"
            self._fine = value
        if (
            "stripe-livemode" in request.headers.names
            and (request.headers.get("Stripe-Livemode") or "").strip().lower() == "true"
        ):
            return "live-key"
        # `live` alone is looked for first: it is told by a tenth of the time, and the underscore may be escaped.
        if "live" in request.url and _LIVE_PARAMETER.search(request.url.encode("utf-8", "surrogateescape")):
            return "live-key"
        return "live-key" if b"live" in request.body and _LIVE_PARAMETER.search(request.body) else None

    def response(self, response: Response) -> str | None:
        """``livemode`` where any object of the answer says `livemode: true`."""
        data = response.body
        if "content-encoding" in response.headers.names:
            try:
                names = content.coding_names(response.headers.get_all("Content-Encoding"))
                data = content.decode(data, names, self._decoders)
            except Unopenable:
                return None  # not stored either
        at = data.find(_NAMED)
        while at >= 0:
            if _LIVEMODE.match(data, at):
                return "livemode"
            at = data.find(_NAMED, at + 1)
        return None


def _is_live(credential: str) -> bool:
    _, user, password = credential_of(credential)
    return any("live_" in text and _LIVE_KEY.search(text) for text in (credential, user, password))
