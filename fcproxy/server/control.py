"""The control API below the reserved prefix: health, verdict, decks, and the fake's own controls."""

import json
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import parse_qs

from fcproxy import __version__
from fcproxy.core.errors import FcproxyError, RecordingRefused, UsageError
from fcproxy.core.message import Headers, Response
from fcproxy.core.modes import Mode
from fcproxy.server.answers import bad_request, json_response
from fcproxy.server.cli_socket import announce
from fcproxy.server.decks import Decks
from fcproxy.server.guard import Guard
from fcproxy.server.incoming import DUMMY_KEY, PREFIX
from fcproxy.server.opened import OpenedDeck
from fcproxy.server.page import page

__all__ = ["ROUTES", "Control", "ControlRequest"]


class ControlRequest(NamedTuple):
    """A request below the prefix. ``opened`` is the deck it names (by default the default one); see `Decks.choose`."""

    method: str
    target: str
    headers: Headers
    body: bytes
    opened: OpenedDeck | Response | None

    @property
    def path(self) -> str:
        """Below the prefix, without the query."""
        return self.target.partition("?")[0].removeprefix(PREFIX)


ROUTES: tuple[tuple[str, str, str, str], ...] = (
    ("GET", "", "index", "The page for people; with Accept: application/json this table."),
    ("GET", "page.css", "page", "The page's style."),
    ("GET", "page.js", "page", "The page's script."),
    ("GET", "health", "health", "Whether the proxy serves, in which mode, from which cassette."),
    ("GET", "verdict", "verdict", "The default deck's verdict so far."),
    ("POST", "decks", "open_deck", "Opens a deck: {cassette, mode, upstream?} -> {id, base_url, api_key}."),
    ("GET", "decks/{id}", "deck", "A deck's verdict so far."),
    ("DELETE", "decks/{id}", "eject", "Ends a deck, committing it (?abort=true: dropping it); its final verdict."),
    ("GET", "openapi.json", "openapi", "The OpenAPI document of what the fake answers."),
    ("*", "fake/...", "fake", "What a user would do at Stripe's: see the fake's own list."),
)
"""Method, path below the prefix, the method of Control that answers, what it is for."""


class Control:
    """Answers control requests. ``base_url`` is the proxy's, without a slash behind."""

    def __init__(self, decks: Decks, guard: Guard, base_url: str) -> None:
        self._base_url = base_url
        self._decks = decks
        self._guard = guard
        self._handlers: dict[str, Callable[[ControlRequest, str], Awaitable[Response]]] = {
            "index": self._index,
            "page": self._page,
            "health": self._health,
            "verdict": self._verdict,
            "open_deck": self._open_deck,
            "deck": self._deck,
            "eject": self._eject,
            "fake": self._fake,
            "openapi": self._openapi,
        }

    async def __call__(self, asked: ControlRequest) -> Response:
        """Never raises for what a client sent."""
        if refused := self._guard.refusal_of_control(asked.method, asked.headers, asked.body):
            return refused
        allowed = []
        for method, pattern, name, _ in ROUTES:
            argument = _matched(pattern, asked.path)
            if argument is None:
                continue
            if method in {"*", asked.method}:
                return await self._handlers[name](asked, argument)
            allowed.append(method)
        if allowed:
            return bad_request(405, "method", f"allowed here: {', '.join(allowed)}")
        return bad_request(404, "unknown_route", f"no such control path; GET {PREFIX} lists what there is")

    async def _page(self, asked: ControlRequest, _argument: str) -> Response:
        return page(asked.path)

    async def _index(self, asked: ControlRequest, _argument: str) -> Response:
        if "application/json" not in (asked.headers.get("Accept") or ""):
            return page("")
        routes = [{"method": method, "path": PREFIX + path, "does": help_} for method, path, _, help_ in ROUTES]
        return json_response(200, {"routes": routes})

    async def _health(self, _asked: ControlRequest, _argument: str) -> Response:
        default = self._decks.default
        return json_response(
            200,
            {
                "status": "ok",
                "mode": default.mode.value,
                "cassette": default.cassette,
                "upstream": default.upstream_name,
                "version": __version__,
                "recording_stopped": default.recording.failed if default.recording is not None else None,
                **_clock(default),
            },
        )

    async def _verdict(self, _asked: ControlRequest, _argument: str) -> Response:
        default = self._decks.default
        return json_response(200, {**self._decks.verdict().to_json(), **_connections(default), **_clock(default)})

    async def _open_deck(self, asked: ControlRequest, _argument: str) -> Response:
        try:
            cassette, mode, upstream = _deck_fields(asked.body)
            name, opened = await self._decks.open(cassette, mode, upstream)
        except FcproxyError as error:
            return bad_request(400 if isinstance(error, UsageError) else 409, "deck_not_opened", str(error))
        base_url = f"{self._base_url}{PREFIX}d/{name}"
        announce(opened, base_url)
        answer = {
            "id": name,
            "base_url": base_url,
            "api_key": f"{DUMMY_KEY}_{name}",
            "mode": opened.mode.value,
            "cassette": opened.cassette,
        }
        return json_response(201, answer)

    async def _deck(self, _asked: ControlRequest, name: str) -> Response:
        opened = self._decks.get(name)
        if opened is None:
            return self._missing(name)
        return json_response(200, {**opened.verdict().to_json(), **_connections(opened), **_clock(opened)})

    async def _eject(self, asked: ControlRequest, name: str) -> Response:
        opened = self._decks.get(name)
        if opened is None:
            return self._missing(name)
        abort = parse_qs(asked.target.partition("?")[2]).get("abort", ["false"])[-1].lower() in {"true", "1"}
        try:
            verdict = await self._decks.eject(name, keep=not abort)
        except FcproxyError as error:
            code = "recording_refused" if isinstance(error, RecordingRefused) else "not_written"
            return bad_request(409, code, str(error))
        return json_response(200, {**verdict.to_json(), **_connections(opened)})

    def _missing(self, name: str) -> Response:
        if self._decks.was_ejected(name):
            return bad_request(404, "ejected", "this deck has been ejected")
        return bad_request(404, "unknown_deck", "no such deck")

    async def _openapi(self, asked: ControlRequest, _argument: str) -> Response:
        if isinstance(asked.opened, OpenedDeck) and asked.opened.fake is not None:
            headers = Headers([("Content-Type", "application/json"), ("Cache-Control", "no-store")])
            return Response(200, headers, asked.opened.fake.fake.openapi())
        return bad_request(404, "no_fake", "the upstream is not the embedded fake")

    async def _fake(self, asked: ControlRequest, rest: str) -> Response:
        opened = asked.opened
        if opened is None:
            return bad_request(404, "unknown_deck", "no such deck")
        if isinstance(opened, Response):
            return opened
        if opened.fake is not None:
            return opened.fake.control(asked.method, rest, asked.body)
        if opened.mode is Mode.REPLAY:
            # The script that moved the fake while recording runs again unchanged: the cassette holds what came of it.
            return json_response(200, {"replay": True, "ignored": "the cassette holds the outcome"})
        return bad_request(409, "no_fake", "the upstream is not the embedded fake")


def _matched(pattern: str, path: str) -> str | None:
    """What stands for the pattern's variable part ("" if it has none), or None when the path is another one."""
    if pattern.endswith("..."):
        head = pattern.removesuffix("...")
        return path.removeprefix(head) if path.startswith(head) else None
    head, variable, _ = pattern.partition("{id}")
    if not variable:
        return "" if path.rstrip("/") == pattern else None
    rest = path.removeprefix(head)
    return rest if path.startswith(head) and rest and "/" not in rest else None


def _clock(opened: OpenedDeck) -> dict[str, object]:
    """The moment that is the cassette's present, for clocks that a test sets; null where it does not tell."""
    return {"recorded_at": opened.recorded_at}


def _connections(opened: OpenedDeck) -> dict[str, object]:
    return {"upstream_connections": opened.upstream_connections}


def _deck_fields(body: bytes) -> tuple[str, str, str | None]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise UsageError("the body is not JSON") from None
    if not isinstance(fields, dict):
        raise UsageError("the body is not a JSON object")
    if unknown := sorted(set(fields) - {"cassette", "mode", "upstream"}):
        raise UsageError(f"unknown: {', '.join(unknown)}; known: cassette, mode, upstream")
    cassette, mode, upstream = fields.get("cassette"), fields.get("mode", "replay"), fields.get("upstream")
    if not isinstance(cassette, str) or not isinstance(mode, str) or not isinstance(upstream, str | None):
        raise UsageError('expects {"cassette": text, "mode": text, "upstream": text (may be left out)}')
    return cassette, mode, upstream
