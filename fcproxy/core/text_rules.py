"""What is looked for in text, each behind a cheap test: shapes of values, placeholders, names that have a value."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from fcproxy.core import marker
from fcproxy.core.expression import expression
from fcproxy.core.gate import Gate
from fcproxy.core.rules import FieldRule, RuleBook, ShapeRule

__all__ = ["Literals", "Names", "Shapes", "counts_in_markup", "literals_of", "names_in_text", "shapes_of"]

_BOOKS = 8
"""For how many rule books what is made of them is kept: a process has one, as a rule, and several redactors."""


class Shapes:
    """Shape rules behind the words that a text must hold for one of them to fit."""

    def __init__(self, rules: Sequence[ShapeRule]) -> None:
        self._rules = list(rules)
        self._gate = Gate(rule.needs or rule.pattern for rule in rules)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Compiled when a text passes the gate: a replay may never see one, and this is the longest part of its start.
        return re.compile("|".join(f"(?P<r{n}>{rule.pattern})" for n, rule in enumerate(self._rules)))

    def may_fit(self, text: str) -> bool:
        """False where no rule fits anything in ``text``."""
        return self._gate.open(text)

    def search(self, text: str) -> Iterator[tuple[int, int, ShapeRule]]:
        """(start, end, rule) of each match whose check agrees."""
        if not self.may_fit(text):
            return
        at = 0
        while (found := self._pattern.search(text, at)) is not None:
            rule = self._rules[int((found.lastgroup or "r0")[1:])]
            if rule.check is None or rule.check(found[0]):
                yield found.start(), found.end(), rule
            at = max(found.end(), at + 1)


@lru_cache(_BOOKS)
def shapes_of(rules: tuple[ShapeRule, ...]) -> tuple[Shapes, Shapes]:
    """All of them, and the strong ones."""
    return Shapes(rules), Shapes([rule for rule in rules if rule.strong])


_MAY_NAME = expression(r"[=:>]")
_MAY_PLACEHOLD = expression(r"[Rr](?:edacted|EDACTED)|\+1")
_MAY_NUMBER = Gate((r"[0-9]{13}", "000-00-", r"[A-Z]{2}[0-9]{2}0{6}"))
"""Cards and wallets; social security numbers; IBANs."""


class Literals(NamedTuple):
    """How placeholders are told in the middle of text: all of them, and those that are numbers. To look for all where
    many digits stand in a row would cost twenty times as much."""

    all: re.Pattern[str]
    numbers: re.Pattern[str]
    kinds: list[str]

    def wanted(self, text: str) -> re.Pattern[str] | None:
        """The one to look for in ``text``; None where no placeholder can be in it."""
        if _MAY_PLACEHOLD.search(text):
            return self.all
        return self.numbers if _MAY_NUMBER.open(text) else None

    def may_be_in(self, text: str) -> bool:
        """False where no placeholder is in ``text``."""
        return "edacted" in text or "EDACTED" in text or "+1" in text or _MAY_NUMBER.open(text)


def literals_of(book: RuleBook) -> Literals | None:
    kinds = [kind for kind in book.kinds.values() if kind.literal is not None]
    if not kinds:
        return None
    pieces = [(f"(?P<k{n}>{kind.literal})", kind.literal or "") for n, kind in enumerate(kinds)]
    numbers = [piece for piece, literal in pieces if _MAY_PLACEHOLD.search(literal.replace("\\", "")) is None]
    whole = expression("|".join(piece for piece, _ in pieces))
    return Literals(whole, expression("|".join(numbers) or "(?!)"), [kind.name for kind in kinds])


class Names:
    """Names with their values in text, behind the words that a text must hold for one to stand in it."""

    def __init__(self, names: frozenset[str], tags: frozenset[str]) -> None:
        """``tags``: the names that count in markup."""
        self._names = names
        self._words = _last_words(names)
        self._tags = _last_words(tags)

    def search(self, text: str) -> Iterator[tuple[str, int, int]]:
        """(name, start, end) of each value that has a name."""
        if _MAY_NAME.search(text):
            lower = text.lower()
            if any(word in lower for word in self._words):
                for found in self._pattern.finditer(text):
                    yield found["name"], found.start("value"), found.end("value")

    def in_markup(self, text: str) -> Iterator[tuple[str, int, int]]:
        """The same of HTML and XML: of elements, and of those that have their name in an attribute."""
        if "<" in text:
            lower = text.lower()
            if any(word in lower for word in self._tags):
                yield from self._in_markup(text)

    def _in_markup(self, text: str) -> Iterator[tuple[str, int, int]]:
        for found in _ELEMENT.finditer(text):
            if any(word in found["name"].lower() for word in self._tags):
                yield found["name"], found.start("value"), found.end("value")
        for tag in _TAG.finditer(text):
            attributes = {one["name"].lower(): one for one in _ATTRIBUTE.finditer(text, tag.start(), tag.end())}
            named = attributes.get("name") or attributes.get("property")
            value = attributes.get("value") or attributes.get("content")
            if named is not None and value is not None and (group := value.lastgroup) is not None:
                yield named[named.lastgroup or 0], value.start(group), value.end(group)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _name_pattern(self._names)


@lru_cache(_BOOKS)
def names_in_text(fields: tuple[FieldRule, ...]) -> Names:
    asking = (rule for rule in fields if rule.in_text)
    tags = (rule for rule in fields if counts_in_markup(rule))
    return Names(
        *(frozenset(name.removeprefix("*") for rule in rules for name in rule.names) for rules in (asking, tags))
    )


def counts_in_markup(rule: FieldRule) -> bool:
    """Whether a rule asks for an element or an attribute: they are fields; but nothing is known of what is around."""
    return rule.kind == "secret" and rule.how == "value" and not rule.within and not rule.outside


def _last_words(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted({name.rpartition("_")[2].lower() for name in names}))


_ELEMENT = expression(
    r"<(?:[A-Za-z_][A-Za-z0-9_.-]{0,40}:)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]{0,80})(?:\s[^<>]{0,2000})?>\s{0,80}"
    rf"(?:<!\[CDATA\[)?\s{{0,80}}(?P<value>[^\s<>&\]{marker.OPEN}]{{1,4096}})"
)
_TAG = expression(r"<[A-Za-z][A-Za-z0-9:._-]{0,120}(?=\s)[^<>]{0,4096}")
_ATTRIBUTE = expression(
    r"\s(?P<name>[A-Za-z_:][A-Za-z0-9_:.-]{0,40})\s{0,8}=\s{0,8}"
    rf"(?:\"(?P<double>[^\"{marker.OPEN}]*)\"|'(?P<single>[^'{marker.OPEN}]*)'|(?P<bare>[^\s\"'<>={marker.OPEN}]+))"
)


def _name_pattern(names: frozenset[str]) -> re.Pattern[str]:
    spelled = "|".join("[_. -]?".join(map(re.escape, name.split("_"))) for name in sorted(names, key=len, reverse=True))
    # Between name and value: `=`, `:`, `": "`, `']: '`, `\\":\\"`, `=>`, `>` of an element, `" value="` of an input.
    between = r"(?:\\*[\"']?\]?\s*(?:=>|[=:>])\s*|\\*[\"']\s+(?:value|content)=)(?:Bearer\s+)?\\*[\"']?"
    return re.compile(
        rf"(?<![A-Za-z0-9_.-])(?P<name>[A-Za-z0-9_.-]{{0,80}}?(?:{spelled})){between}"
        rf"(?P<value>[^\s\"'<>&,;\\{{}}\[\]{marker.OPEN}]+(?<![.)]))",
        re.IGNORECASE,
    )
