"""The interactions most like a request, found by what few others share with it: a miss is told within milliseconds.

Holds numbers only: one of 32 bits for each field of each interaction.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from zlib import crc32

from fcproxy.core.canonical import Canonical
from fcproxy.core.expression import expression

__all__ = ["Lookalikes"]

Route = tuple[str, str]

_COMMON = 512
"""A field that more interactions than this share says nothing of any of them."""

_CLOSE = 64
"""How many candidates are compared field by field because of what they share."""

_AROUND = 128
"""How many more because of where they stand: about where the app is."""

_SHAPES = 512
"""How many kinds of route are looked at when a route is not there."""

_VARIABLE = expression(r"[0-9\ue000]")


class Lookalikes:
    """``add`` every interaction's form in order, then ``close``, then ask."""

    def __init__(self) -> None:
        self._prints = array("I")
        self._ends = array("L", [0])
        self._segments = array("I")
        self._segment_ends = array("L", [0])
        self._postings = array("Q")
        self._shapes: dict[Route, int] = {}

    def add(self, form: Canonical) -> None:
        """Files the next interaction."""
        self._prints.extend(_prints(_lines(form.fields)))
        self._ends.append(len(self._prints))
        self._segments.extend(_prints(_segments(form.path)))
        self._segment_ends.append(len(self._segments))
        self._shapes.setdefault((form.method, _shape(form.path)), len(self._ends) - 2)

    def close(self) -> None:
        """No more come: builds what the questions need."""
        postings: list[int] = []
        for prints, ends in ((self._prints, self._ends), (self._segments, self._segment_ends)):
            counts = Counter(prints)
            for number, (start, end) in enumerate(pairwise(ends)):
                postings += [one << 32 | number for one in prints[start:end] if counts[one] <= _COMMON]
        postings.sort()
        self._postings = array("Q", postings)
        self._segments, self._segment_ends = array("I"), array("L", [0])

    def likest(self, form: Canonical, pool: Sequence[int], around: int, count: int) -> list[int]:
        """Of the sorted ``pool`` the ``count`` that share most fields with ``form``, best first.

        ``around``: a number about which the app is.
        """
        wanted = set(_prints(_lines(form.fields)))
        if len(pool) <= _CLOSE + _AROUND:
            candidates = set(pool)
        else:
            at = bisect_left(pool, around)
            low = max(0, min(at - _AROUND // 2, len(pool) - _AROUND))
            votes = self._votes(wanted)
            own = Counter({number: votes[number] for number in votes if _holds(pool, number)})
            candidates = {number for number, _ in own.most_common(_CLOSE)} | set(pool[low : low + _AROUND])
        return sorted(candidates, key=lambda number: (-self._likeness(wanted, number), number))[:count]

    def near_routes(self, form: Canonical, routes: Sequence[Route], count: int) -> list[int]:
        """Interactions whose route is spelled like ``form``'s, one for each route, best first."""
        votes = self._votes(_prints(_segments(form.path)))
        close = [number for number, _ in votes.most_common(_CLOSE)]
        shapes = list(self._shapes.values())[:_SHAPES]
        named: dict[str, int] = {}
        for number in (*close, *shapes):
            named.setdefault(" ".join(routes[number]), number)
        wanted = form.path.split("/")
        likely = sorted(named, key=lambda name: -_same_segments(wanted, name))[: 4 * count]
        asked = f"{form.method} {form.path}"
        from difflib import get_close_matches  # deferred: of use to a miss only

        return [named[name] for name in get_close_matches(asked, likely, n=count, cutoff=0.6)]

    def _votes(self, prints: Iterable[int]) -> Counter[int]:
        """How many of the telling ``prints`` each interaction has."""
        votes: Counter[int] = Counter()
        postings = self._postings
        for one in prints:
            low = bisect_left(postings, one << 32)
            high = bisect_left(postings, (one + 1) << 32, low)
            votes.update(posting & 0xFFFFFFFF for posting in postings[low:high])
        return votes

    def _likeness(self, wanted: set[int], number: int) -> float:
        mine = self._prints[self._ends[number] : self._ends[number + 1]]
        same = sum(map(wanted.__contains__, mine))
        return same / max(len(wanted) + len(mine) - same, 1)


def _lines(fields: Mapping[str, str]) -> list[str]:
    return [f"{place}={text}" for place, text in fields.items()]


def _prints(texts: Iterable[str]) -> list[int]:
    """One number a text. Equal texts have equal ones; the rare accident only misplaces a look-alike."""
    return [crc32(text.encode() if text.isascii() else text.encode("utf-8", "surrogatepass")) for text in texts]


def _segments(path: str) -> list[str]:
    return [f"{at}/{segment}" for at, segment in enumerate(path.split("/"))]


def _shape(path: str) -> str:
    """``path`` with a star for each segment that holds an id or a secret."""
    return "/".join(["*" if _VARIABLE.search(one) else one for one in path.split("/")])


def _same_segments(wanted: Sequence[str], name: str) -> int:
    mine = name.partition(" ")[2].split("/")
    return sum(map(str.__eq__, wanted, mine)) if len(mine) == len(wanted) else -1


def _holds(indexes: Sequence[int], index: int) -> bool:
    at = bisect_left(indexes, index)
    return at < len(indexes) and indexes[at] == index
