"""Four-octet grams: a quick, sure no to "does any of these values occur in this text?".

A text is cut at every fourth octet. Whatever value of seven octets or more occurs in it, one of these pieces lies
wholly inside the value, at one of the value's first four offsets: so four grams a value are enough on the other side.
"""

from collections.abc import Callable, Iterable
from itertools import repeat
from operator import contains
from typing import Literal

__all__ = ["MIN_LENGTH", "GramIndex", "aligned", "octets", "telling"]

MIN_LENGTH = 8
"""Shorter values are not looked for: seven octets are needed here, and they would hit ordinary words."""

_WINDOW = 7


def octets(text: str) -> bytes:
    """``text`` as the octets that grams are taken from; any string has them."""
    return text.encode("utf-8", "surrogatepass")


def aligned(data: bytes) -> Iterable[int]:
    """The grams at every fourth octet."""
    return memoryview(data)[: len(data) & ~3].cast("I")


def telling(value: bytes, crowd: Callable[[int], int] = lambda _: 0) -> tuple[int, tuple[int, ...]]:
    """The four grams of that stretch of ``value`` (at least seven octets) which is likeliest to be its own, and where
    the first of them begins. ``crowd``: how many others a gram tells of already."""
    last = len(value) - _WINDOW
    _, best = max([(_chance(value[at : at + _WINDOW]), at) for at in (0, last // 2, last)])
    found = _grams(value, best)
    if max(map(crowd, found)) > _CROWD:
        # Addresses at one host, or numbered ones: each gram of it would tell of all of them, and so of none.
        ways = [_grams(value, at) for at in range(0, last + 1, 1 + last // _STRETCHES)]
        at, found = min(enumerate(ways), key=lambda way: sum(map(crowd, way[1])))
        best = at * (1 + last // _STRETCHES)
    return best, found


def _grams(value: bytes, at: int) -> tuple[int, ...]:
    return tuple([int.from_bytes(value[one : one + 4], _ORDER) for one in range(at, at + 4)])


_CROWD = 4
_STRETCHES = 64
"""About so many stretches of a value are compared."""


_ORDER: Literal["little", "big"] = "little" if memoryview(b"\1\0\0\0").cast("I")[0] == 1 else "big"


def _chance(piece: bytes) -> int:
    """How random it looks: prefixes and words are lower-case letters, keys are not; many texts hold zeros in a row."""
    return len(piece.translate(None, _WORDS)) + 2 * len(set(piece))


_WORDS = b"abcdefghijklmnopqrstuvwxyz_@."


_EXACT = 1 << 16
"""Grams that are remembered as they are: those of field names and of ordinary words come first, and soon."""

_BITS = 26
"""The others share so many bits (8 MiB). A million of them set one in seventy, and a value has several grams."""

_LOOKS = 1 << 16
"""So many times a recent text is looked through before what stands in which is noted: some milliseconds."""

_SHELVES = 16
"""Bits: notes on grams lie on so many shelves, those of some together. A note takes twice the room of its gram."""

_SLICE = 1 << 18
"""Octets taken in at once: as a set of numbers they take sixteen times the room."""


class GramIndex:
    """Remembers which grams texts held, and forgets the texts. Takes a dozen MiB at most, however many texts there are.

    What came in since the last `settle` can be asked for on its own.
    """

    def __init__(self) -> None:
        self._earlier = _Grams()
        self._late = _Grams()
        """Of the first of the recent texts: those that came in before somebody asked."""
        self._counted = 0
        """How many of the recent ones these are."""
        self._recent: list[str] = []
        self._looks = 0
        """How often a recent text was looked through."""
        self._noted = 0
        """Of how many recent texts it is noted which grams they hold."""
        self._notes: dict[int, list[int]] = {}
        """The recent texts with a gram on a shelf."""

    def add(self, text: str) -> None:
        """Takes in ``text``."""
        self._recent.append(text)

    def recent(self, values: Iterable[str]) -> bool:
        """Whether a text that came in since the last `settle` holds one of ``values``."""
        for text in self._recent[self._counted :]:
            self._late.take(aligned(octets(text)))
        self._counted = len(self._recent)
        # Each value in each text would cost the product of their numbers.
        return any(_may_hold(self._late, value) and self._stands(value) for value in values)

    def _stands(self, value: str) -> bool:
        """Whether a recent text holds ``value``. The grams of thousands of numbers tell nothing."""
        texts = self._recent
        if self._looks < _LOOKS:
            self._looks += len(texts)
            return any(map(contains, texts, repeat(value)))
        notes = self._notes
        for number in range(self._noted, len(texts)):
            for shelf in {_shelf(gram) for gram in aligned(octets(texts[number]))}:
                notes.setdefault(shelf, []).append(number)
        self._noted = len(texts)
        data = octets(value)
        ways = ([_shelf(gram) for gram in aligned(data[at:])] for at in range(4))
        rarest = (min([notes.get(shelf, []) for shelf in way], key=len) for way in ways)
        return any(value in texts[number] for found in rarest for number in found)

    def earlier(self, value: str) -> bool:
        """Whether a text from before the last `settle` may hold ``value``: at one of the four places where a cut may
        fall, all its grams must be known. A few of them are, in long recordings, by chance."""
        return _may_hold(self._earlier, value)

    def settle(self, least: int = 1) -> None:
        """Makes what is recent earlier, if it is ``least`` texts or more."""
        if len(self._recent) >= least:
            data = octets("\n".join(self._recent))
            self._recent.clear()
            self._late, self._counted = _Grams(), 0
            if self._looks:
                self._looks, self._noted, self._notes = 0, 0, {}
            for at in range(0, len(data), _SLICE):
                self._earlier.take(aligned(data[at : at + _SLICE]))


class _Grams:
    """A set of grams of bounded size: it may say of a few that they are in it, and they are not."""

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._bits = bytearray()
        """Of the grams beyond the first: empty as long as there are none."""

    def take(self, grams: Iterable[int]) -> None:
        """Takes in ``grams``."""
        if len(self._held) < _EXACT:
            self._held.update(grams)
            return
        bits = self._bits = self._bits or bytearray(1 << (_BITS - 3))
        for gram in set(grams) - self._held:
            place = _place(gram)
            bits[place >> 3] |= 1 << (place & 7)

    def all(self, grams: Iterable[int]) -> bool:
        """Whether every one of ``grams`` may have been in a text."""
        held, bits = self._held, self._bits
        if not bits:
            return held.issuperset(grams)
        for gram in grams:  # ends with the first that was in none: nearly always soon
            place = _place(gram)
            if gram not in held and not bits[place >> 3] >> (place & 7) & 1:
                return False
        return True


def _may_hold(grams: _Grams, value: str) -> bool:
    data = octets(value)
    return any(grams.all(aligned(data[at:])) for at in range(4))


def _place(gram: int) -> int:
    # Multiplied by a large odd number: the grams of text differ in few of their bits.
    return (gram * 0x9E3779B1 & 0xFFFFFFFF) >> (32 - _BITS)


def _shelf(gram: int) -> int:
    return _place(gram) >> (_BITS - _SHELVES)
