"""The straight road: files laid out as fcproxy writes them, read interaction by interaction without a YAML parser.

What it takes, it reads as YAML does; anything unusual is left to the YAML reader, one interaction or the whole file. It
is some fifteen times quicker than vcrpy on the readable style, and holds one interaction at a time.
"""

import re
from collections.abc import Iterator

from fcproxy.core.message import Headers
from fcproxy.vcr_format.allowed import COMMENT, uncommented
from fcproxy.vcr_format.document import JSON, read_yaml_text

__all__ = ["Unusual", "quick_items"]

_PRINTABLE = bytes([*range(0x20, 0x7F), 0x0A])
_BEGIN = re.compile(r"(?:#[^\n]*\n)*interactions:\n")
_END = "version: 1"

_INTERACTION = re.compile(
    r"- request:\n"
    r"    body: (?P<sent>[^\n]+(?:\n(?:      [^\n]*)?)*)\n"
    r"    headers:(?P<asked> \{\}|(?:\n      [^\n]+)+)\n"
    r"    method: (?P<method>[^\n]+)\n"
    r"    uri: (?P<uri>[^\n]+)\n"
    r"  response:\n"
    r"    body:\n"
    r"      string: (?:"
    rf"\|(?P<hint>2?)(?P<chomp>[-+]?)(?:{COMMENT})?(?P<lines>(?:\n(?:        [^\n]*)?)+)"
    r"|(?P<other>[^|\n][^\n]*(?:\n(?:        [^\n]*)?)*)"
    r")\n"
    r"(?:    fcproxy:\n      layout: (?P<layout>[a-z]+)\n)?"
    r"    headers:(?P<answered> \{\}|(?:\n      [^\n]+)+)\n"
    r"    status:\n"
    r"      code: (?P<code>[0-9]{3})\n"
    r"      message: (?P<message>[^\n]+)\n"
)
_HEADER_START = re.compile(r"\n      (?! )")
_HEADER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]*):|- (?P<value>.+)", re.DOTALL)
# Everything that stands here is plain text to YAML 1.1, save the four words for nothing; so the scalars that the writer
# leaves unquoted, and those beginning with a digit, which vcrpy does.
_PLAIN = re.compile(r"[A-Za-z0-9/][A-Za-z0-9_~./,;=&%+?@()\[\]-]*(?:[ :][A-Za-z0-9_~./,;=&%+?@()\[\]-]+)*")
_SINGLE = re.compile(r"'((?:[^']|'')*)'")
_HINT = re.compile(r"[|][-+]?[0-9]")
_BLOCKS = 4096
_NULLS = frozenset({"null", "Null", "NULL"})


class Unusual(Exception):
    """Not laid out as expected; which says nothing about whether the file is good."""


def quick_items(data: bytes, text: str) -> Iterator[tuple[int, dict[str, object]]]:
    """(line from 1, interaction as plain data) of the file ``data``, decoded as ``text``.

    Headers come as Headers already. Raises Unusual at any point; then the file must be read in another way.
    """
    begin = _BEGIN.match(text)
    # Only these bytes mean the same to YAML wherever they stand; blanks at line ends and aliases do not.
    if begin is None or data.translate(None, _PRINTABLE) or " \n" in text:
        raise Unusual
    position, line = begin.end(), text.count("\n", 0, begin.end()) + 1
    known = _Known()
    while not text.startswith(_END, position):
        found = _INTERACTION.match(text, position)
        end = found.end() if found is not None else _next(text, position)
        item = _item(found, known) if found is not None else None
        yield line, item if item is not None else _unusual_item(text[position:end])
        line += text.count("\n", position, end)
        position = end
    if text[position:].rstrip("\n") != _END:
        raise Unusual


def _next(text: str, position: int) -> int:
    """Where the item that begins at ``position`` ends: nothing within one stands at the margin."""
    if not text.startswith("- ", position):
        raise Unusual
    end = text.find("\n- ", position)
    if end < 0:
        # The last one. Looked for last, too: from every item it would be a walk through the whole file.
        end = text.find(f"\n{_END}", position)
    if end < 0:
        raise Unusual
    return end + 1


def _unusual_item(text: str) -> dict[str, object]:
    """One interaction in the compact style, or in any other."""
    try:
        items = [JSON.decode(uncommented(text[2:-1]))] if text.startswith("- {") else read_yaml_text(text)
    except (ValueError, RecursionError):
        items = read_yaml_text(text)
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
        raise Unusual
    return items[0]


class _Known:
    """Headers that were read before, by how they are written. Most are the same in every interaction: kept once."""

    def __init__(self) -> None:
        self._blocks: dict[str, Headers | None] = {}
        self._pairs: dict[tuple[str, str], tuple[str, str]] = {}

    def headers(self, written: str) -> Headers | None:
        """The fields of one message, or None where they are beyond this reader."""
        if written in self._blocks:
            return self._blocks[written]
        if len(self._blocks) >= _BLOCKS:
            self._blocks.clear()
        read = self._blocks[written] = _headers(written, self._pairs)
        return read


def _item(found: re.Match[str], known: _Known) -> dict[str, object] | None:
    """The interaction, or None where a part of it is beyond this reader."""
    asked, answered = known.headers(found["asked"]), known.headers(found["answered"])
    sent = b"" if found["sent"] in _NULLS else _scalar(found["sent"])
    body = _scalar(found["other"]) if found["other"] is not None else _literal(found)
    words = [_scalar(found[name]) for name in ("method", "uri", "message")]
    if asked is None or answered is None or sent is None or body is None or None in words:
        return None
    hints = {"fcproxy": {"layout": found["layout"]}} if found["layout"] else {}
    return {
        "request": {"body": sent, "headers": asked, "method": words[0], "uri": words[1]},
        "response": {
            "body": {"string": body},
            "headers": answered,
            "status": {"code": found["code"], "message": words[2]},
            **hints,
        },
    }


def _scalar(written: str) -> str | bytes | None:
    """The text or bytes of a scalar, read by hand where it is plain or single-quoted on one line."""
    if "\n" not in written:
        written = uncommented(written)
    if _PLAIN.fullmatch(written):
        return written if written not in _NULLS else None
    quoted = _SINGLE.fullmatch(written) if "\n" not in written else None
    if quoted is not None:
        return quoted[1].replace("''", "'")
    if written[0] == "|" and _HINT.match(written):
        return None  # its indentation counts from where it stands
    value = read_yaml_text(written + "\n")
    return value if isinstance(value, str | bytes) else None


def _literal(found: re.Match[str]) -> str | None:
    """The text of a literal block whose indentation is that of the writer."""
    content = found["lines"].replace("\n        ", "\n")[1:]
    stripped = content.rstrip("\n")
    first = stripped.lstrip("\n")[:1]
    if not first or (first == " " and not found["hint"]):
        return None
    if found["chomp"] == "+":
        return content + "\n"
    return stripped if found["chomp"] == "-" else stripped + "\n"


def _headers(written: str, pairs: dict[tuple[str, str], tuple[str, str]]) -> Headers | None:
    items: list[tuple[str, str]] = []
    names = set()
    name = None
    for part in _HEADER_START.split(written)[1:]:
        found = _HEADER.fullmatch(part)
        if found is None:
            return None
        value = found["value"]
        if value is None:
            name = found["name"]
            if name in names or name in _NULLS:
                return None
            names.add(name)
            continue
        text = _scalar(value)
        if name is None or not isinstance(text, str):
            return None
        pair = (name, text)
        items.append(pairs.setdefault(pair, pair))
    return Headers(items) if len({pair[0] for pair in items}) == len(names) else None
