"""JSON as text: leaves with their place, so that a value can be replaced without touching any other byte.

A parsed dict would lose duplicate keys, number spellings, escapes and white space; a cassette must not. So the standard
library's scanner checks the grammar (RFC 8259) and decodes, and a second look finds where each scalar stands; both see
the scalars in the same order. A marker (`core.marker`) may stand for a scalar.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple, Union

from fcproxy.core.expression import expression

__all__ = [
    "MAX_DEPTH",
    "Document",
    "Leaf",
    "Members",
    "Value",
    "decode_string",
    "empty_containers",
    "leaves",
    "looks_like_json",
    "read",
    "relayout",
]

Value = Union[None, bool, str, list["Value"], "Members"]
"""A parsed value. Numbers are text, as they were spelled."""


class Members(list[tuple[str, Value]]):
    """An object's members in order, duplicates kept."""


class Document(NamedTuple):
    """A JSON text that was read: its value, and where each key and scalar stands, in order."""

    text: str
    root: Value
    spans: list[tuple[int, int]]


_TOKEN = expression(
    r"""[ \t\n\r]*(?:([{}\[\],:])|("(?:[^"\\]|\\.)*")"""
    r"""|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9.eE+\-A-Za-z])"""
    r"""|true(?!\w)|false(?!\w)|null(?!\w)|\ue000[^\ue002]*\ue002))""",
    re.DOTALL,
)
MAX_DEPTH = 128
"""Deepest nesting that is read. Paths cost their length, so that depth times width must stay bounded."""

_BLANK = expression(r"[ \t\n\r]*")


class Leaf(NamedTuple):
    """A key or a scalar: ``text[start:end]`` is its token. ``path`` holds keys, and the index of an array's element.

    For a key, ``path`` ends with the key itself.
    """

    start: int
    end: int
    path: tuple[str | int, ...]
    is_key: bool


def looks_like_json(text: str) -> bool:
    """Whether ``text`` starts as an object or array would."""
    head = text.lstrip(" \t\r\n\ufeff")[:1]
    return head in ("{", "[")


def decode_string(token: str) -> str:
    """The value of a JSON string token; control characters are let through as they are."""
    if "\\" not in token:
        return token[1:-1]
    value = json.loads(token, strict=False)
    return value if isinstance(value, str) else token


def _tokens(text: str) -> Iterator[tuple[str, str, int, int]]:
    position = 1 if text.startswith("\ufeff") else 0
    end = len(text)
    match = _TOKEN.match
    while True:
        found = match(text, position)
        if found is None:
            blank = _BLANK.match(text, position)
            if blank is not None and blank.end() == end:
                return
            raise ValueError("not JSON")
        position = found.end()
        group = found.lastindex or 0
        yield ("p", "s", "v")[group - 1], found[group], found.start(group), position


_SCALAR = expression(r'"[^"\\]*(?:\\.[^"\\]*)*"|[-0-9][0-9.eE+-]*|true|false|null|\ue000[^\ue002]*\ue002', re.DOTALL)


def _no_constant(name: str) -> Value:
    del name
    raise ValueError("not JSON")  # NaN and Infinity are Python's own


_SCANNER = json.JSONDecoder(
    object_pairs_hook=Members, parse_int=str, parse_float=str, parse_constant=_no_constant, strict=False
)


def read(text: str) -> Document:
    """Reads one JSON text. Raises ValueError where it is not exactly that, or nests deeper than MAX_DEPTH."""
    parsed = text.removeprefix("\ufeff")
    if "\ue000" in parsed:
        # A marker in the place of a number: in quotes it is as long as it was.
        parsed = _SCALAR.sub(_in_quotes, parsed)
    try:
        root: Value = _SCANNER.decode(parsed)
    except RecursionError:
        raise ValueError("too deep") from None
    except ValueError:
        raise ValueError("not JSON") from None  # the scanner's own error carries the text
    if _deeper(root, MAX_DEPTH):
        raise ValueError("too deep")
    return Document(text, root, [found.span() for found in _SCALAR.finditer(text)])


def _in_quotes(found: re.Match[str]) -> str:
    return f'"{found[0][1:-1]}"' if found[0][0] == "\ue000" else found[0]


def _deeper(root: Value, limit: int) -> bool:
    level = [root] if isinstance(root, list) else []
    for _ in range(limit):
        further: list[list[Value] | Members] = []
        for node in level:
            if isinstance(node, Members):
                further += [value for _, value in node if isinstance(value, list)]
            else:
                further += [value for value in node if isinstance(value, list)]
        if not further:
            return False
        level = further
    return True


def _paths(root: Value) -> Iterator[tuple[tuple[str | int, ...], bool, Value]]:
    """(path, whether it is a key, value) of each key, scalar and empty container, in order."""
    stack: list[tuple[tuple[str | int, ...], bool, Value]] = [((), False, root)]
    while stack:
        path, is_key, node = stack.pop()
        if is_key or not isinstance(node, list) or not node:
            yield path, is_key, node
        elif isinstance(node, Members):
            for key, value in reversed(node):
                stack += (((*path, key), False, value), ((*path, key), True, None))
        else:
            stack += [((*path, index), False, node[index]) for index in reversed(range(len(node)))]


def leaves(text: str) -> list[Leaf]:
    """All keys and scalars of one JSON text, in order. Raises as `read` does."""
    document = read(text)
    spans = iter(document.spans)
    return [
        Leaf(*next(spans), path, is_key)
        for path, is_key, node in _paths(document.root)
        if is_key or not isinstance(node, list)
    ]


def empty_containers(text: str) -> list[tuple[tuple[str | int, ...], str]]:
    """Path and text (`{}` or `[]`) of each empty object or array: they hold no leaf. Raises as `read` does."""
    return [
        (path, "{}" if isinstance(node, Members) else "[]")
        for path, is_key, node in _paths(read(text).root)
        if not is_key and isinstance(node, list)
    ]


def relayout(text: str, *, indent: int | None, colon: str, comma: str) -> str:
    """``text`` with its white space laid out anew and every token kept as it is. Raises ValueError where not JSON.

    ``indent`` None writes one line with the given separators; else Stripe's own layout: one member a line.
    """
    out: list[str] = []
    depth = 0
    previous = ""
    for kind, piece, _, _ in _tokens(text):
        if kind == "p" and piece in "}]":
            depth -= 1
            if indent is not None and previous not in ("{", "["):
                out.append("\n" + " " * (indent * depth))
        elif indent is not None and previous in ("{", "[", ","):
            out.append("\n" + " " * (indent * depth))
        if kind == "p" and piece in "{[":
            depth += 1
        out.append({":": colon, ",": "," if indent is not None else comma}.get(piece, piece) if kind == "p" else piece)
        previous = piece if kind == "p" else "x"
    return "".join(out)
