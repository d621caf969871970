"""Events: list and retrieve. Source: docs.stripe.com/api/events."""

from collections.abc import Iterable

from fcproxy.fake.call import Call
from fcproxy.fake.cli_feed import CLI_SESSION, feed_event
from fcproxy.fake.deliveries import enqueue, wants
from fcproxy.fake.errors import refuse
from fcproxy.fake.events import addressed, listeners
from fcproxy.fake.params import CREATED, LIST, array, boolean, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, Row, by
from fcproxy.fake.thin import thin_type

__all__ = ["RESOURCE"]

_URL = "/v1/events"
ENDPOINT = "webhook_endpoint"
MONTH = 30 * 86_400
"""How long an event can be looked at."""


def _names(row: Row) -> Iterable[str]:
    """An event's type, and each pattern that a wildcard may give for it: `a.b.c` has `a.*`, `a.b.*` and `*`."""
    words = str(row.doc["type"]).split(".")
    return (row.doc["type"], "*", *(".".join(words[:count]) + ".*" for count in range(1, len(words))))


def _oldest(call: Call) -> int:
    return call.now - MONTH + 1


def _thin(row: Row) -> Iterable[str]:
    """The type of its thin form, and a word that all have which have one."""
    name = thin_type(row)
    return () if name is None else ("*", name)


def _delivered(row: Row) -> Iterable[str]:
    return ("no" if row.doc["pending_webhooks"] else "yes",)


def _list(call: Call) -> Doc:
    call.exclusive(("type", "types"))
    types, wanted = call.params.get("types"), call.params.get("delivery_success")

    filters = {"type": call.params.get("type"), "delivered": None if wanted is None else ("no", "yes")[wanted]}
    return call.page("event", _URL, filters=filters, one_of=("type", types) if types else None, since=_oldest(call))


def _target(call: Call) -> Row:
    row = call.target("event")
    if row.created < _oldest(call):
        raise refuse("missing", param="id", words="event", id=row.id, hint="")
    return row


def _retrieve(call: Call) -> Doc:
    return _target(call).doc


def _retry(call: Call) -> Doc:
    """Sends an event again: to one endpoint, or to every one that asks for its type."""
    row = _target(call)
    if "webhook_endpoint" in call.params:
        endpoints = [call.reference(ENDPOINT, call.params["webhook_endpoint"], "webhook_endpoint")]
    else:
        endpoints = [endpoint for endpoint in listeners(call) if wants(endpoint.doc, row.doc["type"])]
    for endpoint in endpoints:
        enqueue(call, row, endpoint, addressed(call, endpoint, row.doc))
    if call.params.get("for_stripecli"):
        for session in call.state.tables[CLI_SESSION]:
            if session.scope == call.scope:
                feed_event(session, row)
    return row.doc


RESOURCE = Resource(
    name="events",
    title="Events",
    kinds=(
        Kind(
            "event",
            "event",
            opaque=("data",),
            indexes={"type": _names, "delivered": _delivered, "thin": _thin, "object": by("data.object.id")},
        ),
    ),
    routes=(
        Route(
            "GET",
            _URL,
            _list,
            "event",
            "List events",
            {**LIST, **CREATED, "type": text(), "types": array(text(), most=20), "delivery_success": boolean()},
            listed=True,
        ),
        Route("GET", _URL + "/{id}", _retrieve, "event", "Retrieve an event"),
        Route(
            "POST",
            _URL + "/{id}/retry",
            _retry,
            "event",
            "Send an event again (what the CLI's resend asks for)",
            {"account": text(), "for_stripecli": boolean(), "webhook_endpoint": text()},
        ),
    ),
)
