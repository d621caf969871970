"""Which headers a cassette may hold. An allow-list: what is not known to be harmless is not stored.

Dropped on purpose, among all others: Cookie and Set-Cookie, client telemetry and both user-agent headers (host names,
kernel, machine id), Stripe-Signature (would be stale), Date, Server, Content-Security-Policy (a token per request),
ETag and digests (of bytes that are not stored), routing headers.
"""

from fcproxy.core.rules import HeaderRule

__all__ = ["HEADERS"]

_REQUEST, _RESPONSE = ("request",), ("response",)
_BOTH = ("request", "response")

HEADERS: tuple[HeaderRule, ...] = (
    HeaderRule("Authorization", _REQUEST, "credential", "kind and mode of the key tell a test apart from another"),
    HeaderRule("Accept", _REQUEST, "text", "content negotiation"),
    HeaderRule("Content-Type", _BOTH, "text", "says how to read the body"),
    HeaderRule("Content-Length", _BOTH, "number", "length of what is stored; recomputed"),
    HeaderRule("Fcproxy-Body", _BOTH, "mark", "marks a body that was not stored"),
    HeaderRule("Fcproxy-Latency", _RESPONSE, "keep", "how long the upstream took; only with --latency recorded"),
    HeaderRule("Stripe-Version", _BOTH, "text", "compared; decides the answer's shape"),
    HeaderRule("Stripe-Account", _BOTH, "text", "compared"),
    HeaderRule("Stripe-Context", _BOTH, "text", "compared"),
    HeaderRule("Stripe-Livemode", _BOTH, "text", "test or live"),
    HeaderRule("Idempotency-Key", _BOTH, "whole", "ties a retry to its first attempt", kind="idempotency_key"),
    HeaderRule("Original-Request", _RESPONSE, "text", "request id: not secret"),
    HeaderRule("Request-Id", _RESPONSE, "text", "request id: not secret"),
    HeaderRule("Idempotent-Replayed", _RESPONSE, "text", "idempotency"),
    HeaderRule("Stripe-Should-Retry", _RESPONSE, "text", "SDKs obey it"),
    HeaderRule("Stripe-Rate-Limited-Reason", _RESPONSE, "text", "SDKs show it"),
    HeaderRule("Stripe-Notice", _RESPONSE, "text", "SDKs show it"),
    HeaderRule("Retry-After", _RESPONSE, "text", "SDKs obey it"),
    HeaderRule("Location", _RESPONSE, "url", "redirects"),
    HeaderRule("Content-Disposition", _RESPONSE, "disposition", "downloads"),
    HeaderRule("Content-Language", _RESPONSE, "text", "content"),
    HeaderRule("Content-Range", _RESPONSE, "range", "which part of the content it is"),
    HeaderRule("Accept-Ranges", _RESPONSE, "text", "content"),
    HeaderRule("Cache-Control", _RESPONSE, "text", "caching"),
    HeaderRule("Vary", _RESPONSE, "text", "caching"),
    HeaderRule("Allow", _RESPONSE, "text", "405"),
    HeaderRule("WWW-Authenticate", _RESPONSE, "challenge", "401"),
    HeaderRule("Access-Control-Allow-Credentials", _RESPONSE, "text", "browsers"),
    HeaderRule("Access-Control-Allow-Headers", _RESPONSE, "text", "browsers"),
    HeaderRule("Access-Control-Allow-Methods", _RESPONSE, "text", "browsers"),
    HeaderRule("Access-Control-Allow-Origin", _RESPONSE, "text", "browsers"),
    HeaderRule("Access-Control-Expose-Headers", _RESPONSE, "text", "browsers"),
    HeaderRule("Access-Control-Max-Age", _RESPONSE, "text", "browsers"),
    HeaderRule("X-Content-Type-Options", _RESPONSE, "text", "browsers"),
)
