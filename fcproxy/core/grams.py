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


class GramIndex:
    """Remembers which grams texts held, and forgets the texts.

    What came in since the last `settle` can be asked for on its own.
    """

    def __init__(self) -> None:
        self._held: set[int] = set()
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
        data, held = octets(value), self._held
        return any(held.issuperset(aligned(data[at:])) for at in range(4))

    def settle(self) -> None:
        """Makes what is recent earlier."""
        if self._recent:
            self._held.update(aligned(octets("\n".join(self._recent))))
            self._recent.clear()
