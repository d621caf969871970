"""The fake Stripe: one request in, one answer out. Authentication, versions, parameters, idempotency, lists, expansion
and errors are here once; what a product does stands in its file under `resources`.

Pure: the clock is given, chance comes from the seed, and a call that has to go out (forwarding) is handed to whoever
runs the fake, who comes back with its outcome.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from fcproxy import __version__
from fcproxy.core.form import FormTree, parse_pairs
from fcproxy.core.message import Headers, Request, Response
from fcproxy.fake.answer import error_body, json_bytes, respond, routing
from fcproxy.fake.auth import NOBODY, authenticate
from fcproxy.fake.call import Call
from fcproxy.fake.catalogue import Catalogue
from fcproxy.fake.cli_feed import CLI_SESSION, feed_request, take_message
from fcproxy.fake.control import control
from fcproxy.fake.deliveries import Delivery, delivered, due_deliveries
from fcproxy.fake.errors import StripeError, refuse
from fcproxy.fake.faults import FAULT_HEADER, wanted_fault
from fcproxy.fake.idempotency import claim, keep, record_key, release
from fcproxy.fake.openapi import openapi
from fcproxy.fake.options import Options
from fcproxy.fake.params import Param, Params, Type, text
from fcproxy.fake.present import ExpandTree, Presenter, check_expand
from fcproxy.fake.resource import Outbound, Outcome, Resource, Route
from fcproxy.fake.resources import all_resources
from fcproxy.fake.state import Doc, State
from fcproxy.fake.thin import thin_event
from fcproxy.fake.validate import form_tree, json_tree, validate
from fcproxy.fake.versions import DEFAULT_VERSION, Version, parse_version

__all__ = ["DEFAULT_SEED", "FIXED_NOW", "Fake", "fixed_clock"]

DEFAULT_SEED = "fcproxy"
FIXED_NOW = 1_793_188_800
"""2026-10-28 12:00:00 UTC: where the fixed clock stands."""

_EXPAND: Params = {"expand": Param(Type.ARRAY, item=text())}
_JSON = "application/json"
_HOPELESS = frozenset(range(400, 500)) - {409, 429}
"""Statuses after which trying again is of no use."""
_FORM = ("application/x-www-form-urlencoded", "")


def fixed_clock() -> int:
    """A clock that stands still, in Unix seconds."""
    return FIXED_NOW


@dataclass(slots=True)
class _Turn:
    """One request on its way through the engine. What is not known yet has its default."""

    request: Request
    request_id: str
    now: int
    path: str
    pairs: list[tuple[str, str]]
    livemode: bool = False
    version: str = DEFAULT_VERSION
    record: str = ""
    key: str | None = None
    account: str | None = None
    given: Mapping[str, FormTree] | None = None
    """The parameters of a v2 request's JSON body; those of v1 are in ``pairs``."""
    original: str = ""
    replayed: bool = False


@dataclass(slots=True)
class _Pending:
    turn: _Turn
    call: Call
    route: Route
    values: Mapping[str, FormTree]


class Fake:
    """A Stripe of one account in test and live mode, in memory.

    ``seed`` decides ids and secrets; ``clock`` gives Unix seconds; see `Options` for the rest. ``resources`` are those
    of this package by default.
    """

    def __init__(
        self,
        *,
        seed: str = DEFAULT_SEED,
        clock: Callable[[], int] = fixed_clock,
        options: Options | None = None,
        resources: Iterable[Resource] | None = None,
    ) -> None:
        self.catalogue = Catalogue(all_resources() if resources is None else resources)
        self.state = State(seed, self.catalogue.indexes())
        self.options = options or Options()
        self._clock = clock
        self._latest = 0
        self._pending: dict[str, _Pending] = {}

    def now(self) -> int:
        """The fake's time in Unix seconds; never goes back, whatever the clock given does."""
        self._latest = max(self._latest, self._clock() + self.state.offset)
        return self._latest

    def handle(self, request: Request) -> Response:
        """Answers a request. A call that would have to go out is answered as one that nobody made."""
        result = self.begin(request)
        return self.finish(result, Outcome(None, "forbidden")) if isinstance(result, Outbound) else result

    def begin(self, request: Request) -> Response | Outbound:
        """Answers a request, or says which call has to be made first: then `finish` gives the answer."""
        target = urlsplit(request.url)
        path = "/" + "/".join(unquote(word) for word in target.path.split("/") if word)
        if target.path.endswith("/") and path != "/":
            path += "/"
        turn = _Turn(request, self.state.mint("request", 0, ""), self._settled_now(), path, parse_pairs(target.query))
        try:
            return self._execute(turn)
        except StripeError as refused:
            return self._refused(turn, refused)

    def finish(self, outbound: Outbound, outcome: Outcome) -> Response:
        """The answer to a request whose call was made."""
        pending = self._pending.pop(outbound.token)
        pending.call.outcome = outcome
        result = self._answer(pending.turn, pending.call, pending.route, pending.values)
        if isinstance(result, Outbound):
            raise TypeError(f"{pending.route.path} asks for a second call")
        return result

    def due(self, sent_at: int | None = None) -> list[Delivery]:
        """The webhook deliveries that are to be sent now; each is given once until `sent` tells of its end.

        ``sent_at`` is the moment that their signatures name (Unix seconds), the fake's own by default. Receivers hold
        it against a real clock, so whoever really sends them gives the real one.
        """
        now = self._settled_now()
        return list(due_deliveries(self.state, now, now if sent_at is None else sent_at))

    def sent(self, delivery: Delivery, status: int | None) -> None:
        """Tells how a delivery went: the status of its answer, or None where there was none."""
        delivered(self.state, delivery.token, self.now(), ok=status is not None and 200 <= status < 300)

    def openapi(self) -> bytes:
        """The OpenAPI document of what this fake answers, as JSON."""
        return json_bytes(openapi(self.catalogue, __version__))

    def dump(self) -> Doc:
        """Everything that it remembers, as JSON-ready data."""
        return self.state.to_json()

    def mark(self) -> object:
        """A value that differs from an earlier one where anything was made, deleted, scheduled or sent since."""
        return self.state.mark()

    def load(self, data: Mapping[str, Any]) -> None:
        """Takes up what `dump` gave, which is its own from then on. Raises ValueError for other data."""
        self.state.load(data)
        self._latest = 0

    def cli_message(self, session_id: str, sent_at: int | None = None) -> str | None:
        """The oldest message that waits for a listening CLI, as JSON, taken off its queue.

        None where nothing waits, and for a session that is not there. ``sent_at`` as for `due`.
        """
        now = self._settled_now()
        session = self.state.tables[CLI_SESSION].get(session_id)
        if session is None:
            return None
        call = self.job_call(session.scope, now)
        sent_at = now if sent_at is None else sent_at
        return take_message(self.state, session, lambda event: thin_event(call, event), sent_at)

    def has_cli_session(self, session_id: str) -> bool:
        """Whether a CLI opened this session."""
        return self.state.tables[CLI_SESSION].get(session_id) is not None

    def control(self, method: str, path: str, body: bytes) -> Response:
        """Answers a request of the control API; ``path`` is what follows the fake's control prefix."""
        return control(self, method, path, body)

    def reset(self) -> None:
        """Forgets everything, and starts again from the seed."""
        self.state.clear()
        self._latest = 0

    def job_call(self, scope: str, now: int) -> Call:
        """A call that no request caused."""
        return Call(self.state, self.catalogue, now, scope, parse_version(None), {}, {}, options=self.options)

    def settle(self, now: int) -> None:
        """Does the work that is due at ``now``, each piece at its own time."""
        while job := self.state.take_due(now):
            self.catalogue.jobs[job.name](self.job_call(job.scope, job.due), job.data)

    def _settled_now(self) -> int:
        now = self.now()
        self.settle(now)
        return now

    def _execute(self, turn: _Turn) -> Response | Outbound:
        self._read_body(turn)
        routes, names = self.catalogue.routes.find(turn.path) if not turn.path.endswith("/") else ({}, {})
        method = "GET" if turn.request.method == "HEAD" else turn.request.method
        route = routes.get(method)
        headers = turn.request.headers
        key_param = next((value for name, value in turn.pairs if name == "key"), None)
        shares_secret = any(name == "client_secret" for name, _ in turn.pairs)
        publishable = route is None or (route.publishable and shares_secret)
        if route is not None and route.keyless:
            caller = NOBODY
        else:
            caller = authenticate(
                headers, key_param, publishable=publishable, account=self.state.account(), permission=_permission(route)
            )
        turn.livemode, turn.account = caller.livemode, caller.account
        version = parse_version(headers.get("Stripe-Version"))
        turn.version = version.name
        if route is not None and version.pinned and not version.within(route.since, ""):
            route, routes = None, {}
        if route is None:
            error = "method" if routes else "route"
            raise refuse(error, method=turn.request.method, path=turn.path)
        if _is_v2(turn) and not version.pinned:
            raise refuse("version_needed")
        call = Call(
            self.state,
            self.catalogue,
            turn.now,
            self._scope(caller.livemode, caller.account),
            version,
            {},
            names,
            turn.request_id,
            headers.get("Idempotency-Key") if method == "POST" or (method == "DELETE" and _is_v2(turn)) else None,
            self.options,
        )
        return self._run(turn, call, route)

    def _run(self, turn: _Turn, call: Call, route: Route) -> Response | Outbound:
        """Meets the fault that is wanted, if any, and executes the request."""
        header = turn.request.headers.get(FAULT_HEADER)
        wanted = wanted_fault(self.state, header, route.method, turn.path)
        refusal = wanted.refusal() if wanted else None
        if wanted is None:
            return self._idempotently(turn, call, route)
        if refusal and not wanted.fault.after:
            raise refusal
        result = self._idempotently(turn, call, route)
        if isinstance(result, Outbound):
            return result
        if refusal:
            raise refusal
        return result._replace(headers=Headers([*result.headers, wanted.header()]))

    def _idempotently(self, turn: _Turn, call: Call, route: Route) -> Response | Outbound:
        values = {**form_tree([pair for pair in turn.pairs if pair[0] != "key"]), **(turn.given or {})}
        if call.idempotency_key:
            turn.key = call.idempotency_key
            record = record_key(call.scope, turn.key)
            kept = claim(self.state, record, turn.path, values, turn.now)
            if kept is not None:
                turn.original, turn.replayed = kept["request"], True
                return self._respond(turn, kept["status"], kept["body"].encode("utf-8", "surrogateescape"))
            turn.record = record
        call.params = validate(values, route.params if _is_v2(turn) else {**route.params, **_EXPAND}, call.version)
        self._expansions(call, route)
        return self._answer(turn, call, route, values)

    def _answer(self, turn: _Turn, call: Call, route: Route, values: Mapping[str, FormTree]) -> Response | Outbound:
        try:
            result = route.handler(call)
        except StripeError as refused:
            if refused.error.executed and turn.record:
                body = error_body(refused.error, turn.request_id, turn.now, livemode=turn.livemode)
                self._keep(turn, values, refused.error.status, body)
            elif turn.record:
                release(self.state, turn.record)
            return self._refused(turn, refused)
        if isinstance(result, Outbound):
            if turn.record:
                keep(self.state, turn.record, turn.path, values, turn.now)
            self._pending[result.token] = _Pending(turn, call, route, values)
            return result
        wanted = self._expansions(call, route)
        body = json_bytes(self.presenter(call.version, call).show(result, wanted))
        if turn.record:
            self._keep(turn, values, 200, body)
        return self._respond(turn, 200, body)

    def _expansions(self, call: Call, route: Route) -> ExpandTree:
        own = ("total_count",) if route.searched else ()
        paths = call.params.get("expand", ())
        return check_expand(paths, self.catalogue.kinds, route.returns, listed=route.listed, own=own)

    def _keep(self, turn: _Turn, values: Mapping[str, FormTree], status: int, body: bytes) -> None:
        text_body = body.decode("utf-8", "surrogateescape")
        answer = {"status": status, "body": text_body, "request": turn.request_id}
        keep(self.state, turn.record, turn.path, values, turn.now, **answer)

    def presenter(self, version: Version, call: Call) -> Presenter:
        """What shows this fake's objects in the shape of a version, with the call's account and mode."""

        def load(kind: str, object_id: str) -> Doc | None:
            row = call.find(kind, object_id)
            if row is not None:
                return row.doc
            if left := call.deleted(kind, object_id):
                return left
            stand_in = self.catalogue.kinds[kind].stand_in
            return stand_in(object_id, call.livemode) if stand_in else None

        return Presenter(self.catalogue.kinds, version, load)

    def _read_body(self, turn: _Turn) -> None:
        if turn.request.method == "POST" and turn.request.body:
            content_type = (turn.request.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
            wanted = (_JSON,) if _is_v2(turn) else _FORM
            if content_type not in wanted:
                raise refuse("content_type", wanted=wanted[0], value=content_type)
            if _is_v2(turn):
                turn.given = json_tree(turn.request.body)
            else:
                turn.pairs += parse_pairs(turn.request.body.decode("utf-8", "surrogateescape"))
        if any(not (name + value).isprintable() and _broken(name + value) for name, value in turn.pairs):
            raise refuse("encoding")

    def _refused(self, turn: _Turn, refused: StripeError) -> Response:
        error = refused.error
        body = error_body(error, turn.request_id, turn.now, livemode=turn.livemode)
        return self._respond(turn, error.status, body, error.headers)

    def _respond(self, turn: _Turn, status: int, body: bytes, extra: tuple[tuple[str, str], ...] = ()) -> Response:
        headers = [("Request-Id", turn.request_id), ("Stripe-Version", turn.version)]
        if turn.key:
            headers.append(("Idempotency-Key", turn.key))
            headers.append(("Original-Request", turn.original or turn.request_id))
            if turn.replayed:
                headers.append(("Idempotent-Replayed", "true"))
        if turn.account:
            headers.append(("Stripe-Account", turn.account))
        # Without the header an SDK decides by itself: it tries conflicts and failures again.
        decided = (turn.key and status < 400) or status in _HOPELESS
        if decided and not any(name == "Stripe-Should-Retry" for name, _ in extra):
            headers.append(("Stripe-Should-Retry", "false"))
        response = respond(status, body, turn.now, (*headers, *extra, routing(livemode=turn.livemode)))
        if len(self.state.tables[CLI_SESSION]):
            feed_request(self.state, self._scope(turn.livemode, turn.account), self._log_line(turn, status, body))
        return response._replace(body=b"") if turn.request.method == "HEAD" else response

    def _scope(self, livemode: bool, account: str | None) -> str:
        return f"{'live' if livemode else 'test'}:{account or self.state.account()}"

    def _log_line(self, turn: _Turn, status: int, body: bytes) -> Doc:
        error = json.loads(body)["error"] if status >= 400 else {}
        names = ("type", "charge", "code", "decline_code", "message", "param", "error_insight")
        return {
            "created_at": turn.now,
            "livemode": turn.livemode,
            "method": turn.request.method,
            "request_id": turn.request_id,
            "status": status,
            "url": turn.path,
            "error": {name: error.get(name, "") for name in names},
        }


def _permission(route: Route | None) -> str:
    """What a restricted key would need, in the words of the dashboard."""
    if route is None:
        return "rak_unknown"
    return f"rak_{route.returns.replace('.', '_')}_{'read' if route.method == 'GET' else 'write'}"


def _is_v2(turn: _Turn) -> bool:
    return turn.path.startswith("/v2/")


def _broken(word: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in word)
