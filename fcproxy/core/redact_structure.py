"""Redaction of structures: JSON, forms, event streams. Each leaf by the rules of its place, else as text.

Every function gives back the text it was given, byte for byte, but for the values it replaced.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import quote, unquote

from fcproxy.core import encodings, form, json_text, marker
from fcproxy.core.armour import base85_runs
from fcproxy.core.embedded_json import may_hold_objects, with_objects, with_pairs
from fcproxy.core.expression import expression
from fcproxy.core.familiar import FormOutlines, JsonOutlines, JsonPlan, JsonText
from fcproxy.core.form import name_of
from fcproxy.core.form_pieces import FormScopes, Pair
from fcproxy.core.grams import MIN_LENGTH
from fcproxy.core.json_text import Document
from fcproxy.core.ledger import ENCODED, Ledger
from fcproxy.core.octet_arrays import OctetArray, arrays_in, field_of
from fcproxy.core.peel import has_utf7
from fcproxy.core.redact_table import ways, with_cells
from fcproxy.core.redact_text import TextRedactor
from fcproxy.core.redact_url import UrlRedactor
from fcproxy.core.rules import FieldRule, RuleBook, normal, normals
from fcproxy.core.scope import NO_BASE, Base, Scope, walk
from fcproxy.core.surrogates import escaped_lone, without_lone

__all__ = ["StructureRedactor"]

_DATE_PARTS = ("day", "month", "year")
_NUMBER = expression(r"-?[0-9]+")
_LINE = expression(r"(?m)^((?:data|event|id|retry)?:?[ ]?)([^\r\n]+)")
_DATA_LINES = expression(r"(?m)^data: ?[^\r\n]*(?:\r?\ndata: ?[^\r\n]*)+")
_QUOTED_PRINTABLE = expression("[^=&]{0,3}".join(["=[0-9A-Fa-f]{2}"] * 3))
_MEANS_PLUS = expression(r"[^\s@]{1,64}@[^\s@]{1,253}\.[A-Za-z]{2,24}|\+[1-9][0-9 ().-]{6,20}")
_IS_URL = expression(r"[A-Za-z][A-Za-z0-9+.-]{1,15}://\S*")
_BASE64_PLUS = expression(r"[A-Za-z0-9/+]{16}")
_NOWHERE = Scope.base(NO_BASE)
"""Where the rules of a value are known, its place is not asked for."""

_PARAMETER = expression(
    r"(?<![A-Za-z0-9_-])(?P<name>[A-Za-z][A-Za-z0-9_-]{0,40})=(?:\"(?P<text>(?:[^\"\\\ue000]|\\[^\ue000])*)\"|(?P<word>[^\s,;\"\ue000]+))"
)

_LONG_NAME = 40
_MAY_CALL = expression(r"(?i)secret|token|key|auth|cookie|pass|pwd|credential|signature")
"""What of a text is looked up as a name: not every element of a long list."""

_IN_WORDS = expression(
    rf"(?<![A-Za-z0-9_.\[\]%-])(?P<key>[A-Za-z0-9_.\[\]%-]{{1,200}})=(?P<value>[^&#\s\"'<>\\{marker.OPEN}]{{1,4096}})"
)

_OPENS = expression(r"[(\[{]")

_NO_FORM = expression(r"[\s<>\"{}]")


_CLAUSE = expression(
    r"(?P<begin>(?<![A-Za-z_.])(?P<field>[A-Za-z_.]+)\s*[:~]\s*(?P<quote>[\"']))(?P<compared>(?:\\.|(?!(?P=quote)).)*)(?P=quote)",
    re.DOTALL,
)


class StructureRedactor:
    """Walks structures with one rule book and one ledger."""

    def __init__(self, book: RuleBook, ledger: Ledger, text: TextRedactor) -> None:
        self._book = book
        self._ledger = ledger
        self._text = text
        self._below = book.below
        self._holding = normals(book.below.names) if book.below is not None else frozenset[str]()
        self._urls = UrlRedactor(book, ledger, text, self.form)
        self._json_outlines = JsonOutlines(self._applicable, self._is_clean_key)
        self._form_outlines = FormOutlines()
        text.on_forget += (self._json_outlines.forget, self._form_outlines.forget)
        self._asked_for = book.contexts
        self._around = _NOWHERE
        """Where the text stands that may hold a structure of its own."""
        text.structured = self._inner
        text.contextual = self._is_contextual
        text.url = lambda url: self.url(url, secret=False, base=self._base_around() if "?" in url else NO_BASE)

    def url(self, url: str, *, secret: bool, base: Base = NO_BASE) -> str:
        """See `UrlRedactor.redact`."""
        return self._urls.redact(url, secret=secret, base=base)

    # -- leaves ------------------------------------------------------------------------------------------------

    def leaf(self, value: str, name: str, scope: Scope) -> str:
        """One decoded value, by the first rule of its place that applies, else as text."""
        return self._leaf(value, name, scope, self._rule(name, value, scope))

    def _leaf(self, value: str, name: str, scope: Scope, rule: FieldRule | None) -> str:
        if rule is None or rule.how == "keep":
            return self._nested(value, scope) if "=" in value or '"' in value else self._text.redact(value)
        if not value or value in self._book.published or _is_masked(value, rule.kind):
            return value
        return self._search(value, rule) if rule.how == "search" else self._by_rule(value, name, scope, rule)

    def _nested(self, value: str, scope: Scope) -> str:
        """As text; what has names in it stands where the text does: `metadata[address]={"city": ...}` of a customer."""
        before, self._around = self._around, scope
        try:
            return self._text.redact(value)
        finally:
            self._around = before

    def _base_around(self) -> Base:
        words, route = self._around.known
        return Base(words & self._asked_for, route & self._asked_for)

    def _is_contextual(self, text: str) -> bool:
        """Whether it depends on the place of a text with pairs or objects in it what of it is redacted."""
        if may_hold_objects(text):
            return True
        names = {name_of(form.split_key(unquote(found["key"]))) for found in _IN_WORDS.finditer(text)}
        return any(rule.within or rule.outside for name in names for rule in self._book.field_rules(name))

    def _by_rule(self, value: str, name: str, scope: Scope, rule: FieldRule) -> str:
        if rule.how == "drop":
            return ""
        if marker.is_marker(value):
            return value  # the whole was recognised as what was learned
        if rule.how == "url":
            return without_lone(value, lambda url: self.url(url, secret=True))
        if rule.kind == "date_of_birth":
            return self._date(value, name, scope, rule)
        return self._ledger.marker(self._book.kinds[rule.kind], value, rule.id)

    def _search(self, value: str, rule: FieldRule) -> str:
        """Stripe's search query language (docs.stripe.com/search): clauses of field, `:` or `~`, quoted value."""

        def clause(found: re.Match[str]) -> str:
            *above, name = found["field"].split(".")
            scope = Scope.base(Base(normals(rule.within) | normals(tuple(above))))
            return f"{found['begin']}{self.leaf(found['compared'], name, scope)}{found['quote']}"

        return marker.outside(_CLAUSE.sub(clause, value), self._text.redact)

    def _rule(self, name: str, value: str, scope: Scope) -> FieldRule | None:
        rules = self._rules(name, scope)
        return _first(rules, value) if rules else None

    def _rules(self, name: str, scope: Scope) -> tuple[FieldRule, ...]:
        """The rules that ask for a value of this name there; the names of a pair of name and value are both its own."""
        rules = self._in_scope(self._book.field_rules(name), scope)
        if (pair := _called_in(name, scope)) is not None:
            rules = (*rules, *self._called_so(pair))
        return (*rules, self._below) if self._below is not None and self._below_secret(scope) else rules

    def _called_so(self, scope: Scope) -> tuple[FieldRule, ...]:
        """The rules for a value that goes by the names beside it. There may be thousands of both, in one list."""
        if scope.called is None:
            found: dict[FieldRule, None] = {}
            for said in (*scope.said("name"), *scope.said("key")):
                path, inner = form.split_key(said), scope
                for part in path[:-1]:
                    inner = Scope(inner, part)
                found.update(dict.fromkeys(self._in_scope(self._book.field_rules(name_of(path)), inner)))
            scope.called = tuple(found)
        return scope.called

    def _below_secret(self, scope: Scope) -> bool:
        """Whether a field around is a secret, however long its value may be."""
        known = scope.below_secret
        if known is None:
            above = scope.parent
            known = scope.below_secret = above is not None and (
                self._below_secret(above)
                or normal(scope.name) in self._holding
                or (bool(scope.name) and self._is_secret(scope.name, above))
            )
        return known

    def _is_secret(self, name: str, scope: Scope) -> bool:
        rules = [one for one in self._book.field_rules(name) if one.kind == "secret" and one.how == "value"]
        return bool(rules and self._in_scope(tuple(rules), scope))

    def _is_clean_key(self, key: str, scope: Scope) -> bool:
        return self._part_of_key(key, scope) == key

    def _part_of_key(self, key: str, scope: Scope) -> str:
        below = self._below
        if below is not None and self._below_secret(scope) and _first((below,), key) is not None:
            return self._leaf(key, "", scope, below)
        return self._text.redact(key)

    def _calls_secret(self, text: str) -> bool:
        """Whether the next element of an array is a secret by this one: `["X-Api-Key", "..."]`."""
        return len(text) <= _LONG_NAME and _MAY_CALL.search(text) is not None and self._is_secret(text, _NOWHERE)

    def _in_scope(self, rules: tuple[FieldRule, ...], scope: Scope) -> tuple[FieldRule, ...]:
        if not rules:
            return ()
        words = scope.words
        sure = words - scope.disputed
        return tuple(
            [
                rule
                for rule in rules
                if not (rule.within and (sure if rule.how == "keep" else words).isdisjoint(normals(rule.within)))
                and not (rule.outside and not sure.isdisjoint(normals(rule.outside)))
            ]
        )

    def _applicable(self, name: str, scope: Scope) -> tuple[FieldRule, ...] | None:
        """See `familiar`. A date is put together from the values beside one another, a pair's name is a value."""
        if _called_in(name, scope) is not None:
            return None
        rules = self._rules(name, scope)
        return None if any(rule.kind == "date_of_birth" for rule in rules) else rules

    def _date(self, value: str, name: str, scope: Scope, rule: FieldRule) -> str:
        kind = self._book.kinds[rule.kind]
        part = normal(name)
        if part not in _DATE_PARTS:
            return self._ledger.marker(kind, value, rule.id, hint="iso")
        whole = "-".join(scope.siblings.get(one, "").lstrip("0").zfill(2) for one in ("year", "month", "day"))
        if not self._ledger.comparing and kind.marked.fullmatch(whole):
            return value
        return self._ledger.marker(kind, whole, rule.id, hint=part)

    def challenge(self, value: str) -> str:
        """The value of WWW-Authenticate: parameters by their names (RFC 9110 section 11.6.1)."""

        def parameter(found: re.Match[str]) -> str:
            quoted = found["text"] is not None
            plain = found["text"] if quoted else found["word"]
            done = self.leaf(plain, found["name"], _NOWHERE)
            return found[0] if done == plain else f'{found["name"]}="{done}"' if quoted else f"{found['name']}={done}"

        return marker.outside(_PARAMETER.sub(parameter, value), self._text.redact)

    # -- JSON --------------------------------------------------------------------------------------------------

    def json(self, text: str, base: Base, document: Document | None = None) -> str:
        """A JSON text; ``document`` is what it reads, where that is known. Raises ValueError where it is none."""
        if document is None:
            known = self.familiar_json(text, base)
            if known is not None:
                return known
            document = json_text.read(text)
        arrays = arrays_in(document)
        done = self._json(text, base, document, arrays or {})
        if arrays is None:
            self._json_outlines.learn(document, base)
        return done

    def familiar_json(self, text: str, base: Base) -> str | None:
        """As `json`, for a text whose outline has been seen before; None for another."""
        found = self._json_outlines.find(text, base)
        if found is None:
            return None
        cut, plan = found
        strings, clean = cut.strings, self._text.clean
        if plan.listed and any(self._calls_secret(strings[at]) for at in plan.listed):
            return None
        known = clean.issuperset(plan.gathered(strings))
        fresh = () if known else [at for at in plan.free if strings[at] not in clean]
        told = "".join(plan.asked(strings))
        if fresh:
            told += " ".join([strings[at] for at in fresh])
        if not told.isprintable():
            return None  # a control character makes it none (RFC 8259 section 7)
        if "=" in told and any(map(self._is_contextual, (*plan.asked(strings), *(strings[at] for at in fresh)))):
            return None
        return cut.joined() if self._filled(cut, plan, fresh) else text

    def _filled(self, cut: JsonText, plan: JsonPlan, fresh: Sequence[int]) -> bool:
        """Whether anything was redacted in ``cut``; ``fresh`` are its free texts that are new."""
        strings = cut.strings
        changed = False
        for at in fresh:
            value = strings[at]
            done = self._text.redact(value)
            if done != value:
                strings[at], changed = _string(done, ascii_only=value.isascii())[1:-1], True
        for at, name, rules in plan.ruled:
            value = strings[at]
            done = self._leaf(value, name, _NOWHERE, _first(rules, value))
            if done != value:
                strings[at], changed = _string(done, ascii_only=value.isascii())[1:-1], True
        for at, name, rules in plan.numbers:
            token = cut.numbers[at]
            if not rules and len(token) < MIN_LENGTH:
                continue
            done = self._json_number(token, name, _NOWHERE, _first(rules, token))
            if done != token:
                cut.numbers[at], changed, cut.recounted = done, True, True
        return changed

    def _json(self, text: str, base: Base, document: Document, arrays: dict[int, OctetArray | None]) -> str:
        out: list[str] = []
        at = 0
        clean = self._text.clean
        rules_of = self._book.field_rules
        paired = _PAIRED
        row: Scope | None = None
        before, called = "", False
        for (start, end), (value, name, scope, is_key) in zip(
            document.spans, walk(document.root, Scope.base(base)), strict=True
        ):
            if scope.is_array:
                called, row = row is scope and self._calls_secret(before), scope
                before = value if isinstance(value, str) and text[start] == '"' else ""
            else:
                called, row = False, None
            ruled = called or self._below_secret(scope) or (not is_key and (rules_of(name) or name in paired))
            if value in clean and not ruled and text[start] == '"':
                continue
            if start < at or not isinstance(value, str):
                continue  # it is gone already; null, true, false
            if arrays and (array := arrays.get(start)) is not None and (done := self._octets(array, scope)) is not None:
                out += (text[at:start], done)
                at = array.end
                continue
            token = text[start:end]
            if called and (done := self._called(value, token, scope)) is not None:
                out += (text[at:start], done)
                at = end
                continue
            done = self._json_leaf(value, token, name, scope, is_key=is_key)
            if done is not None:
                out += (text[at:start], done)
                at = end
        return "".join((*out, text[at:])) if out else text

    def _octets(self, array: OctetArray, scope: Scope) -> str | None:
        """What takes the place of the numbers of an array, None where they may stay."""
        read = array.read
        if read.readable and not array.packed:
            done = self.leaf(read.decoded, *field_of(scope))
            numbers = array.numbers(done)
            if done == read.decoded or numbers is not None:
                return numbers if done != read.decoded else None
        elif not self._text.hides(read):
            return None
        return self._ledger.marker(self._book.kinds["secret"], read.decoded, "encoded", hint=ENCODED, encoding="o")

    def _json_leaf(self, value: str, token: str, name: str, scope: Scope, *, is_key: bool) -> str | None:
        """The token that takes the place of ``token``, or None."""
        if token[0] != '"':
            done = self._json_number(value, name, scope, self._rule(name, value, scope))
            return done if done != value else None
        done = self._part_of_key(value, scope) if is_key else self.leaf(value, name, scope)
        return _string(done, ascii_only=token.isascii()) if done != value else None

    def _called(self, value: str, token: str, scope: Scope) -> str | None:
        """The token of an element that the one before it calls a secret; None where it does not look like one."""
        if token[0] != '"' or self._below is None or _first((self._below,), value) is None:
            return None
        done = self._leaf(value, "", scope, self._below)
        return _string(done, ascii_only=token.isascii()) if done != value else None

    def _json_number(self, token: str, name: str, scope: Scope, rule: FieldRule | None) -> str:
        if rule is not None and rule.how in ("value", "below"):
            if not _NUMBER.fullmatch(token):
                return self._number(token, rule.id)
            done = self._leaf(token, name, scope, rule)
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
        # By any number: which it will have is known when all is recorded.
        drawn = [self._book.kinds[mark.kind].draw(number, mark.hint) for number in (1, 1_000_000)]
        return all(one == "0" or (one.isdigit() and not one.startswith("0")) for one in drawn)

    # -- forms -------------------------------------------------------------------------------------------------

    def form(self, text: str, base: Base) -> str:
        """A form body or a query."""
        if _is_no_form(text) or next(base85_runs(text), None) is not None:
            # `&` and `=` here separate nothing: they belong to escapes, or to an encoding that has them for letters.
            text = marker.outside(text, self._text.redact_words)
        elif self._ledger.learned.separated:
            # Taken apart, a form would take apart what was learned, too.
            text = marker.outside(text, self._text.redact_separated)
        elif (known := self.familiar_form(text, base)) is not None:
            return known
        pieces = [Pair(piece) for piece in text.split("&")]
        scopes = FormScopes(base, pieces)
        done = [self._pair(pair, scopes) for pair in pieces]
        self._learn_form(text, base, pieces, scopes, done)
        return "&".join(done)

    def familiar_form(self, text: str, base: Base) -> str | None:
        """As `form`, for a form whose outline has been seen before; None for another."""
        if self._ledger.learned.separated:
            return None  # what was learned may hold what separates the pieces
        found = self._form_outlines.find(text, base)
        if found is None or marker.OPEN in text or _is_no_form(text):
            return None
        keys, values, plan = found
        clean = self._text.clean
        changed = False
        scopes: FormScopes | None = None
        for at, (raw, rules) in enumerate(zip(values, plan.rules, strict=True)):
            if rules or "%" in raw or "+" in raw:
                pair, scope = Pair(f"={raw}"), _NOWHERE
                if "=" in pair.value or '"' in pair.value:
                    scopes = scopes or FormScopes(base, [Pair(key) for key in keys])
                    scope = scopes.of(Pair(keys[at]).path)
                done = self._value(pair, "", scope, rules)
            elif raw in clean:
                continue
            elif "=" in raw or '"' in raw:
                scopes = scopes or FormScopes(base, [Pair(key) for key in keys])
                done = _requoted(self._nested(raw, scopes.of(Pair(keys[at]).path)))
            elif (done := self._text.redact(raw)) == raw:
                continue
            else:
                done = _requoted(done)
            if done != raw:
                values[at], changed = done, True
        if not changed:
            return text
        pieces = zip(keys, plan.equals, values, strict=True)
        return "&".join([f"{key}={value}" if equals else key for key, equals, value in pieces])

    def _learn_form(
        self, text: str, base: Base, pieces: Sequence[Pair], scopes: FormScopes, done: Sequence[str]
    ) -> None:
        if marker.OPEN in text or any(
            _IS_URL.fullmatch(pair.key) or pair.path[-1].lower() == "object" or one.partition("=")[0] != pair.raw_key
            for pair, one in zip(pieces, done, strict=True)
        ):
            return  # a type is a value, and a key may not stay
        rules = [self._applicable(name_of(pair.path), scopes.of(pair.path)) for pair in pieces]
        known = [one for one in rules if one is not None]
        if len(known) == len(rules):
            self._form_outlines.learn(text, base, known)

    def field(self, name: str, value: str, base: Base) -> str:
        """One field that stands alone, as in a multipart part."""
        pair = Pair("")
        pair.path = form.split_key(name)
        return self.leaf(value, name_of(pair.path), FormScopes(base, [pair]).of(pair.path))

    def _pair(self, pair: Pair, scopes: FormScopes) -> str:
        if _IS_URL.fullmatch(pair.key):
            return self._unescaped_url(pair)
        raw_key = self._key(pair, scopes)
        if not pair.equals:
            return raw_key
        name, scope = name_of(pair.path), scopes.of(pair.path)
        return f"{raw_key}={self._value(pair, name, scope, self._rules(name, scope))}"

    def _unescaped_url(self, pair: Pair) -> str:
        """A URL whose own query was not escaped: what looks like a name is its beginning."""
        raw = f"{pair.raw_key}{pair.equals}{pair.raw_value}"
        whole = unquote(raw, errors="surrogateescape")
        done = self._text.redact(whole)
        if done == whole:
            return raw
        return marker.bump(done, lambda part: quote(part, safe=":/?=[]", errors="surrogateescape"))

    def _value(self, pair: Pair, name: str, scope: Scope, rules: tuple[FieldRule, ...]) -> str:
        """The value as it is written; ``rules`` are those that ask for it."""
        value = _as_meant(pair.raw_value, pair.value)
        done = self._leaf(value, name, scope, _first(rules, value))
        # As it is meant first: as it is written, words with blanks between them and base64 are one word.
        return marker.outside(pair.raw_value if done == value else _requoted(done), self._raw)

    def _key(self, pair: Pair, scopes: FormScopes) -> str:
        if len(pair.path) > 1 and self._below_secret(scopes.of(pair.path)):
            parts = [self._part_of_key(part, scopes.of(pair.path[: at + 1])) for at, part in enumerate(pair.path)]
            if any(part != before for part, before in zip(parts, pair.path, strict=True)):
                return marker.bump(form.join_key(parts), lambda part: quote(part, safe="[]", errors="surrogateescape"))
        raw = self._raw(pair.raw_key)
        if raw != pair.raw_key or len(pair.key) < MIN_LENGTH:
            return raw
        key = _as_meant(pair.raw_key, pair.key)
        done = self._text.redact(key)
        if done == key:
            return raw
        return marker.bump(done, lambda part: quote(part, safe="[]", errors="surrogateescape"))

    def _raw(self, raw: str) -> str:
        """A key or value as it is written, for what decoding would destroy: base64 and UTF-7 have a plus, too."""
        if "+" not in raw:
            return raw
        if has_utf7(raw):
            return self._text.redact_words(raw)
        return self._in_base64(raw) if _BASE64_PLUS.search(raw) else raw

    def _in_base64(self, raw: str) -> str:
        readings = dict.fromkeys((raw, unquote(raw, errors="surrogateescape")))
        if not any(map(self._text.hides, (run for reading in readings for run in encodings.runs(reading)))):
            return raw  # to redact it first would learn a number behind a blank as a telephone number
        done = self._text.redact_words(raw)
        return done if any(mark.hint == ENCODED for mark in marker.find(done)) else raw

    # -- tables --------------------------------------------------------------------------------------------------

    def table(self, text: str, base: Base) -> str:
        """Text that may be a table."""

        def change_of(column: str) -> Callable[[str], str] | None:
            for name, around in ways(column):
                scope = Scope.base(Base(base.words | normals(around), base.route))
                if rules := self._in_scope(self._book.field_rules(name), scope):
                    return partial(self._cell, name, scope, rules)
            return None

        here = Scope.base(base)
        return marker.outside(with_cells(text, change_of), lambda part: self._nested(part, here))

    def _cell(self, name: str, scope: Scope, rules: tuple[FieldRule, ...], value: str) -> str:
        return self._leaf(value, name, scope, _first(rules, value))

    # -- text that turns out to have a structure ------------------------------------------------------------------

    def lines(self, text: str, base: Base) -> str:
        """NDJSON and event streams, line by line; an event's data lines are one text (HTML, server-sent events)."""

        here = Scope.base(base)

        def change(found: re.Match[str]) -> str:
            head, rest = found[1], found[2]
            try:
                return head + marker.outside(rest, lambda part: self.json(part, base))
            except ValueError:
                return head + marker.outside(rest, lambda part: self._nested(part, here))

        return _LINE.sub(change, _DATA_LINES.sub(lambda found: self._data(found[0], base), text))

    def _data(self, lines: str, base: Base) -> str:
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
                return self.json(text, self._base_around())
            except ValueError:
                pass
        if '":' in text or "':" in text or '" :' in text:
            done = with_objects(text, lambda part: self.json(part, self._base_around()))
            done = with_pairs(done, self._by_pair)
            if done != text:
                return marker.outside(done, self._text.redact)
        if "=" not in text:
            return None
        base = self._base_around()
        if "&" in text and "://" not in text and not _NO_FORM.search(text):
            return self.form(text, base)
        done = _IN_WORDS.sub(lambda found: self._in_words(found, base), text)
        return marker.outside(done, self._text.redact) if done != text else None

    def _by_pair(self, name: str, value: str, token: str, is_number: bool) -> str:
        """See `with_pairs`: nothing is known of what is around it."""
        rule = self._rule(name, value, _NOWHERE)
        if rule is None:
            return token
        if is_number:
            return self._json_number(token, name, _NOWHERE, rule)
        done = self._leaf(value, name, _NOWHERE, rule)
        return _string(done, ascii_only=token.isascii())[1:-1] if done != value else token

    def _in_words(self, found: re.Match[str], base: Base) -> str:
        """`name=value` in other text, without the signs that end a sentence, a list or brackets around it."""
        said = found["value"]
        value = said.rstrip(",;." if _OPENS.search(said) else ",;.)]}")
        pair = Pair(f"{found['key']}={value}")
        name = name_of(pair.path)
        scope = FormScopes(base, [pair]).of(pair.path)
        rules = self._rules(name, scope)
        if (
            _first(rules, _as_meant(pair.raw_value, pair.value)) is None
            and "=" not in pair.value
            and '"' not in pair.value
        ):
            return found[0]
        return f"{pair.raw_key}={self._value(pair, name, scope, rules)}{said[len(value) :]}"


_PAIRED = ("value", "Value", "VALUE", "values", "Values")


def _called_in(name: str, scope: Scope) -> Scope | None:
    """Where something beside a value calls it so: `{"name": "X-Api-Key", "value": ...}`, `"values": [...]`; or None."""
    if name not in _PAIRED:
        return None
    if scope.is_array and scope.parent is not None:
        scope = scope.parent
    return scope if scope.said("name") or scope.said("key") else None


def _requoted(value: str) -> str:
    return marker.bump(value, lambda part: quote(part, safe="", errors="surrogateescape"))


def _is_no_form(text: str) -> bool:
    """Whether `&` and `=` belong to escapes: of HTML, of quoted-printable."""
    return "&#" in text or "&amp;#" in text or _QUOTED_PRINTABLE.search(text) is not None


def _first(rules: Sequence[FieldRule], value: str) -> FieldRule | None:
    """The first of the rules of a place that fits the value, too."""
    for rule in rules:
        if not rule.like or re.fullmatch(rule.like, value, re.DOTALL) is not None:
            return rule
    return None


def _is_masked(value: str, kind: str) -> bool:
    """Whether the API itself hid it; of a card it leaves the last four, and so do we."""
    return value.strip("*") == "" or (kind == "card" and _MASKED_CARD.fullmatch(value) is not None)


_MASKED_CARD = expression(r"[*]{4,15}[0-9]{4}")


def _string(text: str, *, ascii_only: bool) -> str:
    if marker.is_marker(text):
        return f'"{text}"'
    done = marker.outside(text, lambda part: json.dumps(part, ensure_ascii=ascii_only)[1:-1])
    return f'"{done if ascii_only else escaped_lone(done)}"'


def _as_meant(raw: str, plain: str) -> str:
    """``plain``; but a plus left unescaped in an e-mail address or a phone number is one, whatever the form says."""
    if "+" in raw:
        written = unquote(raw, errors="surrogateescape")
        if _MEANS_PLUS.fullmatch(written):
            return written
    return plain
