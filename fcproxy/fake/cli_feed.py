"""What a Stripe CLI that listens is told: events to forward, and a log of requests.

The messages are those of the CLI's websocket (sub-protocol stripecli-devproxy-v1); carrying them is up to whoever
runs the fake. Source: the CLI's source code, package websocket.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from fcproxy.fake.answer import json_bytes
from fcproxy.fake.state import Doc, Row, State
from fcproxy.stripe.signature import SIGNATURE_HEADER, sign

__all__ = ["CLI_SESSION", "FEATURES", "LONGEST_QUEUE", "feed_event", "feed_request", "take_message"]

CLI_SESSION = "stripecli.session"
FEATURES = ("webhooks", "v2_events", "request_logs")
LONGEST_QUEUE = 1000
"""Messages that are kept for a session that nobody reads; older ones are dropped."""


def _feed(session: Row, entry: Doc) -> None:
    queue = session.private["queue"]
    queue.append(entry)
    del queue[:-LONGEST_QUEUE]


def feed_event(session: Row, event: Row) -> None:
    """Queues an event for a session, in the forms that it asked for."""
    for feature in ("webhooks", "v2_events"):
        if feature in session.private["features"]:
            _feed(session, {"feature": feature, "event": event.id})


def feed_request(state: State, scope: str, log: Mapping[str, Any]) -> None:
    """Queues a line about a request for the sessions of its account that ask for them."""
    for session in state.tables[CLI_SESSION]:
        if session.scope == scope and "request_logs" in session.private["features"]:
            _feed(session, {"feature": "request_logs", "log": dict(log)})


def _conversation(state: State) -> str:
    return "wc_" + state.chance("webhook conversation", 24)


def _event_message(state: State, session: Row, event: Row, now: int) -> Doc:
    body = json_bytes(event.doc)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        SIGNATURE_HEADER: sign([session.private["secret"]], now, body),
    }
    return {
        "type": "webhook_event",
        "event_payload": body.decode("utf-8", "replace"),
        "http_headers": headers,
        "endpoint": {"api_version": None},
        "webhook_conversation_id": _conversation(state),
        "webhook_id": "wh_" + state.chance("webhook", 24),
    }


def _thin_message(session: Row, thin: Doc, now: int) -> Doc:
    body = json_bytes(thin)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        SIGNATURE_HEADER: sign([session.private["secret"]], now, body),
    }
    return {
        "type": "v2_event",
        "payload": body.decode("utf-8", "replace"),
        "http_headers": headers,
        "destination_id": "ed_" + session.id,
    }


def take_message(state: State, session: Row, thin_form: Callable[[Row], Doc], now: int) -> str | None:
    """The oldest message that waits for a session, as JSON, taken off its queue; None where none does.

    ``thin_form`` makes an event's thin form. What tells of an event that is no more is passed over.
    """
    queue = session.private["queue"]
    while queue:
        message = _message(state, session, queue.pop(0), thin_form, now)
        if message is not None:
            return json.dumps(message)
    return None


def _message(state: State, session: Row, entry: Doc, thin_form: Callable[[Row], Doc], now: int) -> Doc | None:
    if entry["feature"] == "request_logs":
        return {
            "type": "request_log_event",
            "event_payload": json.dumps(entry["log"]),
            "request_log_id": "resp_" + state.chance("request log", 14),
        }
    event = state.tables["event"].get(entry["event"])
    if event is None:
        return None
    if entry["feature"] == "v2_events":
        return _thin_message(session, thin_form(event), now)
    return _event_message(state, session, event, now)
