"""Canonical forms of requests whose outline has been seen: what hangs on headers and keys alone is worked out once.

A cassette holds thousands of requests of a few outlines. Of each the redactor still sees URL and body; what is spared
is taking apart what came out, to put it together as the same places again. Whatever is not surely plain goes the long
way (`canonical`), and tests hold that both ways lead to the same form.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from fcproxy.core.canonical import Canonical, account_of, canonical, credential_of, finished, header_fields
from fcproxy.core.expression import expression
from fcproxy.core.form import parse_pairs
from fcproxy.core.marker import OPEN
from fcproxy.core.match_rules import MatchRules
from fcproxy.core.message import Headers, Request
from fcproxy.core.places import SET, form_places, quoted, set_of
from fcproxy.core.redaction import FORM_TYPE, Redactor
from fcproxy.core.scope import NO_BASE
from fcproxy.core.standins import is_standin

__all__ = ["Outlined"]

_URL = re.compile(r"https?://[A-Za-z0-9.:-]+((?:/[A-Za-z0-9_.-]+)+)(?:\?([A-Za-z0-9_.,\[\]=&%+-]+))?")
"""A URL whose path stands in a canonical form as it is written."""

_ESCAPES = expression(r'[%+"\\]')
"""Without these a value's JSON token is the value in quotes: control characters are in no form that comes here."""

_MOST = 512
"""How many outlines, and how many heads, are remembered."""


class _Head(NamedTuple):
    """What headers tell. ``about``: see `finished`; ``form``: whether they announce a form."""

    fields: dict[str, str]
    about: tuple[str, str, str]
    form: bool


class Outlined:
    """Computes canonical forms as `canonical` does, with one comparing redactor."""

    def __init__(self, rules: MatchRules, redactor: Redactor) -> None:
        self._rules = rules
        self._redactor = redactor
        self._known = 0
        self._heads: dict[Headers, _Head | None] = {}
        self._places: dict[tuple[str, tuple[str, ...]], _Places | None] = {}

    def form(self, request: Request) -> Canonical:
        """The form. ``request`` has no other headers than those that make a difference (see `Memo.bare`)."""
        return self.quick(request) or canonical(request, self._rules, self._redactor)

    def quick(self, request: Request) -> Canonical | None:
        """The form, or None where it has to be made the long way."""
        learned = self._redactor.ledger.learned
        known = len(learned)
        form = self._form(request)
        if form is None and len(learned) != known:
            form = self._form(request)  # what is recognised last may stand in what was read first
        return form

    def _form(self, request: Request) -> Canonical | None:
        found = _URL.fullmatch(request.url)
        head = self._head(request.headers)
        # A user's rule for a route may ask for anything.
        if found is None or head is None or self._rules.routes or not request.method.isalpha():
            return None
        path, query = found.groups()
        fields = self._fields(request, query, form=head.form)
        if fields is None or len(self._redactor.ledger.learned) != self._known:
            return None
        fields.update(head.fields)
        return finished(request.method.upper(), path, fields, head.about, self._redactor, loosened={})

    def _fields(self, request: Request, query: str | None, *, form: bool) -> dict[str, str] | None:
        """Of URL and body; None where these are not plain. ``form``: whether the body is one."""
        body, redactor = request.body, self._redactor
        base = redactor.base(request.url) if body or query else NO_BASE
        fields: dict[str, str] = {}
        if redactor.url(request.url, base) is not request.url or (query and not self._add(fields, "query", query)):
            return None
        if body:
            redacted = redactor.familiar(request.headers, body, base) if form else None
            if redacted is None or not self._add(fields, "body", redacted.decode()):
                return None
            fields["body:kind"] = "form"
        return fields

    def _head(self, headers: Headers) -> _Head | None:
        """None where the body, or a secret in what is compared, needs a closer look."""
        known = len(self._redactor.ledger.learned)
        if known != self._known:
            # What was learned meanwhile may stand in any header.
            self._heads.clear()
            self._known = known
        if headers in self._heads:
            return self._heads[headers]
        head = self._new_head(headers)
        self._redactor.ledger.forget()
        if len(self._redactor.ledger.learned) != known:
            return None
        if len(self._heads) >= _MOST:
            self._heads.clear()
        self._heads[headers] = head
        return head

    def _new_head(self, headers: Headers) -> _Head | None:
        redacted = self._redactor.headers("request", headers)
        kind = headers.get("Content-Type")
        fields = header_fields(redacted, self._rules)
        if (
            is_standin(headers)
            or is_standin(redacted)
            or "Content-Encoding" in headers
            or kind != redacted.get("Content-Type")
            or any(OPEN in text for text in fields.values())
        ):
            return None
        about = (*credential_of(redacted, self._rules, self._redactor), account_of(redacted))
        return None if OPEN in about[2] else _Head(fields, about, kind == FORM_TYPE)

    def _add(self, fields: dict[str, str], root: str, text: str) -> bool:
        """Puts the values of a form at their places; False where its keys do not tell these."""
        keys: list[str] = []
        values: list[str] = []
        for piece in text.split("&"):
            key, equals, value = piece.partition("=")
            if not equals:
                return False
            keys.append(key)
            values.append(value)
        places = self._of_keys(root, tuple(keys))
        if places is None:
            return False
        if _ESCAPES.search("".join(values)) is not None:
            values = [parse_pairs(f"={value}")[0][1] for value in values]
            fields.update({place: quoted(values[at]) for place, at in places.single})
        else:
            fields.update({place: f'"{values[at]}"' for place, at in places.single})
        for place, members in places.sets:
            fields[place] = set_of([values[at] for at in members])
        return True

    def _of_keys(self, root: str, keys: tuple[str, ...]) -> "_Places | None":
        at = (root, keys)
        if at not in self._places:
            if len(self._places) >= _MOST:
                self._places.clear()
            self._places[at] = _places(root, keys, self._rules.sets)
        return self._places[at]


class _Places(NamedTuple):
    """Of the keys of a form: places with one value, places with a set, each with the numbers of their pieces."""

    single: tuple[tuple[str, int], ...]
    sets: tuple[tuple[str, tuple[int, ...]], ...]


def _places(root: str, keys: Sequence[str], sets: Sequence[str]) -> _Places | None:
    """By a form whose values are told apart; None where keys alone do not say how values come together."""
    probe = form_places("&".join(f"{key}={at}" for at, key in enumerate(keys)), root, sets)
    single, several = [], []
    for place, text in probe.items():
        if text.startswith('"'):
            single.append((place, int(text[1:-1])))
        elif text.startswith(SET):
            several.append((place, tuple(map(int, json.loads(text[len(SET) :])))))
        else:
            return None  # given twice
    return _Places(tuple(single), tuple(several))
