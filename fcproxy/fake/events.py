"""Events: what is told when an object changes. Source: docs.stripe.com/api/events."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fcproxy.fake.present import Presenter
from fcproxy.fake.state import Doc, Row
from fcproxy.fake.versions import DEFAULT_VERSION, parse_version

if TYPE_CHECKING:
    from fcproxy.fake.call import Call

__all__ = ["event_doc"]


def event_doc(call: "Call", name: str, row: Row, previous: Mapping[str, Any] | None) -> Doc:
    """The event ``name`` about an object as it is now, in the shape of the account's default version."""
    presenter = Presenter(call.catalogue.kinds, parse_version(DEFAULT_VERSION), lambda _kind, _id: None)
    data: Doc = {"object": presenter.show(row.doc, {})}
    if previous is not None:
        data["previous_attributes"] = dict(previous)
    return {
        "id": call.mint("event"),
        "object": "event",
        "api_version": DEFAULT_VERSION,
        "created": call.now,
        "data": data,
        "livemode": call.livemode,
        "pending_webhooks": 0,
        "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
        "type": name,
    }
