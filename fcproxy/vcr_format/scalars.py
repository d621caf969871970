"""One text or byte string -> the YAML 1.1 scalar that every loader reads back exactly. ASCII only.

Written by hand and not by PyYAML's emitter: libyaml and the pure emitter fold and quote differently, and a cassette
must be the same bytes on every machine. ASCII, because vcrpy opens cassettes in the locale's encoding.
"""

import base64
import re

__all__ = ["binary", "block", "inline"]

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./,;=&%+?@()\[\]-]*(?:[ :][A-Za-z0-9_./,;=&%+?@()\[\]-]+)*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""What YAML 1.1 reads as null or a boolean, in any letter case; all other special scalars begin with no letter."""

_QUOTABLE = re.compile(r"[ -~]*")
_NOT_LITERAL = re.compile(r"[^\n -~]| (?:\n|\Z)")
"""What keeps a text out of a literal block; blanks at line ends too, because editors and git strip those."""

_SPECIAL = re.compile(r"[^ !#-\[\]-~]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BASE64_WIDTH = 76


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if code < 0x100:
        return _ESCAPES.get(char) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _double_quoted(text: str) -> str:
    return f'"{_SPECIAL.sub(_escape, text)}"'


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def inline(text: str) -> str:
    """``text`` on one line: plain, single-quoted or double-quoted; `!!binary` where it holds surrogate escapes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if _QUOTABLE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    if not _encodable(text):
        # libyaml refuses lone surrogates in any spelling.
        return f'!!binary "{base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()}"'
    return _double_quoted(text)


def block(text: str, indent: int) -> str:
    """``text`` as a body: one line if it is one, else a literal block, else quoted line by line."""
    if "\n" not in text:
        return inline(text)
    if text.strip("\n") and not _NOT_LITERAL.search(text):
        return _literal(text, " " * indent)
    return _quoted_lines(text, " " * indent)


def _literal(text: str, margin: str) -> str:
    content = text.rstrip("\n")
    ending = len(text) - len(content)
    hint = "2" if content[0] in " \n" else ""
    head = "|" + hint + ("-", "", "+")[min(ending, 2)]
    lines = [margin + line if line else "" for line in content.split("\n")]
    return "\n".join([head, *lines]) + "\n" * max(ending - 1, 0)


def _quoted_lines(text: str, margin: str) -> str:
    # A backslash at the line's end joins it to the next; a backslash before a leading blank keeps that blank.
    pieces = [_SPECIAL.sub(_escape, line) for line in text.splitlines(keepends=True)]
    joined = f"\\\n{margin}".join("\\" + piece if piece.startswith(" ") else piece for piece in pieces)
    return f'"{joined}"'


def binary(data: bytes, indent: int) -> str:
    """``data`` as a `!!binary` block, as PyYAML writes it."""
    text = base64.b64encode(data).decode()
    margin = "\n" + " " * indent
    lines = (text[start : start + _BASE64_WIDTH] for start in range(0, len(text), _BASE64_WIDTH))
    return "!!binary |" + margin + margin.join(lines)
