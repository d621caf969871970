"""The user's exceptions from the matching: `match` in the config file -> route rules. Errors tell what is wrong.

```toml
[[tool.fcproxy.match]]
path = "/v1/customers*"
method = "POST"
ignore = ["body.metadata.run_id"]
```
"""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from fcproxy.core.errors import UsageError
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.rules import HeaderRule
from fcproxy.stripe.headers import HEADERS

__all__ = ["KEYS", "header_rules", "routes_from"]

KEYS: Mapping[str, str] = {
    "id": "name of the rule in the verdict; by default its method and path",
    "path": "glob over the path; by default every path",
    "method": "the method; by default every method",
    "ignore": "globs over places that are not compared: `body.metadata.run_id`, `query.*`, `header.Stripe-Version`",
    "normalise": "place glob -> regular expression; what it matches counts as one and the same",
    "headers": "names of headers that are compared in addition, and stored for that",
    "body": "false: the body is not compared",
}
"""Every key of a rule and what it means; the docs' table is made from it."""

_METHODS = frozenset({"*", "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_PLACE = re.compile(r"(?:body|query|header)(?:[.\[*:].*)?|\*.*", re.DOTALL)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NEVER_STORED = frozenset({"authorization", "proxy-authorization", "cookie", "idempotency-key"})
"""Secrets, or different each time: a comparison would have to store the one, and never hit with the other."""


def routes_from(tables: object) -> tuple[RouteRule, ...]:
    """The rules in the config's `match`, an array of tables. Raises UsageError."""
    if not isinstance(tables, Sequence) or isinstance(tables, str):
        raise UsageError("match: expects an array of tables")
    rules = tuple(_rule(table, f"match[{number}]") for number, table in enumerate(tables))
    names = [rule.id for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"match: two rules are called {name!r}; give each an id of its own")
    return rules


def header_rules(routes: Sequence[RouteRule]) -> tuple[HeaderRule, ...]:
    """Rows that let the headers which ``routes`` compare into a cassette: what is compared must be stored."""
    known = {rule.name.lower() for rule in HEADERS if "request" in rule.sides}
    names = {name.lower(): name for route in routes for name in route.headers}
    return tuple(
        HeaderRule(name, ("request",), "text", "compared: the config's match says so")
        for lower, name in names.items()
        if lower not in known
    )


def _rule(table: object, where: str) -> RouteRule:
    if not isinstance(table, Mapping):
        raise UsageError(f"{where}: expects a table")
    for key in table:
        if key not in KEYS:
            close = get_close_matches(str(key), KEYS, n=1)
            raise UsageError(f"{where}: unknown key {key!r}{f'; did you mean {close[0]!r}?' if close else ''}")
    read = _Reader(table, where)
    path, method = read.text("path", "*"), read.text("method", "*").upper()
    if not path.startswith(("/", "*")):
        raise UsageError(f"{where}: path: begins with / or *")
    if method not in _METHODS:
        raise UsageError(f"{where}: method: one of {', '.join(sorted(_METHODS))}")
    rule = RouteRule(
        id=read.text("id", f"{method} {path}"),
        path=path,
        method=method,
        ignore=read.texts("ignore", _place),
        headers=read.texts("headers", _header),
        body=read.flag("body", default=True),
        normalise=read.expressions("normalise"),
    )
    if rule.body and not (rule.ignore or rule.headers or rule.normalise):
        raise UsageError(f"{where}: does nothing; say ignore, normalise, headers or body")
    return rule


class _Reader:
    """A table's values by type. Every method raises UsageError."""

    def __init__(self, table: Mapping[str, object], where: str) -> None:
        self._table = table
        self._where = where

    def _fail(self, key: str, expected: str) -> UsageError:
        return UsageError(f"{self._where}: {key}: {expected}")

    def text(self, key: str, default: str) -> str:
        value = self._table.get(key, default)
        if not isinstance(value, str) or not value:
            raise self._fail(key, "expects a text")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._table.get(key, default)
        if not isinstance(value, bool):
            raise self._fail(key, "expects true or false")
        return value

    def texts(self, key: str, check: Callable[[str], str | None]) -> tuple[str, ...]:
        value = self._table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self._fail(key, "expects a list of texts")
        for one in value:
            if wrong := check(one):
                raise self._fail(key, wrong)
        return tuple(value)

    def expressions(self, key: str) -> tuple[tuple[str, str], ...]:
        value = self._table.get(key, {})
        if not isinstance(value, Mapping):
            raise self._fail(key, "expects a table of place = expression")
        for place, expression in value.items():
            if wrong := _place(place):
                raise self._fail(key, wrong)
            if not isinstance(expression, str) or not expression:
                raise self._fail(key, f"{place}: expects a regular expression")
            try:
                re.compile(expression)
            except re.error as error:
                raise self._fail(key, f"{place}: no regular expression: {error}") from None
        return tuple(value.items())


def _place(text: str) -> str | None:
    """What is wrong with a place, or None."""
    if _PLACE.fullmatch(text):
        return None
    return f"{text!r} is no place; places begin with body, query or header, as in body.metadata.run_id"


def _header(name: str) -> str | None:
    """What is wrong with a header that is to be compared, or None."""
    if not _HEADER_NAME.fullmatch(name):
        return f"{name!r} is no header's name"
    if name.lower() in _NEVER_STORED:
        return f"{name} holds a secret or changes with each request; it cannot be compared"
    return None
