"""A quick, sure no to "does any of these expressions match in this text?".

The alternatives of one expression are tried one after another at every character. `re` skips to a character with which
a match may begin only where every alternative begins with a plain one; and most of ours, beginning with any of many
letters, have an underscore soon. So they are sorted into those that are looked for from their underscore, those that
begin plainly, and each of the rest by itself: half the time on ids and paths.
"""

import re
from collections.abc import Callable, Iterable
from functools import cached_property

__all__ = ["Gate"]

_TO_UNDERSCORE = re.compile(r"(?:[A-Za-z0-9]|\[[A-Za-z0-9]+\])*_(?![*?+{])")
_PLAIN = re.compile(r"[A-Za-z0-9/@]|\\[.+/-]")
_NOT_SIMPLE = re.compile(r"\\[()\[\]|]")


class Gate:
    """``expressions`` have no groups that they refer to, and no flags."""

    def __init__(self, expressions: Iterable[str]) -> None:
        self._expressions = tuple(expressions)

    @cached_property
    def _searches(self) -> tuple[Callable[[str], object], ...]:
        # Compiled when the first text is asked about: most gates of a replay never are.
        marked: list[str] = []
        plain: list[str] = []
        rest: list[str] = []
        for one in (part for expression in self._expressions for part in _alternatives(expression)):
            head = _TO_UNDERSCORE.match(one)
            if head is not None:
                marked.append(f"(?<={head[0]}){one[head.end() :]}")
            else:
                (plain if _PLAIN.match(one) else rest).append(one)
        joined = [f"_(?:{'|'.join(marked)})"] * bool(marked) + ["|".join(plain)] * bool(plain)
        return tuple([re.compile(one).search for one in (*joined, *rest)])

    def open(self, text: str) -> bool:
        """Whether one of the expressions matches in ``text``."""
        for search in self._searches:  # noqa: SIM110 - a generator would cost as much as half of the searches
            if search(text) is not None:
                return True
        return False


def _alternatives(expression: str) -> list[str]:
    """What stands between the outermost bars; the whole where that is not simple to say."""
    parts = expression.split("|")
    closed = all(part.count("(") == part.count(")") and part.count("[") == part.count("]") for part in parts)
    return parts if closed and all(parts) and _NOT_SIMPLE.search(expression) is None else [expression]
