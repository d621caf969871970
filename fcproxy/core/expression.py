"""Regular expressions that are compiled when they are first used: most of ours are for what few processes ever see."""

import re
from typing import AnyStr, cast

__all__ = ["expression"]

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


def expression(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`, later. An error in ``pattern`` is raised at the first use: for literals only.

    What every replay needs, and what is used a thousand times for each request, is better compiled at once.
    """
    return cast("re.Pattern[AnyStr]", _Expression(pattern, flags))


class _Expression:
    __slots__ = ("_flags", "pattern", *_METHODS)

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        # Comes here until the methods are set; from then on they are as near as the compiled expression's own.
        compiled = re.compile(self.pattern, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)

    def __reduce__(self) -> tuple[object, ...]:
        return expression, (self.pattern, self._flags)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Expression):
            return NotImplemented
        return (self.pattern, self._flags) == (other.pattern, other._flags)

    def __hash__(self) -> int:
        return hash((self.pattern, self._flags))

    def __repr__(self) -> str:
        return f"expression({self.pattern!r})"
