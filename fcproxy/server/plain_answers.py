"""Plain answers of an upstream: whole, HTTP/1.1, framed by Content-Length, their heads in ASCII. Read from their bytes
at once, as plain requests are (`plain`), and by the same grammar; all others are left to aiohttp, untouched.
"""

import re
from typing import NamedTuple

from fcproxy.core.message import Headers
from fcproxy.server.plain import MAX_FIELDS, MAX_HEAD
from fcproxy.server.plain_heads import PlainHeads, fields_of

__all__ = ["PlainAnswer", "PlainAnswerReader"]

_FIRST = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9]) ((?:[!-~](?:[\t -~]*[!-~])?)?)")

_BODILESS = frozenset({204, 205, 304})
"""Statuses whose answers have no body, or should not have: what their Content-Length means is aiohttp's to say."""

_FIRSTS = 256
"""How many first lines are remembered."""

_LONGEST_FIRST = 128


class PlainAnswer(NamedTuple):
    """An answer, whole. The body is coded as it came."""

    status: int
    reason: str
    headers: Headers
    body: bytes


class PlainAnswerReader:
    """Reads plain answers to requests that are no HEAD. One for all connections: answers of one upstream are alike."""

    def __init__(self) -> None:
        self._heads = PlainHeads(frozenset(), "content-length")
        self._line = self._heads.lines.__getitem__
        self._firsts: dict[bytes, tuple[int, str]] = {}

    def read(self, data: bytes) -> PlainAnswer | None:
        """The one plain answer that ``data`` is; None: not plain, or not whole."""
        head, found, body = data.partition(b"\r\n\r\n")
        if not found or len(head) > MAX_HEAD:
            return None
        lines = head.split(b"\r\n")
        line = lines.pop(0)
        first = self._firsts.get(line) or self._first(line)
        if first is None or len(lines) > MAX_FIELDS:
            return None
        meanings = tuple(map(self._line, lines))
        told = self._heads.get(meanings) or self._heads.told(lines, meanings)
        if told is None or len(body) != told.length:
            return None
        return PlainAnswer(*first, fields_of(lines, meanings), body)

    def _first(self, line: bytes) -> tuple[int, str] | None:
        found = _FIRST.fullmatch(line)
        if found is None or int(found[1]) in _BODILESS:
            return None
        first = int(found[1]), found[2].decode()
        if len(line) <= _LONGEST_FIRST:
            if len(self._firsts) >= _FIRSTS:
                self._firsts.clear()
            self._firsts[line] = first
        return first
