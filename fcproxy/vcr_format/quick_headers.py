"""Headers on the straight road: most fields of a message are those of another one, so each is read and kept once."""

import re
from collections.abc import Callable, Sequence

from fcproxy.core.expression import expression
from fcproxy.core.message import Headers

__all__ = ["NULLS", "KnownHeaders"]

NULLS = frozenset({"null", "Null", "NULL"})
"""What is no text to YAML where it stands unquoted."""

_MOST = 1024
"""How many blocks are kept, and how many fields: of a large cassette's many occur once only."""

_BEFORE_NAME = re.compile(r"\n      (?=[A-Za-z])")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):\n      - ([^\n]+)")
_START = expression(r"\n      (?! )")
_PART = expression(r"(?P<name>[A-Za-z][A-Za-z0-9-]*):|- (?P<value>.+)", re.DOTALL)
_IN_JSON = expression(r'"([A-Za-z][A-Za-z0-9-]*)": \["([^"\\\n]*)"\]')
_BESIDES_IN_JSON = len('"": [""], ')

Pair = tuple[str, str]


class KnownHeaders:
    """``scalar`` reads a value as it is written; None where that is beyond it."""

    def __init__(self, scalar: Callable[[str], str | bytes | None]) -> None:
        self._scalar = scalar
        self._blocks: dict[str, Headers | None] = {}
        self._fields: dict[str, Pair] = {}
        """A field as it is written -> as it reads."""
        self._in_json: dict[Pair, Pair] = {}
        self._names: dict[tuple[str, ...], tuple[str, ...] | None] = {}

    def readable(self, written: str) -> Headers | None:
        """The fields of one message, a line for each name and each value; None where they are beyond this reader."""
        if written in self._blocks:
            return self._blocks[written]
        known = self._fields
        before, *fields = _BEFORE_NAME.split(written)
        read = [known.get(one) or self._field(one) for one in fields]
        # What is there without a name, and a field of several values, is for the slower way.
        simple = not before and None not in read
        return self._kept(written, self._distinct(read) if simple else self._several(written))

    def in_json(self, written: str) -> Headers | None:
        """The same, of what stands between the braces of a mapping in JSON."""
        written += ", " if written else ""
        if written in self._blocks:
            return self._blocks[written]
        found: list[Pair] = _IN_JSON.findall(written)
        if sum([len(name) + len(value) for name, value in found]) + _BESIDES_IN_JSON * len(found) != len(written):
            return None
        return self._kept(written, self._distinct([self._same(one) for one in found]))

    def _kept(self, written: str, read: Headers | None) -> Headers | None:
        if len(self._blocks) >= _MOST:
            self._blocks.clear()
        self._blocks[written] = read
        return read

    def _field(self, written: str) -> Pair | None:
        found = _FIELD.fullmatch(written)
        value = self._scalar(found[2]) if found is not None else None
        if found is None or not isinstance(value, str):
            return None
        if len(self._fields) >= _MOST:
            self._fields.clear()
        read = self._fields[written] = (found[1], value)
        return read

    def _same(self, pair: Pair) -> Pair:
        if len(self._in_json) >= _MOST:
            self._in_json.clear()
        return self._in_json.setdefault(pair, pair)

    def _distinct(self, read: Sequence[Pair | None]) -> Headers | None:
        """The headers; None where a name stands twice: a mapping has it once."""
        items = [one for one in read if one is not None]
        names = tuple([name for name, _ in items])
        if names not in self._names:
            good = len(set(names)) == len(names) and NULLS.isdisjoint(names)
            # Shared: the names in lower case would otherwise take as much as the fields.
            self._names[names] = tuple([name.lower() for name in names]) if good else None
        lower = self._names[names]
        return Headers.named(items, lower) if lower is not None else None

    def _several(self, written: str) -> Headers | None:
        """Headers some of which have several values, or values of several lines."""
        items: list[Pair] = []
        names = set()
        name = None
        for part in _START.split(written)[1:]:
            found = _PART.fullmatch(part)
            if found is None:
                return None
            value = found["value"]
            if value is None:
                name = found["name"]
                if name in names or name in NULLS:
                    return None
                names.add(name)
                continue
            text = self._scalar(value)
            if name is None or not isinstance(text, str):
                return None
            items.append((name, text))
        return Headers(items) if len({pair[0] for pair in items}) == len(names) else None
