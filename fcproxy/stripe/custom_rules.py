"""The user's own redaction rules: `redact` in the config file -> a rule book. Errors tell what is wrong.

```toml
[tool.fcproxy.redact]
disable = ["fc-institution"]
rules = [
  { id = "loyalty", field = "loyalty_number", within = ["customer"] },
  { id = "gate", header = "X-Gate-Token", action = "placeholder" },
  { id = "ticket", pattern = "TCK-[0-9]{6}" },
  { id = "partner", literal_env = "PARTNER_PASSWORD" },
]
```
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from fcproxy.core.errors import UsageError
from fcproxy.core.rules import FieldRule, HeaderRule, RuleBook, ShapeRule
from fcproxy.stripe.secrets import RULES

__all__ = ["ACTIONS", "KEYS", "book_from"]

KEYS: Mapping[str, str] = {
    "id": "name of the rule, for the verdict, the provenance and messages",
    "field": "name of a field, or a list; every spelling of it counts, and `*` begins a suffix",
    "within": "with field: at least one of these names or object types must enclose it",
    "outside": "with field: none of these may enclose it",
    "header": "name of a header, or a list, in requests and answers",
    "pattern": "a regular expression; what it matches anywhere in text is redacted",
    "literal_env": "name of an environment variable whose value is redacted wherever it turns up, in any encoding",
    "action": "placeholder (the default), drop or keep",
}
"""Every key of a rule and what it means; the docs' table is made from it."""

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "field": ("placeholder", "drop", "keep"),
    "header": ("placeholder", "drop", "keep"),
    "pattern": ("placeholder",),
    "literal_env": ("placeholder",),
}
"""What can be done with what a rule finds, by the key that says what it looks for."""

_REASON = "the config's redact says so"
_HOW = {"placeholder": "value", "drop": "drop", "keep": "keep"}
_NEVER_KEPT = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_SHORTEST_LITERAL = 6


def book_from(table: object, environ: Mapping[str, str], base: RuleBook = RULES) -> RuleBook:
    """``base`` with the rules of the config's `redact` before it. Raises UsageError, which quotes no value."""
    if not isinstance(table, Mapping):
        raise UsageError("redact: expects a table")
    for key in table:
        _known(key, ("rules", "disable"), "redact")
    rules = table.get("rules", [])
    if not isinstance(rules, Sequence) or isinstance(rules, str):
        raise UsageError("redact: rules: expects a list of tables")
    book = base
    found = _Found()
    for number, rule in enumerate(rules):
        _read(rule, f"redact: rules[{number}]", environ, found)
    _distinct([*(one.id for one in found.fields), *(one.id for one in found.shapes)], base)
    for name in _texts(table.get("disable", []), "redact: disable"):
        book = _without(book, name)
    return book.plus(fields=found.fields, shapes=found.shapes, headers=found.headers)


@dataclass
class _Found:
    fields: list[FieldRule] = field(default_factory=list)
    shapes: list[ShapeRule] = field(default_factory=list)
    headers: list[HeaderRule] = field(default_factory=list)


def _read(rule: object, where: str, environ: Mapping[str, str], found: _Found) -> None:
    if not isinstance(rule, Mapping):
        raise UsageError(f"{where}: expects a table")
    for key in rule:
        _known(key, KEYS, where)
    name = _text(rule.get("id"), f"{where}: id")
    targets = [key for key in ACTIONS if key in rule]
    if len(targets) != 1:
        raise UsageError(f"{where}: needs one of {', '.join(ACTIONS)}")
    target = targets[0]
    action = _text(rule.get("action", "placeholder"), f"{where}: action")
    if action not in ACTIONS[target]:
        raise UsageError(f"{where}: action: with {target}, one of {', '.join(ACTIONS[target])}")
    if target != "field" and (around := [key for key in ("within", "outside") if key in rule]):
        raise UsageError(f"{where}: {around[0]}: goes with field only")
    if target == "field":
        found.fields.append(_field(rule, name, action, where))
    elif target == "header":
        found.headers.extend(_headers(rule, action, where))
    elif target == "pattern":
        found.shapes.append(_pattern(_text(rule["pattern"], f"{where}: pattern"), name, where))
    else:
        found.shapes.append(_literal(_text(rule["literal_env"], f"{where}: literal_env"), name, environ, where))


def _field(rule: Mapping[str, object], name: str, action: str, where: str) -> FieldRule:
    return FieldRule(
        name,
        "secret",
        _texts(rule["field"], f"{where}: field"),
        _REASON,
        "config",
        within=_texts(rule.get("within", []), f"{where}: within"),
        outside=_texts(rule.get("outside", []), f"{where}: outside"),
        how=_HOW[action],
    )


def _headers(rule: Mapping[str, object], action: str, where: str) -> list[HeaderRule]:
    names = _texts(rule["header"], f"{where}: header")
    for name in names:
        if action == "keep" and name.lower() in _NEVER_KEPT:
            raise UsageError(f"{where}: {name} holds a secret; it cannot be kept")
    how = {"placeholder": "whole", "drop": "drop", "keep": "text"}[action]
    return [HeaderRule(name, ("request", "response"), how, _REASON, kind="secret") for name in names]


def _pattern(text: str, name: str, where: str) -> ShapeRule:
    try:
        compiled = re.compile(f"(?:{text})")
    except re.error as error:
        raise UsageError(f"{where}: pattern: no regular expression: {error.msg}") from None
    if compiled.groups:
        raise UsageError(f"{where}: pattern: write groups as (?:...)")
    if compiled.fullmatch(""):
        raise UsageError(f"{where}: pattern: matches nothing at all, so everywhere")
    return ShapeRule(name, "secret", f"(?:{text})", _REASON, "config", strong=True)


def _literal(variable: str, name: str, environ: Mapping[str, str], where: str) -> ShapeRule:
    value = environ.get(variable)
    if not value:
        raise UsageError(f"{where}: literal_env: the variable {variable} is not set")
    if len(value) < _SHORTEST_LITERAL:
        raise UsageError(f"{where}: literal_env: {variable} is so short that it would turn up by chance")
    return ShapeRule(name, "secret", re.escape(value), _REASON, "config", strong=True)


def _without(book: RuleBook, name: str) -> RuleBook:
    held = next((rule for rule in book.headers if rule.id == name and rule.how == "credential"), None)
    if held is not None:
        raise UsageError(f"redact: disable: {held.name} holds a secret; its rule cannot be switched off")
    try:
        return book.without([name])
    except KeyError:
        raise UsageError(f"redact: disable: no rule is called {name!r}{_close(name, book.ids)}") from None


def _distinct(names: Sequence[str], base: RuleBook) -> None:
    taken = set(base.ids)
    for name in names:
        if name in taken:
            raise UsageError(f"redact: two rules are called {name!r}; give each an id of its own")
        taken.add(name)


def _known(key: object, known: Sequence[str] | Mapping[str, str], where: str) -> None:
    if key not in known:
        raise UsageError(f"{where}: unknown key {key!r}{_close(str(key), known)}")


def _close(word: str, known: Sequence[str] | Mapping[str, str]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{where}: expects a text")
    return value


def _texts(value: object, where: str) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, Sequence) or not all(isinstance(one, str) and one for one in found):
        raise UsageError(f"{where}: expects a text or a list of texts")
    return tuple(found)
