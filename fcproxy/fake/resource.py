"""The words that a resource file is written in: kinds of object, routes, actions of the control API, jobs, events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fcproxy.core.message import Request, Response
from fcproxy.fake.params import NONE, Params
from fcproxy.fake.state import Doc, Extractor
from fcproxy.stripe.ids import IdShape

if TYPE_CHECKING:
    from fcproxy.fake.call import Call

__all__ = ["Action", "Kind", "Outbound", "Outcome", "Resource", "Route", "Span"]


@dataclass(frozen=True, slots=True)
class Span:
    """A field that only some API versions have: from ``since`` on, before ``until`` (dates, empty = no bound)."""

    field: str
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object.

    ``words`` is what an error calls it. Paths are dotted. ``expandable`` maps a path that holds an id to the kind it
    names, ``lists`` a path that holds a list of ids to theirs; ``hidden`` paths are absent until they are expanded;
    ``spans`` are fields that depend on the version; what lies under ``opaque`` is shown as it is. ``stand_in`` makes
    (from id and livemode) an object that the fake was never told about; ``constants`` gives (from livemode) those that
    are always there, newest first. ``shape`` is that of its ids, where IDS has no row for it.
    """

    name: str
    words: str
    expandable: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    opaque: tuple[str, ...] = ()
    indexes: Mapping[str, Extractor] = field(default_factory=dict)
    stand_in: Callable[[str, bool], Doc] | None = None
    constants: Callable[[bool], Sequence[Doc]] | None = None
    shape: IdShape | None = None


@dataclass(frozen=True, slots=True)
class Outbound:
    """A call that the fake needs made before it can answer. ``token`` names it when the outcome comes back."""

    token: str
    request: Request


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of such a call: the response, or what went wrong.

    ``failure`` is ``connection``, ``timeout`` or ``forbidden``; ``address`` and ``milliseconds`` tell of the call.
    """

    response: Response | None
    failure: str = ""
    address: str = "127.0.0.1"
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint. ``returns`` is the kind in the answer, ``listed`` that it is a page of them, ``searched`` that it is
    one that a query asked for.

    ``publishable`` says that a browser may call it with a publishable key and the object's client secret, ``keyless``
    that no key is looked for; ``since`` is a version bound as `Version.within` takes it.
    """

    method: str
    path: str
    handler: "Callable[[Call], Doc | Outbound]"
    returns: str
    summary: str
    params: Params = field(default_factory=lambda: NONE)
    listed: bool = False
    publishable: bool = False
    keyless: bool = False
    since: str = ""
    searched: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """What a person would do elsewhere, on the control API. ``path`` lies below the fake's control prefix."""

    path: str
    handler: "Callable[[Call], Doc]"
    kind: str
    summary: str
    params: Params = field(default_factory=lambda: NONE)


@dataclass(frozen=True, slots=True)
class Resource:
    """One product, or one part of one."""

    name: str
    title: str
    kinds: tuple[Kind, ...] = ()
    routes: tuple[Route, ...] = ()
    actions: tuple[Action, ...] = ()
    jobs: "Mapping[str, Callable[[Call, Doc], None]]" = field(default_factory=dict)
    events: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What the fake does otherwise than Stripe, for the docs."""
