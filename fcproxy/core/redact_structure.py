"""Redaction of structures: JSON, forms, event streams. Each leaf by the rules of its place, else as text.

Every function gives back the text it was given, byte for byte, but for the values it replaced.
"""

import json
import re
from collections.abc import Sequence
from urllib.parse import quote_plus, unquote

from fcproxy.core import form, json_text, marker
from fcproxy.core.grams import MIN_LENGTH
from fcproxy.core.json_text import Document, Members
from fcproxy.core.ledger import Ledger
from fcproxy.core.redact_text import TextRedactor
from fcproxy.core.redact_url import UrlRedactor
from fcproxy.core.rules import FieldRule, RuleBook, normal, normals
from fcproxy.core.scope import Scope, walk

__all__ = ["StructureRedactor"]

_DATE_PARTS = ("day", "month", "year")
_NUMBER = re.compile(r"-?[0-9]+")
_NO_WORDS: frozenset[str] = frozenset()
_LINE = re.compile(r"(?m)^((?:data|event|id|retry)?:?[ ]?)([^\r\n]+)")
_DATA_LINES = re.compile(r"(?m)^data: ?[^\r\n]*(?:\r?\ndata: ?[^\r\n]*)+")
_NOT_REALLY_FORM = re.compile(r"&(?:#|amp;#)|(?:=[0-9A-Fa-f]{2}[^=&]{0,3}){3}")
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,253}\.[A-Za-z]{2,24}")
_BASE64_PLUS = re.compile(r"[A-Za-z0-9/+]{16}")
_NO_FORM = re.compile(r"[\s<>\"{}]")


class StructureRedactor:
    """Walks structures with one rule book and one ledger."""

    def __init__(self, book: RuleBook, ledger: Ledger, text: TextRedactor) -> None:
        self._book = book
        self._ledger = ledger
        self._text = text
        self._urls = UrlRedactor(book, ledger, text, self.form)
        text.structured = self._inner
        text.url = lambda url: self.url(url, secret=False)

    def url(self, url: str, *, secret: bool, base: frozenset[str] = _NO_WORDS) -> str:
        """See `UrlRedactor.redact`."""
        return self._urls.redact(url, secret=secret, base=base)

    # -- leaves ------------------------------------------------------------------------------------------------

    def leaf(self, value: str, name: str, scope: Scope) -> str:
        """One decoded value, by the first rule of its place that applies, else as text."""
        rule = self._rule(name, value, scope)
        if rule is None or rule.how == "keep":
            return self._text.redact(value)
        if not value or value in self._book.published:
            return value
        return self._by_rule(value, name, scope, rule)

    def _by_rule(self, value: str, name: str, scope: Scope, rule: FieldRule) -> str:
        if rule.how == "drop":
            return ""
        if rule.how == "url":
            return self.url(value, secret=True)
        if rule.kind == "date_of_birth":
            return self._date(value, name, scope, rule)
        if rule.kind == "secret" and value.startswith(("{", "[")):
            return self._text.redact(value)
        return self._ledger.marker(self._book.kinds[rule.kind], value, rule.id)

    def _rule(self, name: str, value: str, scope: Scope) -> FieldRule | None:
        for rule in self._book.field_rules(name):
            if rule.within and scope.words.isdisjoint(normals(rule.within)):
                continue
            if rule.outside and not scope.words.isdisjoint(normals(rule.outside)):
                continue
            if rule.like and re.fullmatch(rule.like, value, re.DOTALL) is None:
                continue
            return rule
        return None

    def _date(self, value: str, name: str, scope: Scope, rule: FieldRule) -> str:
        kind = self._book.kinds[rule.kind]
        part = normal(name)
        if part not in _DATE_PARTS:
            return self._ledger.marker(kind, value, rule.id, hint="iso")
        whole = "-".join(scope.siblings.get(one, "").lstrip("0").zfill(2) for one in ("year", "month", "day"))
        if not self._ledger.comparing and kind.marked.fullmatch(whole):
            return value
        return self._ledger.marker(kind, whole, rule.id, hint=part)

    # -- JSON --------------------------------------------------------------------------------------------------

    def json(self, text: str, base: frozenset[str], document: Document | None = None) -> str:
        """A JSON text; ``document`` is what it reads, where that is known. Raises ValueError where it is none."""
        if document is None:
            document = json_text.read(text)
        out: list[str] = []
        at = 0
        clean = self._text.clean
        rules_of = self._book.field_rules
        for (start, end), (value, name, scope, is_key) in zip(
            document.spans, walk(document.root, Scope.base(base)), strict=True
        ):
            if value in clean and (is_key or not rules_of(name)) and text[start] == '"':
                continue
            if not isinstance(value, str):
                continue  # null, true, false
            done = self._json_leaf(value, text[start:end], name, scope, is_key=is_key)
            if done is not None:
                out += (text[at:start], done)
                at = end
        return "".join((*out, text[at:])) if out else text

    def _json_leaf(self, value: str, token: str, name: str, scope: Scope, *, is_key: bool) -> str | None:
        """The token that takes the place of ``token``, or None."""
        if token[0] != '"':
            done = self._json_number(value, name, scope)
            return done if done != value else None
        done = self._text.redact(value) if is_key else self.leaf(value, name, scope)
        return _string(done, ascii_only=token.isascii()) if done != value else None

    def _json_number(self, token: str, name: str, scope: Scope) -> str:
        rule = self._rule(name, token, scope)
        if rule is not None and rule.how == "value" and _NUMBER.fullmatch(token):
            done = self.leaf(token, name, scope)
            return done if all(map(self._is_numeric, marker.find(done))) else self._number(token, rule.id)
        if len(token) < MIN_LENGTH:
            return token
        done = self._text.redact_words(token)
        if done == token or all(map(self._is_numeric, marker.find(done))):
            return done
        return self._number(token, "number")

    def _number(self, token: str, rule: str) -> str:
        """A number stays a number: its placeholder may not begin with a zero."""
        hint = "9" + "#" * (len(token.lstrip("-")) - 1)
        return self._ledger.marker(self._book.kinds["number"], token, rule, hint=hint)

    def _is_numeric(self, mark: marker.Marker) -> bool:
        drawn = self._book.kinds[mark.kind].draw(mark.number, mark.hint)
        return drawn == "0" or (drawn.isdigit() and not drawn.startswith("0"))

    # -- forms -------------------------------------------------------------------------------------------------

    def form(self, text: str, base: frozenset[str]) -> str:
        """A form body or a query."""
        if _NOT_REALLY_FORM.search(text):
            # `&` and `=` here separate nothing: they belong to escapes.
            text = marker.outside(text, self._text.redact_words)
        pieces = [_Pair(piece) for piece in text.split("&")]
        scopes = _FormScopes(base, pieces)
        return "&".join(self._pair(pair, scopes) for pair in pieces)

    def field(self, name: str, value: str, base: frozenset[str]) -> str:
        """One field that stands alone, as in a multipart part."""
        pair = _Pair("")
        pair.path = form.split_key(name)
        return self.leaf(value, _name_of(pair.path), _FormScopes(base, [pair]).of(pair.path))

    def _pair(self, pair: "_Pair", scopes: "_FormScopes") -> str:
        raw_key = self._key(pair)
        if not pair.equals:
            return raw_key
        raw_value = self._raw(pair.raw_value)
        if raw_value == pair.raw_value:
            value = _as_meant(pair)
            done = self.leaf(value, _name_of(pair.path), scopes.of(pair.path))
            if done != value:
                raw_value = marker.bump(done, lambda part: quote_plus(part, errors="surrogateescape"))
        return f"{raw_key}={raw_value}"

    def _key(self, pair: "_Pair") -> str:
        raw = self._raw(pair.raw_key)
        if raw != pair.raw_key or len(pair.key) < MIN_LENGTH:
            return raw
        done = self._text.redact(pair.key)
        if done == pair.key:
            return raw
        return marker.bump(done, lambda part: quote_plus(part, safe="[]", errors="surrogateescape"))

    def _raw(self, raw: str) -> str:
        """A key or value as it is written, for what decoding would destroy: base64 has a plus, too."""
        return self._in_base64(raw) if "+" in raw and _BASE64_PLUS.search(raw) else raw

    def _in_base64(self, raw: str) -> str:
        done = self._text.redact_words(raw)
        return done if any(mark.hint == "encoded_" for mark in marker.find(done)) else raw

    # -- text that turns out to have a structure ------------------------------------------------------------------

    def lines(self, text: str, base: frozenset[str]) -> str:
        """NDJSON and event streams, line by line; an event's data lines are one text (HTML, server-sent events)."""

        def change(found: re.Match[str]) -> str:
            head, rest = found[1], found[2]
            try:
                return head + marker.outside(rest, lambda part: self.json(part, base))
            except ValueError:
                return head + marker.outside(rest, self._text.redact)

        return _LINE.sub(change, _DATA_LINES.sub(lambda found: self._data(found[0], base), text))

    def _data(self, lines: str, base: frozenset[str]) -> str:
        """Several data lines that are one JSON text: white space alone can stand at their ends."""
        heads = re.findall(r"(?m)(\r?\n|\A)(data: ?)", lines)
        text = "\n".join(re.split(r"(?:\r?\n|\A)data: ?", lines)[1:])
        try:
            done = self.json(text, base).split("\n")
        except ValueError:
            return lines
        return "".join(f"{end}{head}{part}" for (end, head), part in zip(heads, done, strict=True))

    def _inner(self, text: str) -> str | None:
        """JSON in a string, a form in a string; None where it is neither."""
        if text[0] in "{[ \t\r\n\ufeff" and json_text.looks_like_json(text):
            try:
                return self.json(text, _NO_WORDS)
            except ValueError:
                return None
        if "=" in text and "&" in text and "://" not in text and not _NO_FORM.search(text):
            return self.form(text, _NO_WORDS)
        return None


class _Pair:
    """One piece of a form: raw and decoded, and the path that its key means."""

    __slots__ = ("equals", "key", "path", "raw_key", "raw_value", "value")

    def __init__(self, piece: str) -> None:
        self.raw_key, self.equals, self.raw_value = piece.partition("=")
        self.key = _plain(self.raw_key)
        self.value = _plain(self.raw_value)
        self.path: Sequence[str] = form.split_key(self.key)


def _plain(raw: str) -> str:
    if "%" not in raw and "+" not in raw:
        return raw
    return form.parse_pairs(f"={raw}")[0][1]


def _name_of(path: Sequence[str]) -> str:
    """The nearest name: `tax_ids[0]` and `tax_ids[]` go by `tax_ids`."""
    return next((part for part in reversed(path) if part and not part.isdigit()), "")


class _FormScopes:
    """The scopes of one form, by bracketed prefix."""

    def __init__(self, base: frozenset[str], pairs: Sequence[_Pair]) -> None:
        self._top = Scope.base(base)
        self._known: dict[tuple[str, ...], Scope] = {}
        self._members: dict[tuple[str, ...], Members] = {}
        for pair in pairs:
            if len(pair.path) > 1:
                self._members.setdefault(tuple(pair.path[:-1]), Members()).append((pair.path[-1], pair.value))

    def of(self, path: Sequence[str]) -> Scope:
        """The scope that the last name of ``path`` stands in."""
        if len(path) < 2:
            return self._top
        prefix = tuple(path[:-1])
        scope = self._known.get(prefix)
        if scope is None:
            name = "" if prefix[-1].isdigit() else prefix[-1]
            scope = self._known[prefix] = Scope(self.of(prefix), name, self._members.get(prefix))
        return scope


def _string(text: str, *, ascii_only: bool) -> str:
    return '"' + marker.outside(text, lambda part: json.dumps(part, ensure_ascii=ascii_only)[1:-1]) + '"'


def _as_meant(pair: "_Pair") -> str:
    """The value; but a plus left unescaped in an e-mail address is a plus, whatever the encoding says."""
    if "+" in pair.raw_value and "@" in pair.value:
        written = unquote(pair.raw_value, errors="surrogateescape")
        if _ADDRESS.fullmatch(written):
            return written
    return pair.value
