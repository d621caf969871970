"""Tables as text (RFC 4180; reports and exports): each cell by the name at the head of its column.

Columns are named by the way to a value: `customer_address_line1`, `Card Last4`, `payment_metadata[email]`.
"""

import re
from collections.abc import Callable

from fcproxy.core.expression import expression

__all__ = ["ways", "with_cells"]

_SEPARATORS = ",;\t|"
_NAME = expression(r"[A-Za-z_][A-Za-z0-9_ .()/#\[\]-]{0,79}")
_WORDS = expression(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")
_CELLS = {
    separator: expression(
        rf"(?P<cell>\"[^\"]*(?:\"\"[^\"]*)*\"|[^{re.escape(separator)}\r\n]*)(?P<end>{re.escape(separator)}|\r?\n|\r|\Z)"
    )
    for separator in _SEPARATORS
}

_Change = Callable[[str], str]


def ways(column: str) -> list[tuple[str, tuple[str, ...]]]:
    """What a column's name may mean: a field's name, longest first, and the names around it."""
    words = [word for word in _WORDS.split(column) if word]
    return [("_".join(words[at:]), (*words[:at], "_".join(words[:at]))) for at in range(len(words))]


def with_cells(text: str, change_of: Callable[[str], _Change | None]) -> str:
    """``text``, if it is a table, with its cells changed. ``change_of`` gives what changes the cells of a column."""
    head = text.removeprefix("\ufeff").lstrip("\r\n")
    line = re.split(r"\r?\n|\r", head, maxsplit=1)[0]
    separator = max(_SEPARATORS, key=line.count)
    if separator not in line or len(line) == len(head):
        return text
    names = [_plain(found["cell"]).strip() for found in _CELLS[separator].finditer(line)]
    if not all(name == "" or _NAME.fullmatch(name) for name in names):
        return text
    changes = [change_of(name) for name in names]
    if not any(changes):
        return text
    out, column = [text[: len(text) - len(head) + len(line)]], 0
    for found in _CELLS[separator].finditer(head, len(line)):
        change = changes[column] if column < len(changes) else None
        out.append(_changed(found["cell"], change) if change is not None and found["cell"] else found["cell"])
        out.append(found["end"])
        column = column + 1 if found["end"] == separator else 0
    return "".join(out)


def _plain(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell[:1] == '"' and cell[-1:] == '"' and len(cell) > 1 else cell


def _changed(cell: str, change: _Change) -> str:
    plain = _plain(cell)
    done = change(plain)
    if done == plain:
        return cell
    return f'"{done.replace(chr(34), chr(34) * 2)}"' if cell[0] == '"' else done
