"""Redaction of structures: JSON, forms, URLs, event streams, multipart. Each leaf by the rules of its place, else as text.

Every function gives back the text it was given, byte for byte, but for the values it replaced.
"""

import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, quote_plus, unquote

from fcproxy.core import form, json_text, marker
from fcproxy.core.ledger import Ledger
from fcproxy.core.redact_text import TextRedactor
from fcproxy.core.rules import FieldRule, RuleBook, normal
from fcproxy.core.url import split

__all__ = ["Place", "StructureRedactor", "words_of"]

Path = tuple[str | int, ...]

_DATE_PARTS = ("day", "month", "year")
_NUMBER = re.compile(r"-?[0-9]+")
_TOKEN_LIKE = re.compile(r"(?=[^\s]*[0-9])[A-Za-z0-9_~%.+=-]{16,}")


class Place:
    """Where a leaf stands: the names around it, as `FieldRule.within` asks for them."""

    __slots__ = ("_words", "base", "path", "types")

    def __init__(self, base: frozenset[str], path: Path, types: Mapping[Path, str]) -> None:
        self.base = base
        self.path = path
        self.types = types
        self._words: frozenset[str] | None = None

    def words(self) -> frozenset[str]:
        """Normal names of the enclosing fields, enclosing objects' types, and the base (a request's path)."""
        if self._words is None:
            keys = {normal(part) for part in self.path[:-1] if isinstance(part, str)}
            kinds = {normal(self.types[self.path[:n]]) for n in range(len(self.path)) if self.path[:n] in self.types}
            self._words = self.base | keys | kinds
        return self._words

    def name(self) -> str:
        """The nearest name: an element of an array goes by the array's."""
        return next((part for part in reversed(self.path) if isinstance(part, str) and part), "")


class StructureRedactor:
    """Walks structures with one rule book and one ledger."""

    def __init__(self, book: RuleBook, ledger: Ledger, text: TextRedactor) -> None:
        self._book = book
        self._ledger = ledger
        self._text = text
        text.structured = self._inner
        text.url = lambda url: self.url(url, secret=False)

    # -- leaves ------------------------------------------------------------------------------------------------

    def leaf(self, value: str, place: Place, siblings: Mapping[str, str], depth: int = 0) -> str:
        """One decoded value, by the first rule of its place that applies, else as text."""
        rule = self._rule(place)
        if rule is None or rule.how == "keep":
            return self._text.redact(value, depth)
        if not value or value in self._book.published:
            return value
        if rule.how == "url":
            return self.url(value, secret=True)
        kind = self._book.kinds[rule.kind]
        if rule.kind == "date_of_birth":
            return self._date(value, place, siblings, rule)
        if rule.kind == "secret" and value.startswith(("{", "[")):
            return self._text.redact(value, depth)
        return self._ledger.marker(kind, value, rule.id)

    def _rule(self, place: Place) -> FieldRule | None:
        for rule in self._book.field_rules(place.name()):
            if rule.within and place.words().isdisjoint(map(normal, rule.within)):
                continue
            if rule.outside and not place.words().isdisjoint(map(normal, rule.outside)):
                continue
            return rule
        return None

    def _date(self, value: str, place: Place, siblings: Mapping[str, str], rule: FieldRule) -> str:
        kind = self._book.kinds[rule.kind]
        part = normal(str(place.path[-1]))
        if part in _DATE_PARTS:
            whole = "-".join(siblings.get(name, "").lstrip("0").zfill(2) for name in ("year", "month", "day"))
            if not self._ledger.comparing and kind.marked.fullmatch(whole):
                return value
            return self._ledger.marker(kind, whole, rule.id, hint=part)
        return self._ledger.marker(kind, value, rule.id, hint="iso")

    # -- JSON --------------------------------------------------------------------------------------------------

    def json(self, text: str, base: frozenset[str], depth: int = 0) -> str:
        """A JSON text. Raises ValueError where it is none."""
        leaves = json_text.leaves(text)
        types: dict[Path, str] = {}
        siblings: dict[int, dict[str, str]] = {}
        for one in leaves:
            last = one.path[-1] if one.path else None
            if not one.is_key and isinstance(last, str):
                token = text[one.start : one.end]
                if last == "object" and token.startswith('"'):
                    types[one.path[:-1]] = json_text.decode_string(token)
                elif last.lower() in _DATE_PARTS:
                    siblings.setdefault(one.container, {})[last.lower()] = token.strip('"')
        out, at = [], 0
        for one in leaves:
            token = text[one.start : one.end]
            done = self._json_leaf(token, one, Place(base, one.path, types), siblings.get(one.container, {}), depth)
            if done != token:
                out.append(text[at : one.start] + done)
                at = one.end
        return "".join((*out, text[at:])) if out else text

    def _json_leaf(self, token: str, one: json_text.Leaf, place: Place, siblings: Mapping[str, str], depth: int) -> str:
        if token[0] != '"':
            return self._json_number(token, place, siblings)
        value = json_text.decode_string(token)
        done = self._text.redact(value, depth + 1) if one.is_key else self.leaf(value, place, siblings, depth + 1)
        if done == value:
            return token
        return '"' + marker.outside(done, lambda part: json.dumps(part, ensure_ascii=token.isascii())[1:-1]) + '"'

    def _json_number(self, token: str, place: Place, siblings: Mapping[str, str]) -> str:
        if token in ("null", "true", "false"):
            return token
        rule = self._rule(place)
        if rule is not None and rule.how == "value" and _NUMBER.fullmatch(token):
            done = self.leaf(token, place, siblings)
            return done if all(map(self._is_numeric, marker.find(done))) else self._number(token, rule.id)
        return self._number(token, "learned") if self._ledger.learned.kind(token) else token

    def _number(self, token: str, rule: str) -> str:
        """A number stays a number: its placeholder may not begin with a zero."""
        return self._ledger.marker(
            self._book.kinds["number"], token, rule, hint="9" + "#" * (len(token.lstrip("-")) - 1)
        )

    def _is_numeric(self, mark: marker.Marker) -> bool:
        drawn = self._book.kinds[mark.kind].draw(mark.number, mark.hint)
        return drawn == "0" or (drawn.isdigit() and not drawn.startswith("0"))

    # -- forms -------------------------------------------------------------------------------------------------

    def form(self, text: str, base: frozenset[str], depth: int = 0) -> str:
        """A form body or a query."""
        pieces = text.split("&")
        paths: list[Path] = []
        values: list[str] = []
        for piece in pieces:
            key, value = (form.parse_pairs(piece) or [("", "")])[0]
            paths.append(tuple(int(part) if part.isdigit() else part for part in form.split_key(key)))
            values.append(value)
        siblings = self._date_siblings(paths, values)
        return "&".join(
            self._pair(piece, value, Place(base, path, {}), siblings.get(path[:-1], {}), depth)
            for piece, path, value in zip(pieces, paths, values, strict=True)
        )

    def field(self, name: str, value: str, base: frozenset[str]) -> str:
        """One field that stands alone, as in a multipart part."""
        path: Path = tuple(form.split_key(name)) if name else ()
        return self.leaf(value, Place(base, path, {}), {})

    @staticmethod
    def _date_siblings(paths: Sequence[Path], values: Sequence[str]) -> dict[Path, dict[str, str]]:
        found: dict[Path, dict[str, str]] = {}
        for path, value in zip(paths, values, strict=True):
            name = path[-1] if path else ""
            if isinstance(name, str) and name.lower() in _DATE_PARTS:
                found.setdefault(path[:-1], {})[name.lower()] = value
        return found

    def _pair(self, piece: str, value: str, place: Place, siblings: Mapping[str, str], depth: int) -> str:
        raw_key, equals, raw_value = piece.partition("=")
        key = (form.parse_pairs(raw_key) or [("", "")])[0][0]
        new_key = self._text.redact(key, depth + 1) if len(key) > 8 else key
        new_value = self.leaf(value, place, siblings, depth + 1) if equals else value
        if new_key != key:
            raw_key = marker.bump(new_key, lambda part: quote_plus(part, safe="[]", errors="surrogateescape"))
        if new_value != value:
            raw_value = marker.bump(new_value, lambda part: quote_plus(part, errors="surrogateescape"))
        return f"{raw_key}{equals}{raw_value}"

    # -- URLs --------------------------------------------------------------------------------------------------

    def url(self, url: str, *, secret: bool, base: frozenset[str] = frozenset()) -> str:
        """A URL: user info always goes, query and fragment by name and shape.

        ``secret``: the URL itself lets its holder in, so every part of it that looks like a token goes too. Scheme,
        host and the path's form stay.
        """
        scheme, user, host, path, query, fragment = split(url)
        out = scheme
        if user is not None:
            out += self._user(user) + "@"
        out += host + "/".join(self._segment(part, secret=secret) for part in path.split("/"))
        if query is not None:
            done = self.form(query, base)
            out += "?" + (self._query_tokens(done) if secret else done)
        if fragment is not None:
            out += "#" + (
                self._tokens(fragment) if secret or _TOKEN_LIKE.fullmatch(fragment) else self.form(fragment, base)
            )
        return out

    def _user(self, user: str) -> str:
        kind = self._book.kinds["secret"]
        parts = [unquote(part) for part in user.split(":", 1)]
        return ":".join(self._ledger.marker(kind, part, "url-user-info") if part else "" for part in parts)

    def _segment(self, part: str, *, secret: bool) -> str:
        if secret and _TOKEN_LIKE.fullmatch(part):
            return self._tokens(part)
        decoded = unquote(part, errors="surrogateescape")
        done = self._text.redact(decoded)
        return (
            part if done == decoded else marker.bump(done, lambda text: quote(text, safe="", errors="surrogateescape"))
        )

    def _query_tokens(self, query: str) -> str:
        pairs = [piece.partition("=") for piece in query.split("&")]
        return "&".join(f"{key}{equals}{self._tokens(value)}" for key, equals, value in pairs)

    def _tokens(self, text: str) -> str:
        kind = self._book.kinds["secret"]

        def change(part: str) -> str:
            return _TOKEN_LIKE.sub(lambda found: self._token(found[0], kind.name), part)

        return marker.outside(text, change)

    def _token(self, value: str, kind: str) -> str:
        # `test_` and `live_` before a hosted page's blob say the mode: tests look at it.
        head = next((prefix for prefix in ("test_", "live_") if value.startswith(prefix)), None)
        return self._ledger.marker(self._book.kinds[kind], value, "url-token", hint=head)

    # -- text that turns out to have a structure ------------------------------------------------------------------

    def lines(self, text: str, base: frozenset[str]) -> str:
        """NDJSON and event streams, line by line."""

        def change(found: re.Match[str]) -> str:
            head, rest = found[1], found[2]
            try:
                return head + self.json(rest, base)
            except ValueError:
                return head + self._text.redact(rest)

        return re.sub(r"(?m)^((?:data|event|id|retry)?:?[ ]?)([^\r\n]+)", change, text)

    def _inner(self, text: str, depth: int) -> str | None:
        """JSON in a string, a form in a string; None where it is neither."""
        if json_text.looks_like_json(text):
            try:
                return self.json(text, frozenset(), depth + 1)
            except ValueError:
                return None
        if "=" in text and "&" in text and "://" not in text and not re.search(r"[\s<>\"{}]", text):
            return self.form(text, frozenset(), depth + 1)
        return None


def words_of(url: str) -> frozenset[str]:
    """The normal names in a URL's path: the base words of a request."""
    return frozenset(normal(part) for part in split(url).path.split("/") if part)
