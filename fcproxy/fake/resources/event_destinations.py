"""Event destinations and thin events of the v2 API.

Source: docs.stripe.com/api/v2/core/event_destinations, docs.stripe.com/api/v2/core/events.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from fcproxy.core.form import encode_pairs, join_key
from fcproxy.fake.call import Call
from fcproxy.fake.deliveries import enqueue
from fcproxy.fake.errors import refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.paging import created_bounds
from fcproxy.fake.params import METADATA, Params, array, choice, group, integer, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, Row
from fcproxy.fake.thin import DESTINATION, PING, THIN, iso, snapshot_id, thin_event
from fcproxy.fake.versions import RELEASES

__all__ = ["RESOURCE"]

_URL = "/v2/core/event_destinations"
_EVENTS = "/v2/core/events"
_DEFAULT_LIMIT = 20
_FURTHEST = 10**9
_INCLUDE = ("webhook_endpoint.signing_secret", "webhook_endpoint.url")

_SHOWN: Params = {"include": array(choice(*_INCLUDE))}
_CREATE: Params = {
    **_SHOWN,
    "amazon_eventbridge": group({"aws_account_id": required(text()), "aws_region": required(text())}),
    "azure_event_grid": group(
        {
            "azure_region": required(text()),
            "azure_resource_group_name": required(text()),
            "azure_subscription_id": required(text()),
        }
    ),
    "description": text(empty=True),
    "enabled_events": required(array(text())),
    "event_payload": required(choice("snapshot", "thin")),
    "events_from": array(text()),
    "metadata": METADATA,
    "name": required(text(most=200)),
    "snapshot_api_version": choice(*RELEASES),
    "type": required(choice("amazon_eventbridge", "azure_event_grid", "webhook_endpoint")),
    "webhook_endpoint": group({"url": required(text("web"))}),
}
_UPDATE: Params = {
    **_SHOWN,
    "description": text(empty=True),
    "enabled_events": array(text()),
    "metadata": METADATA,
    "name": text(most=200),
    "webhook_endpoint": group({"url": required(text("web"))}),
}
_LIST: Params = {"limit": integer(least=1, most=100), "page": text()}


def _shown(call: Call, row: Row) -> Doc:
    """A destination; its URL and secret only where they are asked for."""
    included = call.params.get("include", ())
    secrets = {"webhook_endpoint.url": row.private["url"], "webhook_endpoint.signing_secret": row.private["secret"]}
    names = [name for name in _INCLUDE if name in included]
    endpoint = {name.partition(".")[2]: secrets[name] for name in names}
    return {**row.doc, "webhook_endpoint": endpoint or None}


def _create(call: Call) -> Doc:
    kind = call.params["type"]
    if kind != "webhook_endpoint":
        raise refuse("not_allowed", param="type", why="the fake has webhook endpoints only.")
    if "webhook_endpoint" not in call.params:
        raise refuse("parameter_missing", param="webhook_endpoint")
    thin = call.params["event_payload"] == "thin"
    doc = {
        "id": call.mint("event_destination"),
        "object": DESTINATION,
        "created": iso(call.now),
        "description": call.params.get("description") or "",
        "enabled_events": call.params["enabled_events"],
        "event_payload": call.params["event_payload"],
        "events_from": call.params.get("events_from", ["self"]),
        "livemode": call.livemode,
        "metadata": merge_metadata({}, call.params.get("metadata")),
        "name": call.params["name"],
        "snapshot_api_version": None if thin else call.params.get("snapshot_api_version"),
        "status": "enabled",
        "status_details": None,
        "type": kind,
        "updated": iso(call.now),
    }
    secret = "whsec_" + call.secret("webhook secret", 32)
    private = {"created": call.now, "url": call.params["webhook_endpoint"]["url"], "secret": secret}
    return _shown(call, call.add(DESTINATION, doc, private))


def _retrieve(call: Call) -> Doc:
    return _shown(call, call.target(DESTINATION))


def _update(call: Call) -> Doc:
    row = call.target(DESTINATION)
    changes: Doc = {name: call.params[name] for name in ("enabled_events", "name") if name in call.params}
    if "description" in call.params:
        changes["description"] = call.params["description"] or ""
    if "metadata" in call.params:
        changes["metadata"] = merge_metadata(row.doc["metadata"], call.params["metadata"])
    if "webhook_endpoint" in call.params:
        row.private["url"] = call.params["webhook_endpoint"]["url"]
    return _shown(call, call.change(row, **changes, updated=iso(call.now)))


def _delete(call: Call) -> Doc:
    row = call.target(DESTINATION)
    call.remove(row)
    return {"id": row.id, "object": DESTINATION}


def _enable(call: Call) -> Doc:
    row = call.target(DESTINATION)
    return _shown(call, call.change(row, status="enabled", status_details=None, updated=iso(call.now)))


def _disable(call: Call) -> Doc:
    row = call.target(DESTINATION)
    details = {"disabled": {"reason": "user"}}
    return _shown(call, call.change(row, status="disabled", status_details=details, updated=iso(call.now)))


def _ping(call: Call) -> Doc:
    row = call.target(DESTINATION)
    subject = {"id": row.id, "object": DESTINATION}
    event = call.add(
        "event",
        {
            "id": call.mint("event"),
            "object": "event",
            "created": call.now,
            "data": {"object": subject},
            "livemode": call.livemode,
            "pending_webhooks": 0,
            "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
            "type": PING,
        },
    )
    thin = thin_event(call, event)
    enqueue(call, event, row, thin)
    return thin


def _page(call: Call, kind: str, url: str, show: Callable[[Row], Doc], **walk: Any) -> Doc:
    """A page of v2: opaque words lead to the next and the previous one, whatever was made meanwhile."""
    limit = call.params.get("limit", _DEFAULT_LIMIT)
    back, number = _cursor(call.params.get("page"))
    between = (number or 0, None) if back else (0, number)
    rows = call.state.tables[kind].walk(call.scope, between=between, oldest_first=back, **walk)
    found = list(islice(rows, limit + 1))
    more, found = len(found) > limit, found[:limit][:: -1 if back else 1]
    # Where a page was reached from another one, that one is there in its direction.
    onward, returning = (bool(found), more) if back else (more, number is not None and bool(found))
    return {
        "data": [show(row) for row in found],
        "next_page_url": _page_url(call, url, "after", found[-1].number) if onward else None,
        "previous_page_url": _page_url(call, url, "before", found[0].number) if returning else None,
    }


def _page_url(call: Call, url: str, way: str, number: int) -> str:
    """Where the same question goes on from the object with a number."""
    word = urlsafe_b64encode(f"{way} {number}".encode()).decode().rstrip("=")
    query = {"limit": _DEFAULT_LIMIT, **call.params, "page": word}
    return f"{url}?{encode_pairs(list(_pairs(query, ())))}"


def _pairs(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict | list):
        yield join_key(path), str(value)
        return
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _pairs(item, (*path, str(name)))


def _cursor(word: str | None) -> tuple[bool, int | None]:
    """Whether a page goes back to newer objects, and the number of the object that it begins beside."""
    if word is None:
        return False, None
    try:
        way, number = urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode().split(" ")
        return {"after": False, "before": True}[way], min(abs(int(number)), _FURTHEST)
    except (KeyError, ValueError):
        raise refuse("pattern", param="page", value=word) from None


def _list(call: Call) -> Doc:
    return _page(call, DESTINATION, _URL, lambda row: _shown(call, row), filters={})


def _moment(word: str, name: str) -> int:
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise refuse("pattern", param=f"created[{name}]", value=word) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


_BOUNDS = ("gt", "gte", "lt", "lte")


def _list_events(call: Call) -> Doc:
    bounds = {name: _moment(word, name) for name, word in call.params.get("created", {}).items()}
    types, object_id = call.params.get("types"), call.params.get("object_id")
    filters = {"thin": "*", **({"object": object_id} if object_id else {})}
    one_of = ("thin", types) if types else None
    created = created_bounds(bounds)
    return _page(
        call, "event", _EVENTS, lambda row: thin_event(call, row), filters=filters, one_of=one_of, created=created
    )


def _retrieve_event(call: Call) -> Doc:
    row = call.find("event", snapshot_id(call.path["id"]))
    if row is None:
        raise refuse("missing", param="id", words="v2 core event", id=call.path["id"], hint="")
    return thin_event(call, row)


_ID = _URL + "/{id}"

RESOURCE = Resource(
    name="event_destinations",
    title="Event destinations and thin events (v2)",
    kinds=(Kind(DESTINATION, "event destination"), Kind(THIN, "event")),
    routes=(
        Route("POST", _URL, _create, DESTINATION, "Create a destination", _CREATE),
        Route("GET", _URL, _list, DESTINATION, "List destinations", {**_LIST, **_SHOWN}, listed=True),
        Route("GET", _ID, _retrieve, DESTINATION, "Retrieve a destination", _SHOWN),
        Route("POST", _ID, _update, DESTINATION, "Update a destination", _UPDATE),
        Route("DELETE", _ID, _delete, DESTINATION, "Delete a destination"),
        Route("POST", _ID + "/enable", _enable, DESTINATION, "Enable a destination", _SHOWN),
        Route("POST", _ID + "/disable", _disable, DESTINATION, "Disable a destination", _SHOWN),
        Route("POST", _ID + "/ping", _ping, THIN, "Send a ping to a destination"),
        Route(
            "GET",
            _EVENTS,
            _list_events,
            THIN,
            "List thin events",
            {
                **_LIST,
                "created": group({name: text() for name in _BOUNDS}),
                "object_id": text(),
                "types": array(text()),
            },
            listed=True,
        ),
        Route("GET", _EVENTS + "/{id}", _retrieve_event, THIN, "Retrieve a thin event"),
    ),
    notes=("Destinations are webhook endpoints only.", "Thin-only types of event are not sent."),
)
