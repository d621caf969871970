"""The ledger of one cassette: which secret is which number, what has been learned, how often each rule spoke.

It holds originals, so it lives in memory only and is never printed, pickled or stored.
"""

from collections import Counter
from collections.abc import Callable

from fcproxy.core.expression import expression
from fcproxy.core.grams import GramIndex
from fcproxy.core.learned import Learned
from fcproxy.core.marker import Marker, marked
from fcproxy.core.placeholders import Kind

__all__ = ["ENCODED", "Ledger"]

ENCODED = "encoded_"
"""The hint of a run that encodes a secret, and how its placeholder begins."""


_WORDS = expression(r"[A-Za-z_ .,:/-]+")
_WORD = expression("[a-z]+")

_AT_ONCE = 256
"""How many texts are looked through one by one before they are taken together."""


_MADE = 4096


class Ledger:
    """Numbers secrets in the order of first sight.

    ``comparing``: for matching, where placeholders that a client sends must become markers as originals do. A
    recording leaves them as they are. ``everyday``: see `RuleBook`.
    """

    def __init__(self, *, comparing: bool = False, everyday: Callable[[], frozenset[str]] = frozenset) -> None:
        self.comparing = comparing
        self._everyday = everyday
        self.learned = Learned()
        self.hits: Counter[str] = Counter()
        self.kept = GramIndex()
        """What has been let through so far, as text and as every reading of it."""
        self._numbers: dict[tuple[str, str], int] = {}
        self._values: dict[tuple[str, int], str] = {}
        self._made: dict[tuple[str, str, str | None, str], str] = {}
        """Markers by what they were made of: most secrets, as an API key, come again and again."""

    def __repr__(self) -> str:
        return f"Ledger({len(self._numbers)} values)"

    def marker(self, kind: Kind, value: str, rule: str, *, hint: str | None = None, encoding: str = "0") -> str:
        """The marker for ``value``; ``value`` itself where it already is a placeholder and nothing is compared."""
        if kind.parts is not None and len(parts := kind.parts(value)) > 1:
            self._learn(kind, value, encoded=False)
            return "".join(self._one(kind, text, rule, hint, encoding) if secret else text for text, secret in parts)
        at = (kind.name, value, hint, encoding)
        known = self._made.get(at)
        if known is not None:
            self.hits[rule] += 1
            return known
        made = self._one(kind, value, rule, hint, encoding)
        if made is not value:
            if len(self._made) >= _MADE:
                self._made.clear()
            self._made[at] = made
        return made

    def _one(self, kind: Kind, value: str, rule: str, hint: str | None, encoding: str) -> str:
        if not self.comparing and kind.marked.fullmatch(value):
            return value
        same = kind.same(value)
        number = self._numbers.get((kind.name, same))
        if number is None:
            number = len(self._numbers) + 1
            self._numbers[kind.name, same] = number
            self._values[kind.name, number] = same
        self.hits[rule] += 1
        self._learn(kind, value, encoded=hint == ENCODED)
        return marked(kind.name, number, kind.hint(value) if hint is None else hint, encoding)

    def _learn(self, kind: Kind, value: str, *, encoded: bool) -> None:
        if kind.learn and not kind.marked.fullmatch(value) and not self._is_plain(value):
            self.learned.add(value, kind.name, encoded=encoded)

    def _is_plain(self, value: str) -> bool:
        """Whether it is made of everyday words alone: these stand anywhere, and tell nothing."""
        words = _WORDS.fullmatch(value)
        return words is not None and self._everyday().issuperset(_WORD.findall(value.lower()))

    def value(self, marker: Marker) -> str:
        """What ``marker`` stands for, in its kind's normal spelling."""
        return self._values[marker.kind, marker.number]

    def forget(self) -> None:
        """Drops the numbers, keeps what was learned: for matching, where a number lives as long as one comparison."""
        self._numbers.clear()
        self._values.clear()
        self._made.clear()
        # Without this each value that is learned would be looked for in every text of a long replay.
        self.kept.settle(_AT_ONCE)
