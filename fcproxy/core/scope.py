"""Where a value stands: the names and types around it, as field rules ask for them."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise, repeat, starmap
from typing import NamedTuple
from urllib.parse import unquote

from fcproxy.core.expression import expression
from fcproxy.core.form import name_of, split_key
from fcproxy.core.json_text import Members, Value
from fcproxy.core.rules import FieldRule, normal

__all__ = ["NO_BASE", "Base", "Scope", "event_words", "route_words", "walk"]


class Base(NamedTuple):
    """What is known of the outermost scope.

    ``words``: normal names that hold for all of it. ``route``: those that hold as far as no object tells its type.
    """

    words: frozenset[str] = frozenset()
    route: frozenset[str] = frozenset()


NO_BASE = Base()


class Scope:
    """The inside of one object, array or form bracket, and what encloses it.

    ``name`` is its own nearest name: an element of an array goes by the array's. ``members``: its scalars by name.
    """

    __slots__ = (
        "_base",
        "_disputed",
        "_members",
        "_said",
        "_siblings",
        "_words",
        "below_secret",
        "called",
        "name",
        "parent",
    )

    def __init__(self, parent: "Scope | None", name: str, members: Value = None) -> None:
        self.parent = parent
        self.name = name
        self._members = members
        self._base: Base | None = None
        self._words: frozenset[str] | None = None
        self._siblings: Mapping[str, str] | None = None
        self._disputed: frozenset[str] | None = None
        self._said: dict[str, tuple[str, ...]] = {}
        self.below_secret: bool | None = None
        """Whether a field that encloses it is a secret; None until somebody has asked the rules."""
        self.called: tuple[FieldRule, ...] | None = None
        """The rules for what the names beside a value call it; None likewise."""

    @classmethod
    def base(cls, base: Base, members: Value = None) -> "Scope":
        """The outermost one."""
        scope = cls(None, "", members)
        scope._base = base
        return scope

    @property
    def words(self) -> frozenset[str]:
        """Normal names of the enclosing fields, enclosing objects' types, and the base.

        Where an object does not tell its type, what its list, its event or the request's route says of it.
        """
        if self._words is None:
            words, route = self.known
            self._words = words | route
        return self._words

    @property
    def known(self) -> Base:
        """The same, apart: what holds in any case, and what holds until an object tells its type."""
        if self._base is None:
            kinds = self.said("object")
            around = self.parent.known if self.parent is not None else NO_BASE
            route = around.route
            if len(kinds) == 1 and kinds[0] not in LISTS:
                # Its type says more of it: a coupon that customers have is no customer.
                route = _NONE
            if any(kind.endswith(EVENT) for kind in kinds):
                route = route.union(*map(event_words, self.said("type")))
            if self._is_list and (not kinds or not set(kinds).isdisjoint(LISTS)):
                route = route.union(*map(route_words, self.said("url")))
            self._base = Base(around.words | {normal(text) for text in (self.name, *kinds) if text}, route)
        return self._base

    @property
    def disputed(self) -> frozenset[str]:
        """What enclosing objects tell that tell two things, by a doubled key: who reads may take either."""
        if self._disputed is None:
            self._disputed = self.parent.disputed if self.parent is not None else _NONE
            if any(len(self.said(name)) > 1 for name in _TELLING):
                around = self.parent.words if self.parent is not None else _NONE
                self._disputed |= self.words - around - {normal(self.name)}
        return self._disputed

    def said(self, name: str) -> tuple[str, ...]:
        """The different texts that stand here under ``name``: one, but for doubled keys."""
        if name not in self.siblings:
            return ()
        known = self._said.get(name)
        if known is None:
            found = self._members if isinstance(self._members, Members) else ()
            texts = [value for key, value in found if key.lower() == name and isinstance(value, str) and value]
            known = self._said[name] = tuple(dict.fromkeys(texts))
        return known

    @property
    def is_array(self) -> bool:
        """Whether it is the inside of a JSON array."""
        return isinstance(self._members, list) and not isinstance(self._members, Members)

    @property
    def _is_list(self) -> bool:
        found = self._members if isinstance(self._members, Members) else ()
        return any(isinstance(value, list) and name == "data" for name, value in found)

    @property
    def siblings(self) -> Mapping[str, str]:
        """The scalars that stand side by side here, names in lower case."""
        if self._siblings is None:
            found = self._members if isinstance(self._members, Members) else ()
            self._siblings = {name.lower(): value for name, value in found if isinstance(value, str)}
        return self._siblings


_NONE: frozenset[str] = frozenset()

LISTS = ("list", "search_result")
"""Types that say nothing of what is in them."""

_TELLING = ("object", "type", "url")

EVENT = "event"
"""How the types of events end. Their `type` names what it is about: `customer.updated`."""

_HOST = expression(r"\Ahttps?://[^/?#]*")
_SEGMENT = expression(r"[a-z_]{2,40}")
_EVENT_TYPE = expression(r"[a-z0-9_]{2,40}(?:\.[a-z0-9_]{1,40}){1,5}")


def route_words(url: str) -> frozenset[str]:
    """The normal names that the path of an API URL gives: of things, one and many, alone and with the name before.

    `/v1/issuing/cards/ic_1` -> `issuing`, `cards`, `card`, `issuingcards`, `issuingcard`. Ids are not among them.
    """
    path = _HOST.sub("", url, 1)
    return _route(path.partition("?")[0]) if path.startswith(("/v1/", "/v2/")) else _NONE


@lru_cache(1024)
def _route(path: str) -> frozenset[str]:
    return _things([part for part in path.split("/") if _SEGMENT.fullmatch(part)])


@lru_cache(1024)
def event_words(kind: str) -> frozenset[str]:
    """The same of an event's type: what has happened, its last word, is not among them."""
    return _things(kind.split(".")[:-1]) if _EVENT_TYPE.fullmatch(kind) else _NONE


def _things(names: list[str]) -> frozenset[str]:
    many = [*names, *starmap("{}{}".format, pairwise(names))]
    return frozenset(normal(one) for name in many for one in (name, name.removesuffix("s")))


def walk(root: Value, top: Scope) -> Iterator[tuple[Value, str, Scope, bool]]:
    """(value, its name, where it stands, whether it is a key) of each key and scalar, in order.

    Iterative, so that depth cannot exhaust the stack.
    """
    if not isinstance(root, list):
        yield root, "", top, False
        return
    stack = [(_steps(root), Scope(top, "", root))]
    while stack:
        steps, scope = stack[-1]
        for key, value in steps:
            if key is not None:
                yield key, key, scope, True
            name, around = key or scope.name, scope
            if key is not None and ("[" in key or "%" in key):
                name, around = _bracketed(key, scope)
            if isinstance(value, list):
                stack.append((_steps(value), Scope(around, name, value)))
                break
            yield value, name, around, False
        else:
            stack.pop()


def _bracketed(key: str, scope: Scope) -> tuple[str, Scope]:
    """A form's key in JSON (`{"card[number]": ...}`): its last name, and where that stands."""
    path = split_key(unquote(key, errors="surrogateescape"))
    for part in path[:-1]:
        if part and not part.isdigit():
            scope = Scope(scope, part)
    return name_of(path), scope


def _steps(node: "list[Value] | Members") -> Iterator[tuple[str | None, Value]]:
    return iter(node) if isinstance(node, Members) else zip(repeat(None), node)
