"""Tables in text: reports and exports with a line of column names. A cell reads like a field of its column's name."""

import csv
import re
from collections.abc import Iterator

from fcproxy.core.audit_tree import Context, Leaf, NameIndex

__all__ = ["table_leaves"]

_HEAD = re.compile(r"\ufeff?[\"A-Za-z_][^\r\n=:{}<>]{2,16000}\r?\n")
_BREAKS = re.compile(r"[^A-Za-z0-9]|(?<=[a-z])(?=[A-Z])")


def table_leaves(text: str, index: NameIndex, context: Context) -> Iterator[Leaf]:
    """The cells of the columns whose names call for a rule; nothing where ``text`` is no table."""
    head = _HEAD.match(text)
    if head is None:
        return
    line = head[0].strip("\ufeff\r\n")
    delimiter = max(",;\t|", key=line.count)
    if delimiter not in line:
        return
    columns = {
        number: found
        for number, name in enumerate(next(_rows([line], delimiter), []))
        if (found := _meant(name, index, context)) is not None
    }
    for number, row in enumerate(_rows(text[head.end() :].splitlines(keepends=True), delimiter) if columns else ()):
        for at, (name, inner) in columns.items():
            if at < len(row):
                yield Leaf((name, (number, ())), name, row[at].strip(), inner)


def _rows(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error:
        # A cell that goes on for ever: line by line instead, from the beginning.
        for line in lines:
            yield [cell.strip().strip('"') for cell in line.split(delimiter)]


def _meant(column: str, index: NameIndex, context: Context) -> tuple[str, Context] | None:
    """`Card Address City` is the city of a card's address: the longest end that a rule asks for, in what is before."""
    words = [word for word in _BREAKS.split(column) if word]
    for at in range(len(words)):
        name, inner = "_".join(words[at:]), context
        for around in (*words[:at], "_".join(words[:at])):
            inner = index.below(inner, around)
        if any(not (rule.within or rule.objects) or inner.names & rule.within for rule in index.rules(name)):
            return name, inner
    return None
