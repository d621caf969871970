"""Events: what is told when an object changes. Source: docs.stripe.com/api/events."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fcproxy.fake.cli_feed import CLI_SESSION, feed_event
from fcproxy.fake.deliveries import enqueue, wants
from fcproxy.fake.present import Presenter
from fcproxy.fake.state import Doc, Row
from fcproxy.fake.thin import DESTINATION, THIN_PREFIX, thin_event
from fcproxy.fake.versions import DEFAULT_VERSION, parse_version

if TYPE_CHECKING:
    from fcproxy.fake.call import Call

__all__ = ["addressed", "listeners", "make_event"]


def make_event(call: "Call", name: str, row: Row, previous: Mapping[str, Any] | None) -> Row:
    """Stores the event ``name`` about an object as it is now, and queues it for the endpoints that ask for it.

    The stored event has the shape of the account's default version, a queued one that of its endpoint's.
    """
    event = call.add("event", _doc(call, name, DEFAULT_VERSION, _data(call, row, previous, DEFAULT_VERSION)))
    for endpoint in listeners(call):
        if wants(endpoint.doc, name):
            version = endpoint.doc["api_version"] or DEFAULT_VERSION
            shaped = {"api_version": version, "data": _data(call, row, previous, version)}
            enqueue(call, event, endpoint, addressed(call, endpoint, {**event.doc, **shaped}))
    _tell_destinations(call, event, row, previous)
    for session in call.state.tables[CLI_SESSION]:
        if session.scope == call.scope:
            feed_event(session, event)
    return event


def listeners(call: "Call") -> list[Row]:
    """The webhook endpoints that may hear of what happens in the call's account.

    They are its own that are not for Connect, and for a connected account those of the platform that are.
    """
    table = call.state.tables["webhook_endpoint"]
    platform = f"{call.scope.partition(':')[0]}:{call.state.account()}"
    own = [table.at(number) for number in table.numbers(call.scope, {})]
    found = [endpoint for endpoint in own if not endpoint.private.get("connect")]
    if call.scope != platform:
        others = (table.at(number) for number in table.numbers(platform, {}))
        found += [endpoint for endpoint in others if endpoint.private.get("connect")]
    return found


def addressed(call: "Call", endpoint: Row, event: Doc) -> Doc:
    """The event as an endpoint gets it: one of another account names the account that it happened in."""
    return event if endpoint.scope == call.scope else {**event, "account": call.account}


def _tell_destinations(call: "Call", event: Row, row: Row, previous: Mapping[str, Any] | None) -> None:
    """Event destinations get what they chose: the snapshot, or the thin form."""
    destinations = call.state.tables[DESTINATION]
    for number in destinations.numbers(call.scope, {}):
        destination = destinations.at(number)
        thin = destination.doc["event_payload"] == "thin"
        if not wants(destination.doc, THIN_PREFIX + event.doc["type"] if thin else event.doc["type"]):
            continue
        version = destination.doc["snapshot_api_version"] or DEFAULT_VERSION
        shaped = {"api_version": version, "data": _data(call, row, previous, version)}
        enqueue(call, event, destination, thin_event(call, event) if thin else {**event.doc, **shaped})


def _data(call: "Call", row: Row, previous: Mapping[str, Any] | None, version: str) -> Doc:
    presenter = Presenter(call.catalogue.kinds, parse_version(version), lambda _kind, _id: None)
    data: Doc = {"object": presenter.show(row.doc, {})}
    if previous is not None:
        data["previous_attributes"] = dict(previous)
    return data


def _doc(call: "Call", name: str, version: str, data: Doc) -> Doc:
    return {
        "id": call.mint("event"),
        "object": "event",
        "api_version": version,
        "created": call.now,
        "data": data,
        "livemode": call.livemode,
        "pending_webhooks": 0,
        "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
        "type": name,
    }
