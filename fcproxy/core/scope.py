"""Where a value stands: the names and types around it, as field rules ask for them."""

from collections.abc import Iterator, Mapping
from itertools import repeat

from fcproxy.core.json_text import Members, Value
from fcproxy.core.rules import normal

__all__ = ["Scope", "walk"]


class Scope:
    """The inside of one object, array or form bracket, and what encloses it.

    ``name`` is its own nearest name: an element of an array goes by the array's. ``members``: its scalars by name.
    """

    __slots__ = ("_members", "_parent", "_siblings", "_words", "name")

    def __init__(self, parent: "Scope | None", name: str, members: Value = None) -> None:
        self._parent = parent
        self.name = name
        self._members = members
        self._words: frozenset[str] | None = None
        self._siblings: Mapping[str, str] | None = None

    @classmethod
    def base(cls, words: frozenset[str]) -> "Scope":
        """The outermost one. ``words``: the normal names in a request's path."""
        scope = cls(None, "")
        scope._words = words
        return scope

    @property
    def words(self) -> frozenset[str]:
        """Normal names of the enclosing fields, enclosing objects' types, and the base."""
        if self._words is None:
            kind = self.siblings.get("object")
            around = self._parent.words if self._parent is not None else frozenset()
            self._words = around | {normal(text) for text in (self.name, kind) if text}
        return self._words

    @property
    def siblings(self) -> Mapping[str, str]:
        """The scalars that stand side by side here, names in lower case."""
        if self._siblings is None:
            found = self._members if isinstance(self._members, Members) else ()
            self._siblings = {name.lower(): value for name, value in found if isinstance(value, str)}
        return self._siblings


def walk(root: Value, top: Scope) -> Iterator[tuple[Value, str, Scope, bool]]:
    """(value, its name, where it stands, whether it is a key) of each key and scalar, in order.

    Iterative, so that depth cannot exhaust the stack.
    """
    if not isinstance(root, list):
        yield root, "", top, False
        return
    stack = [(_steps(root), Scope(top, "", root))]
    while stack:
        steps, scope = stack[-1]
        for key, value in steps:
            if key is not None:
                yield key, key, scope, True
            name = key or scope.name
            if isinstance(value, list):
                stack.append((_steps(value), Scope(scope, name, value)))
                break
            yield value, name, scope, False
        else:
            stack.pop()


def _steps(node: "list[Value] | Members") -> Iterator[tuple[str | None, Value]]:
    return iter(node) if isinstance(node, Members) else zip(repeat(None), node)
