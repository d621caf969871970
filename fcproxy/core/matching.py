"""Why a request missed, in words: the nearest recorded interactions, the fields that differ, what to do next."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fcproxy.core.canonical import Canonical, shown
from fcproxy.core.cassette import Cassette

__all__ = ["REASONS", "Mismatch", "differences", "explain", "near"]

REASONS: Mapping[str, tuple[str, str]] = {
    "no_cassette": (
        "there is no cassette {cassette}",
        "Record it first: fcproxy record --cassette {cassette}",
    ),
    "no_match": (
        "nothing in {cassette} matches it",
        """\
If the app is right, record again: fcproxy record --cassette {cassette}
If the difference does not matter, ignore the field for this route in the config: docs/matching.md""",
    ),
    "exhausted": (
        "{cassette} holds it {count} and all of that is played",
        """\
The app sends it more often than when it was recorded. If that is right, record again,
or add what is new: fcproxy auto --cassette {cassette}""",
    ),
    "out_of_order": (
        "{cassette} holds it, but another interaction comes first (--order strict): {detail}",
        "Send requests in the recorded order, or replay without --order strict.",
    ),
    "wrong_deck": (
        "no deck goes by that name{detail}",
        "Open the deck first (POST /_fcproxy/decks), or check what names it: base URL, Fcproxy-Deck header or API key.",
    ),
    "expired": (
        "{cassette} is older than --max-age allows",
        "Record it again: fcproxy record --cassette {cassette}",
    ),
    "not_stored": (
        "{cassette} holds it, but its answer was not stored ({detail})",
        "Bodies that cannot be opened, or are too large, are never stored. Stub this call in the app's test.",
    ),
}
"""Reason -> what happened, what to do next."""

NEAREST = 3
"""How many look-alikes a miss names."""

_TOLD = 8
"""How many differing fields the message tells of one candidate."""

_LISTED = 50
"""How many of them ``nearest`` lists."""

_LONGEST = 120
"""Characters of a field's text that the message shows."""


class Mismatch(NamedTuple):
    """A miss. ``message`` is whole and redacted; ``nearest`` is JSON-ready; ``request`` is method and path."""

    reason: str
    message: str
    request: str
    nearest: tuple[dict[str, object], ...] = ()


def near(cassette: Cassette, form: Canonical, first: Sequence[int] = ()) -> list[int]:
    """Indexes of the interactions most like ``form``, best first; ``first`` are known to be alike."""
    if first:
        # All the same request: the reader wants to see its beginning.
        return list(first[:NEAREST])
    if cassette.index.on_route(form.method, form.path):
        return cassette.likest(form, NEAREST)
    return cassette.index.lookalikes.near_routes(form, cassette.index.routes, NEAREST)


def differences(recorded: Canonical, received: Canonical, *, families: Sequence[str]) -> list[dict[str, object]]:
    """The fields in which two forms differ: field, recorded, received (None = absent).

    ``families``: credentials that are as good as the received one.
    """
    found: list[dict[str, object]] = []

    def tell(name: str, old: str | None, new: str | None) -> None:
        if old != new:
            found.append({"field": name, "recorded": old, "received": new})

    tell("method", recorded.method, received.method)
    tell("path", shown(recorded.path), shown(received.path))
    for place in sorted(recorded.fields.keys() | received.fields.keys()):
        old, new = recorded.fields.get(place), received.fields.get(place)
        if old != new:
            tell(shown(place), _shown(old), _shown(new))
    if recorded.family not in families:
        tell("header.Authorization", recorded.family, received.family)
    if not found and recorded.secrets != received.secrets:
        for (kind, old), (_, new) in zip(recorded.secrets, received.secrets, strict=True):
            if old != new:
                tell(f"a secret ({kind})", "another one", "this one")
    return found


def _shown(text: str | None) -> str | None:
    return None if text is None else shown(text)


def explain(
    reason: str,
    form: Canonical,
    cassette: Cassette | None,
    *,
    name: str,
    first: Sequence[int] = (),
    detail: str = "",
) -> Mismatch:
    """The whole story of a miss."""
    what, advice = REASONS[reason]
    values = {"cassette": name, "count": _times(len(first)), "detail": detail}
    request = f"{form.method} {shown(form.path)}"
    nearest: tuple[dict[str, object], ...] = ()
    if cassette is not None:
        nearest = tuple(_candidate(cassette, index, form) for index in near(cassette, form, first))
    lines = [f"fcproxy cannot replay {request}: {what.format(**values)}."]
    for candidate in nearest:
        lines.append(f"Nearest: interaction {candidate['index']}, {candidate['request']} ({candidate['state']}).")
        lines.extend(_told(candidate))
    lines.append(advice.format(**values))
    return Mismatch(reason, "\n".join(lines), request, nearest)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _candidate(cassette: Cassette, index: int, form: Canonical) -> dict[str, object]:
    other = cassette.index.canonical(index)
    found = differences(other, form, families=cassette.accepts(form.family))
    candidate: dict[str, object] = {
        "index": index,
        "request": f"{other.method} {shown(other.path)}",
        "state": "played" if cassette.played[index] else "unused",
        "differences": found[:_LISTED],
    }
    return candidate if len(found) <= _LISTED else {**candidate, "more": len(found) - _LISTED}


def _told(candidate: Mapping[str, object]) -> list[str]:
    found = candidate["differences"]
    if not isinstance(found, list):
        return []
    lines = [
        f"  {one['field']}: recorded {_value(one['recorded'])}, received {_value(one['received'])}" for one in found
    ]
    more = candidate.get("more", 0)
    hidden = len(lines) - _TOLD + (more if isinstance(more, int) else 0)
    return [*lines[:_TOLD], f"  and {hidden} more"] if hidden > 0 else lines


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
