"""Values once recognised as secret, and the search for them anywhere else."""

import base64
from collections.abc import Callable, Iterator

from fcproxy.core.armour import base58_of
from fcproxy.core.expression import expression
from fcproxy.core.grams import MIN_LENGTH, aligned, octets, telling

__all__ = ["MIN_LENGTH", "Learned"]


class Learned:
    """Finds any of many literals in a text. A text that holds none costs a set lookup for each four octets."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._whole: dict[str, None] = {}
        self._by_gram: dict[int, list[tuple[str, int]]] = {}
        """The values that a gram tells of, and at which octet of them it stands."""
        self.separated: set[str] = set()
        """Those of the values that hold what separates the parts of a form."""
        self.encoded: set[str] = set()
        """Those of the values that are encodings of a secret."""
        self.latest: list[str] = []
        """Each value in the order of learning: whoever keeps texts looks here for what is new."""
        self.on_learn: list[Callable[[str], None]] = []
        """Called with each new value."""

    def __len__(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[str]:
        """The values in the order of learning, without what is looked for because of them."""
        return iter(self._whole)

    def __contains__(self, value: object) -> bool:
        return value in self._kinds

    def add(self, value: str, kind: str, *, encoded: bool = False) -> bool:
        """Learns ``value``; True where it is new and long enough to be looked for. ``encoded``: it is an encoding of
        a secret, and not one itself."""
        if len(value) < MIN_LENGTH or value in self._kinds or len(set(value)) < 4:
            return False
        self._whole[value] = None
        if encoded:
            self.encoded.add(value)
        others = [*self._rests(value), *_copies(value)] if kind == "secret" and not encoded else []
        for one in dict.fromkeys((value, *others)):
            if one not in self._kinds:
                self._file(one, kind)
        if not value.isascii():
            # Base64 of such a value has none of the marks by which base64 of plain text is told (`encodings`).
            for core in _cores(value):
                if core not in self._kinds and len(core) >= MIN_LENGTH:
                    self._file(core, "secret")
        return True

    def _rests(self, value: str) -> list[str]:
        """Parts of ``value`` that may stand alone: a text may have been taken apart where it has a sign in it, and a
        part of it replaced, before it was known as a whole."""
        rests, last = [], 0
        for start, end, _ in self.search(value):
            rests.append(value[last:start])
            last = end
        rests += [value[last:]] if last else []
        if not _SEPARATORS.isdisjoint(value.rstrip("=")):
            rests += _SEPARATED.split(value)
        return [rest for rest in rests if len(rest) >= MIN_LENGTH and _RANDOM.search(rest)]

    def _file(self, value: str, kind: str) -> None:
        self._kinds[value] = kind
        if not _SEPARATORS.isdisjoint(value.rstrip("=")):
            self.separated.add(value)
        self.latest.append(value)
        start, grams = telling(octets(value), self._crowd)
        for at, gram in enumerate(grams, start):
            self._by_gram.setdefault(gram, []).append((value, at))
        for tell in self.on_learn:
            tell(value)

    def _crowd(self, gram: int) -> int:
        return len(self._by_gram.get(gram, ()))

    def kind(self, value: str) -> str | None:
        """The kind under which exactly ``value`` was learned."""
        return self._kinds.get(value)

    def holds(self, text: str) -> bool:
        """Whether a learned value stands in ``text``."""
        if len(self._kinds) <= _FEW:
            return any(map(text.__contains__, self._kinds))
        values = self._candidates(text)
        if len(values) > _FEW:
            return next(self._in_octets(octets(text)), None) is not None
        return any(map(text.__contains__, values))

    def search(self, text: str) -> list[tuple[int, int, str]]:
        """Where learned values stand in ``text``: (start, end, kind), not overlapping, in order, longest first."""
        wanted = self._candidates(text)
        if not wanted:
            return []
        places = self._by_place(text) if len(wanted) > _FEW else _by_value(text, wanted)
        hits = [(at, at + len(value)) for at, value in places if not _is_part(text, at, value)]
        found: list[tuple[int, int, str]] = []
        last = 0
        for start, end in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
            if start >= last:
                found.append((start, end, self._kinds[text[start:end]]))
                last = end
        return found

    def _by_place(self, text: str) -> Iterator[tuple[int, str]]:
        """(start, value) of each learned value in ``text``."""
        data = octets(text)
        if len(data) == len(text):
            yield from self._in_octets(data)
            return
        at = last = 0
        for start, value in sorted(self._in_octets(data)):
            at += len(data[last:start].decode("utf-8", "surrogatepass"))
            last = start
            yield at, value

    def _in_octets(self, data: bytes) -> Iterator[tuple[int, str]]:
        """(start, value) of each learned value in the octets of a text: its grams say where to look, so that a text
        which holds many costs no more for it."""
        by_gram = self._by_gram
        for number, gram in enumerate(aligned(data)):
            for value, at in by_gram.get(gram, ()):
                start = 4 * number - at
                if start >= 0 and data.startswith(octets(value), start):
                    yield start, value

    def _candidates(self, text: str) -> set[str]:
        """The values of which ``text`` holds a telling gram."""
        if not self._kinds or len(text) < MIN_LENGTH:
            return _NONE
        by_gram = self._by_gram
        if by_gram.keys().isdisjoint(grams := aligned(octets(text))):
            return _NONE
        return {value for gram in by_gram.keys() & set(grams) for value, _ in by_gram[gram]}


def _by_value(text: str, values: set[str]) -> Iterator[tuple[int, str]]:
    for value in values:
        at = text.find(value)
        while at >= 0:
            yield at, value
            at = text.find(value, at + 1)


def _is_part(text: str, at: int, value: str) -> bool:
    """Whether ``value``, a short number at ``at``, is but some digits of a longer one: an amount, a time, an id."""
    if len(value) > _SHORT_NUMBER or not value.isdigit():
        return False
    end = at + len(value)
    return text[at - 1 : at].isdigit() or text[end : end + 1].isdigit()


_SHORT_NUMBER = 12
_NONE: set[str] = set()
_FEW = 16
"""So many values are looked for more quickly than their grams."""

_RANDOM = expression(r"(?s)[0-9].*[A-Za-z]|[A-Za-z].*[0-9]|[a-z][A-Z]")
"""What can be told from words."""

_SEPARATORS = frozenset("&=")
_SEPARATED = expression("[&=]")


def _copies(value: str) -> Iterator[str]:
    """``value`` written as no reading of a text (`encodings`, `peel`) gives it back: host names have one case, and
    base58 of a few octets looks like an id."""
    if len(value) <= _LONGEST_COPY and _RANDOM.search(value):
        yield from (value.lower(), value.upper())
        yield base58_of(octets(value))


_LONGEST_COPY = 128
"""Characters: base58 costs the square of it."""


def _cores(value: str) -> list[str]:
    """The part of ``value``'s base64 that does not depend on its neighbours, for each alignment and alphabet."""
    data = value.encode("utf-8", "surrogatepass")
    found = []
    for skip in range(3):
        whole = data[(3 - skip) % 3 :]
        whole = whole[: len(whole) // 3 * 3]
        found += [base64.b64encode(whole).decode(), base64.urlsafe_b64encode(whole).decode()]
    return found
