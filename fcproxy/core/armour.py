"""Rarer ways to write bytes as text: base85 in three alphabets, uuencode, base58. Each gives (start, end, octets).

Sources: Adobe's PostScript reference (Ascii85), git and RFC 1924 (base85), ZeroMQ RFC 32 (Z85), POSIX `uuencode`,
Bitcoin's base58. Their alphabets are so wide that ordinary text is made of them, too: what is no encoding of plain text
must be told at little cost. Four octets below 128 begin, in base85, with one of some thirty letters.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from fcproxy.core.expression import expression

__all__ = ["base58_of", "base58_runs", "base85_runs", "uu_runs"]

Octets = tuple[int, int, bytes]

_GIT = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_ADOBE = "".join(map(chr, range(33, 118)))

_GROUPS = 4
"""Groups of four octets that must be plain text, one after another."""

_PLAIN = expression(rb"[\x09\x0a\x0d\x20-\x7e]+")
_PLAIN_GROUPS = expression(rb"(?:[\x09\x0a\x0d\x20-\x7e]{4}){%d,}|(?s:.{4})" % _GROUPS)
_WORD = expression(r"[!-~]{20,}")
_SIGN = expression(r"[!\"#$'()*,;<>@\[\]^`{|}~\\]")
_SIGNS = expression(r"[!\"#$()*;<>@^`{|}~\\].*[!\"#$()*;<>@^`{|}~\\]")
"""Base85 of random letters has one, hardly ever none; an id, a path, a date has none, and a URL has no two."""


class _Base85:
    """One alphabet."""

    def __init__(self, alphabet: str) -> None:
        low, high = 0x20_00_00_00 // 85**4, 0x7F_FF_FF_FF // 85**4
        self._run = expression(f"[{re.escape(alphabet)}]{{{5 * _GROUPS},}}")
        self._firsts = expression(f"[{re.escape(alphabet[low : high + 1])}]{{{_GROUPS},}}")
        self._to_git = str.maketrans(alphabet, _GIT)

    def runs(self, text: str, start: int, end: int) -> Iterator[Octets]:
        """Stretches of plain text, wherever they begin."""
        for found in self._run.finditer(text, start, end):
            for skip in range(5):
                for firsts in self._firsts.finditer(found[0][skip::5]):
                    at = skip + 5 * firsts.start()
                    # The last group may be short.
                    run = found[0][at : skip + 5 * firsts.end() + 4].translate(self._to_git)
                    at += found.start()
                    yield from ((at + begin, at + stop, data) for begin, stop, data in _stretches(run))


def _stretches(run: str) -> Iterator[Octets]:
    """Of a run in git's alphabet that begins with a group: what reads plain text, in whole groups but for the last."""
    whole = len(run) // 5 * 5
    for found in _PLAIN_GROUPS.finditer(base64.b85decode(run[:whole])):
        if len(found[0]) < 4 * _GROUPS:
            continue
        start, end = found.start() // 4 * 5, found.end() // 4 * 5
        rest = _short_group(run[end : end + 4])
        yield start, end + (len(rest) + 1 if rest else 0), found[0] + rest


def _short_group(group: str) -> bytes:
    """The octets of as much of a group's beginning as says plain text."""
    for end in range(len(group), 1, -1):
        try:
            data = base64.b85decode(group[:end])
        except ValueError:
            continue
        if _PLAIN.fullmatch(data):
            return data
    return b""


_ALPHABETS = tuple(map(_Base85, (_ADOBE, _GIT, _Z85)))
_FRAMED = expression(r"<~([!-uz\s]{10,})~>")


def base85_runs(text: str) -> Iterator[Octets]:
    """Ascii85, base85 and Z85 of plain text, wherever it begins; in its frame Ascii85 may be folded."""
    if "<~" in text:
        for found in _FRAMED.finditer(text):
            yield from _adobe(found)
    for word in _WORD.finditer(text):
        if (_SIGNS if "://" in word[0] else _SIGN).search(word[0]) is not None:
            for alphabet in _ALPHABETS:
                yield from alphabet.runs(text, *word.span())


def _adobe(found: re.Match[str]) -> Iterator[Octets]:
    try:
        yield found.start(), found.end(), base64.a85decode(found[1])
    except ValueError:
        return


_LINE = expression(r"[^\n]+\n?|\n")
_UU_LINES = expression(r"(?m)(?:^[!-M][ -`]{12,62}\r*(?:\n|\Z))+")


def uu_runs(text: str) -> Iterator[Octets]:
    """Lines of uuencode, with or without their `begin` and `end`."""
    if "\n" not in text and _UU_LINES.match(text) is None:
        return
    for found in _UU_LINES.finditer(text):
        at, start, data = found.start(), found.start(), b""
        for line in _LINE.findall(found[0]):
            octets = _uu_line(line.rstrip("\r\n"))
            if not octets and data:
                yield start, at, data
                data = b""
            start = start if data else at
            data += octets
            at += len(line)
        if data:
            yield start, at, data


def _uu_line(line: str) -> bytes:
    """What a line says whose first letter gives its length; b"" where it does not."""
    size = ord(line[:1] or " ") - 32
    if not size or not 0 <= len(line) - 1 - (size + 2) // 3 * 4 <= 1:
        return b""
    try:
        return binascii.a2b_uu(line[: 1 + (size + 2) // 3 * 4])
    except binascii.Error:
        return b""


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_RUN = expression(rf"(?<![A-Za-z0-9_])[{_BASE58}]{{38,200}}(?![A-Za-z0-9_])")
"""Longer than an id: decoding costs its length squared. Shorter copies of what is known: see `learned`."""


def base58_runs(text: str, start: int = 0) -> Iterator[Octets]:
    """Base58 of plain text from ``start`` on: whole words only, since each letter depends on all."""
    for found in _BASE58_RUN.finditer(text, start):
        number = 0
        for letter in found[0]:
            number = number * 58 + _BASE58.index(letter)
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        if _PLAIN.fullmatch(data):
            yield found.start(), found.end(), data


def base58_of(data: bytes) -> str:
    """``data`` in base58, without what leading zeros would add."""
    number, out = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        out = _BASE58[rest] + out
    return out
