"""Drift: what an API answers today to a cassette's safe requests, compared by shape with what it answered then."""

import json
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from fcproxy.codings import DECODERS
from fcproxy.config import Config
from fcproxy.core import content
from fcproxy.core.content import Unopenable
from fcproxy.core.errors import UpstreamFailed, UsageError
from fcproxy.core.message import Interaction, Request, Response
from fcproxy.core.shapes import Difference, Shape, compare, merge, shape_of
from fcproxy.core.standins import is_standin
from fcproxy.server.connect import connect
from fcproxy.server.incoming import DUMMY_KEY
from fcproxy.server.ratelimit import STRIPE_RATE, PoliteUpstream
from fcproxy.server.upstream import Upstream
from fcproxy.stripe.ids import parse_key

__all__ = ["Drift", "RouteDrift", "drift", "route"]

MAX_ANSWER = 8 * 1024 * 1024
"""Longest answer that is compared, in bytes."""

MAX_SECONDS = 180.0
"""Longest time that one answer may take, whatever --total-timeout says."""

MAX_TIMEOUTS = 3
"""So many requests in a row without an answer in time, and the upstream is not asked again."""

_NO_ANSWER = frozenset({401, 403, 429})
"""Statuses that tell of the key or the moment; those from 500 on tell nothing of the API either."""

_LONGEST_NAME = 60

_PLAIN = re.compile(
    r"_?(?:[A-Za-z]+[0-9]{0,4}|[0-9]{1,4}[A-Za-z]{0,3})(?:_?[_-](?:[A-Za-z]+[0-9]{0,4}|[0-9]{1,4}[A-Za-z]{0,3}))*"
)

_NUMBERED = re.compile(r"<[0-9]+>")

_SAFE = frozenset({"GET", "HEAD"})
"""RFC 9110 section 9.2.1. OPTIONS and TRACE are safe too, but no API answers them with objects."""

_ID = re.compile(r"[a-z]+(?:_[a-z]+)*_(?=[A-Za-z]*[0-9])[0-9A-Za-z]{6,}")


@dataclass(slots=True)
class RouteDrift:
    """One route: method and path with ids blanked. ``compared`` counts answers; ``gone`` those whose object is no more.

    A field whose name is no plain word (an id, an address, a token) is `<key>`, together with all others of its object.

    ``statuses``: (then, now) -> how often, where the two differ and the object is not merely gone.
    """

    name: str
    compared: int = 0
    gone: int = 0
    statuses: dict[tuple[int, int], int] = field(default_factory=dict)
    before: Shape = field(default_factory=dict)
    after: Shape = field(default_factory=dict)

    def differences(self) -> list[Difference]:
        """Of all its answers together."""
        return compare(self.before, self.after)


@dataclass(slots=True)
class Drift:
    """``skipped`` interactions are not safe to send again, or hold no body to compare with.

    ``failed``: what there was in place of an answer to compare -> how often; an upstream's failures by their kind,
    else `status 401`, `unreadable`, or `not asked`.
    """

    routes: dict[str, RouteDrift] = field(default_factory=dict)
    skipped: int = 0
    failed: dict[str, int] = field(default_factory=dict)

    @property
    def compared(self) -> int:
        """Answers compared."""
        return sum(one.compared for one in self.routes.values())

    def levels(self) -> set[str]:
        """The kinds of difference there are; a status that differs counts as changed."""
        found = {difference.level for one in self.routes.values() for difference in one.differences()}
        return found | {"changed" for one in self.routes.values() if one.statuses}


def route(method: str, url: str) -> str:
    """`GET /v1/customers/{id}`."""
    path = re.sub(r"[?#].*", "", _with_path(url).partition("://")[2])
    path = path[path.index("/") :]
    parts = ["{id}" if _ID.fullmatch(part) else part for part in path.split("/")]
    return f"{method} {'/'.join(parts)}"


async def drift(config: Config, interactions: Sequence[Interaction], *, version: str | None = None) -> Drift:
    """Sends every safe request of ``interactions`` once to the configured upstream. Stores nothing.

    ``version`` replaces the recorded Stripe-Version. Raises UsageError, CannotStart.
    """
    _permit(config)
    result, late = Drift(), 0
    async with AsyncExitStack() as resources:
        config = config._replace(total_timeout=min(config.total_timeout, MAX_SECONDS))
        upstream, _ = await connect(config, resources)
        polite = PoliteUpstream(upstream, STRIPE_RATE) if config.upstream == "stripe" else upstream
        sent: set[Request] = set()
        for interaction in interactions:
            request, recorded = _prepared(interaction.request, version), interaction.response
            if request.method not in _SAFE or request.body or request in sent or is_standin(recorded.headers):
                result.skipped += 1
                continue
            sent.add(request)
            if late >= MAX_TIMEOUTS:
                _fail(result, "not asked")
                continue
            try:
                now = await _asked(polite, request)
            except UpstreamFailed as error:
                late = late + 1 if error.kind == "timeout" else 0
                _fail(result, error.kind)
                continue
            late = 0
            name = route(request.method, request.url)
            if problem := _note(result.routes.setdefault(name, RouteDrift(name)), recorded, now):
                _fail(result, problem)
    return result


def _fail(result: Drift, kind: str) -> None:
    result.failed[kind] = result.failed.get(kind, 0) + 1


def _permit(config: Config) -> None:
    if config.upstream == "stripe" and config.api_key is None:
        raise UsageError("drift asks the API itself, and a cassette holds no key: name one with --api-key-env")
    key = parse_key(config.api_key or "")
    if key is not None and key.livemode and not config.allow_live:
        raise UsageError("the key of --api-key-env is a live key: drift would read real customers' objects")


def _prepared(request: Request, version: str | None) -> Request:
    headers = request.headers.without("Idempotency-Key", "Content-Length")
    # The recorded key is a placeholder. With --api-key-env the upstream puts the real one in its place.
    headers = headers.replaced("Authorization", f"Bearer {DUMMY_KEY}")
    if version is not None:
        headers = headers.replaced("Stripe-Version", version)
    return Request(request.method.upper(), _with_path(request.url), headers, request.body)


def _with_path(url: str) -> str:
    return re.sub(r"(://[^/?#]*)(?=[?#]|$)", r"\1/", url, count=1)


async def _asked(upstream: Upstream, request: Request) -> Response:
    async with upstream.send(request) as reply:
        pieces, size = [], 0
        async for chunk in reply.body:
            size += len(chunk)
            if size > MAX_ANSWER:
                raise UpstreamFailed("protocol", "the answer is too large to be compared")
            pieces.append(chunk)
        return Response(reply.status, reply.headers, b"".join(pieces))


def _note(one: RouteDrift, recorded: Response, now: Response) -> str | None:
    """Takes one answer into account; gives what stands against that, if anything does."""
    if now.status == 404 and recorded.status != 404:
        # Another account, or it was deleted since: that is no change of the API.
        one.gone += 1
        return None
    if now.status != recorded.status:
        if now.status in _NO_ANSWER or now.status >= 500:
            return f"status {now.status}"
        pair = (recorded.status, now.status)
        one.statuses[pair] = one.statuses.get(pair, 0) + 1
        return None
    try:
        names = content.coding_names(now.headers.get_all("Content-Encoding"))
        body = content.decode(now.body, names, DECODERS)
    except Unopenable:
        return "unreadable"
    one.compared += 1
    one.before, one.after = merge(one.before, _shape(recorded.body)), merge(one.after, _shape(body))
    return None


def _shape(body: bytes) -> Shape:
    """The shape of an answer, whose kind is `no JSON` where it is none. Of keys that are no plain words, and so may be
    ids or secrets, only `<key>` is kept."""
    try:
        shape = shape_of(json.dumps(json.loads(body, object_pairs_hook=_numbered)).encode())
    except (ValueError, RecursionError):
        shape = None
    if shape is None:
        return {"": frozenset({"no JSON"})}
    found: dict[str, frozenset[str]] = {}
    for place, kinds in shape.items():
        name = _NUMBERED.sub("<key>", place)
        found[name] = found.get(name, frozenset()) | kinds
    return found


def _numbered(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; keys that are no plain words become `<0>`, `<1>`, ..."""
    named: dict[str, object] = {}
    for key, value in pairs:
        plain = len(key) <= _LONGEST_NAME and _PLAIN.fullmatch(key)
        named[key if plain else f"<{len(named)}>"] = value
    return named
