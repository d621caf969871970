"""Four-octet grams: a quick, sure no to "does any of these values occur in this text?".

A text is cut at every fourth octet. Whatever value of seven octets or more occurs in it, one of these pieces lies
wholly inside the value, at one of the value's first four offsets: so four grams a value are enough on the other side.
"""

from collections.abc import Iterable
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


def telling(value: bytes) -> tuple[int, ...]:
    """The four grams of that stretch of ``value`` (at least seven octets) which is likeliest to be its own."""
    last = len(value) - _WINDOW
    _, best = max([(_chance(value[at : at + _WINDOW]), at) for at in (0, last // 2, last)])
    return tuple(int.from_bytes(value[at : at + 4], _ORDER) for at in range(best, best + 4))


_ORDER: Literal["little", "big"] = "little" if memoryview(b"\1\0\0\0").cast("I")[0] == 1 else "big"


def _chance(piece: bytes) -> int:
    """How random it looks: prefixes and words are lower-case letters, keys are not; many texts hold zeros in a row."""
    return len(piece.translate(None, _WORDS)) + 2 * len(set(piece))


_WORDS = b"abcdefghijklmnopqrstuvwxyz_@."


_EXACT = 1 << 16
"""Grams that are remembered as they are: those of field names and of ordinary words come first, and soon."""

_BITS = 26
"""The others share so many bits (8 MiB). A million of them set one in seventy, and a value has several grams."""

_SLICE = 1 << 18
"""Octets taken in at once: as a set of numbers they take sixteen times the room."""


class GramIndex:
    """Remembers which grams texts held, and forgets the texts. Takes a dozen MiB at most, however many texts there are.

    What came in since the last `settle` can be asked for on its own.
    """

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._bits = bytearray()
        """Of the grams beyond the first: empty as long as there are none."""
        self._recent: list[str] = []

    def add(self, text: str) -> None:
        """Takes in ``text``."""
        self._recent.append(text)

    def recent(self, values: Iterable[str]) -> bool:
        """Whether a text that came in since the last `settle` holds one of ``values``."""
        return any(value in text for value in values for text in self._recent)

    def earlier(self, value: str) -> bool:
        """Whether a text from before the last `settle` may hold ``value``: at one of the four places where a cut may
        fall, all its grams must be known. A few of them are, in long recordings, by chance."""
        data = octets(value)
        return any(self._knows(aligned(data[at:])) for at in range(4))

    def settle(self, least: int = 1) -> None:
        """Makes what is recent earlier, if it is ``least`` texts or more."""
        if len(self._recent) >= least:
            data = octets("\n".join(self._recent))
            self._recent.clear()
            for at in range(0, len(data), _SLICE):
                self._take(aligned(data[at : at + _SLICE]))

    def _take(self, grams: Iterable[int]) -> None:
        if len(self._held) < _EXACT:
            self._held.update(grams)
            return
        bits = self._bits = self._bits or bytearray(1 << (_BITS - 3))
        for gram in set(grams) - self._held:
            place = _place(gram)
            bits[place >> 3] |= 1 << (place & 7)

    def _knows(self, grams: Iterable[int]) -> bool:
        """Whether every one of ``grams`` may have been in a text."""
        held, bits = self._held, self._bits
        if not bits:
            return held.issuperset(grams)
        for gram in grams:  # ends with the first that was in none: nearly always soon
            place = _place(gram)
            if gram not in held and not bits[place >> 3] >> (place & 7) & 1:
                return False
        return True


def _place(gram: int) -> int:
    # Multiplied by a large odd number: the grams of text differ in few of their bits.
    return (gram * 0x9E3779B1 & 0xFFFFFFFF) >> (32 - _BITS)
