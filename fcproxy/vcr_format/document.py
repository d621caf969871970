"""The text of a cassette file -> plain data, without ever building an object that the file asks for.

YAML comes in as events and is put together here: ten times quicker than PyYAML's constructor, not recursive, every
scalar stays the text it is (no dates, no octal numbers), aliases cost nothing, tags are checked one by one.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from fcproxy.core.errors import CassetteUnreadable

__all__ = ["JSON", "MAX_BYTES", "Document", "Plain", "decode", "read_document", "read_text", "read_yaml_text"]

MAX_BYTES = 256 * 1024 * 1024
"""Largest file that is read."""

MAX_DEPTH = 200
"""Deepest nesting; a cassette needs 7."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?:[ \r]|$)|^={7}\r?$", re.MULTILINE)
_CONFLICT_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_JSON_WORD = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false")
_CORE = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset(
    {"!", *(_CORE + name for name in ("str", "int", "float", "bool", "timestamp", "python/str", "python/unicode"))}
)
_BINARY_TAGS = frozenset({_CORE + "binary", "!binary"})
"""The second is what Ruby's YAML writer puts."""

_NODE_TAGS = frozenset({"!", *(_CORE + name for name in ("map", "seq", "python/tuple"))})
_NO_KEY = object()
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Plain(str):
    """A scalar that stood unquoted and that JSON would read as a number or a boolean."""

    __slots__ = ()


def _plain(value: str) -> object:
    if value in _NULLS:
        return None
    return Plain(value) if value[0] in "-0123456789tf" and _JSON_WORD.fullmatch(value) else value


@dataclass(slots=True)
class Document:
    """``data`` holds dicts, lists, str, bytes, None (from JSON: numbers and booleans too).

    ``lines`` gives the line, from 1, on which each item of the list under a top-level key begins; empty for JSON.
    """

    data: object
    lines: dict[str, list[int]] = field(default_factory=dict)


def read_document(data: bytes, name: str) -> Document:
    """Reads YAML or JSON. Raises CassetteUnreadable; no message quotes the file."""
    return read_text(decode(data, name), name)


def read_text(text: str, name: str) -> Document:
    """Reads YAML or JSON that is decoded already. Raises CassetteUnreadable."""
    return _read_json(text) or _read_yaml(text, name)


def decode(data: bytes, name: str) -> str:
    """The file's text. Raises CassetteUnreadable for what no reader need look at."""
    if len(data) > MAX_BYTES:
        raise CassetteUnreadable(name, f"larger than {MAX_BYTES >> 20} MiB; split it into several cassettes")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CassetteUnreadable(name, "UTF-16 text; save it as UTF-8", 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CassetteUnreadable(name, "not UTF-8 text; save it as UTF-8, or record it again", line) from None
    if not text.strip():
        raise CassetteUnreadable(name, "an empty file; delete it, then record again")
    conflict = _CONFLICT.search(text) if any(mark in text for mark in _CONFLICT_MARKS) else None
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        raise CassetteUnreadable(name, "unresolved merge conflict; resolve it, or record the cassette again", line)
    return text


def _without_comments(text: str) -> str:
    while text.startswith("#"):
        text = text.partition("\n")[2]
    return text


def _read_json(text: str) -> Document | None:
    """None for what is no JSON: YAML's flow style looks alike, and its reader knows the line of a mistake."""
    content = _without_comments(text)
    if content.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return Document(JSON.decode(content))
    except (ValueError, RecursionError):
        return None


def read_yaml_text(text: str) -> object:
    """The plain data in a piece of YAML; None where it cannot be read alone: broken, tagged, an alias to elsewhere."""
    builder = _Builder("")
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.feed(event)
    except (yaml.YAMLError, CassetteUnreadable):
        return None
    return builder.root[0] if builder.root and builder.foreign_line is None else None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key twice")
    return found


def _no_constant(word: str) -> object:
    raise ValueError(f"{len(word)} letters that are no JSON")


JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_int=Plain, parse_float=Plain, parse_constant=_no_constant)
"""JSON as the YAML reader would read it: numbers stay the text they are, the same key twice is refused."""


def _read_yaml(text: str, name: str) -> Document:
    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.feed(event)
    except yaml.YAMLError as error:
        raise _unreadable(error, text, name) from None
    if builder.foreign_line is not None:
        return Document(_ask_vcrpy(text, name, builder.foreign_line), builder.lines)
    return Document(builder.root[0] if builder.root else None, builder.lines)


def _unreadable(error: yaml.YAMLError, text: str, name: str) -> CassetteUnreadable:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return CassetteUnreadable(name, "holds a control character; not a text file, or damaged", line)
    mark = getattr(error, "problem_mark", None)
    # PyYAML quotes tokens of the file in its messages.
    problem = _QUOTED.sub("...", str(getattr(error, "problem", None) or "broken"))
    reason = f"not valid YAML ({problem}); cut short, or edited by hand? Restore it, or record it again"
    return CassetteUnreadable(name, reason, mark.line + 1 if mark else None)


def _ask_vcrpy(text: str, name: str, line: int) -> object:
    """Files with Python tags: vcrpy knows which of them it wrote itself and which would run code."""
    from vcr.serializers import yamlserializer

    try:
        data: object = yamlserializer.deserialize(text)
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        reason = "holds a YAML tag that asks for an object to be built; refused, as such a file can run code"
        raise CassetteUnreadable(name, reason, line) from None
    return data


class _Builder:
    """Puts events together. ``keys`` runs beside ``stack``: the pending key of each open mapping, or _NO_KEY."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: list[Any] = []
        self.stack: list[Any] = [self.root]
        self.keys: list[object] = [_NO_KEY]
        self.anchors: dict[str, object] = {}
        self.lines: dict[str, list[int]] = {}
        self.section = ""
        self.foreign_line: int | None = None

    def feed(self, event: Any) -> None:
        """Takes the next event. Raises CassetteUnreadable."""
        kind = event.__class__
        if kind is ScalarEvent:
            self._add(self._scalar(event) if event.tag or event.implicit[0] else event.value, event)
        elif kind is MappingStartEvent:
            self._open({}, event)
        elif kind is SequenceStartEvent:
            self._open([], event)
        elif kind is SequenceEndEvent or kind is MappingEndEvent:
            self.stack.pop()
            self.keys.pop()
        elif kind is AliasEvent:
            if event.anchor not in self.anchors:
                raise self._error("an alias without its anchor", event)
            self._add(self.anchors[event.anchor], event)
        elif kind is DocumentStartEvent and self.root:
            raise self._error("more than one YAML document", event)

    def _error(self, reason: str, event: Any) -> CassetteUnreadable:
        return CassetteUnreadable(self.name, reason, event.start_mark.line + 1)

    def _scalar(self, event: Any) -> object:
        value: object = event.value
        tag = event.tag
        if tag is None:
            return _plain(event.value)
        if tag in _BINARY_TAGS:
            try:
                value = base64.b64decode(event.value, validate=False)
            except (binascii.Error, ValueError):
                raise self._error("!!binary that is not base64", event) from None
        elif tag == _CORE + "null":
            value = None
        elif tag not in _TEXT_TAGS:
            self._foreign(event)
        return value

    def _foreign(self, event: Any) -> None:
        if self.foreign_line is None:
            self.foreign_line = event.start_mark.line + 1

    def _open(self, container: list[object] | dict[object, object], event: Any) -> None:
        if len(self.stack) > MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH}", event)
        if event.tag is not None and event.tag not in _NODE_TAGS:
            self._foreign(event)
        if len(self.stack) == 2:
            self.section = str(self.keys[-1])
        elif len(self.stack) == 3:
            self.lines.setdefault(self.section, []).append(event.start_mark.line + 1)
        self._add(container, event)
        self.stack.append(container)
        self.keys.append(_NO_KEY)

    def _add(self, value: object, event: Any) -> None:
        anchor = event.anchor
        if anchor is not None:
            self.anchors[anchor] = value
        parent = self.stack[-1]
        if parent.__class__ is list:
            parent.append(value)
            return
        key = self.keys[-1]
        if key is _NO_KEY:
            self._key(value, parent, event)
            return
        parent[key] = value
        self.keys[-1] = _NO_KEY

    def _key(self, value: object, parent: dict[object, object], event: Any) -> None:
        if isinstance(value, list | dict):
            raise self._error("a list or a mapping as a key", event)
        if value in parent:
            raise self._error("the same key twice; badly merged? Restore it, or record it again", event)
        if value == "<<":
            raise self._error("a merge key (<<); write the values out", event)
        self.keys[-1] = value
