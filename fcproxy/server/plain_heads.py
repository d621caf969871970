"""Heads of plain messages: what header lines say together, remembered by what each of them means."""

from typing import NamedTuple

from fcproxy.core.message import Headers
from fcproxy.server.header_lines import Kind, Line, Lines

__all__ = ["PlainHead", "PlainHeads", "fields_of"]

_HEADS = 2048
"""How many heads are remembered."""


class PlainHead(NamedTuple):
    """What the header lines say together: those that are compared, the number of the Idempotency-Key's (None: there is
    no such line), and how long the body is, in bytes."""

    compared: tuple[bytes, ...]
    key: int | None
    length: int


class PlainHeads(dict[tuple[Line, ...], PlainHead]):
    """The heads that came before. What is asked for with `get` and is not among them is for `told`."""

    def __init__(self, compared: frozenset[str], needed: str) -> None:
        """``compared``: lower-case names of the fields that matter; ``needed``: that of a field without which a head is
        not plain."""
        super().__init__()
        self._needed = needed
        # Of lines that are forgotten no head would ever be found again.
        self.lines = Lines(compared, self.clear)

    def told(self, lines: list[bytes], meanings: tuple[Line, ...]) -> PlainHead | None:
        """What ``lines`` say together; None where that is not plain."""
        compared, key, length, seen = [], None, 0, set()
        for at, (line, known) in enumerate(zip(lines, meanings, strict=True)):
            kind = known.kind
            if kind is Kind.IGNORED:
                continue
            if kind is Kind.REFUSED or known.name in seen:
                return None
            seen.add(known.name)
            if kind is Kind.COMPARED:
                compared.append(line)
            elif kind is Kind.KEY:
                key = at
            elif kind is Kind.LENGTH:
                length = int(known.value or b"")
        if self._needed not in seen:
            return None
        told = PlainHead(tuple(compared), key, length)
        if all(map(self.lines.lasts, lines, meanings)):
            if len(self) >= _HEADS:
                self.clear()
            self[meanings] = told
        return told


def fields_of(lines: list[bytes], meanings: tuple[Line, ...]) -> Headers:
    """The header fields in order."""
    items = [known.pair or known.read(line) for line, known in zip(lines, meanings, strict=True)]
    return Headers.named(items, [known.name for known in meanings])
