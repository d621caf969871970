"""Deliveries of events to webhook endpoints: which are due, how they look, what follows from how they went.

The fake sends nothing itself: whoever runs it takes what is due, sends it, and tells how it went.
Source: docs.stripe.com/webhooks, "Event delivery behaviors".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fcproxy.core.message import Headers, Request
from fcproxy.fake.answer import json_bytes
from fcproxy.fake.state import Doc, Row, State
from fcproxy.stripe.signature import SIGNATURE_HEADER, sign

if TYPE_CHECKING:
    from fcproxy.fake.call import Call

__all__ = ["RETRY_GAPS", "USER_AGENT", "Delivery", "delivered", "due_deliveries", "enqueue", "wants"]

USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
RETRY_GAPS = (60, 3600)
"""Seconds after a failed try until the next one; a sandbox tries three times in some hours."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to send an event. ``token`` names it when its end is told."""

    token: str
    event: str
    endpoint: str
    request: Request


def wants(endpoint: Doc, event_type: str) -> bool:
    """Whether an endpoint asks for events of a type."""
    enabled = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in enabled or event_type in enabled)


def enqueue(call: "Call", event: Row, endpoint: Row, doc: Doc) -> None:
    """Puts a delivery on the list. ``doc`` is the event in the shape that the endpoint wants."""
    entry = {
        "attempt": 0,
        "due": call.now,
        "endpoint": endpoint.id,
        "kind": endpoint.kind,
        "event": event.id,
        "doc": doc if doc != event.doc else None,
        "taken": False,
    }
    call.state.post(call.state.next("delivery"), entry)
    call.change(event, pending_webhooks=event.doc["pending_webhooks"] + 1)


def due_deliveries(state: State, now: int, sent_at: int) -> Iterable[Delivery]:
    """What is due at ``now``, signed for ``sent_at``. One that was taken is not given again until its end was told."""
    while token := state.take_post(now):
        entry = state.outbox[token]
        endpoint = state.tables[entry["kind"]].get(entry["endpoint"])
        event = state.tables["event"].get(entry["event"])
        if endpoint is None or event is None:
            del state.outbox[token]
        else:
            entry["taken"] = True
            body = json_bytes(_current(entry["doc"] or event.doc, event))
            yield Delivery(token, event.id, endpoint.id, _request(endpoint, body, sent_at))


def _current(doc: Doc, event: Row) -> Doc:
    """A snapshot says how many deliveries are pending when it is sent; a thin event does not."""
    return {**doc, "pending_webhooks": event.doc["pending_webhooks"]} if "pending_webhooks" in doc else doc


def _request(endpoint: Row, body: bytes, sent_at: int) -> Request:
    headers = Headers(
        [
            ("Content-Type", "application/json; charset=utf-8"),
            ("User-Agent", USER_AGENT),
            ("Accept", "*/*; q=0.5, application/xml"),
            (SIGNATURE_HEADER, sign([endpoint.private["secret"]], sent_at, body)),
        ]
    )
    return Request("POST", endpoint.private.get("url") or endpoint.doc["url"], headers, body)


def delivered(state: State, token: str, now: int, *, ok: bool) -> None:
    """Notes the end of a try: the event is delivered, or tried again later, or given up."""
    entry = state.outbox.pop(token, None)
    if entry is None:
        return
    event = state.tables["event"].get(entry["event"])
    if ok:
        if event is not None:
            state.tables["event"].change(event, {"pending_webhooks": max(event.doc["pending_webhooks"] - 1, 0)})
        return
    if entry["attempt"] < len(RETRY_GAPS):
        due = now + RETRY_GAPS[entry["attempt"]]
        state.post(int(token), {**entry, "attempt": entry["attempt"] + 1, "due": due, "taken": False})
