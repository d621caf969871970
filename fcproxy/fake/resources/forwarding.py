"""Forwarding Requests. Source: docs.stripe.com/api/forwarding/forwarding_requests.

The fake makes no call itself: it says which one is to be made, and answers when its outcome is known. Calls to the
built-in echo need nobody.
"""

import json
from urllib.parse import urlsplit

from fcproxy.core.message import Headers, Request, Response
from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError, refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.mint import chance
from fcproxy.fake.params import CREATED, LIST, METADATA, Params, array, choice, group, required, text
from fcproxy.fake.resource import Kind, Outbound, Outcome, Resource, Route
from fcproxy.fake.resources.forwarding_fill import FIELDS, fill, hide, shown_header
from fcproxy.fake.resources.payment_methods import payment_method
from fcproxy.fake.state import Doc, Row

__all__ = ["ECHO_HOST", "RESOURCE"]

KIND = "forwarding.request"
_URL = "/v1/forwarding/requests"
ECHO_HOST = "echo.fcproxy.test"
"""The host that is always allowed: it answers with what it was sent, card data starred."""
MONTH = 30 * 86_400
"""How long a request can be looked at."""

_CREATE: Params = {
    "metadata": METADATA,
    "payment_method": required(text()),
    "replacements": required(array(choice(*sorted(FIELDS)))),
    "request": group(
        {
            "body": text(),
            "headers": array(group({"name": required(text()), "value": required(text())}), most=100),
        }
    ),
    "url": required(text("web")),
}

FAILURES = {
    "connection": ApiError(
        424,
        "invalid_request_error",
        "forwarding_api_upstream_connection_error",
        "The destination could not be reached.",
        executed=True,
    ),
    "timeout": ApiError(
        424,
        "invalid_request_error",
        "forwarding_api_upstream_connection_timeout",
        "The destination did not answer in time.",
        executed=True,
    ),
    "forbidden": ApiError(
        400,
        "invalid_request_error",
        "forwarding_api_invalid_parameter",
        "This destination is not allowed for this account.",
        "url",
    ),
}
"""What may go wrong on the way -> the answer."""


def _host(url: str) -> str:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise refuse("url", param="url") from None
    return f"{parts.hostname}:{port}" if port else str(parts.hostname)


def _create(call: Call) -> Doc | Outbound:
    host = _host(call.params["url"])
    if host != ECHO_HOST and host not in call.options.forward_hosts:
        raise StripeError(FAILURES["forbidden"])
    method = payment_method(call, call.params["payment_method"], "payment_method")
    if method.doc["type"] != "card":
        raise refuse("state", param="payment_method", message="Only cards can be forwarded.")
    card = _card(call, method)
    given = call.params.get("request", {})
    headers = _headers(given)
    content_type = next(value for name, value in headers if name.lower() == "content-type")
    sent = fill(given.get("body", ""), content_type.lower(), call.params["replacements"], card)
    request = Request("POST", call.params["url"], Headers(headers), sent.encode("utf-8", "surrogateescape"))
    outcome = _echo(request) if host == ECHO_HOST else call.outcome
    # The second pass finds the same one, also where the first made it out of a word for a test card.
    call.params["payment_method"] = method.id
    if outcome is None:
        return Outbound(f"{call.request_id}", request)
    if outcome.response is None:
        raise StripeError(FAILURES[outcome.failure])
    return call.add(KIND, _doc(call, method, card, request, outcome)).doc


def _headers(given: Doc) -> list[tuple[str, str]]:
    headers = [(item["name"], item["value"]) for item in given.get("headers", [])]
    for name, value in headers:
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or "\n" in value or "\r" in value:
            raise refuse("pattern", param="request[headers]", value=name)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return headers


def _card(call: Call, method: Row) -> Doc:
    name = method.doc["billing_details"]["name"] if "billing_details" in method.doc else None
    private = method.private
    return {
        "number": private["number"],
        "cvc": private["cvc"],
        "month": private["exp_month"],
        "year": private["exp_year"],
        "name": name or "",
        "signature": chance(call.state.seed, f"signature {call.request_id}", 0, 32),
    }


def _echo(request: Request) -> Outcome:
    echoed = {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "body": request.body.decode("utf-8", "replace"),
    }
    headers = Headers([("Content-Type", "application/json")])
    return Outcome(Response(200, headers, json.dumps(echoed).encode()))


def _doc(call: Call, method: Row, card: Doc, request: Request, outcome: Outcome) -> Doc:
    response = outcome.response or Response(0, Headers())
    metadata = call.params.get("metadata")
    return {
        "id": call.mint(KIND),
        "object": KIND,
        "created": call.now,
        "livemode": call.livemode,
        "metadata": merge_metadata({}, metadata) if metadata else None,
        "payment_method": method.id,
        "replacements": call.params["replacements"],
        "request_context": {
            "destination_duration": outcome.milliseconds,
            "destination_ip_address": outcome.address,
        },
        "request_details": {
            "body": hide(request.body.decode("utf-8", "replace"), card),
            "headers": [shown_header(name, value) for name, value in request.headers],
            "http_method": "POST",
        },
        "response_details": {
            "body": hide(response.body.decode("utf-8", "replace"), card),
            "headers": [shown_header(name, value) for name, value in response.headers],
            "status": response.status,
        },
        "url": request.url,
    }


def _oldest(call: Call) -> int:
    return call.now - MONTH + 1


def _retrieve(call: Call) -> Doc:
    row = call.target(KIND)
    if row.created < _oldest(call):
        raise refuse("missing", param="id", words="forwarding request", id=row.id, hint="")
    return row.doc


def _list(call: Call) -> Doc:
    return call.page(KIND, _URL, since=_oldest(call))


RESOURCE = Resource(
    name="forwarding.requests",
    title="Forwarding Requests",
    kinds=(Kind(KIND, "forwarding request"),),
    routes=(
        Route("POST", _URL, _create, KIND, "Create a forwarding request", _CREATE),
        Route("GET", _URL, _list, KIND, "List forwarding requests", {**LIST, **CREATED}, listed=True),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a forwarding request"),
    ),
    notes=(
        f"Calls go to https://{ECHO_HOST}/ (a built-in echo) and to hosts that were allowed, to no others.",
        "Fields of a body are filled by their names, as the destination's format is not known.",
    ),
)
