"""What is found in one file: walks interactions, opens what is inside, and keeps hits with their places."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from urllib.parse import urlsplit

from fcproxy.core.audit_codings import open_bytes, open_text
from fcproxy.core.audit_copies import Copies
from fcproxy.core.audit_hits import Hit
from fcproxy.core.audit_layers import opened_words, views
from fcproxy.core.audit_multipart import Part, is_multipart, parts
from fcproxy.core.audit_rare import joined, rare, unescaped
from fcproxy.core.audit_report import Coverage
from fcproxy.core.audit_rules import normalised
from fcproxy.core.audit_scan import Found, Scanner, words_of
from fcproxy.core.audit_table import table_leaves
from fcproxy.core.audit_tree import (
    Context,
    Leaf,
    embedded,
    field_leaves,
    flat_pairs,
    form_leaves,
    markup_leaves,
    nested,
    parse_json,
    safe_path,
    walk,
)
from fcproxy.core.message import Headers, Interaction

__all__ = ["Inspection"]

MAX_DEPTH = 8
"""Most encodings inside each other that are opened. Deeper ones are reported as unreadable, not passed."""

MAX_NESTED = 24
"""Most structures inside each other that are taken apart: forms in forms, JSON in JSON. `a=a=a=` is one in another at
each of its signs."""

MAX_VIEWED = 64 * 1024 * 1024
"""Most characters that the encodings inside one content may open to, all together."""

_NOT_STORED = "not-stored"
_PAIR_TEXT = re.compile(r"[?&;#]?([A-Za-z0-9_.\[\]%-]{1,200})=(?!\\+[\"'])([^&#\s\"'<>]{1,8192})")
"""The backslash of an escaped quote is no value."""

_DROPPED = re.compile(r"#(?<=\s#)[^\n]{4,}|[&!*%](?<=[\s,\[{:].)[^\s,\]}]{4,}")
"""A first character that can be searched for quickly, then what must stand before it."""

_QUOTED = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,40})=\"([^\"]{1,8192})\"")
_FORM = re.compile(r"[^\s=&<>{}\"]{1,512}=[^\s<>{}\"]*")


_NOWHERE = Context()
_NOTHING = Copies(())


@dataclass(frozen=True, slots=True)
class _At:
    """A place while it is looked into: its name, the encodings opened on the way, the context of what stands there, and
    how many structures it is inside of."""

    place: str
    layers: tuple[str, ...] = ()
    context: Context = _NOWHERE
    nested: int = 0

    def inside(self, layer: str) -> "_At":
        return replace(self, layers=(*self.layers, layer))


class Inspection:
    """One pass over one file. With ``learned`` values it looks for those only.

    ``wary``: names count as if they stood wherever rules want them, and every named value is searched for tokens.
    """

    def __init__(self, scanner: Scanner, learned: Copies = _NOTHING, *, wary: bool = False) -> None:
        self._wary = wary
        self.hits: list[Hit] = []
        self.coverage = Coverage()
        self.number: int | None = None
        self._scanner = scanner
        self._index = scanner.index
        self._learned = learned
        self._seen: set[int] = set()
        self._harmless: set[str] = set()
        self._plain: set[tuple[str, str]] = set()
        self._viewed = 0

    # What there is to inspect

    def interaction(self, interaction: Interaction) -> None:
        """A request and its response."""
        self.coverage.interactions += 1
        request, response = interaction.request, interaction.response
        context = self._root(request.url)
        self._start()
        self._text(request.method, _At("request.method"))
        self._url(request.url, _At("request.url", context=context))
        self._headers(request.headers, "request.headers")
        self._body(request.body, request.headers, _At("request.body", context=context))
        self._text(response.reason, _At("response.reason"))
        self._headers(response.headers, "response.headers")
        self._body(response.body, response.headers, _At("response.body", context=context))

    def address(self, url: str) -> Context:
        """A request's URL; gives the context of the bodies that belong to it."""
        self._start()
        context = self._root(url)
        self._url(url, _At("request.url", context=context))
        return context

    def form(self, text: str, context: Context) -> None:
        """A form that stands in ``context``."""
        self._start()
        self._text(text, _At("form", context=context))

    def names(self, tree: object, context: Context) -> None:
        """Parsed JSON in ``context``, of which the text was searched already."""
        self._start()
        self._tree(tree, _At("json", context=context))

    def text(self, text: str, place: str) -> None:
        """A text."""
        self._start()
        self._text(text, _At(place))

    def url(self, url: str) -> None:
        """A URL, or text that may hold one."""
        self._start()
        self._url(url, _At("url"))

    def headers(self, headers: Headers) -> None:
        """Header fields."""
        self._start()
        self._headers(headers, "headers")

    def octets(self, data: bytes, place: str) -> None:
        """Bytes of unknown sort."""
        self._start()
        self._bytes(data, [], None, _At(place))

    def tree(self, tree: object, place: str) -> None:
        """Parsed contents of which no text was searched yet."""
        self._start()
        self._tree(tree, _At(place), whole=True)

    def raw(self, text: str) -> None:
        """A file's text after its contents were inspected: what a YAML reader drops (comments, anchors, tags)."""
        self._start()
        self._text("\n".join(dict.fromkeys(_DROPPED.findall(f"\n{text}"))), _At("text"))

    def clean(self, bodies: int, layers: Iterable[str]) -> None:
        """Counts an interaction that somebody else found clean."""
        self.coverage.interactions += 1
        self.coverage.bodies += bodies
        for layer in layers:
            self.coverage.opened(layer)

    def _start(self) -> None:
        self._viewed = 0
        self._seen = set()
        if len(self._harmless) > 200_000:
            self._harmless = set()

    def _root(self, url: str) -> Context:
        path = urlsplit(url).path if url.isprintable() and "[" not in url.partition("?")[0] else ""
        names = frozenset(name for pattern, name in self._scanner.detectors.roots if pattern.fullmatch(path))
        return Context(names, names)

    # Messages

    def _url(self, url: str, at: _At) -> None:
        self._text(url, at)
        for part in re.split(r"[?#]", url)[1:]:
            self._leaves(form_leaves(part, self._index, at.context), at)

    def _headers(self, headers: Headers, place: str) -> None:
        for name, value in headers:
            if (name, value) in self._plain:
                continue
            before = len(self.hits)
            self._header(name, value, place)
            if len(self.hits) == before and len(self._plain) < 100_000:
                self._plain.add((name, value))

    def _header(self, name: str, value: str, place: str) -> None:
        plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,40}", name)
        at = _At(f"{place} {name if plain else '<name>'}")
        if not plain:
            self._text(name, at)
        rule = self._index.header(name)
        if rule and not rule.accept(value):
            self._hit(Found(rule.rule, value, rule.credential), at)
        self._text(value, at)
        if "=" in value and ("?" in value or "://" in value):
            self._url(value, replace(at, context=self._index.below(at.context, f"{name} header")))
        if name.lower().endswith("-authenticate"):
            for parameter, quoted in _QUOTED.findall(value):
                self._named(Leaf((parameter, ()), parameter, quoted, Context()), at)
        if not rule and name.lower() not in self._scanner.detectors.plain_headers:
            self._named(Leaf((name, ()), name, value, Context()), at)
            for found in self._scanner.unknown_tokens(value):
                self._hit(found, at)

    def _body(self, body: bytes, headers: Headers, at: _At) -> None:
        if not body:
            if (headers.get("Fcproxy-Body") or "").startswith(_NOT_STORED):
                self.coverage.not_stored += 1
            return
        self.coverage.bodies += 1
        labels = [name.strip().lower() for value in headers.get_all("Content-Encoding") for name in value.split(",")]
        self._bytes(body, labels, headers.get("Content-Type"), at)

    # Bytes

    def _bytes(self, data: bytes, labels: list[str], content_type: str | None, at: _At) -> None:
        if len(at.layers) > MAX_DEPTH:
            self._unreadable("encodings nested too deep", at)
            return
        opened = open_bytes(data, labels, self._scanner.decoders)
        for layer in opened.layers:
            self.coverage.opened(layer)
            at = at.inside(layer)
        self._viewed += len(opened.data) if opened.layers else 0
        if opened.problem or self._viewed > MAX_VIEWED:
            self._unreadable(opened.problem or "opens to too much", at)
            self._scan(opened.data.decode("latin-1"), at)
            return
        if is_multipart(opened.data, content_type):
            self.coverage.opened("multipart")
            for part in parts(opened.data, content_type):
                self._part(part, at)
            return
        charset = re.search(r"(?i)charset\s*=\s*\"?([A-Za-z0-9_:.-]{1,40})", content_type or "")
        text, name = open_text(opened.data, charset[1] if charset else None)
        if name is None and not _tiny_image(opened.data):
            self._unreadable("not text", at)
        elif name and name not in ("utf-8", "latin-1"):
            self.coverage.opened(name)
            # Two octets with which UTF-16 begins may begin anything: plain text behind them would read as letters.
            self._scan(opened.data.decode("latin-1"), at)
            at = at.inside(name)
        self._text(text, at)

    def _part(self, part: Part, at: _At) -> None:
        inner = replace(at.inside("multipart"), place=f"{at.place} part")
        for name, value in part.headers:
            self._text(f"{name}: {value}", inner)
        text = open_text(part.data)[0] if part.name else ""
        if part.name:
            self._leaves(field_leaves(part.name, text, self._index, at.context), inner)
        encoding = (part.headers.get("Content-Encoding") or "").lower()
        self._bytes(part.data, [encoding] if encoding else [], part.headers.get("Content-Type"), inner)

    # Text

    def _text(self, text: str, at: _At) -> None:
        if len(text) < 4:
            return
        key = hash((text, at.place))
        if key in self._seen:
            return
        self._seen.add(key)
        fresh = words_of(text) - self._harmless
        before = len(self.hits)
        self._scan(text, at, fresh)
        found = len(self.hits) > before
        self._structure(text, at)
        self._encodings(text, at, fresh)
        if not found:
            self._harmless |= fresh

    def _encodings(self, text: str, at: _At, fresh: set[str]) -> None:
        deep = len(at.layers) >= MAX_DEPTH
        for layer, view in views(text):
            if view == text or not view:
                continue
            if not self._allowed(len(view), deep, at):
                return
            self.coverage.opened(layer)
            self._text(view, at.inside(layer))
        for layer, data in chain(opened_words(text, fresh), rare(text)):
            if not self._allowed(len(data), deep, at):
                return
            self.coverage.opened(layer)
            self._word(data, at.inside(layer))

    def _word(self, data: bytes, at: _At) -> None:
        opened = open_bytes(data, [], self._scanner.decoders)
        if opened.layers or opened.problem:
            self._bytes(data, [], None, at)
        else:
            # Wide characters, in step or not: without their zeros they read.
            wide = data.count(0) * 3 >= len(data)
            self._text(data.replace(b"\0", b"").decode("latin-1") if wide else open_text(data)[0], at)

    def _allowed(self, size: int, deep: bool, at: _At) -> bool:
        self._viewed += size
        if deep or self._viewed > MAX_VIEWED:
            self._unreadable("encodings nested too deep" if deep else "opens to too much", at)
            return False
        return True

    def _scan(self, text: str, at: _At, fresh: set[str] | None = None) -> None:
        if self._learned:
            known = set(self._learned.search(text))
            if (whole := joined(text)) is not text:
                known.update(value for value in self._learned.search(whole) if not value.isdigit())
            for value in sorted(known):
                self._hit(Found("learned", value, credential=True), at)
            return
        for found in self._scanner.shapes(text, fresh):
            self._hit(found, at)

    # Structure

    def _structure(self, text: str, at: _At) -> None:
        stripped = text.strip("\ufeff \t\r\n")
        if not stripped:
            return
        if stripped[0] in "{[":
            if self._json(stripped, at):
                return
            self._lines(stripped, at)
            if "\\" in stripped and len(at.layers) < MAX_DEPTH:
                self._text(unescaped(stripped), at.inside("escape"))
        elif stripped.startswith(("data:", "event:", "id:", "retry:", ":")) and "\ndata:" in f"\n{stripped}":
            self._lines(re.sub(r"(?m)^(?:data: ?|event:.*|id:.*|retry:.*|:.*)", "", stripped), at)
        elif "://" not in stripped[:12] and _FORM.fullmatch(stripped):
            path, mark, query = stripped.partition("?")
            form = query if mark and "=" not in path else stripped
            self._leaves(form_leaves(_unended(form), self._index, at.context), at)
        elif "=" in stripped:
            for name, value in _PAIR_TEXT.findall(stripped):
                self._leaves(form_leaves(f"{name}={_unended(value)}", self._index, at.context), at)
        self._leaves(table_leaves(stripped, self._index, at.context), at)
        if '":' in stripped or "':" in stripped or '" :' in stripped:
            self._leaves(flat_pairs(stripped), at)
            for tree in embedded(stripped):
                self._tree(tree, at)
        if "<" in stripped:
            self._leaves(markup_leaves(stripped, self._index, at.context), at)

    def _json(self, text: str, at: _At) -> bool:
        try:
            tree = parse_json(text)
        except (ValueError, RecursionError):
            return False
        start = next((n for n in range(len(self.hits), 0, -1) if self.hits[n - 1].place != at.place), 0)
        self._tree(tree, at)
        self._locate(start, tree, at)
        return True

    def _locate(self, start: int, tree: object, at: _At) -> None:
        """Gives hits on the plain text at ``at`` the path of the field that they stand in."""
        open_hits = [n for n in range(start, len(self.hits)) if self.hits[n].place == at.place and self.hits[n].value]
        for leaf in walk(tree, self._index, at.context) if open_hits else ():
            for n in open_hits:
                if self.hits[n].place == at.place and leaf.path and self.hits[n].value in leaf.value:
                    self.hits[n] = replace(self.hits[n], place=_join(at.place, leaf))

    def _lines(self, text: str, at: _At) -> None:
        if "\n" not in text:
            return
        for line in text.split("\n"):
            if line.lstrip()[:1] in ("{", "["):
                self._json(line.strip(), at)

    def _tree(self, tree: object, at: _At, *, whole: bool = False) -> None:
        try:
            self._leaves(walk(tree, self._index, at.context, whole=whole), at, whole=whole)
        except ValueError:
            self._unreadable("too many values", at)

    def _leaves(self, leaves: Iterator[Leaf], at: _At, *, whole: bool = False) -> None:
        for leaf in leaves:
            if leaf.name and not self._learned:
                self._named(leaf, at)
            value = leaf.value
            if len(value) > 3 and leaf.path and (whole or nested(value)):
                if at.nested < MAX_NESTED:
                    self._text(value, self._deeper(leaf, at))
                elif "=" in value or value[:1] in "{[":
                    self._unreadable("structures nested too deep", at)

    def _deeper(self, leaf: Leaf, at: _At) -> _At:
        return replace(at, place=_join(at.place, leaf), context=leaf.context, nested=at.nested + 1)

    def _named(self, leaf: Leaf, at: _At) -> None:
        value = leaf.value
        if not value or self._learned:
            return
        for rule in self._index.rules(leaf.name):
            if (rule.within or rule.objects) and not self._wary:
                kinds, names = leaf.context.kinds, leaf.context.names
                if kinds.isdisjoint(rule.objects) and names.isdisjoint(rule.within):
                    continue
            if rule.accept is None or not rule.accept(value):
                self._hit(Found(rule.rule, value, rule.credential), self._deeper(leaf, at))
                return
        header = self._index.header(leaf.name)
        if header and not header.accept(value):
            self._hit(Found(header.rule, value, header.credential), self._deeper(leaf, at))
        elif self._opaque(leaf):
            doubtful = self._doubtful(leaf)
            for found in self._scanner.unknown_tokens(value):
                self._hit(Found("unknown-value", found.value) if doubtful else found, self._deeper(leaf, at))

    def _opaque(self, leaf: Leaf) -> bool:
        detectors = self._scanner.detectors
        sensitive = self._wary or not leaf.context.names.isdisjoint(detectors.opaque)
        return sensitive and leaf.name.lower() not in detectors.plain_headers

    def _doubtful(self, leaf: Leaf) -> bool:
        """Whether a random value there is as likely an id of the user's."""
        detectors = self._scanner.detectors
        name = normalised(leaf.name)
        free = not self._wary and leaf.context.names.isdisjoint(detectors.opaque - detectors.free)
        return free and name not in detectors.opaque and not name.endswith(detectors.telling)

    # Hits

    def _hit(self, found: Found, at: _At) -> None:
        self.hits.append(Hit(self.number, at.place, found.rule, found.value, found.credential, at.layers))

    def _unreadable(self, reason: str, at: _At) -> None:
        self.coverage.unreadable += 1
        if not self._learned:
            self.hits.append(Hit(self.number, at.place, "unreadable", reason, False, at.layers))


def _join(place: str, leaf: Leaf) -> str:
    return f"{place} {safe_path(leaf.path)}" if leaf.path else place


def _tiny_image(data: bytes) -> bool:
    """A picture too small to show anything, which recorders put where an upload was."""
    small = len(data) <= 128 and b"tXt" not in data and b"iTXt" not in data
    return small and data.startswith((b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"))


def _unended(pairs: str) -> str:
    """Pairs without the signs behind the last of them, which belong to the sentence or to the brackets around it."""
    value = pairs.rpartition("=")[2]
    opened = not {"(", "[", "{"}.isdisjoint(value)
    return pairs.rstrip(",;." if opened else ",;.)]}")
