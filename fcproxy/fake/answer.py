"""How answers are written: JSON as Stripe lays it out, and the headers that it sends."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime

from fcproxy.core.message import Headers, Response
from fcproxy.fake.errors import ApiError
from fcproxy.fake.state import Doc
from fcproxy.stripe.envelope import LOG_URL, error_envelope

__all__ = ["REASONS", "error_body", "json_bytes", "respond", "routing"]

REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    424: "Failed Dependency",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

_EXPOSED = (
    "Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, X-Stripe-External-Auth-Required, "
    "X-Stripe-Privileged-Session-Required"
)
_POLICY = (
    "base-uri 'none'; default-src 'none'; form-action 'none'; frame-ancestors 'none'; img-src 'self'; "
    "script-src 'self' 'report-sample'; style-src 'self'; worker-src 'none'; upgrade-insecure-requests"
)
"""Stripe's, without the address that violations are reported to."""
_FIXED = (
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Allow-Methods", "GET, HEAD, PUT, PATCH, POST, DELETE"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", _EXPOSED),
    ("Access-Control-Max-Age", "300"),
    ("Cache-Control", "no-cache, no-store"),
    ("Content-Security-Policy", _POLICY),
    ("X-Stripe-Priority-Routing-Enabled", "true"),
)


def json_bytes(doc: Doc) -> bytes:
    """JSON in Stripe's layout: two blanks for a level, a line for a value."""
    return json.dumps(doc, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")


def error_body(error: ApiError, request_id: str, now: int, *, livemode: bool) -> bytes:
    """The body of an error answer."""
    log = LOG_URL.format(mode="" if livemode else "test/", request_id=request_id, now=now)
    extra = {**error.extra, "request_log_url": log}
    return json_bytes(error_envelope(error.type, error.message, code=error.code, param=error.param, extra=extra))


def routing(*, livemode: bool) -> tuple[str, str]:
    """The header that tells how Stripe routed a request."""
    return ("X-Stripe-Routing-Context-Priority-Tier", "api-livemode" if livemode else "api-testmode")


def respond(status: int, body: bytes, now: int, headers: Iterable[tuple[str, str]]) -> Response:
    """An answer with Stripe's headers around ``headers``; ``now`` is Unix seconds."""
    date = format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True)
    return Response(
        status,
        Headers(
            [
                ("Server", "nginx"),
                ("Date", date),
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                *_FIXED,
                *headers,
                ("Vary", "Origin"),
                ("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload"),
            ]
        ),
        body,
        REASONS.get(status, ""),
    )
