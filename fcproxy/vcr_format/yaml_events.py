"""YAML as events, put together here: ten times quicker than PyYAML's constructor, not recursive, every scalar stays the
text it is (no dates, no octal numbers), aliases cost nothing, tags are checked one by one.
"""

import base64
import binascii
import re
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
from fcproxy.vcr_format.plain import Plain

__all__ = ["MAX_DEPTH", "read_piece", "read_yaml"]

MAX_DEPTH = 200
"""Deepest nesting; a cassette needs 7."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
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


def _plain(value: str) -> object:
    if value in _NULLS:
        return None
    return Plain(value) if value[0] in "-0123456789tf" and _JSON_WORD.fullmatch(value) else value


def read_piece(text: str) -> object:
    """The plain data in a piece of YAML; None where it cannot be read alone: broken, tagged, an alias to elsewhere."""
    builder = _Builder("")
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.feed(event)
    except (yaml.YAMLError, CassetteUnreadable):
        return None
    return builder.root[0] if builder.root and builder.foreign_line is None else None


def read_yaml(text: str, name: str) -> tuple[object, dict[str, list[int]]]:
    """The data, and the lines on which items begin (see Document). Raises CassetteUnreadable; quotes nothing."""
    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.feed(event)
    except yaml.YAMLError as error:
        raise _unreadable(error, text, name) from None
    if builder.foreign_line is not None:
        return _ask_vcrpy(text, name, builder.foreign_line), builder.lines
    return (builder.root[0] if builder.root else None), builder.lines


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
