"""Encodings that few write into text: uuencode, UTF-7, framed Ascii85, and words that a line's end cuts in two.

Each has a mark that says where it may stand; without that, a text costs the search for the mark and no more.
"""

import base64
import binascii
import re
from collections.abc import Iterator

__all__ = ["joined", "rare", "unescaped"]

_FRAMED = re.compile(r"<~([!-uz\s]{10,65536})(?:~>|$)")
_UU = re.compile(r"\bbegin [0-7]{3,4} [^\n]*\r?\n((?:[ -`]{2,62}\r?\n?)+)")
_UTF7 = re.compile(r"\+([A-Za-z0-9+/]{2,1024}+)-")
_END = r"(?:=?(?:\r?\n[ \t]*|(?:\\{1,2}r)?\\{1,2}n))"
_CUT = re.compile(rf"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/=_-]{{4,}}+(?:{_END}[A-Za-z0-9+/_-]{{2,}}={{0,2}})+")
_ENDS = re.compile(_END)
_WHOLE = re.compile(r"_(?:test|live|secret)_[A-Za-z0-9]{10,}|(?:sk|rk|whsec|oak|ca|ac|rt)_[A-Za-z0-9]{16,}")
"""A piece that is a key by itself: what stands in the next line is another matter."""

_LEAST = 16
"""Fewest characters of a word that was cut."""


def rare(text: str) -> Iterator[tuple[str, bytes]]:
    """(layer, octets) for each piece of ``text`` that is written in one of these ways, and opens."""
    if "\n" in text or "\\n" in text:
        yield from _cut(text)
        if "begin " in text:
            yield from _uuencoded(text)
    if "<~" in text:
        for found in _FRAMED.finditer(text):
            for blank in (r"\s|\\n", r"\s"):
                try:
                    yield "ascii85", base64.a85decode(re.sub(blank, "", found[1]))
                except ValueError:
                    continue
    if "+" in text and "-" in text and _UTF7.search(text):
        yield "utf-7", _UTF7.sub(_utf7, text).encode("utf-8", "surrogatepass")


def joined(text: str) -> str:
    """``text`` without its lines' ends and what indents the next line."""
    return _ENDS.sub("", text) if "\n" in text or "\\n" in text else text


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def unescaped(text: str) -> str:
    """What a broken JSON text has in its strings: the reader that would say so cannot read it."""
    return re.sub(r"\\([nrt\"\\/])", lambda found: _ESCAPES.get(found[1], found[1]), text)


def _cut(text: str) -> Iterator[tuple[str, bytes]]:
    """Words that go on in the next line, put together, if they look like a key or an encoding and not like prose."""
    for found in _CUT.finditer(text):
        word = _ENDS.sub("", found[0])
        mixed = any(char.isdigit() for char in word) and any(char.isalpha() for char in word)
        if mixed and len(word) >= _LEAST and not _WHOLE.search(found[0]):
            yield "folded", word.encode()


def _uuencoded(text: str) -> Iterator[tuple[str, bytes]]:
    for found in _UU.finditer(text):
        pieces = []
        for line in found[1].split("\n"):
            try:
                pieces.append(binascii.a2b_uu(line.rstrip("\r")))
            except binascii.Error:
                break
        yield "uuencode", b"".join(pieces)


def _utf7(found: re.Match[str]) -> str:
    coded = found[1]
    data = base64.b64decode(coded + "=" * (-len(coded) % 4)) if len(coded) % 4 != 1 else b""
    text = data[: len(data) & ~1].decode("utf-16-be", "replace")
    return text if text.isprintable() else found[0]
