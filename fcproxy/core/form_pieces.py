"""A form taken apart, as the redactor reads it: pieces as they are written and as they are meant, and their scopes."""

from collections.abc import Sequence

from fcproxy.core import form
from fcproxy.core.json_text import Members
from fcproxy.core.scope import Base, Scope

__all__ = ["FormScopes", "Pair"]


class Pair:
    """One piece of a form: raw and decoded, and the path that its key means."""

    __slots__ = ("equals", "key", "path", "raw_key", "raw_value", "value")

    def __init__(self, piece: str) -> None:
        self.raw_key, self.equals, self.raw_value = piece.partition("=")
        self.key = _plain(self.raw_key)
        self.value = _plain(self.raw_value)
        self.path: Sequence[str] = form.split_key(self.key)


class FormScopes:
    """The scopes of one form, by bracketed prefix."""

    def __init__(self, base: Base, pairs: Sequence[Pair]) -> None:
        top = Members()
        self._top = Scope.base(base, top)
        self._known: dict[tuple[str, ...], Scope] = {}
        self._members: dict[tuple[str, ...], Members] = {}
        for pair in pairs:
            if len(pair.path) > 1:
                self._members.setdefault(tuple(pair.path[:-1]), Members()).append((pair.path[-1], pair.value))
            elif pair.key.lower() in _CALLING:
                top.append((pair.key, pair.value))

    def of(self, path: Sequence[str]) -> Scope:
        """The scope that the last name of ``path`` stands in."""
        if len(path) < 2:
            return self._top
        prefix = tuple(path[:-1])
        scope = self._known.get(prefix)
        if scope is None:
            name = "" if prefix[-1].isdigit() else prefix[-1]
            scope = self._known[prefix] = Scope(self.of(prefix), name, self._members.get(prefix))
        return scope


_CALLING = ("name", "key")
"""Of the outermost pairs, what says how others beside it are called; their types are the route's."""


def _plain(raw: str) -> str:
    if "%" not in raw and "+" not in raw:
        return raw
    return form.parse_pairs(f"={raw}")[0][1]
