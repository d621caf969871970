"""JSON as text: leaves with their place, so that a value can be replaced without touching any other byte.

A parsed dict would lose duplicate keys, number spellings, escapes and white space; a cassette must not.
Iterative, so that depth cannot exhaust the stack. Grammar: RFC 8259; a marker (`core.marker`) may stand for a scalar.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["MAX_DEPTH", "Leaf", "decode_string", "empty_containers", "leaves", "looks_like_json", "relayout"]

_TOKEN = re.compile(
    r"""[ \t\n\r]*(?:([{}\[\],:])|("(?:[^"\\]|\\.)*")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9.eE+\-A-Za-z])|true(?!\w)|false(?!\w)|null(?!\w)|\ue000[^\ue002]*\ue002))""",
    re.DOTALL,
)
MAX_DEPTH = 128
"""Deepest nesting that is read. Paths cost their length, so that depth times width must stay bounded."""

_BLANK = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A key or a scalar: ``text[start:end]`` is its token. ``path`` holds keys, and the index of an array's element.

    For a key, ``path`` ends with the key itself. ``container`` numbers the object or array it stands in.
    """

    start: int
    end: int
    path: tuple[str | int, ...]
    is_key: bool
    container: int


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


class _Reader:
    """Checks the grammar token by token and keeps the path. ``expect`` names what may come next."""

    def __init__(self) -> None:
        self.found: list[Leaf] = []
        self.brackets: list[tuple[str, int]] = []
        self.path: list[str | int] = []
        self.containers = 0
        self.expect = "value"
        self.empty: list[tuple[tuple[str | int, ...], str]] = []

    def punctuation(self, token: str) -> None:
        if token in "{[" and self.expect in ("value", "first-value"):
            if len(self.brackets) == MAX_DEPTH:
                raise ValueError("too deep")
            self.containers += 1
            self.brackets.append((token, self.containers))
            self.path.append("" if token == "{" else 0)
            self.expect = "first-key" if token == "{" else "first-value"
        elif token == ":" and self.expect == "colon":
            self.expect = "value"
        elif token == "," and self.expect == "comma":
            last = self.path[-1]
            self.expect = "value" if isinstance(last, int) else "key"
            if isinstance(last, int):
                self.path[-1] = last + 1
        elif token in "}]" and self.expect in ("comma", "first-key" if token == "}" else "first-value"):
            self._close(token)
        else:
            raise ValueError("not JSON")

    def _close(self, token: str) -> None:
        if (self.brackets.pop()[0] == "{") != (token == "}"):
            raise ValueError("not JSON")
        self.path.pop()
        if self.expect.startswith("first"):
            self.empty.append((tuple(self.path), "{}" if token == "}" else "[]"))
        self.expect = "comma" if self.brackets else "end"

    def scalar(self, kind: str, token: str, start: int, end: int) -> None:
        container = self.brackets[-1][1] if self.brackets else 0
        if kind == "s" and self.expect in ("key", "first-key"):
            self.path[-1] = decode_string(token)
            self.found.append(Leaf(start, end, tuple(self.path), True, container))
            self.expect = "colon"
        elif self.expect in ("value", "first-value"):
            self.found.append(Leaf(start, end, tuple(self.path), False, container))
            self.expect = "comma" if self.brackets else "end"
        else:
            raise ValueError("not JSON")


def leaves(text: str) -> list[Leaf]:
    """All keys and scalars of one JSON text, in order.

    Raises ValueError where it is not exactly one JSON value, or nests deeper than MAX_DEPTH.
    """
    return _read(text).found


def empty_containers(text: str) -> list[tuple[tuple[str | int, ...], str]]:
    """Path and text (`{}` or `[]`) of each empty object or array: they hold no leaf. Raises as `leaves` does."""
    return _read(text).empty


def _read(text: str) -> _Reader:
    reader = _Reader()
    for kind, token, start, end in _tokens(text):
        if kind == "p":
            reader.punctuation(token)
        else:
            reader.scalar(kind, token, start, end)
    if reader.expect != "end":
        raise ValueError("not JSON")
    return reader


def relayout(text: str, *, indent: int | None, colon: str, comma: str) -> str:
    """``text`` with its white space laid out anew and every token kept as it is. Raises ValueError where not JSON.

    ``indent`` None writes one line with the given separators; else Stripe's own layout: one member a line.
    """
    out: list[str] = []
    depth = 0
    previous = ""
    for kind, token, _, _ in _tokens(text):
        if kind == "p" and token in "}]":
            depth -= 1
            if indent is not None and previous not in ("{", "["):
                out.append("\n" + " " * (indent * depth))
        elif indent is not None and previous in ("{", "[", ","):
            out.append("\n" + " " * (indent * depth))
        if kind == "p" and token in "{[":
            depth += 1
        out.append({":": colon, ",": "," if indent is not None else comma}.get(token, token) if kind == "p" else token)
        previous = token if kind == "p" else "x"
    return "".join(out)
