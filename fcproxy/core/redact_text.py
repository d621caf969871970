"""Redaction of free text: by shape, by name in text, by learned value, and through every encoding of these."""

import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

from fcproxy.core import encodings, marker
from fcproxy.core.ledger import Ledger
from fcproxy.core.rules import RuleBook, ShapeRule

__all__ = ["TextRedactor"]

_MAX_LAYERS = 4
_CACHE = 4096
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s\"'<>\\]+")
_TRIM = ".,;:!?)]}"


class TextRedactor:
    """Applies one rule book to text, with one ledger.

    ``structured`` is asked first for text that may be JSON or a form of its own, ``url`` for URLs: both come from the
    redactor of structures, which in turn uses this one for its leaves.
    """

    def __init__(self, book: RuleBook, ledger: Ledger) -> None:
        self._book = book
        self._ledger = ledger
        self._shapes = _combined(book.shapes)
        self._strong = _combined([rule for rule in book.shapes if rule.strong])
        self._rules = list(book.shapes)
        self._named = _names_in_text(book)
        self._literals = _literals(book) if ledger.comparing else None
        self._clean: dict[str, tuple[str, ...]] = {}
        self.structured: Callable[[str, int], str | None] = lambda text, depth: None
        self.url: Callable[[str], str] = str

    def redact(self, text: str, depth: int = 0) -> str:
        """``text`` with markers where secrets were."""
        if len(text) < 5:
            return text
        views = self._clean.get(text)
        if views is not None and not any(self._ledger.learned.search(view) for view in views):
            return text
        done = self._redact(text, depth)
        if done == text and len(text) < 512 and not self._ledger.comparing:
            self._remember(text)
        return done

    def redact_learned(self, text: str, depth: int = 0) -> str:
        """``text``, searched only for what has been learned, encoded or not."""
        if not len(self._ledger.learned):
            return text
        views = self._clean.get(text) or (text, *(run.decoded for run in encodings.runs(text)))
        if not any(self._ledger.learned.search(view) for view in views):
            return text
        text = marker.outside(text, self._by_value)
        return marker.outside(text, lambda part: self._by_encoding(part, depth))

    def _remember(self, text: str) -> None:
        if len(self._clean) >= _CACHE:
            self._clean.clear()
        self._clean[text] = (text, *{run.decoded for run in encodings.runs(text)})

    def _redact(self, text: str, depth: int) -> str:
        if depth < _MAX_LAYERS:
            structured = self.structured(text, depth)
            if structured is not None:
                return structured
        if self._literals is not None:
            text = marker.outside(text, self._by_literal)
        if "://" in text:
            text = marker.outside(text, self._urls)
        text = marker.outside(text, self._by_name)
        text = marker.outside(text, self._by_shape)
        text = marker.outside(text, self._by_value)
        return marker.outside(text, lambda part: self._by_encoding(part, depth))

    def _urls(self, text: str) -> str:
        def change(found: re.Match[str]) -> str:
            url = found[0].rstrip(_TRIM)
            return self.url(url) + found[0][len(url) :]

        return _URL.sub(change, text)

    def _by_name(self, text: str) -> str:
        if self._named is None:
            return text

        def change(found: re.Match[str]) -> str:
            value = found["value"]
            rules = self._book.field_rules(found["name"])
            rule = next((rule for rule in rules if rule.in_text), None)
            if rule is None or not _like_a_token(value) or value in self._book.published:
                return found[0]
            kind = self._book.kinds[rule.kind]
            mark = self._ledger.marker(kind, value, rule.id)
            return f"{found['head']}{mark}"

        return self._named.sub(change, text)

    def _by_shape(self, text: str) -> str:
        if self._shapes is None:
            return text

        def change(found: re.Match[str]) -> str:
            rule = self._rules[int((found.lastgroup or "r0")[1:])]
            value = found[0]
            if value in self._book.published or (rule.check is not None and not rule.check(value)):
                return value
            return self._ledger.marker(self._book.kinds[rule.kind], value, rule.id)

        return self._shapes.sub(change, text)

    def _by_literal(self, text: str) -> str:
        literals, kinds = self._literals or (None, [])
        if literals is None:
            return text

        def change(found: re.Match[str]) -> str:
            name = kinds[int((found.lastgroup or "k0")[1:])]
            return self._ledger.marker(self._book.kinds[name], found[0], "literal")

        return literals.sub(change, text)

    def _by_value(self, text: str) -> str:
        out, last = [], 0
        for start, end, kind in self._ledger.learned.search(text):
            mark = self._ledger.marker(self._book.kinds[kind], text[start:end], "learned")
            out.append(text[last:start] + mark)
            last = end
        return "".join((*out, text[last:])) if out else text

    def _by_encoding(self, text: str, depth: int) -> str:
        if depth >= _MAX_LAYERS:
            return text
        out, last = [], 0
        for run in sorted(encodings.runs(text), key=lambda run: (run.start, -run.end)):
            if run.start < last or not self._holds_secret(run, depth + 1):
                continue
            out.append(text[last : run.start] + self._replaced(run, text[run.start : run.end], depth + 1))
            last = run.end
        return "".join((*out, text[last:])) if out else text

    def _replaced(self, run: encodings.Run, raw: str, depth: int) -> str:
        if run.percent:
            inner = self.redact(run.decoded, depth)
            if marker.find(inner):
                return marker.bump(inner, lambda part: quote(part, safe="", errors="surrogateescape"))
        return self._ledger.marker(self._book.kinds["secret"], raw, "encoded", hint="encoded_")

    def _holds_secret(self, run: encodings.Run, depth: int) -> bool:
        if run.decoded in self._book.published:
            return False
        if run.readable:
            return bool(marker.find(self.redact(run.decoded, depth)))
        if self._ledger.learned.search(run.decoded):
            return True
        return self._strong is not None and self._strong.search(run.decoded) is not None


def _combined(rules: Sequence[ShapeRule]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?P<r{n}>{rule.pattern})" for n, rule in enumerate(rules))) if rules else None


def _literals(book: RuleBook) -> tuple[re.Pattern[str], list[str]] | None:
    kinds = [kind for kind in book.kinds.values() if kind.literal is not None]
    if not kinds:
        return None
    pattern = "|".join(f"(?P<k{n}>{kind.literal})" for n, kind in enumerate(kinds))
    return re.compile(pattern), [kind.name for kind in kinds]


def _names_in_text(book: RuleBook) -> re.Pattern[str] | None:
    names = {name.removeprefix("*") for rule in book.fields if rule.in_text for name in rule.names}
    if not names:
        return None
    spelled = "|".join("[_. -]?".join(map(re.escape, name.split("_"))) for name in sorted(names, key=len, reverse=True))
    # Between name and value: `=`, `:`, `": "`, `\\":\\"`, `=>`, `>` of an element, `" value="` of an HTML input.
    between = r"(?:\\*[\"']?\s*(?:=>|[=:>])\s*|\\*[\"']\s+(?:value|content)=)(?:Bearer\s+)?\\*[\"']?"
    return re.compile(
        rf"(?P<head>(?<![A-Za-z0-9])(?P<name>[A-Za-z0-9_.-]{{0,40}}?(?:{spelled})){between})(?P<value>[^\s\"'<>&,;\\{{}}\[\]{marker.OPEN}]+)",
        re.IGNORECASE,
    )


def _like_a_token(value: str) -> bool:
    """Free text may say `secret: see below`; what a program put there has eight letters or more and a digit."""
    return len(value) >= 8 and any(char.isdigit() for char in value)
