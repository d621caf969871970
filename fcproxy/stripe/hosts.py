"""Which public host of Stripe's a path lives at.

Sources: docs.stripe.com/file-upload (files.stripe.com for uploads and contents),
docs.stripe.com/connect/oauth-reference (connect.stripe.com), docs.stripe.com/api/v2/billing/meter-event-stream
(meter-events.stripe.com); all else is at the API host.
"""

import re

from fcproxy.core.expression import expression

__all__ = ["API_HOST", "HOSTS", "public_host"]

API_HOST = "api.stripe.com"

HOSTS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("POST", expression(r"/v1/files/?(?:\?|$)"), "files.stripe.com"),
    ("GET", expression(r"/v1/files/[^/?]+/contents/?(?:\?|$)"), "files.stripe.com"),
    ("*", expression(r"/oauth/"), "connect.stripe.com"),
    ("*", expression(r"/v2/billing/meter_event_stream(?:/|\?|$)"), "meter-events.stripe.com"),
)
"""Method (`*` = any), pattern at the start of the raw target, host. The first row that fits counts."""


_BEGINNINGS = ("/v1/files", "/oauth/", "/v2/billing/")
"""How all of these begin: told at once."""


def public_host(method: str, target: str) -> str:
    """The host for a request with this raw target (path and query)."""
    if not target.startswith(_BEGINNINGS):
        return API_HOST
    for wanted, pattern, host in HOSTS:
        if wanted in {"*", method} and pattern.match(target):
            return host
    return API_HOST
