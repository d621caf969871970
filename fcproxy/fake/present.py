"""From what is stored to what is shown: expansion, hidden fields, fields that depend on the version.

Source: docs.stripe.com/api/expanding_objects.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from fcproxy.fake.errors import refuse
from fcproxy.fake.resource import Kind, Span
from fcproxy.fake.state import Doc
from fcproxy.fake.versions import PREVIEW, Version

__all__ = ["DEPTH", "ExpandTree", "Presenter", "check_expand"]

DEPTH = 4
"""How many levels one expansion may name."""

ExpandTree = dict[str, "ExpandTree"]
Load = Callable[[str, str], Doc | None]


def check_expand(
    paths: Iterable[str], kinds: Mapping[str, Kind], kind: str, *, listed: bool, own: Container[str] = ()
) -> ExpandTree:
    """The expansions as a tree of words. Raises StripeError (400) for one that no object of the kind can have.

    ``own`` are those of the envelope around a page.
    """
    wanted: ExpandTree = {}
    for path in paths:
        words = path.split(".")
        if len(words) > DEPTH:
            raise refuse("expand_depth", param="expand", bound=DEPTH, path=path)
        if path in own:
            wanted[path] = {}
            continue
        if listed and words[0] != "data":
            hint = "expand_hint" if _expands(words, kinds, kind) else "expand"
            raise refuse(hint, param="expand", path=path)
        if not _expands(words[1:] if listed else words, kinds, kind):
            raise refuse("expand", param="expand", path=path)
        node = wanted
        for word in words:
            node = node.setdefault(word, {})
    return wanted


def _expands(words: list[str], kinds: Mapping[str, Kind], name: str) -> bool:
    """Whether the words lead, through what can be expanded, to something that can."""
    kind, path, reached = kinds.get(name), "", False
    for word in words:
        if kind is None:
            return False
        path = f"{path}.{word}" if path else word
        reached = False
        if path in kind.expandable:
            kind, path, reached = kinds.get(kind.expandable[path]), "", True
        elif path.endswith(".data") and path.removesuffix(".data") in kind.lists:
            kind, path = kinds.get(kind.lists[path.removesuffix(".data")]), ""
        elif path in kind.hidden or path in kind.lists:
            reached = True
        elif not _leads(kind, path):
            return False
    return reached


def _leads(kind: Kind, path: str) -> bool:
    start = path + "."
    return path in kind.lists or any(known.startswith(start) for known in (*kind.expandable, *kind.hidden))


class Presenter:
    """Shows documents as one request wants them. ``load`` gives the object of a kind with an id, None if unknown."""

    def __init__(self, kinds: Mapping[str, Kind], version: Version, load: Load) -> None:
        self._kinds = kinds
        self._load = load
        self._version = version
        self._gone: dict[str, frozenset[str]] = {}

    def show(self, doc: Doc, wanted: ExpandTree) -> Doc:
        """A copy of ``doc`` as it is to be answered."""
        shown = self._value(doc, None, "", wanted)
        return shown if isinstance(shown, dict) else {}

    def _value(self, value: Any, kind: Kind | None, path: str, wanted: ExpandTree) -> Any:
        if isinstance(value, dict):
            named = self._kinds.get(value["object"]) if isinstance(value.get("object"), str) else None
            return self._object(value, named or kind, "" if named else path, wanted)
        if isinstance(value, list):
            if kind is not None and path.removesuffix(".data") in kind.lists:
                value = [self._loaded(kind.lists[path.removesuffix(".data")], item) for item in value]
            return [self._value(item, kind, path, wanted) for item in value]
        return value

    def _object(self, doc: Doc, kind: Kind | None, path: str, wanted: ExpandTree) -> Doc:
        shown = {}
        gone = self._gone_of(kind) if kind is not None and kind.spans else frozenset()
        for name, item in doc.items():
            full = f"{path}.{name}" if path else name
            if kind is not None:
                if full in gone or (full in kind.hidden and name not in wanted):
                    continue
                if full in kind.opaque:
                    shown[name] = item
                    continue
            loads = kind is not None and full in kind.expandable and name in wanted
            value = self._loaded(kind.expandable[full], item) if kind and loads else item
            shown[name] = self._value(value, kind, full, wanted.get(name, {}))
        return shown

    def _gone_of(self, kind: Kind) -> frozenset[str]:
        """The fields of a kind that the version does not have."""
        if kind.name not in self._gone:
            self._gone[kind.name] = frozenset(span.field for span in kind.spans if not self._has(span))
        return self._gone[kind.name]

    def _has(self, span: Span) -> bool:
        """Whether the version has a field; who names no version also gets what newer ones than the default added."""
        added = not self._version.pinned and not span.until and span.since != PREVIEW
        return added or self._version.within(span.since, span.until)

    def _loaded(self, kind: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return self._load(kind, value) or value
