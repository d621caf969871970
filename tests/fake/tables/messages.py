"""What goes out: webhook endpoints, event destinations, deliveries to them, forwarding requests."""

import json

from fcproxy.core.message import Headers, Request, Response
from fcproxy.fake import Delivery, Fake, Options, Outbound, Outcome
from fcproxy.fake.state import RECORDS
from tests.fake.support import ENDIVE, FORM, TEST_KEY, Caller
from tests.fake.transitions import Act, Machine, asked, passing

HOOKS = "/v1/webhook_endpoints"
HOOK = "http://127.0.0.1:9/hook"
DESTINATIONS = "/v2/core/event_destinations"
FORWARDING = "/v1/forwarding/requests"


def _endpoint(call: Caller) -> str:
    return str(call.post(HOOKS, f"url={HOOK}&enabled_events[]=customer.created")["id"])


def _happened(call: Caller, name: str) -> int:
    call.post("/v1/customers")
    for delivery in call.fake.due():
        call.fake.sent(delivery, 200)
    return call.status


def _endpoint_state(call: Caller, name: str) -> str:
    answer = call("GET", f"{HOOKS}/{name}")
    return str(answer.get("status", "deleted"))


def _still_told(call: Caller) -> bool:
    """Whether an event would be sent now; it leaves no trace."""
    kept = json.dumps(call.fake.dump())
    call.post("/v1/customers")
    told = bool(list(call.fake.due()))
    call.fake.load(json.loads(kept))
    return told


def _state_and_what_it_means(call: Caller, name: str) -> str:
    state = _endpoint_state(call, name)
    assert _still_told(call) == (state == "enabled")
    return state


_EVENT = "customer.created"
ENDPOINTS = Machine(
    "webhook endpoints",
    _endpoint,
    _state_and_what_it_means,
    {
        "disable": asked("POST", f"{HOOKS}/{{id}}", "disabled=true"),
        "enable": asked("POST", f"{HOOKS}/{{id}}", "disabled=false"),
        "rename": asked("POST", f"{HOOKS}/{{id}}", "description=x"),
        "delete": asked("DELETE", f"{HOOKS}/{{id}}"),
        "retrieve": asked("GET", f"{HOOKS}/{{id}}"),
        "event": _happened,
    },
    {
        state: {
            "disable": "disabled",
            "enable": "enabled",
            "rename": state,
            "delete": "deleted",
            "retrieve": state,
            "event": f"{state}: {_EVENT}",
        }
        for state in ("enabled", "disabled")
    }
    | {
        "deleted": {
            **dict.fromkeys(("disable", "enable", "rename", "delete", "retrieve"), "404"),
            "event": f"deleted: {_EVENT}",
        }
    },
)


def _v2(method: str, path: str, body: object = None) -> Act:
    def act(call: Caller, name: str) -> int:
        items = [("Authorization", f"Bearer {TEST_KEY}"), ("Stripe-Version", ENDIVE)]
        content = b"" if body is None else json.dumps(body).encode()
        items += [("Content-Type", "application/json")] if content else []
        url = f"https://api.stripe.com{DESTINATIONS}{path.replace('{id}', name)}"
        call.response = call.fake.handle(Request(method, url, Headers(items), content))
        return call.status

    return act


_NEW = {
    "name": "mine",
    "type": "webhook_endpoint",
    "event_payload": "thin",
    "enabled_events": ["v1.customer.created"],
    "webhook_endpoint": {"url": HOOK},
}


def _destination(call: Caller) -> str:
    _v2("POST", "", _NEW)(call, "")
    return str(json.loads(call.response.body)["id"])


def _destination_state(call: Caller, name: str) -> str:
    status = _v2("GET", "/{id}")(call, name)
    state = str(json.loads(call.response.body)["status"]) if status == 200 else "deleted"
    assert _still_told(call) == (state == "enabled")
    return state


EVENT_DESTINATIONS = Machine(
    "event destinations",
    _destination,
    _destination_state,
    {
        "disable": _v2("POST", "/{id}/disable"),
        "enable": _v2("POST", "/{id}/enable"),
        "rename": _v2("POST", "/{id}", {"name": "yours"}),
        "delete": _v2("DELETE", "/{id}"),
        "event": _happened,
    },
    {
        state: {
            "disable": "disabled",
            "enable": "enabled",
            "rename": state,
            "delete": "deleted",
            "event": f"{state}: {_EVENT}",
        }
        for state in ("enabled", "disabled")
    }
    | {
        "deleted": {
            **dict.fromkeys(("disable", "enable", "rename", "delete"), "404"),
            "event": f"deleted: {_EVENT}",
        }
    },
)


def _delivery(call: Caller) -> str:
    _endpoint(call)
    call.post("/v1/customers")
    return str(call.get("/v1/events")["data"][0]["id"])


def _take(call: Caller, name: str) -> int:
    return 200 if list(call.fake.due()) else 400


def _end(status: int | None) -> Act:
    def act(call: Caller, name: str) -> int:
        for token, entry in list(call.fake.state.outbox.items()):
            if entry["taken"]:
                request = Request("POST", HOOK, Headers())
                call.fake.sent(Delivery(token, entry["event"], entry["endpoint"], request), status)
                return 200
        return 400

    return act


def _delivery_state(call: Caller, name: str) -> str:
    pending = call.get(f"/v1/events/{name}")["pending_webhooks"]
    entries = list(call.fake.state.outbox.values())
    if not entries:
        return "given up" if pending else "delivered"
    assert (len(entries), pending) == (1, 1)
    tries = f"try {entries[0]['attempt'] + 1}"
    if entries[0]["taken"]:
        return f"{tries} under way"
    return f"{tries} due" if entries[0]["due"] <= call.fake.now() else f"{tries} waits"


def _tried(number: int, gap: str) -> dict[str, dict[str, str]]:
    """One try: it waits, is due, is under way. ``gap`` is what ends the waiting."""
    words = f"try {number} "
    after = f"try {number + 1} waits" if number < 3 else "given up"
    times = ("a minute", "an hour")
    return {
        f"{words}due": {**dict.fromkeys(times, f"{words}due"), "take": f"{words}under way"},
        f"{words}under way": {
            **dict.fromkeys(times, f"{words}under way"),
            "goes well": "delivered",
            **dict.fromkeys(("is refused", "is redirected", "breaks"), after),
        },
        **(
            {
                f"{words}waits": {
                    act: f"{words}due" if times.index(act) >= times.index(gap) else f"{words}waits" for act in times
                }
            }
            if number > 1
            else {}
        ),
    }


DELIVERIES = Machine(
    "deliveries",
    _delivery,
    _delivery_state,
    {
        "take": _take,
        "goes well": _end(204),
        "is refused": _end(500),
        "is redirected": _end(302),
        "breaks": _end(None),
        "a minute": passing(60),
        "an hour": passing(3600),
    },
    {
        **_tried(1, ""),
        **_tried(2, "a minute"),
        **_tried(3, "an hour"),
        "delivered": dict.fromkeys(("a minute", "an hour"), "delivered"),
        "given up": dict.fromkeys(("a minute", "an hour"), "given up"),
    },
)


def _sender(call: Caller) -> str:
    call.fake = Fake(options=Options(forward_hosts=frozenset({"127.0.0.1:8000"})))
    return ""


def _forward(body: str) -> Act:
    def act(call: Caller, name: str) -> int:
        form = "payment_method=pm_card_visa&url=http://127.0.0.1:8000/&replacements[]=card_number"
        items = [("Authorization", f"Bearer {TEST_KEY}"), ("Content-Type", FORM), ("Idempotency-Key", "once")]
        content = f"{form}&request[body]={body}".encode()
        begun = call.fake.begin(Request("POST", f"https://api.stripe.com{FORWARDING}", Headers(items), content))
        return 200 if isinstance(begun, Outbound) else begun.status

    return act


def _outcome(outcome: Outcome) -> Act:
    def act(call: Caller, name: str) -> int:
        for token in list(call.fake._pending):
            call.fake.finish(Outbound(token, Request("POST", HOOK, Headers())), outcome)
            return 200
        return 400

    return act


def _forwarding_state(call: Caller, name: str) -> str:
    kept = [item["response_details"]["status"] for item in call.get(FORWARDING)["data"]]
    under_way = len(call.fake._pending)
    row = next(iter(call.fake.state.tables[RECORDS]), None)
    if row is None:
        return "fresh"
    record = row.doc
    assert under_way == ("status" not in record)
    return f"{record.get('status', 'under way')} {kept}"


_OUTCOMES = {
    "is answered": (Outcome(Response(200, Headers(), b"{}")), "200 [200]"),
    "is refused": (Outcome(Response(422, Headers(), b"{}")), "200 [422]"),
    "is not reached": (Outcome(None, "connection"), "424 []"),
    "times out": (Outcome(None, "timeout"), "424 []"),
}
"""What may come of a call -> the status that is kept under its key, and the requests that are kept."""
FORWARDED = Machine(
    "forwarding requests under one key",
    _sender,
    _forwarding_state,
    {
        "send": _forward("{}"),
        "send something else": _forward("[]"),
        **{act: _outcome(outcome) for act, (outcome, _) in _OUTCOMES.items()},
        "an hour": passing(3600),
    },
    {
        "fresh": {"send": "under way []", "send something else": "under way []", "an hour": "fresh"},
        "under way []": {
            **{act: after for act, (_, after) in _OUTCOMES.items()},
            "send": "409",
            "an hour": "under way []",
        },
        **{
            after: {"send": after, "an hour": after} | ({"send": "424"} if after == "424 []" else {})
            for after in ("200 [200]", "200 [422]", "424 []")
        },
    },
)
MACHINES = (ENDPOINTS, EVENT_DESTINATIONS, DELIVERIES, FORWARDED)
