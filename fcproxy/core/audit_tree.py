"""Structured contents as named values: JSON, forms, queries, name/value lists -> (path, name, value, context).

JSON is kept as pairs, so that a key that stands twice is read twice. Iterative: no depth of nesting exhausts the stack.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from fcproxy.core.audit_rules import Detectors, HeaderRule, NameRule, normalised
from fcproxy.core.form import parse_pairs, split_key

__all__ = [
    "CALLING",
    "Context",
    "Leaf",
    "NameIndex",
    "Pairs",
    "embedded",
    "field_leaves",
    "flat_pairs",
    "form_leaves",
    "markup_leaves",
    "nested",
    "parse_json",
    "safe_path",
    "walk",
]

MAX_NODES = 20_000_000
"""Most values that are visited in one tree: shared nodes (YAML aliases) can stand for far more than a file's size."""


class Pairs(list[tuple[object, object]]):
    """A mapping as its pairs in order, doubled keys included."""


Path = tuple[object, "Path"] | tuple[()]
"""A linked list, innermost first: what is below shares what is above."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where a value stands: the names above it that rules ask for, and the nearest object's type; all that it tells,
    where its key is doubled."""

    names: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text or number under its name. ``path`` is a linked list, innermost first."""

    path: Path
    name: str
    value: str
    context: Context


class NameIndex:
    """Which rules a name calls for. Remembers its answers; names in traffic repeat endlessly."""

    def __init__(self, detectors: Detectors) -> None:
        self._rules = detectors.names
        self._headers = {name: rule for rule in detectors.headers for name in rule.names}
        self.contexts = detectors.opaque.union(*(rule.within for rule in detectors.names))
        self.opaque = detectors.opaque
        self.secrets = detectors.secrets
        everywhere = [rule for rule in detectors.names if rule.credential and not rule.within and not rule.objects]
        self._endings = tuple(ending for rule in everywhere for ending in rule.suffixes)
        self._memo: dict[str, tuple[NameRule, ...]] = {}
        self._wanted: dict[str, bool] = {}
        self._names: dict[str, str] = {}

    def normal(self, name: str) -> str:
        """`normalised`, remembered."""
        known = self._names.get(name)
        if known is None:
            known = normalised(name)
            if len(self._names) < 20_000:
                self._names[name] = known
        return known

    def rules(self, name: str) -> tuple[NameRule, ...]:
        """The rows whose names fit, wherever the value stands."""
        known = self._memo.get(name)
        if known is None:
            key = normalised(name.rpartition(".")[2])
            known = tuple(
                rule for rule in self._rules if key in rule.names or (rule.suffixes and key.endswith(rule.suffixes))
            )
            if len(self._memo) < 20_000:
                self._memo[name] = known
        return known

    def wants(self, name: str) -> bool:
        """Whether any row asks for ``name``."""
        known = self._wanted.get(name)
        if known is None:
            known = bool(self.rules(name)) or self.header(name) is not None
            if len(self._wanted) < 20_000:
                self._wanted[name] = known
        return known

    def names_secret(self, name: str) -> bool:
        """Whether a row for credentials asks for ``name`` everywhere."""
        return any(rule.credential and not rule.within and not rule.objects for rule in self.rules(name))

    def calls(self, text: str) -> bool:
        """Whether ``text``, an element of an array, is the name of a secret."""
        return len(text) < 40 and self._secret(self.normal(text))

    def _secret(self, key: str) -> bool:
        return key in self.secrets or (bool(self._endings) and key.endswith(self._endings))

    def header(self, name: str) -> HeaderRule | None:
        """The header row for ``name``."""
        return self._headers.get(name.lower())

    def below(self, context: Context, name: str) -> Context:
        """The context of what stands below ``name``."""
        key = self.normal(name)
        if key not in self.contexts:
            if not self._secret(key):
                return context
            key = next(iter(self.secrets), key)  # as below any of them
        return context if key in context.names else Context(context.names | {key}, context.kinds)


def parse_json(text: str) -> object:
    """JSON with objects as `Pairs`. Raises ValueError, RecursionError for deeper nesting than the parser goes."""
    return json.loads(text, object_pairs_hook=Pairs, parse_float=str, parse_int=str, parse_constant=str)


_DECODER = json.JSONDecoder(object_pairs_hook=Pairs, parse_float=str, parse_int=str, parse_constant=str)
_OBJECT = re.compile(r"\{\s{0,64}\"")
_TRIES = 4
"""How often a text may be read over for objects that are none in the end."""

_PASSED = 1 << 14
"""How many characters of it are left behind at once."""


def embedded(text: str) -> Iterator[object]:
    """The JSON objects that stand in other text: in a log's lines, in a page."""
    left = _TRIES * len(text)
    found = _OBJECT.search(text)
    rest, passed = text, 0
    while found and left > 0:
        end = found.start() + 1
        if found.start() - passed > _PASSED:
            # Each error counts the lines before it.
            rest, passed = text[found.start() :], found.start()
        try:
            tree, size = _DECODER.raw_decode(rest, found.start() - passed)
        except json.JSONDecodeError as error:
            left -= error.pos + passed - found.start()
        except (ValueError, RecursionError):
            left -= len(text)
        else:
            yield tree
            end = passed + size
        found = _OBJECT.search(text, end)


_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")


def safe_path(path: Path) -> str:
    """`$.accounts.data[0].owner`. Keys that are not plain words are shown as `<key>`: a key may itself be a secret."""
    parts: list[str] = []
    while path:
        part, path = path
        if isinstance(part, int):
            parts.append(f"[{part}]")
        else:
            word = str(part)
            plain = _SAFE.fullmatch(word) and (len(word) < 16 or not any(char.isdigit() for char in word))
            parts.append(f".{word}" if plain else ".<key>")
    return "$" + "".join(reversed(parts))


def walk(tree: object, index: NameIndex, context: Context, *, whole: bool = True) -> Iterator[Leaf]:
    """Every text and number in ``tree``, and every long key as a nameless leaf. Raises ValueError past MAX_NODES.

    Not ``whole``: leaves out keys, and values that no rule asks for and that hold no structure of their own.
    """
    stack: list[tuple[object, Path, str, Context]] = [(tree, (), "", context)]
    visited = 0
    while stack:
        node, path, name, context = stack.pop()
        visited += 1
        if visited > MAX_NODES:
            raise ValueError("too many values")
        if isinstance(node, str):
            yield Leaf(path, name, node, context)
        elif isinstance(node, bytes):
            yield from _binary(node, path, name, context)
        elif isinstance(node, Pairs):
            inner = _inside(node, name, context)
            yield from _fields(node, path, inner, index, whole=whole)
            for key, value in node if len(node) < 2 else reversed(node):
                if value is not None and type(value) is not str and not isinstance(value, bool):
                    word, around, inside = _bracketed(key, path, inner, index)
                    stack.append((value, (word, around), word, index.below(inside, word)))
                if isinstance(key, list | bytes):  # YAML takes anything for a key
                    stack.append((key, ("<key>", path), "", inner))
        elif isinstance(node, list) and whole and (octets := _octets(node)):
            yield Leaf(path, "", octets, context)
        elif isinstance(node, list):
            stack.extend(reversed(list(_elements(node, path, name, context, index))))


def _elements(
    node: list[object], path: Path, name: str, context: Context, index: NameIndex
) -> Iterator[tuple[object, Path, str, Context]]:
    """The elements of an array; in `["X-Api-Key", "..."]` the first is a name for the second."""
    before: object = None
    for number, item in enumerate(node):
        if type(item) is str and type(before) is str and index.calls(before):
            yield item, (number, path), name or "<element>", index.below(context, before)
        else:
            yield item, (number, path), name, context
        before = item


def _binary(node: bytes, path: Path, name: str, context: Context) -> Iterator[Leaf]:
    """A YAML binary scalar as the letters it may be, and, where it is packed, as the layers know octets in a text."""
    yield Leaf(path, name, node.decode("latin-1"), context)
    if not node.isascii():
        yield Leaf(path, "", base64.b64encode(node).decode(), context)


def _fields(node: Pairs, path: Path, context: Context, index: NameIndex, *, whole: bool) -> Iterator[Leaf]:
    """The texts of a mapping, and its keys."""
    all_of_it = whole or not context.names.isdisjoint(index.opaque)
    composed = False
    for key, value in node:
        word, around, inside = _bracketed(key, path, context, index)
        if type(value) is str and (all_of_it or index.wants(word) or nested(value)):
            yield Leaf((word, around), word, value, inside)
        composed = composed or word in _COMPOSED
        if isinstance(key, str) and len(key) >= 10:
            if not context.names.isdisjoint(index.secrets):
                yield Leaf(("<key>", path), "<key>", key, context)
            elif whole or "\n" in key:
                yield Leaf(("<key>", path), "", key, context)
    if composed:
        yield from _composed(node, path, context, index)


_COMPOSED = frozenset(("value", "Value", "VALUE", "values", "Values", "year"))
CALLING = frozenset(("name", "key"))
"""Names, in lower case, of what names the value beside it."""
_MOST_NAMES = 16
"""Of one value, by doubled keys."""
_LEAST_OCTETS = 8


def _octets(node: list[object]) -> str:
    """Numbers that may be octets (Go's []byte, a Buffer of node) as a text that the layers know; else ""."""
    numbers = len(node) >= _LEAST_OCTETS and all(isinstance(one, str) and one.isdecimal() for one in node)
    return ",".join(map(str, node)) if numbers else ""


def _bracketed(key: object, path: Path, context: Context, index: NameIndex) -> tuple[str, Path, Context]:
    """A key, and what encloses it: a form's name (`card[number]`, as a dict or HAR's params have it) taken apart."""
    if not isinstance(key, str) or ("[" not in key and "%" not in key):
        return key if isinstance(key, str) else "", path, context
    parts = split_key(unquote(key))
    while len(parts) > 1 and (parts[-1] == "" or parts[-1].isdigit()):
        parts.pop()
    for part in parts[:-1]:
        path, context = (part, path), index.below(context, part)
    return parts[-1], path, context


def nested(value: str) -> bool:
    """Whether a text inside structured contents may hold structure of its own."""
    return value[:1] in _OPENERS or "=" in value or '":' in value or "\n" in value


_OPENERS = frozenset("{[")


_LIST = frozenset(("list",))


def _inside(node: Pairs, name: str, context: Context) -> Context:
    kinds = frozenset([value for key, value in node if key == "object" and isinstance(value, str)]) - _LIST
    if not kinds:
        return context
    # An object of its own: what stands above it says nothing about its `name` (a customer's plan is no person) except
    # the very field it was expanded into.
    return Context(context.names & {normalised(name)}, kinds)


def _composed(node: Pairs, path: Path, context: Context, index: NameIndex) -> Iterator[Leaf]:
    """`{name: X-Api-Key, value: ...}` reads like `X-Api-Key: ...`; `{day, month, year}` like one date."""
    texts = [(key.lower(), value) for key, value in node if isinstance(key, str) and isinstance(value, str)]
    for key, value in node:
        if isinstance(key, str) and type(value) is list and key in _COMPOSED:
            texts += [("value", one) for one in value if isinstance(one, str)]
    yield from _called(texts, path, context, index)
    values = dict(texts)
    date = [values.get(part, "") for part in ("year", "month", "day")]
    if path and all(part.isdigit() for part in date):
        yield Leaf(path, str(path[0]), f"{int(date[0]):04}-{int(date[1]):02}-{int(date[2]):02}", context)


def _called(texts: list[tuple[str, str]], path: Path, context: Context, index: NameIndex) -> Iterator[Leaf]:
    """Each value under each name that stands beside it."""
    said = dict.fromkeys(text for key, text in texts if key in CALLING and 0 < len(text) < 64)
    names = [(name, inside) for name, _, inside in (_bracketed(text, path, context, index) for text in said)]
    wanted = [(name, inside) for name, inside in names if index.wants(name)][:_MOST_NAMES]
    for key, value in texts if wanted else ():
        if key in ("value", "values"):
            yield from (Leaf(("value", path), name, value, inside) for name, inside in wanted)


def field_leaves(name: str, value: str, index: NameIndex, context: Context) -> Iterator[Leaf]:
    """One field that stands alone, as in a multipart part."""
    word, path, inside = _bracketed(name, (), context, index)
    yield Leaf((word, path), word, value, inside)


def form_leaves(text: str, index: NameIndex, context: Context) -> Iterator[Leaf]:
    """The pairs of a form or query; a date given in three pairs reads as one."""
    dates: dict[tuple[str, ...], dict[str, str]] = {}
    beside: dict[tuple[str, ...], tuple[list[tuple[str, str]], Path, Context]] = {}
    for key, value in parse_pairs(text):
        parts = split_key(key)
        above, last = tuple(parts[:-1]), parts[-1].lower()
        while len(parts) > 1 and (parts[-1] == "" or parts[-1].isdigit()):
            parts.pop()
        inner = context
        path: Path = ()
        for part in parts[:-1]:
            inner = index.below(inner, part)
            path = (int(part) if part.isdecimal() and len(part) < 6 else part, path)
        if not inner.names.isdisjoint(index.secrets):
            yield from (Leaf(("<key>", path), "<key>", part, inner) for part in parts[1:] if len(part) >= 10)
        if parts[-1] in ("day", "month", "year") and value.isdigit() and len(parts) > 1:
            dates.setdefault(tuple(parts[:-1]), {})[parts[-1]] = value
        yield Leaf((parts[-1], path), parts[-1], value, inner)
        if last == "value" or last in CALLING:
            beside.setdefault(above, ([], path, inner))[0].append((last, value))
        if len(key) >= 12:
            yield Leaf(("<key>", ()), "", key, context)
    for texts, path, inner in beside.values():
        yield from _called(texts, path, inner, index)
    for above, date in dates.items():
        if len(date) == 3:
            iso = f"{int(date['year']):04}-{int(date['month']):02}-{int(date['day']):02}"
            yield Leaf((above[-1], ()), above[-1], iso, context)


_FLAT = re.compile(
    r"[\"']([^\"'\\\n]{2,64})[\"']\s*:\s*(?=\"((?:[^\"\\]|\\.){1,4096})\"|'((?:[^'\\]|\\.){1,4096})'|([0-9]{3,30}))"
)


def flat_pairs(text: str) -> Iterator[Leaf]:
    """`"name": "value"` wherever it stands in text that is no whole JSON: cut short, too deep, in a log line."""
    for name, double, single, number in _FLAT.findall(text):
        yield Leaf((name, ()), name, double or single or number, Context())


_TAG = re.compile(r"<([A-Za-z_][A-Za-z0-9_.:-]{0,120})((?:\s[^<>]{0,4096})?)>(?:\s*<!\[CDATA\[)?([^<>]{0,4096})")
_ATTRIBUTE = re.compile(r"([A-Za-z_:][A-Za-z0-9_:.-]{0,40})\s{0,8}=\s{0,8}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>]+))")


def markup_leaves(text: str, index: NameIndex, context: Context) -> Iterator[Leaf]:
    """The text of each HTML or XML element by the element's name, where a secret is called so; `<input name= value=>`
    and `<meta name= content=>` by the name that they give."""
    for tag, inside, content in _TAG.findall(text):
        found = {name.lower(): double or single or bare for name, double, single, bare in _ATTRIBUTE.findall(inside)}
        pairs = (
            (tag.rpartition(":")[2], content),
            (found.get("name", ""), found.get("value") or found.get("content") or ""),
        )
        for name, value in pairs:
            word = _FIRST_WORD.match(value)
            if word and _NO_WORD.fullmatch(word[1]) and "." not in name and index.names_secret(name):
                yield Leaf((name, ()), name, word[1], context)


_FIRST_WORD = re.compile(r"\s*([^\s&\]]+)")
_NO_WORD = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])(?!.*://).{8,}")
"""Text may speak of a secret without telling it: what a person writes is none, and URLs are looked at as such."""
