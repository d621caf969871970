"""The control API: what a person would do in Stripe's modal, dashboard or hosted pages, and the clock.

JSON in, JSON out. A body is read by the same parameter tables as a request's.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fcproxy.core.message import Headers, Response
from fcproxy.fake.answer import REASONS, error_body, json_bytes
from fcproxy.fake.errors import StripeError, refuse
from fcproxy.fake.faults import RULE
from fcproxy.fake.params import NONE, Params, integer, text
from fcproxy.fake.resource import Action
from fcproxy.fake.state import Doc
from fcproxy.fake.validate import json_tree, validate
from fcproxy.fake.versions import parse_version

if TYPE_CHECKING:
    from fcproxy.fake.engine import Fake

__all__ = ["GENERAL", "LATEST", "control"]

LATEST = 7_258_118_399
"""2199-12-31 23:59:59 UTC: how far the clock can be moved."""


def _clock(fake: "Fake") -> Doc:
    now = fake.now()
    return {"now": now, "iso": datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")}


def _show_clock(fake: "Fake", _values: Doc) -> Doc:
    fake.settle(fake.now())
    return _clock(fake)


def _move_clock(fake: "Fake", values: Doc) -> Doc:
    now = fake.now()
    if ("advance" in values) == ("to" in values):
        raise refuse("one_needed", param="advance", names="advance, to")
    seconds = values["advance"] if "advance" in values else _moment(values["to"]) - now
    if seconds < 0:
        raise refuse("state", param="to", message="The clock cannot go back.")
    if now + seconds > LATEST:
        raise refuse("state", param="to", message="The clock ends with the year 2199.")
    fake.state.offset += seconds
    fake.settle(fake.now())
    return _clock(fake)


def _moment(word: str) -> int:
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise refuse("pattern", param="to", value=word) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _show_state(fake: "Fake", _values: Doc) -> Doc:
    return fake.state.to_json()


def _reset(fake: "Fake", _values: Doc) -> Doc:
    fake.reset()
    return {"reset": True, **_clock(fake)}


def _events(fake: "Fake", _values: Doc) -> Doc:
    return {"object": "list", "data": [row.doc for row in fake.state.tables["event"]]}


def _faults(fake: "Fake", _values: Doc) -> Doc:
    return {"rules": fake.state.settings.get("faults", {}).get("rules", [])}


def _add_fault(fake: "Fake", values: Doc) -> Doc:
    fake.state.settings.setdefault("faults", {"rules": []})["rules"].append(values)
    return _faults(fake, values)


def _no_faults(fake: "Fake", values: Doc) -> Doc:
    fake.state.settings.pop("faults", None)
    return _faults(fake, values)


General = Callable[["Fake", Doc], Doc]

GENERAL: Mapping[tuple[str, str], tuple[General, Params, str]] = {
    ("GET", "clock"): (_show_clock, NONE, "the fake's time"),
    ("POST", "clock"): (
        _move_clock,
        {"advance": integer(least=0, most=3_153_600_000), "to": text()},
        "moves the clock on by seconds (advance) or to an ISO 8601 moment (to), doing what falls due on the way",
    ),
    ("GET", "state"): (_show_state, NONE, "everything that the fake remembers"),
    ("POST", "reset"): (_reset, NONE, "forgets everything, and starts again from the seed"),
    ("GET", "faults"): (_faults, NONE, "the fault rules that are set"),
    ("POST", "faults"): (_add_fault, RULE, "sets a fault rule"),
    ("DELETE", "faults"): (_no_faults, NONE, "takes all fault rules away"),
    ("GET", "events"): (_events, NONE, "all events, oldest first, in every account and mode"),
}
"""What is there for the fake as a whole: (method, path) -> what answers, its parameters, what it does."""


def control(fake: "Fake", method: str, path: str, body: bytes) -> Response:
    """Answers one request of the control API."""
    path = path.partition("?")[0].strip("/")
    try:
        if (method, path) in GENERAL:
            answer, params, _ = GENERAL[method, path]
            return _json(200, json_bytes(answer(fake, _values(body, params))))
        found, names = fake.catalogue.actions.find(path)
        if method in found:
            return _json(200, json_bytes(_act(fake, found[method], names, body)))
    except StripeError as refused:
        now, error = fake.now(), refused.error
        return _json(error.status, error_body(error, "req_control", now, livemode=False))
    return _json(404, json_bytes(_unknown(fake, method, path)))


def _act(fake: "Fake", action: Action, names: Mapping[str, str], body: bytes) -> Doc:
    now = fake.now()
    fake.settle(now)
    scope = f"test:{fake.state.account()}"
    if "id" in names:
        # What is always there has no row before it changes: it is that of the test mode.
        row = fake.state.tables[action.kind].get(names["id"])
        row = row or fake.job_call(scope, now).find(action.kind, names["id"])
        if row is None:
            words = fake.catalogue.kinds[action.kind].words
            raise refuse("missing", param="id", words=words, id=names["id"], hint="")
        scope = row.scope
    call = fake.job_call(scope, now)
    call.path, call.params = names, _values(body, action.params)
    return fake.presenter(parse_version(None), call).show(action.handler(call), {})


def _values(body: bytes, params: Params) -> Doc:
    return validate(json_tree(body), params, parse_version(None))


def _unknown(fake: "Fake", method: str, path: str) -> Doc:
    known = [f"{verb} {name}" for verb, name in GENERAL]
    known += [f"POST {action.path}" for resource in fake.catalogue.resources for action in resource.actions]
    return {
        "error": {
            "type": "invalid_request_error",
            "message": f"The fake's control API has no {method} {path}.",
            "available": sorted(known),
        }
    }


def _json(status: int, body: bytes) -> Response:
    headers = Headers([("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return Response(status, headers, body, REASONS.get(status, ""))
