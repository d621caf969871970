"""Shapes of JSON answers: which fields there are and of which kinds, whatever their values; and how shapes differ."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LEVELS", "Difference", "Shape", "compare", "merge", "shape_of"]

Shape = Mapping[str, frozenset[str]]
"""Place -> kinds of what was seen there (object, array, string, number, boolean, null). `data[].id` is the place of
every element's id; "" is the whole."""

LEVELS = ("added", "removed", "changed")
"""How a place may differ, from what hurts least."""

_FREE = frozenset({"metadata"})
"""Objects whose fields are the user's: docs.stripe.com/api/metadata."""


@dataclass(frozen=True, slots=True)
class Difference:
    """``level`` is one of LEVELS; ``before`` and ``after`` are kinds, sorted, "" where the place is not there."""

    level: str
    place: str
    before: str
    after: str


def shape_of(body: bytes) -> Shape | None:
    """The shape of a JSON body; None for what is not JSON, or nests too deeply to be read."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found: dict[str, set[str]] = {}
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        place, value = waiting.pop()
        found.setdefault(place, set()).add(_kind(value))
        if isinstance(value, dict) and place.rpartition(".")[2] not in _FREE:
            waiting.extend((f"{place}.{name}" if place else name, item) for name, item in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{place}[]", item) for item in value)
    return {place: frozenset(kinds) for place, kinds in found.items()}


def _kind(value: object) -> str:
    kinds = ((bool, "boolean"), (int | float, "number"), (str, "string"), (list, "array"), (dict, "object"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def merge(one: Shape, other: Shape) -> Shape:
    """What was seen in either."""
    return {place: one.get(place, frozenset()) | other.get(place, frozenset()) for place in one.keys() | other.keys()}


def compare(before: Shape, after: Shape) -> list[Difference]:
    """What differs, by place. Only what both sides had the chance to show is compared: an empty list tells nothing of
    its elements, null nothing of what may stand in its place, and a new object is one difference, not one a field."""
    found = []
    for place in sorted(before.keys() | after.keys()):
        old, new = before.get(place, frozenset()), after.get(place, frozenset())
        if not old and _seen(_parent(place), before):
            found.append(Difference("added", place, "", _named(new)))
        elif not new and _seen(_parent(place), after):
            found.append(Difference("removed", place, _named(old), ""))
        elif old and new and new - old - {"null"} and old - {"null"}:
            found.append(Difference("changed", place, _named(old), _named(new)))
    return found


def _parent(place: str) -> str:
    """The object that holds ``place``; for elements, that is none: a list may be empty."""
    return "\0" if place.endswith("[]") else place.rpartition(".")[0]


def _seen(parent: str, shape: Shape) -> bool:
    return "object" in shape.get(parent, frozenset())


def _named(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds))
