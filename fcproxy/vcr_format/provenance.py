"""Where a cassette comes from, as one YAML comment at its top: `# fcproxy: {...}`.

A comment, because `metadata` crashes pytest-recording and other tools re-save unknown keys as if they still were true;
a comment is gone once another tool rewrites the file, and so is the claim.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["Provenance", "provenance_line", "read_provenance"]

_PREFIX = "# fcproxy: "
_MAX_LINE = 64 * 1024
"""Longest line that is read, in characters; ours stay below 2,000."""


class Provenance(NamedTuple):
    """What the recorder says of a recording. ``recorded_at`` is ISO 8601 in UTC or None; ``hits`` counts by rule id."""

    recorder: str = ""
    rules: str = ""
    hits: Mapping[str, int] = MappingProxyType({})
    stripe_versions: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    recorded_at: str | None = None
    disabled: tuple[str, ...] = ()


def provenance_line(provenance: Provenance) -> str:
    """The comment, with its line end; ASCII, keys sorted."""
    values = {name: value for name, value in provenance._asdict().items() if value}
    return _PREFIX + json.dumps(values, sort_keys=True) + "\n"


def read_provenance(text: str) -> Provenance | None:
    """The provenance in a cassette's first line; None where there is none, or anything about it is odd."""
    line = text.partition("\n")[0]
    if not line.startswith(_PREFIX) or len(line) > _MAX_LINE:
        return None
    try:
        values = json.loads(line[len(_PREFIX) :])
    except (ValueError, RecursionError):
        return None
    return _checked(values) if isinstance(values, dict) else None


def _checked(values: dict[str, object]) -> Provenance | None:
    hits = values.get("hits", {})
    words = {name: values.get(name, "") for name in ("recorder", "rules")}
    lists = {name: values.get(name, []) for name in ("stripe_versions", "clients", "disabled")}
    recorded_at = values.get("recorded_at")
    good = (
        isinstance(hits, dict)
        and all(type(count) is int for count in hits.values())
        and all(isinstance(word, str) for word in words.values())
        and all(isinstance(items, list) and all(isinstance(i, str) for i in items) for items in lists.values())
        and (recorded_at is None or isinstance(recorded_at, str))
    )
    if not good or not isinstance(hits, dict):
        return None
    tuples = {name: tuple(map(str, items)) for name, items in lists.items() if isinstance(items, list)}
    return Provenance(
        recorder=str(words["recorder"]),
        rules=str(words["rules"]),
        hits=dict(hits),
        stripe_versions=tuples["stripe_versions"],
        clients=tuples["clients"],
        recorded_at=recorded_at if isinstance(recorded_at, str) else None,
        disabled=tuples["disabled"],
    )
