"""Why a request missed, in words: the nearest recorded interactions, the fields that differ, what to do next."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from fcproxy.core.canonical import Canonical
from fcproxy.core.cassette import Cassette

__all__ = ["REASONS", "Mismatch", "explain", "near"]

REASONS: Mapping[str, tuple[str, str]] = {
    "no_cassette": (
        "there is no cassette {cassette}",
        "Record it first: fcproxy record --cassette {cassette}",
    ),
    "no_match": (
        "nothing in {cassette} matches it",
        "If the app is right, record again: fcproxy record --cassette {cassette}. If the difference does not matter, "
        "ignore the field for this route in the config (docs/matching.md).",
    ),
    "exhausted": (
        "{cassette} holds it {count} and all of that is played",
        "The app sends it more often than when it was recorded. If that is right, record again, or add what is new with: "
        "fcproxy auto --cassette {cassette}",
    ),
    "out_of_order": (
        "{cassette} holds it, but another interaction comes first (--order strict)",
        "Send requests in the recorded order, or replay without --order strict.",
    ),
    "wrong_deck": (
        "no deck goes by that name",
        "Make the deck first (POST /_fcproxy/decks), or check the base URL, Fcproxy-Deck header or API key that names it.",
    ),
    "expired": (
        "{cassette} is older than --max-age allows",
        "Record it again: fcproxy record --cassette {cassette}",
    ),
    "not_stored": (
        "{cassette} holds it, but its answer was not stored ({detail})",
        "Bodies that cannot be opened, or are larger than --max-body, are never stored. Stub this call in the app's test.",
    ),
}
"""Reason -> what happened, what to do next."""

NEAREST = 3
"""How many look-alikes a miss names."""

_COMPARED = 64
"""How many candidates are looked at closely: keeps a miss quick in a large cassette."""

_SHOWN = 8
"""How many differing fields are told of one candidate."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A miss. ``message`` is whole and redacted; ``nearest`` is JSON-ready; ``request`` is method and path."""

    reason: str
    message: str
    request: str
    nearest: tuple[dict[str, object], ...] = ()


def near(cassette: Cassette, form: Canonical, first: tuple[int, ...] = ()) -> list[int]:
    """Indexes of the interactions most like ``form``, best first."""
    pool = list(first) or cassette.on_path(form.method, form.path)
    if not pool:
        wanted = f"{form.method} {form.path}"
        named = {f"{method} {path}": (method, path) for method, path in cassette.paths()}
        likely = [name for name in named if name.count("/") == wanted.count("/")] or list(named)
        close = difflib.get_close_matches(wanted, likely[-500:], n=NEAREST, cutoff=0.6)
        pool = [cassette.on_path(*named[name])[0] for name in close]
    scored = [(_likeness(form, cassette.canonical(index)), -index) for index in pool[-_COMPARED:]]
    return [-index for _, index in sorted(scored, reverse=True)[:NEAREST]]


def _likeness(one: Canonical, other: Canonical) -> float:
    same = sum(1 for place, value in one.fields.items() if other.fields.get(place) == value)
    return same / max(len(one.fields.keys() | other.fields.keys()), 1)


def differences(recorded: Canonical, received: Canonical, *, secrets: bool) -> list[dict[str, object]]:
    """The fields in which two forms differ: field, recorded, received (None = absent). ``secrets``: those too."""
    found: list[dict[str, object]] = []
    if recorded.method != received.method:
        found.append({"field": "method", "recorded": recorded.method, "received": received.method})
    if recorded.path != received.path:
        found.append({"field": "path", "recorded": recorded.path, "received": received.path})
    for place in sorted(recorded.fields.keys() | received.fields.keys()):
        old, new = recorded.fields.get(place), received.fields.get(place)
        if old != new:
            found.append({"field": place, "recorded": old, "received": new})
    if secrets and not found and recorded.secrets != received.secrets:
        for (kind, old), (_, new) in zip(recorded.secrets, received.secrets, strict=True):
            if old != new:
                found.append({"field": f"a secret ({kind})", "recorded": "another one", "received": "this one"})
    return found


def explain(
    reason: str, form: Canonical, cassette: Cassette | None, *, name: str, first: tuple[int, ...] = (), detail: str = ""
) -> Mismatch:
    """The whole story of a miss."""
    what, advice = REASONS[reason]
    count = {1: "once", 2: "twice"}.get(len(first), f"{len(first)} times")
    values = {"cassette": name, "count": count, "detail": detail}
    request = f"{form.method} {form.path}"
    nearest = (
        tuple(_candidate(cassette, index, form, reason) for index in near(cassette, form, first)) if cassette else ()
    )
    lines = [f"fcproxy cannot replay {request}: {what.format(**values)}."]
    for candidate in nearest:
        lines.append(f"Nearest: interaction {candidate['index']}, {candidate['request']} ({candidate['state']}).")
        lines.extend(_told(candidate))
    lines.append(advice.format(**values))
    return Mismatch(reason, "\n".join(lines), request, nearest)


def _candidate(cassette: Cassette, index: int, form: Canonical, reason: str) -> dict[str, object]:
    other = cassette.canonical(index)
    return {
        "index": index,
        "request": f"{other.method} {other.path}",
        "state": "played" if cassette.played[index] else "unused",
        "differences": differences(other, form, secrets=reason == "no_match"),
    }


def _told(candidate: Mapping[str, object]) -> list[str]:
    found = candidate["differences"]
    if not isinstance(found, list):
        return []
    lines = [
        f"  {one['field']}: recorded {_value(one['recorded'])}, received {_value(one['received'])}" for one in found
    ]
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], f"  and {more} more"] if more > 0 else lines


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."
