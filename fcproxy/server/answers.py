"""Answers of the proxy's own, shaped as Stripe's errors so that every official SDK raises its normal error at once."""

import json
from collections.abc import Mapping

from fcproxy.core.errors import RecordingRefused, UpstreamFailed
from fcproxy.core.matching import Mismatch
from fcproxy.core.message import Headers, Response

__all__ = ["bad_request", "json_response", "miss_response", "refusal_response", "stripe_error", "upstream_response"]


def json_response(status: int, value: object, extra: tuple[tuple[str, str], ...] = ()) -> Response:
    """A JSON answer, laid out for people."""
    body = json.dumps(value, indent=2).encode("ascii") + b"\n"
    return Response(
        status, Headers([("Content-Type", "application/json"), ("Cache-Control", "no-store"), *extra]), body
    )


def stripe_error(
    status: int,
    kind: str,
    code: str,
    message: str,
    *,
    extra: tuple[tuple[str, str], ...] = (),
    more: Mapping[str, object],
) -> Response:
    """``{"error": {...}}``, told to the SDKs as final: they retry 409, 429 and 5xx unless this header says no."""
    error = {"type": kind, "code": code, "message": message, **more}
    return json_response(status, {"error": error}, (("Stripe-Should-Retry", "false"), *extra))


def miss_response(miss: Mismatch) -> Response:
    """A request that the cassette does not answer."""
    return stripe_error(
        422,
        "fcproxy_miss",
        miss.reason,
        miss.message,
        extra=(("Fcproxy-Miss", miss.reason),),
        more={"nearest": list(miss.nearest)},
    )


def upstream_response(error: UpstreamFailed) -> Response:
    """No complete answer from the upstream: 504 for a time-out, else 502."""
    status = 504 if error.kind == "timeout" else 502
    return stripe_error(status, "api_error", f"fcproxy_upstream_{error.kind}", f"fcproxy: {error}", more={})


def refusal_response(error: RecordingRefused) -> Response:
    """The recording must not go on."""
    return stripe_error(403, "invalid_request_error", f"fcproxy_refused_{error.rule}", f"fcproxy: {error}", more={})


def bad_request(status: int, code: str, message: str) -> Response:
    """A request that the proxy itself does not take."""
    return stripe_error(status, "invalid_request_error", f"fcproxy_{code}", f"fcproxy: {message}", more={})
