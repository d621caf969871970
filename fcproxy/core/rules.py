"""Redaction rules as rows, and the book that indexes them. The rows are the API's: `fcproxy.stripe.secrets`."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

from fcproxy.core.placeholders import Kind

__all__ = ["FieldRule", "HeaderRule", "RuleBook", "ShapeRule", "normal", "normals"]


@lru_cache(maxsize=8192)
def normal(name: str) -> str:
    """A field's name without case and punctuation: `client_secret`, `clientSecret`, `Client-Secret` are one name."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@lru_cache(maxsize=1024)
def normals(names: tuple[str, ...]) -> frozenset[str]:
    """The `normal` forms of several names."""
    return frozenset(map(normal, names))


class FieldRule(NamedTuple):
    """Redacts a value by the name of its field, in forms, queries, JSON and multipart alike.

    ``names`` stand for every spelling of them (`client_secret`: `clientSecret`, `Client-Secret`); `*` begins a suffix.
    ``within``: at least one of these must be among the names of the enclosing fields, the types of the enclosing
    objects, or (requests) the path's segments; ``outside``: none of these may be. ``how``: "value" replaces the value,
    "url" only the secret parts of a URL, "search" what a search clause compares a field with for which another row asks
    ``within`` the same names (`name:"Jane"`), "drop" leaves it empty, "keep" exempts the field from later rows, "below"
    replaces what fits ``like`` anywhere below its names, and below fields that other rows call a secret (one such row
    counts).
    ``like``: an expression that the whole value must match, "" where any does; names like `key` and `pin` need one.
    ``in_text``: the name is also looked for in free text (`name=value`).
    """

    id: str
    kind: str
    names: tuple[str, ...]
    reason: str
    source: str
    within: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    how: str = "value"
    in_text: bool = False
    like: str = ""


class ShapeRule(NamedTuple):
    """Redacts what looks like a secret anywhere in text.

    ``pattern`` has no capturing groups. ``needs``: a simpler expression without whose match ``pattern`` cannot match,
    "" where there is none. ``check`` confirms a match (a checksum). ``strong``: so unlikely by chance that it is also
    looked for in bytes that decode to no readable text.
    """

    id: str
    kind: str
    pattern: str
    reason: str
    source: str
    needs: str = ""
    check: Callable[[str], bool] | None = None
    strong: bool = False

    def __repr__(self) -> str:
        return f"ShapeRule({self.id!r})"  # a user's pattern may be a secret itself


class HeaderRule(NamedTuple):
    """Allows a header into a cassette. What has no row is not stored.

    ``sides``: "request", "response" or both. ``how``: "text" (values pass the text rules), "url", "credential",
    "challenge" (its parameters go by their names), "whole" (the value is one secret of ``kind``), "disposition" (file
    names go), "number", "range" and "mark" (kept where the value has that form, else not stored).
    """

    name: str
    sides: tuple[str, ...]
    how: str
    reason: str
    kind: str = ""

    @property
    def id(self) -> str:
        """By which provenance and verdict name it, and by which it is switched off."""
        return f"header-{self.name.lower()}"


class RuleBook:
    """All rules of one redactor, indexed. Immutable; `without` and `plus` make changed copies.

    ``published``: values that the API's own documentation publishes for tests: never redacted. ``everyday`` gives
    words, in lower case, of which a secret may be made by chance: such a one is not looked for elsewhere. ``disabled``:
    ids of default rules that a user switched off; provenance and verdict name them.
    """

    def __init__(
        self,
        *,
        version: str,
        kinds: Mapping[str, Kind],
        fields: tuple[FieldRule, ...],
        shapes: tuple[ShapeRule, ...],
        headers: tuple[HeaderRule, ...],
        published: frozenset[str] = frozenset(),
        everyday: Callable[[], frozenset[str]] = frozenset,
        disabled: tuple[str, ...] = (),
    ) -> None:
        self.version = version
        self.kinds = kinds
        self.fields = fields
        self.shapes = shapes
        self.headers = headers
        self.published = published
        self.everyday = everyday
        self.disabled = disabled
        self.below = next((rule for rule in fields if rule.how == "below"), None)
        """The row for what stands below secrets."""
        self._fields = tuple(rule for rule in fields if rule.how != "below")
        self._names: dict[str, tuple[FieldRule, ...]] = {}
        self._sides: dict[tuple[str, str], HeaderRule | None] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the rules that can be switched off. A header that is one credential is never kept."""
        headers = [rule.id for rule in self.headers if rule.how in _REPLACING]
        others = [*(rule.id for rule in self.fields), *(rule.id for rule in self.shapes)]
        return tuple(dict.fromkeys((*others, *headers)))

    def without(self, ids: Iterable[str]) -> "RuleBook":
        """A copy that lacks the named rules; of a header's rule, what is left are the rules for text.

        Raises KeyError with the first id that is none of `ids`.
        """
        gone = tuple(ids)
        for rule_id in gone:
            if rule_id not in self.ids:
                raise KeyError(rule_id)
        return RuleBook(
            version=self.version,
            kinds=self.kinds,
            fields=tuple(rule for rule in self.fields if rule.id not in gone),
            shapes=tuple(rule for rule in self.shapes if rule.id not in gone),
            headers=tuple(rule._replace(how="text") if rule.id in gone else rule for rule in self.headers),
            published=self.published,
            everyday=self.everyday,
            disabled=(*self.disabled, *gone),
        )

    def plus(
        self,
        *,
        fields: Iterable[FieldRule] = (),
        shapes: Iterable[ShapeRule] = (),
        headers: Iterable[HeaderRule] = (),
        kinds: Mapping[str, Kind] | None = None,
    ) -> "RuleBook":
        """A copy with further rules, which come before the present ones."""
        return RuleBook(
            version=self.version,
            kinds={**self.kinds, **(kinds or {})},
            fields=(*fields, *self.fields),
            shapes=(*shapes, *self.shapes),
            headers=(*headers, *self.headers),
            published=self.published,
            everyday=self.everyday,
            disabled=self.disabled,
        )

    @property
    def contexts(self) -> frozenset[str]:
        """The normal names of all surroundings that a field's rule asks for."""
        return frozenset().union(*(normals(rule.within) | normals(rule.outside) for rule in self.fields))

    def header(self, side: str, name: str) -> HeaderRule | None:
        """The row for a header, or None: then it is not stored."""
        key = (side, name)
        if key in self._sides:
            return self._sides[key]
        wanted = name.lower()
        rule = next((rule for rule in self.headers if rule.name.lower() == wanted and side in rule.sides), None)
        if len(self._sides) < _REMEMBERED:
            self._sides[key] = rule
        return rule

    def field_rules(self, name: str) -> tuple[FieldRule, ...]:
        """The rows that a field's name alone may call for, in order."""
        known = self._names.get(name)
        if known is None:
            known = self._looked_up(normal(name))
            if len(self._names) < _REMEMBERED:
                self._names[name] = known
        return known

    def _looked_up(self, plain: str) -> tuple[FieldRule, ...]:
        exact, endings = self._rows
        rows = {row for ending, row in endings if plain.endswith(ending)}
        return tuple([self._fields[row] for row in sorted(rows.union(exact.get(plain, ())))])

    @cached_property
    def _rows(self) -> tuple[dict[str, list[int]], list[tuple[str, int]]]:
        """The fields' rows by name, and those for endings: a body may have 100,000 names, each new."""
        exact: dict[str, list[int]] = {}
        endings: list[tuple[str, int]] = []
        for row, rule in enumerate(self._fields):
            for name in rule.names:
                if name.startswith("*"):
                    endings.append((normal(name), row))
                else:
                    exact.setdefault(normal(name), []).append(row)
        return exact, endings


_REPLACING = ("whole", "url", "disposition")
"""What header rows do that replace something, but for the one that no user can switch off."""

_REMEMBERED = 8192
"""Names that a client can make up must not fill the memory."""
