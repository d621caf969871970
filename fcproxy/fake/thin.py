"""Thin events: what a v2 destination is told of a change. Made from the snapshot event whenever one is needed.

Source: docs.stripe.com/event-destinations, docs.stripe.com/api/v2/core/events.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fcproxy.fake.state import Doc, Row
from fcproxy.stripe.ids import IDS

if TYPE_CHECKING:
    from fcproxy.fake.call import Call

__all__ = [
    "DESTINATION",
    "PING",
    "THIN",
    "THIN_PREFIX",
    "iso",
    "snapshot_id",
    "thin_event",
    "thin_id",
    "thin_type",
]

DESTINATION = "v2.core.event_destination"
THIN = "v2.core.event"
THIN_PREFIX = "v1."
"""What stands before a snapshot event's type in its thin form."""
PING = "v2.core.event_destination.ping"
"""The type of a ping: no change of a v1 object, so that it stands as it is, and nothing else was made from it."""
_NO_THIN_FORM = ("crypto.",)
"""Beginnings of the types that have no thin form."""


def iso(moment: int) -> str:
    """A moment as v2 writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _prefix(livemode: bool) -> str:
    return "evt_live_" if livemode else "evt_test_"


def thin_id(event: Row) -> str:
    """The id of a snapshot event's thin form."""
    return _prefix(event.doc["livemode"]) + event.id.removeprefix(IDS["event"].prefix)


def snapshot_id(thin: str) -> str:
    """The id of the snapshot event that a thin one was made from."""
    return IDS["event"].prefix + thin.removeprefix(_prefix(True)).removeprefix(_prefix(False))


def _related(call: "Call", event: Row) -> Doc | None:
    subject = event.doc["data"]["object"]
    path = call.catalogue.paths.get(subject["object"])
    if path is None:
        return None
    object_id = subject.get("id")
    url = path.replace("{id}", str(object_id))
    return {"id": object_id, "type": subject["object"], "url": url}


def thin_type(event: Row) -> str | None:
    """The type of a snapshot event's thin form; None where it has none."""
    name: str = event.doc["type"]
    if name == PING:
        return name
    return None if name.startswith(_NO_THIN_FORM) else THIN_PREFIX + name


def thin_event(call: "Call", event: Row) -> Doc:
    """The thin form of a snapshot event."""
    request = event.doc["request"]
    reason = None
    if request and request["id"]:
        reason = {
            "type": "request",
            "request": {"id": request["id"], "idempotency_key": request["idempotency_key"] or ""},
        }
    return {
        "id": thin_id(event),
        "object": THIN,
        "context": None,
        "created": iso(event.doc["created"]),
        "livemode": event.doc["livemode"],
        "reason": reason,
        "related_object": _related(call, event),
        "snapshot_event": None if event.doc["type"] == PING else event.id,
        "type": thin_type(event) or THIN_PREFIX + event.doc["type"],
    }
