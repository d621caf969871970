"""Escapes of single characters, undone: percent, backslash, HTML entity, quoted-printable and its soft breaks, UTF-7;
and line breaks that cut a word in two.

A peeled text knows where each of its characters came from, so that what is found in it is replaced in the original and
nothing else there changes.
"""

import binascii
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

from fcproxy.core.expression import expression

__all__ = ["MAX_ROUNDS", "MAX_VIEWS", "Peeled", "has_utf7", "peel"]

MAX_ROUNDS = 4
"""How often escapes are undone one after another."""

MAX_VIEWS = 24
"""Most readings of one text."""


class _Map(NamedTuple):
    """For each escape that was undone: where its result starts and ends, and its span before."""

    starts: list[int]
    ends: list[int]
    before: list[tuple[int, int]]

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self._back(start)[0], self._back(end - 1)[1]

    def _back(self, at: int) -> tuple[int, int]:
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return at, at + 1
        if at < self.ends[index]:
            return self.before[index]
        source = self.before[index][1] + at - self.ends[index]
        return source, source + 1


class Peeled(NamedTuple):
    """``text``: a reading of the original. ``percent``: how many of its layers were percent-encoding.

    ``seams``: where lines were put together that may not belong together.
    """

    text: str
    percent: int
    maps: tuple[_Map, ...]
    seams: tuple[int, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where ``text[start:end]`` stands in the original."""
        for one in self.maps:
            start, end = one.span(start, end)
        return start, end


class _Family(NamedTuple):
    """One way to escape: the sign without which it does not occur, what an escape looks like, what it stands for."""

    sign: str
    pattern: re.Pattern[str]
    decode: Callable[[re.Match[str]], str]


def _percent(found: re.Match[str]) -> str:
    text = found[0]
    if text[1] in "uU":
        return chr(int(text[2:6], 16))
    return unquote(text, errors="surrogateescape")


_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _backslash(found: re.Match[str]) -> str:
    code = found[0].lstrip("\\")
    if not code:
        return "\\"
    if code[0] in "uUx":
        number = int(code[1:].strip("{}"), 16)
        return chr(number) if number < 0x110000 else found[0]
    return chr(int(code, 8)) if code[0] in "01234567" else _LETTERS.get(code, code)


def _json_escape(found: re.Match[str]) -> str:
    code = found[0][1:]
    return chr(int(code[1:], 16)) if len(code) > 1 else _LETTERS.get(code, code)


def _entity(found: re.Match[str]) -> str:
    return html.unescape(found[0])


def _quoted(found: re.Match[str]) -> str:
    return chr(int(found[0][1:], 16))


def _blank(found: re.Match[str]) -> str:
    del found
    return " "


def _nothing(found: re.Match[str]) -> str:
    del found
    return ""


def _utf7(found: re.Match[str]) -> str:
    if not found[1]:
        return "+"
    data = binascii.a2b_base64(found[1] + "=" * (-len(found[1]) % 4)) if len(found[1]) % 4 != 1 else b""
    # Of the letters behind a plus in ordinary text, what comes out is no Latin text.
    return data[1::2].decode("latin-1") if data and not any(data[::2]) else found[0]


# RFC 2152. What is no escape stays.
_UTF7 = expression(r"\+(?:-|([A-Za-z0-9+/]{3,})-?)")


def has_utf7(text: str) -> bool:
    """Whether a Latin letter is escaped in ``text`` as UTF-7 has it."""
    return any(found[1] and _utf7(found) != found[0] for found in _UTF7.finditer(text))


_FAMILIES = (
    _Family("%", expression(r"%[uU][0-9A-Fa-f]{4}|(?:%[89A-Fa-f][0-9A-Fa-f])+|%[0-7][0-9A-Fa-f]"), _percent),
    _Family(
        "\\",
        expression(
            r"\\+(?:[uU]\{0*[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[0-7]{3}|[/\"'nrtbf]|)"
        ),
        _backslash,
    ),
    # One layer exactly: among several backslashes the family above takes two escapes for one.
    _Family("\\\\", expression(r"\\(?:u[0-9A-Fa-f]{4}|.)", re.DOTALL), _json_escape),
    _Family("&", expression(r"&(?:#0*[0-9]{1,7}|#[xX]0*[0-9A-Fa-f]{1,6}|[A-Za-z]{2,16});?"), _entity),
    _Family("=", expression(r"=[0-9A-Fa-f]{2}"), _quoted),
    _Family("\n", expression(r"=[ \t]*\r*\n"), _nothing),
    _Family("+", expression(r"\+"), _blank),
    _Family("+", _UTF7, _utf7),
)
_FOLDED = _Family("\n", expression(r"(?<=[^\s=])[ \t]*\r*\n[ \t]*(?=\S)"), _nothing)
# Soft hyphen, zero-width characters, byte order mark: they split a word for a search and not for a reader.
_INVISIBLE = _Family("", expression("[\u00ad\u200b-\u200f\u2060\ufeff]"), _nothing)


def peel(text: str) -> Iterator[Peeled]:
    """Every other reading of ``text``, each family alone and one after another. Nothing where it has no escape."""
    seen = {text}
    level = [Peeled(text, 0, ())]
    for _ in range(MAX_ROUNDS):
        further: list[Peeled] = []
        for view in level:
            if view.seams:
                continue  # their positions hold in this text
            for family in _families(view.text):
                done = _undo(view, family)
                if done.text not in seen and len(seen) < MAX_VIEWS:
                    seen.add(done.text)
                    further.append(done)
        if not further:
            return
        yield from further
        level = further


def _families(text: str) -> Iterator[_Family]:
    for family in _FAMILIES:
        if family.sign in text:
            yield family
    if "\n" in text:
        yield _FOLDED
    if not text.isascii():
        yield _INVISIBLE


def _undo(view: Peeled, family: _Family) -> Peeled:
    out: list[str] = []
    done = _Map([], [], [])
    last = position = 0
    for found in family.pattern.finditer(view.text):
        start, end = found.span()
        piece = family.decode(found)
        out += (view.text[last:start], piece)
        position += start - last
        done.starts.append(position)
        position += len(piece)
        done.ends.append(position)
        done.before.append((start, end))
        last = end
    out.append(view.text[last:])
    seams = tuple(done.starts) if family is _FOLDED else ()
    return Peeled("".join(out), view.percent + (family.sign == "%"), (done, *view.maps), seams)
