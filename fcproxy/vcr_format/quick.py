"""The straight road: files laid out as fcproxy writes them, read interaction by interaction without a YAML parser.

What it takes, it reads as YAML does; anything unusual is left to the YAML reader, one interaction or the whole file. It
is some fifteen times quicker than vcrpy on the readable style, and holds one interaction at a time.
"""

import re
from collections.abc import Iterator

from fcproxy.core.expression import expression
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.vcr_format.allowed import COMMENT, uncommented
from fcproxy.vcr_format.document import JSON, has_conflict, read_yaml_text
from fcproxy.vcr_format.layout import restore
from fcproxy.vcr_format.quick_headers import NULLS, KnownHeaders

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
_STRING = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
_LINE = expression(
    rf'- \{{"request": \{{"body": (null|{_STRING}), "headers": \{{([^{{}}\n]*)\}}, '
    rf'"method": "([A-Z]+)", "uri": ({_STRING})\}}, '
    rf'"response": \{{"body": \{{"string": ({_STRING})\}}, "headers": \{{([^{{}}\n]*)\}}, '
    rf'"status": \{{"code": ([0-9]{{3}}), "message": ({_STRING})\}}\}}\}}(?:{COMMENT})?\n'
)
# Everything that stands here is plain text to YAML 1.1, save the four words for nothing; so the scalars that the writer
# leaves unquoted, and those beginning with a digit, which vcrpy does.
_PLAIN = re.compile(r"[A-Za-z0-9/][A-Za-z0-9_~./,;=&%+?@()\[\]-]*(?:[ :][A-Za-z0-9_~./,;=&%+?@()\[\]-]+)*")
_SINGLE = re.compile(r"'((?:[^']|'')*)'")
_HINT = expression(r"[|][-+]?[0-9]")
_WORDS = 256


class Unusual(Exception):
    """Not laid out as expected; which says nothing about whether the file is good."""


def quick_items(text: str) -> Iterator[tuple[int, dict[str, object] | Interaction]]:
    """(line from 1, interaction) of a file decoded as ``text``; as plain data where a closer look is needed.

    Bodies and headers come as they are written. Raises Unusual at any point; then the file must be read in another way.
    """
    begin = _BEGIN.match(text)
    # Only these characters mean the same to YAML wherever they stand; blanks at line ends and aliases do not.
    if begin is None or not text.isascii() or text.encode().translate(None, _PRINTABLE) or " \n" in text:
        raise Unusual
    position, line = begin.end(), text.count("\n", 0, begin.end()) + 1
    known = _Known()
    while not text.startswith(_END, position):
        compact = text.startswith("- {", position)
        found = (_LINE if compact else _INTERACTION).match(text, position)
        end = found.end() if found is not None else _next(text, position)
        item = None if found is None else _compact(found, known) if compact else _readable(found, known)
        yield line, item if item is not None else _unusual_item(text[position:end])
        line += 1 if compact else text.count("\n", position, end)
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
    """One interaction in any layout."""
    if has_conflict(text):
        raise Unusual
    try:
        items = [JSON.decode(uncommented(text[2:-1]))] if text.startswith("- {") else read_yaml_text(text)
    except (ValueError, RecursionError):
        items = read_yaml_text(text)
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
        raise Unusual
    return items[0]


class _Known:
    """What was read before, by how it is written: headers, and methods and reason phrases."""

    def __init__(self) -> None:
        self.headers = KnownHeaders(_scalar)
        self._words: dict[str, str | bytes | None] = {}

    def word(self, written: str) -> str | bytes | None:
        """A scalar of which there are few."""
        if written in self._words:
            return self._words[written]
        if len(self._words) >= _WORDS:
            self._words.clear()
        word = self._words[written] = _scalar(written)
        return word


def _readable(found: re.Match[str], known: _Known) -> dict[str, object] | Interaction | None:
    """The interaction, or None where a part of it is beyond this reader."""
    written, asked_written, method_written, url_written = found.group("sent", "asked", "method", "uri")
    other, layout, answered_written, code, reason_written = found.group(
        "other", "layout", "answered", "code", "message"
    )
    asked, answered = known.headers.readable(asked_written), known.headers.readable(answered_written)
    sent = "" if written in NULLS else _scalar(written)
    body = _scalar(other) if other is not None else _literal(*found.group("lines", "hint", "chomp"))
    method, url, reason = known.word(method_written), _scalar(url_written), known.word(reason_written)
    if asked is None or answered is None or None in (sent, body, method, url, reason):
        return None
    if layout and isinstance(body, str):
        body = restore(body, layout)
    return _whole((method, url, asked, sent), (code, answered, body, reason))


def _compact(found: re.Match[str], known: _Known) -> Interaction | dict[str, object] | None:
    """The same of a line."""
    sent, asked_written, method, url, body, answered_written, code, reason = found.groups()
    asked, answered = known.headers.in_json(asked_written), known.headers.in_json(answered_written)
    if asked is None or answered is None:
        return None
    try:
        texts = [_string(one) for one in (url, "" if sent == "null" else sent, body, reason)]
    except ValueError:
        return None
    return _whole((method, texts[0], asked, texts[1]), (code, answered, texts[2], texts[3]))


def _string(token: str) -> object:
    return JSON.decode(token) if "\\" in token else token[1:-1]


def _whole(
    asked: tuple[object, object, Headers, object], answer: tuple[str, Headers, object, object]
) -> Interaction | dict[str, object]:
    """The interaction; as plain data where text is not ASCII, which may stand for bytes or for nothing at all."""
    method, url, sent_headers, sent = asked
    code, headers, body, reason = answer
    if (
        isinstance(method, str) and isinstance(url, str) and isinstance(reason, str) and code[0] != "0"
        and method.isascii() and url.isascii() and reason.isascii()
    ):  # fmt: skip
        sent_bytes, body_bytes = _ascii(sent), _ascii(body)
        if sent_bytes is not None and body_bytes is not None:
            request = Request(method, url, sent_headers, sent_bytes)
            return Interaction(request, Response(int(code), headers, body_bytes, reason))
    return {
        "request": {"body": sent, "headers": sent_headers, "method": method, "uri": url},
        "response": {"body": {"string": body}, "headers": headers, "status": {"code": code, "message": reason}},
    }


def _ascii(body: object) -> bytes | None:
    if isinstance(body, str):
        return body.encode() if body.isascii() else None
    return body if isinstance(body, bytes) else None


def _scalar(written: str) -> str | bytes | None:
    """The text or bytes of a scalar, read by hand where it is plain or single-quoted on one line."""
    if "\n" not in written:
        written = uncommented(written)
    if _PLAIN.fullmatch(written):
        return written if written not in NULLS else None
    quoted = _SINGLE.fullmatch(written) if "\n" not in written else None
    if quoted is not None:
        return quoted[1].replace("''", "'")
    if written[0] == "|" and _HINT.match(written):
        return None  # its indentation counts from where it stands
    value = read_yaml_text(written + "\n")
    return value if isinstance(value, str | bytes) else None


def _literal(lines: str, hint: str, chomp: str) -> str | None:
    """The text of a literal block whose indentation is that of the writer."""
    content = lines.replace("\n        ", "\n")[1:]
    stripped = content.rstrip("\n")
    first = stripped.lstrip("\n")[:1]
    if not first or (first == " " and not hint):
        return None
    if chomp == "+":
        return content + "\n"
    return stripped if chomp == "-" else stripped + "\n"
