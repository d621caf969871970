"""Any YAML file -> a plain tree, for a reader that must see everything a file holds and not only what it knows.

Apart from `document`, which cassettes are read with: this one refuses nothing that libyaml can parse. No tag makes an
object, no scalar changes its type (a card number stays text), keys that stand twice are both kept. Aliases become
references to one node; what they unfold to is counted, since a few lines of them can mean billions of nodes.
"""

import base64
import binascii
from typing import Any

import yaml

from fcproxy.core.audit_tree import Pairs
from fcproxy.core.errors import CassetteUnreadable

__all__ = ["MAX_DEPTH", "load_whole"]

MAX_DEPTH = 500
"""Deepest nesting of collections that is read; cassettes need 7."""

MAX_UNFOLDED = 2_000_000
"""Most nodes that aliases may stand for, beyond one for each character of the text."""

_NOT_MAPPING = object()
_NO_KEY = object()
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BINARY = frozenset(("!binary", "tag:yaml.org,2002:binary"))
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def load_whole(text: str, name: str) -> object:
    """The tree in ``text``: `Pairs`, list, str, bytes (from a binary tag) or None; several documents as a list.

    Raises `CassetteUnreadable` naming file and line, quoting nothing.
    """
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    tree = _Tree(name, MAX_UNFOLDED + len(text))
    try:
        for event in yaml.parse(text, Loader=loader):
            tree.feed(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise CassetteUnreadable(name, "not valid YAML", mark.line + 1 if mark else None) from None
    except UnicodeEncodeError:
        raise CassetteUnreadable(name, "holds characters that no YAML text may hold") from None
    return tree.documents[0] if len(tree.documents) == 1 else tree.documents or None


class _Tree:
    """Puts events together. ``keys`` runs beside ``stack``: the pending key of each open mapping."""

    def __init__(self, name: str, most: int) -> None:
        """``most``: nodes that all of it may stand for."""
        self._most = most
        self.documents: list[Any] = []
        self._name = name
        self._stack: list[list[Any]] = [self.documents]
        self._keys: list[Any] = [_NOT_MAPPING]
        self._anchors: dict[str, object] = {}
        self._sizes = [0]
        self._weights: dict[int, int] = {}
        """How many nodes each finished collection stands for, by its identity; only those with an anchor."""

    def feed(self, event: Any) -> None:
        """Takes the next event in."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._sizes[-1] += 1
            self._add(event, _scalar(event))
        elif kind is yaml.MappingStartEvent:
            self._open(event, Pairs(), _NO_KEY)
        elif kind is yaml.SequenceStartEvent:
            self._open(event, [], _NOT_MAPPING)
        elif kind in _ENDS:
            node = self._stack.pop()
            self._keys.pop()
            size = self._sizes.pop() + 1
            self._count(size, event)
            if id(node) in self._weights:
                self._weights[id(node)] = size
        elif kind is yaml.AliasEvent:
            if event.anchor not in self._anchors:
                raise CassetteUnreadable(self._name, "an alias without its anchor", event.start_mark.line + 1)
            meant = self._anchors[event.anchor]
            self._count(self._weights.get(id(meant), 1), event)
            self._place(meant)

    def _count(self, size: int, event: Any) -> None:
        self._sizes[-1] += size
        if self._sizes[-1] > self._most:
            raise CassetteUnreadable(self._name, "aliases unfold to too much", event.start_mark.line + 1)

    def _open(self, event: Any, node: list[Any], key: object) -> None:
        if len(self._stack) > MAX_DEPTH:
            raise CassetteUnreadable(self._name, f"nested deeper than {MAX_DEPTH}", event.start_mark.line + 1)
        self._add(event, node)
        if event.anchor:
            # Until it has ended: an alias inside of it means itself, without end.
            self._weights[id(node)] = self._most + 1
        self._stack.append(node)
        self._keys.append(key)
        self._sizes.append(0)

    def _add(self, event: Any, node: object) -> None:
        if event.anchor:
            self._anchors[event.anchor] = node
        self._place(node)

    def _place(self, node: object) -> None:
        key = self._keys[-1]
        if key is _NOT_MAPPING:
            self._stack[-1].append(node)
        elif key is _NO_KEY:
            self._keys[-1] = node
        else:
            self._stack[-1].append((key, node))
            self._keys[-1] = _NO_KEY


def _scalar(event: Any) -> str | bytes | None:
    value: str = event.value
    if event.tag in _BINARY:
        try:
            return base64.b64decode(value, validate=False)
        except binascii.Error:
            return value
    if event.implicit[0] and value in _NULLS and not event.style:
        return None
    return value
