"""Webhook Endpoints. Source: docs.stripe.com/api/webhook_endpoints."""

from fcproxy.fake.call import Call
from fcproxy.fake.errors import refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import LIST, METADATA, Params, array, boolean, choice, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc
from fcproxy.fake.versions import RELEASES
from fcproxy.stripe.event_types import EVENT_TYPES, PREVIEW_EVENT_TYPES

__all__ = ["MOST_ENDPOINTS", "RESOURCE"]

KIND = "webhook_endpoint"
_URL = "/v1/webhook_endpoints"
MOST_ENDPOINTS = 16

_EVENTS = choice("*", *sorted(EVENT_TYPES | PREVIEW_EVENT_TYPES))
_FIELDS: Params = {
    "description": text(most=5000, empty=True),
    "enabled_events": array(_EVENTS),
    "metadata": METADATA,
    "url": text("web"),
}
_CREATE: Params = {
    **_FIELDS,
    "api_version": choice(*RELEASES),
    "connect": boolean(),
    "enabled_events": required(_FIELDS["enabled_events"]),
    "url": required(_FIELDS["url"]),
}
_UPDATE: Params = {**_FIELDS, "disabled": boolean()}


def _check_url(call: Call) -> None:
    url = call.params.get("url", "https:")
    if call.livemode and not url.startswith("https:"):
        raise refuse("url", param="url")


def _create(call: Call) -> Doc:
    _check_url(call)
    if len(call.state.tables[KIND].numbers(call.scope, {})) >= MOST_ENDPOINTS:
        message = f"You have reached the maximum of {MOST_ENDPOINTS} webhook endpoints."
        raise refuse("state", message=message)
    secret = "whsec_" + call.secret("webhook secret", 32)
    doc = {
        "id": call.mint(KIND),
        "object": KIND,
        "api_version": call.params.get("api_version"),
        "application": None,
        "created": call.now,
        "description": call.params.get("description"),
        "enabled_events": call.params["enabled_events"],
        "livemode": call.livemode,
        "metadata": merge_metadata({}, call.params.get("metadata")),
        "status": "enabled",
        "url": call.params["url"],
    }
    call.add(KIND, doc, {"secret": secret, "connect": call.params.get("connect", False)})
    return {**doc, "secret": secret}


def _retrieve(call: Call) -> Doc:
    return call.target(KIND).doc


def _list(call: Call) -> Doc:
    return call.page(KIND, _URL)


def _update(call: Call) -> Doc:
    _check_url(call)
    row = call.target(KIND)
    names = ("description", "enabled_events", "url")
    changes: Doc = {name: call.params[name] for name in names if name in call.params}
    if "metadata" in call.params:
        changes["metadata"] = merge_metadata(row.doc["metadata"], call.params["metadata"])
    if "disabled" in call.params:
        changes["status"] = "disabled" if call.params["disabled"] else "enabled"
    return call.change(row, **changes).doc


def _delete(call: Call) -> Doc:
    return call.remove(call.target(KIND))


RESOURCE = Resource(
    name="webhook_endpoints",
    title="Webhook Endpoints",
    kinds=(Kind(KIND, "webhook endpoint"),),
    routes=(
        Route("POST", _URL, _create, KIND, "Create an endpoint", _CREATE),
        Route("GET", _URL, _list, KIND, "List endpoints", LIST, listed=True),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve an endpoint"),
        Route("POST", _URL + "/{id}", _update, KIND, "Update an endpoint", _UPDATE),
        Route("DELETE", _URL + "/{id}", _delete, KIND, "Delete an endpoint"),
    ),
    notes=("An event is tried three times; live mode is no different.",),
)
