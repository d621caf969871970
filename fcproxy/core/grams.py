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
    starts = (0, (len(value) - _WINDOW) // 2, len(value) - _WINDOW)
    best = max(starts, key=lambda at: (_chance(value[at : at + _WINDOW]), at))
    return tuple(int.from_bytes(value[at : at + 4], _ORDER) for at in range(best, best + 4))


_ORDER: Literal["little", "big"] = "little" if memoryview(b"\1\0\0\0").cast("I")[0] == 1 else "big"


def _chance(piece: bytes) -> int:
    """How random it looks: prefixes and words are lower-case letters, keys are not."""
    return sum(not 97 <= octet <= 122 and octet not in b"_@." for octet in piece) + len(set(piece))


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

    def recent(self, grams: Iterable[int]) -> bool:
        """Whether a text that came in since the last `settle` may hold the value with these `telling` grams."""
        return bool(self._recent) and not set(grams).isdisjoint(aligned(octets("\n".join(self._recent))))

    def earlier(self, grams: Iterable[int]) -> bool:
        """Whether a text from before the last `settle` may hold it."""
        return not self._held.isdisjoint(grams)

    def settle(self) -> None:
        """Makes what is recent earlier."""
        if self._recent:
            self._held.update(aligned(octets("\n".join(self._recent))))
            self._recent.clear()
