"""Interactions for people: each as place -> text, and two recordings compared place by place."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from fcproxy.core import content
from fcproxy.core.body import BodyKind, Opened, open_body
from fcproxy.core.content import Unopenable
from fcproxy.core.message import Headers, Interaction
from fcproxy.core.places import form_places, json_places, multipart_places, quoted
from fcproxy.core.url import split

__all__ = ["Aliases", "Change", "View", "changes", "view"]


@dataclass(frozen=True, slots=True)
class View:
    """One interaction. ``subject`` names the object in the answer: its type, and its id where it has one."""

    method: str
    path: str
    status: int
    subject: str
    fields: Mapping[str, str]

    @property
    def title(self) -> str:
        """`POST /v1/customers -> 200 customer cus_1`."""
        return f"{self.method} {self.path} -> {self.status}" + (f" {self.subject}" if self.subject else "")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an interaction: ``old`` or ``new`` is None where one was added or removed.

    Both are (number from 0, view). ``fields``: (place, old text, new text), None where it is absent.
    """

    old: tuple[int, View] | None
    new: tuple[int, View] | None
    fields: tuple[tuple[str, str | None, str | None], ...] = ()


# What looks like an id: `cus_`, `fcsess_`, `acct_` and some run of letters that has a digit or a capital in it.
_ID = re.compile(r"(?<![A-Za-z0-9_])([a-z]{2,20}_)(?:test_|live_)?(?=[a-z]*[0-9A-Z])(?!REDACTED)[A-Za-z0-9]{8,}")


@dataclass(slots=True)
class Aliases:
    """Makes recordings of different runs comparable: ids are numbered by first sight, noise is left out.

    ``noise`` are names of fields and headers, in lower case, that differ each time.
    """

    noise: frozenset[str] = frozenset()
    _seen: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """``text`` with its ids as `cus_#1`."""
        return _ID.sub(self._alias, text)

    def _alias(self, found: re.Match[str]) -> str:
        alias = self._seen.get(found[0])
        if alias is None:
            self._counts[found[1]] = self._counts.get(found[1], 0) + 1
            alias = self._seen[found[0]] = f"{found[1]}#{self._counts[found[1]]}"
        return alias

    def drops(self, place: str) -> bool:
        """Whether ``place`` is noise."""
        return re.split(r"[.\[]", place.rstrip("]0123456789["))[-1].lower() in self.noise


def view(interaction: Interaction, aliases: Aliases | None = None) -> View:
    """An interaction in places. It must be redacted: nothing is hidden here."""
    request, response = interaction.request, interaction.response
    parts = split(request.url)
    fields = form_places(parts.query, "request.query") if parts.query else {}
    fields |= _headers("request.header", request.headers)
    fields |= _body("request.body", request.headers, request.body)
    answer = _body("response.body", response.headers, response.body)
    subject = _subject(answer)
    fields |= _headers("response.header", response.headers) | answer
    path = parts.path
    if aliases is not None:
        fields = {aliases.text(place): aliases.text(text) for place, text in fields.items() if not aliases.drops(place)}
        path, subject = aliases.text(path), aliases.text(subject)
    return View(request.method, path, response.status, subject, fields)


def _headers(root: str, headers: Headers) -> dict[str, str]:
    names = {name.lower(): name for name, _ in reversed(list(headers))}
    return {f"{root}.{name}": ", ".join(headers.get_all(name)) for name in names.values()}


def _subject(body: Mapping[str, str]) -> str:
    words = [body.get(f"response.body.{name}") for name in ("object", "id")]
    if words[0] is None and "response.body.error.type" in body:
        words = [body["response.body.error.type"], body.get("response.body.error.code")]
    return " ".join(word.strip('"') for word in words if word is not None)


def _body(root: str, headers: Headers, body: bytes) -> dict[str, str]:
    if not body:
        return {}
    try:
        opened = open_body(headers, body, content.STANDARD_DECODERS)
        return _READERS.get(opened.kind, _lines)(root, headers, opened)
    except (Unopenable, ValueError):
        return {root: f"{len(body)} bytes that cannot be read"}


def _lines(root: str, _headers: Headers, opened: Opened) -> dict[str, str]:
    return {f"{root}[{number}]": quoted(line) for number, line in enumerate(opened.text.splitlines())}


_READERS: Mapping[BodyKind, Callable[[str, Headers, Opened], dict[str, str]]] = {
    BodyKind.JSON: lambda root, headers, opened: json_places(opened.text, root),
    BodyKind.FORM: lambda root, headers, opened: form_places(opened.text, root),
    BodyKind.MULTIPART: lambda root, headers, opened: multipart_places(headers, opened.data, root),
    BodyKind.BINARY: lambda root, headers, opened: {root: f"{len(opened.data)} bytes"},
}


def changes(old: Sequence[View], new: Sequence[View]) -> list[Change]:
    """What differs, in the order of the recordings. Equal interactions are not in it."""
    found: list[Change] = []
    # By route first: an interaction that was changed is told as such, and not as one removed and one added.
    matcher = SequenceMatcher(None, [_route(one) for one in old], [_route(one) for one in new], autojunk=False)
    for tag, low, high, new_low, new_high in matcher.get_opcodes():
        if tag == "equal":
            for at, other in zip(range(low, high), range(new_low, new_high), strict=True):
                if differing := _fields(old[at], new[other]):
                    found.append(Change((at, old[at]), (other, new[other]), differing))
            continue
        found.extend(Change((at, old[at]), None) for at in range(low, high))
        found.extend(Change(None, (at, new[at])) for at in range(new_low, new_high))
    return found


def _route(one: View) -> tuple[str, str]:
    return one.method, one.path


def _fields(old: View, new: View) -> tuple[tuple[str, str | None, str | None], ...]:
    mine, theirs = ({"response.status": json.dumps(one.status), **one.fields} for one in (old, new))
    places = [*mine, *(place for place in theirs if place not in mine)]
    return tuple(
        (place, mine.get(place), theirs.get(place)) for place in places if mine.get(place) != theirs.get(place)
    )
