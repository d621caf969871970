"""HTTP messages as values. Bodies are bytes end to end; every view of them is derived elsewhere.

Messages are named tuples: frozen data classes take three times as long to make, and each request makes half a dozen.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress
from typing import NamedTuple

from fcproxy.core.pick import pick

__all__ = ["Headers", "Interaction", "Request", "Response"]


class Headers:
    """Header fields in order, repeats kept; names compare without case (RFC 9110 section 5.1).

    Values are text whose undecodable bytes stand as surrogate escapes, so that any octets survive.
    """

    __slots__ = ("_items", "_names")

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = tuple(items)
        self._names: tuple[str, ...] | None = None

    @classmethod
    def named(cls, items: Iterable[tuple[str, str]], names: Iterable[str]) -> "Headers":
        """Headers of ``items`` whose names are known in lower case, too."""
        headers = cls(items)
        headers._names = tuple(names)
        return headers

    @property
    def names(self) -> tuple[str, ...]:
        """Every field's name in lower case, in order."""
        # Kept: most of what is done with headers compares names, and lowering them again was a tenth of forwarding.
        names = self._names
        if names is None:
            names = self._names = tuple([name.lower() for name, _ in self._items])
        return names

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Every field, (name, value), in order."""
        return self._items

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        # Names only: a repr ends up in tracebacks and logs, and values may be secrets.
        return f"Headers({[name for name, _ in self._items]})"

    def get(self, name: str) -> str | None:
        """The first value under ``name``, or None."""
        wanted = name.lower()
        names = self._names or self.names
        return self._items[names.index(wanted)][1] if wanted in names else None

    def get_all(self, name: str) -> list[str]:
        """Every value under ``name``, in order."""
        wanted = name.lower()
        if wanted not in self.names:
            return []
        return [item[1] for item, key in zip(self._items, self.names, strict=True) if key == wanted]

    def without(self, *names: str) -> "Headers":
        """These headers less the named ones."""
        return self.less(frozenset([name.lower() for name in names]))

    def less(self, unwanted: frozenset[str]) -> "Headers":
        """These headers less those named in ``unwanted``, in lower case."""
        names = self.names
        if unwanted.isdisjoint(names):
            return self
        rest = _rests.get((names, unwanted)) or _rest(names, unwanted)
        return Headers.named(rest.fields(self._items), rest.names)

    def replaced(self, name: str, value: str) -> "Headers":
        """These headers with one ``name: value``, at the place of the first old one, or last."""
        wanted, names = name.lower(), self.names
        if wanted not in names:
            return Headers.named((*self._items, (name, value)), (*names, wanted))
        first = names.index(wanted)
        written, old = self._items[first]
        alone = names.count(wanted) == 1
        if alone and old == value:
            return self
        items = (*self._items[:first], (written, value))
        if alone:
            return Headers.named((*items, *self._items[first + 1 :]), names)
        rest = Headers.named(self._items[first + 1 :], names[first + 1 :]).less(frozenset((wanted,)))
        return Headers.named((*items, *rest), (*names[: first + 1], *rest.names))


class _Rest(NamedTuple):
    """What stays of headers with certain names: their fields, at the speed of C, and the names."""

    fields: Callable[[Sequence[tuple[str, str]]], tuple[tuple[str, str], ...]]
    names: tuple[str, ...]


_RESTS = 256
_rests: dict[tuple[tuple[str, ...], frozenset[str]], _Rest] = {}
"""Clients and upstreams send the same names each time. Names are no secrets, and their number and length bounded."""


def _rest(names: tuple[str, ...], unwanted: frozenset[str]) -> _Rest:
    wanted = [name not in unwanted for name in names]
    rest = _Rest(pick([*compress(range(len(names)), wanted)]), tuple(compress(names, wanted)))
    if sum(map(len, names)) <= _LONGEST_NAMES:
        if len(_rests) >= _RESTS:
            _rests.clear()
        _rests[names, unwanted] = rest
    return rest


_LONGEST_NAMES = 4096
"""Characters, all together: a name may be as long as a line of a head, and nobody but a test says such ones."""


class Request(NamedTuple):
    """A request. ``url`` is absolute, with the upstream's public base and the raw target as the client sent it."""

    method: str
    url: str
    headers: Headers
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Request({self.method}, {len(self.body)} bytes)"


class Response(NamedTuple):
    """A response. ``reason`` is the reason phrase (RFC 9112 section 4), possibly empty."""

    status: int
    headers: Headers
    body: bytes = b""
    reason: str = ""

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"


class Interaction(NamedTuple):
    """A request and its response, as recorded."""

    request: Request
    response: Response
