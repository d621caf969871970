"""Header lines of plain requests and answers: what each means, remembered by its octets.

Most lines of a message are those of the one before it, so nearly all are found in one loop in C (`Lines` is a dict that
looks at what it does not hold). Fields with ever new values are known by their names alone.
"""

import re
from collections.abc import Callable
from enum import Enum, auto

from fcproxy.server.loopback import is_strange

__all__ = ["NOT_PLAIN", "Kind", "Line", "Lines", "value_of"]

_LINES = 2048
_MOST_NAMES = 512
_LONGEST_NAME = 64
_LONGEST_LINE = 1024
"""Longer lines are not remembered, so that the memory stays below 2 MiB."""

_MANY = 32
"""A field with more values than these has a new one each time, as a rule: they are not remembered."""

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = bytes([0x09, *range(0x20, 0x7F)])
"""Octets of a value and the blanks around it: there is no more to its grammar here."""

_ODD = frozenset(
    {
        b"transfer-encoding",
        b"expect",
        b"upgrade",
        b"te",
        b"trailer",
        b"sec-websocket-key1",
        b"origin",
        b"sec-fetch-site",
    }
)
"""Fields that change how a message is framed or answered, or tell of a browser: such a message is not plain."""

_ONCE = (
    b"content-location",
    b"content-range",
    b"content-type",
    b"etag",
    b"max-forwards",
    b"server",
    b"user-agent",
)
"""Fields that aiohttp's parser refuses to see twice."""


class Kind(Enum):
    """What a header line is to the reader. ``SINGLE``: ignored, and refused when it comes twice."""

    IGNORED = auto()
    SINGLE = auto()
    COMPARED = auto()
    KEY = auto()
    LENGTH = auto()
    CONNECTION = auto()
    HOST = auto()
    REFUSED = auto()


class _Field:
    """What a field's name, in one spelling, means. ``values``: how many of its lines were remembered; ``many``: its
    values are not looked at any more, but for their octets: ``any`` stands for each of its lines."""

    __slots__ = ("any", "kind", "lower", "many", "values", "written")

    def __init__(self, kind: Kind, written: str) -> None:
        self.kind = kind
        self.written = written
        self.lower = written.lower()
        self.values = 0
        self.many = kind is Kind.KEY
        self.any = Line(kind, None, self)


class Line:
    """What a header line means, and its value: None where this stands for all lines of a field.

    Compared by identity: as long as a line is remembered, equal ones lead to the very same object.
    """

    __slots__ = ("field", "kind", "name", "pair", "value")

    def __init__(self, kind: Kind, value: bytes | None, field: _Field) -> None:
        self.kind = kind
        self.value = value
        self.field = field
        self.name = field.lower
        """The field's name in lower case."""
        self.pair = (field.written, value.decode()) if value is not None else None

    def read(self, line: bytes) -> tuple[str, str]:
        """Name and value of ``line``, one of those that this stands for; those of a line by itself are its `pair`."""
        return self.field.written, value_of(line).decode()


class Lines(dict[bytes, Line]):
    """The lines that came before. What is asked for and is not among them is looked at."""

    def __init__(self, compared: frozenset[str], on_full: Callable[[], None]) -> None:
        """``compared``: lower-case names of the fields that matter. ``on_full`` is called when all are forgotten."""
        super().__init__()
        self._names = (
            dict.fromkeys(_ONCE, Kind.SINGLE)
            | {name.encode(): Kind.COMPARED for name in compared}
            | {
                b"idempotency-key": Kind.KEY,
                b"content-length": Kind.LENGTH,
                b"host": Kind.HOST,
                b"connection": Kind.CONNECTION,
            }
        )
        self._fields: dict[bytes, _Field] = {}
        self._on_full = on_full

    def __missing__(self, line: bytes) -> Line:
        written, colon, rest = line.partition(b":")
        field = self._fields.get(written) or self._field(written)
        if field is None or not colon or rest.translate(None, _VALUE):
            return NOT_PLAIN
        return field.any if field.many else self._new(line, rest.strip(b" \t"), field)

    def lasts(self, line: bytes, known: Line) -> bool:
        """Whether ``known``, which ``line`` led to, is what an equal line will lead to."""
        return known is known.field.any or line in self

    def _new(self, line: bytes, value: bytes, field: _Field) -> Line:
        kind = field.kind
        if kind is Kind.CONNECTION:
            kind = Kind.IGNORED if value.lower() == b"keep-alive" else Kind.REFUSED
        elif kind is Kind.HOST:
            kind = Kind.REFUSED if is_strange(value.decode()) else Kind.SINGLE
        elif kind is Kind.LENGTH and not (value.isdigit() and len(value) < 8):
            kind = Kind.REFUSED
        if kind is Kind.REFUSED:
            return NOT_PLAIN
        known = Line(kind, value, field)
        if len(line) <= _LONGEST_LINE:
            if len(self) >= _LINES:
                self.clear()
                self._on_full()
            self[line] = known
            if kind is field.kind and kind in {Kind.IGNORED, Kind.SINGLE}:  # of others each value has to be looked at
                field.values += 1
                field.many = field.values >= _MANY
        return known

    def _field(self, written: bytes) -> _Field | None:
        """What a field's name means; None for what is no name."""
        if _NAME.fullmatch(written) is None:
            return None
        name = written.lower()
        field = _Field(Kind.REFUSED if name in _ODD else self._names.get(name, Kind.IGNORED), written.decode())
        if len(self._fields) >= _MOST_NAMES:
            self._fields.clear()
        if len(written) <= _LONGEST_NAME:
            self._fields[written] = field
        return field


def value_of(line: bytes) -> bytes:
    """The value in a header line."""
    return line.partition(b":")[2].strip(b" \t")


NOT_PLAIN = Line(Kind.REFUSED, None, _Field(Kind.REFUSED, ""))
"""A line that makes a message no plain one."""
