"""Runs that encode bytes as text, and what they say: base64, base32, hex and lists of octets; packed or not.
Rarer ones: see `armour`.

A secret that is searched for only as it is written slips through in any of these. Every run that can hold readable text
is decoded and looked at; nothing is decoded for any other purpose. Escapes of single characters: see `peel`.
"""

import base64
import binascii
import re
import string
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from fcproxy.core.armour import base58_runs, base85_runs, uu_runs
from fcproxy.core.expression import expression

__all__ = ["MAX_DECODED", "Run", "of_octets", "runs"]

MAX_DECODED = 1024 * 1024
"""Most bytes that a compressed run may open to."""


class Run(NamedTuple):
    """``text[start:end]`` is an encoded run that reads ``decoded``.

    ``readable``: it decodes to plain text, so that all rules apply and not only the strong ones. ``octets``: it is a
    list of decimal numbers.
    """

    start: int
    end: int
    decoded: str
    readable: bool
    octets: bool = False


_SHORTEST = 11
"""Characters: eight octets in base64."""

_SHORTEST_PACKED = 16
"""Characters of base64 that can hold a compressed secret."""

_SHORTEST_LIST = 23
"""Characters of a list of eight octets: two for each, and what stands between them."""

_MAX_BEGINS = 16
_SLASH = expression("/")

_BASE64 = expression(r"[A-Za-z0-9+/_-]{11,}={0,2}")
# From the beginning of a word only: from each of its letters, a long word costs its length squared.
_BASE64_LINES = expression(r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{16,}[ \t]*\r*\n[ \t]*)+[A-Za-z0-9+/]+={0,2}")
# Four letters for three octets below 128 (ASCII, UTF-16 of it): the bits that would make them larger are zero.
_ASCII_QUAD = "[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
# Its first letter is taken and the others only looked at: so stretches may overlap, and `re` skips to such a letter.
_ASCII_STRETCH = expression(_ASCII_QUAD.replace("]", "](?=", 1) + _ASCII_QUAD + ")")
_ID = expression(r"[a-z]{2,12}_[A-Za-z0-9]{14,24}")
"""What looks like an object's id is not taken for compressed text without a mark."""

_VALUES = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
# A raw DEFLATE stream's second and third bit tell its type, 1 or 2 (RFC 1951 section 3.2.3): the last bit of the first
# letter's value and the first bit of the second one's. Told by the letters, half of all words need not be decoded.
_MAY_DEFLATE = expression(f"[{_VALUES[1::2]}][{_VALUES[:32]}]|[{_VALUES[::2]}][{_VALUES[32:]}]")
# The first octets of gzip and, by level, of zlib.
_PACKED64 = expression(r"H4sI|eJ[w-z]|eN[o-r]|eA[E-H]|eF[4-7]")
_LONG = expression(r"[A-Za-z0-9]{16}")
"""Hex, base32 and base58 are no shorter, and begin no earlier."""

_BASE32 = expression(r"[A-Z2-7]{16,}={0,6}|[a-z2-7]{24,}={0,6}")
_HEX = expression(r"[0-9A-Fa-f]{16,}")
_HEX_STRETCH = expression(r"(?=(?:(?:00)*[2-7][0-9A-Fa-f]){7}|1[fF]8[bB]08|78(?:01|5[eE]|9[cC]|[dD][aA]))")
_OCTET = r"(?:0x|\\x|[%#$])?[0-7][0-9A-Fa-f]"
_LIST = expression(rf"{_OCTET}(?:(?:[:,;._-]\s?|\s|(?=\\x|0x|%)){_OCTET}){{7,}}")
# Two of a list; most texts have none, and are done.
_PAIR = expression(r"[0-9][0-9A-Fa-f](?:\s*[:,;._-]\s*|\s+|(?=\\x|0x|%))(?:0x|\\x|[%#$])?[0-9][0-9A-Fa-f]")
_DECIMAL = "(?:1[01][0-9]|12[0-6]|3[2-9]|[4-9][0-9])"
_DECIMALS = expression(rf"(?<![0-9.]){_DECIMAL}(?:(?:\s*[,;]\s*|\s+){_DECIMAL}){{7,}}(?![0-9.])")
_PRINTABLE = expression(r"[\x09\x0a\x0d\x20-\x7e]*")
_STRETCH = expression(r"[\x20-\x7e]{6,}")


def runs(text: str) -> Iterator[Run]:
    """The encoded runs of ``text`` that hold readable text; they may overlap."""
    if len(text) < _SHORTEST or (_ID.fullmatch(text) and _ASCII_STRETCH.search(text) is None):
        return
    if len(text) < _SHORTEST_PACKED and _ASCII_STRETCH.search(text) is None and _PACKED64.search(text) is None:
        return  # too short for all others
    if "\n" in text:
        for found in _BASE64_LINES.finditer(text):
            yield from _base64(found.start(), found.end(), re.sub(r"\s", "", found[0]))
    for found in _BASE64.finditer(text):
        yield from _base64(found.start(), found.end(), found[0])
    if (long := _LONG.search(text)) is not None:
        for found in _HEX.finditer(text, long.start()):
            yield from _hex(found)
        for found in _BASE32.finditer(text, long.start()):
            yield from _base32(found)
        for start, end, data in base58_runs(text, long.start()):
            yield from _readable(start, end, data)
    for start, end, data in (*base85_runs(text), *uu_runs(text)):
        yield from _readable(start, end, data)
    if len(text) >= _SHORTEST_LIST and _PAIR.search(text) is not None:
        yield from _lists(text)


def _base64(start: int, end: int, run: str) -> Iterator[Run]:
    """The readings of one run; those from behind a slash first, since in a path it may separate."""
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    begins: tuple[int, ...] = (0,)
    if "/" in run:
        begins = (0, *[slash.end() for slash in _SLASH.finditer(run, 0, len(run) - _SHORTEST)])[-_MAX_BEGINS:]
    # A secret may begin at any of the alignments, and the run with letters that are not base64 at all.
    aligned = {found.start() % 4 for found in _ASCII_STRETCH.finditer(run)}
    packed = _PACKED64.search(run)
    # From every begin the same octets come out, but for those before it: where the whole reads nothing, no part does.
    alignments = [skip for skip in aligned if next(_readable(0, 0, _decoded64(plain[skip:])), None) is not None]
    for begin in reversed(begins):
        for skip in alignments:
            yield from _readable(start + begin, end, _decoded64(plain[begin + (skip - begin) % 4 :]))
        if (
            packed is None
            and _MAY_DEFLATE.match(plain, begin)
            and len(plain) - begin >= _SHORTEST_PACKED
            and not _ID.fullmatch(run, begin)
            and (opened := _deflated(_decoded64(plain[begin:])))
        ):
            yield from _readable(start + begin, end, opened)
    if packed is not None:
        yield from _readable(start + packed.start(), end, _unpacked(_decoded64(plain[packed.start() :])))


def _deflated(data: bytes) -> bytes:
    """A raw DEFLATE stream opened."""
    return _inflated(data, -zlib.MAX_WBITS)


def _decoded64(plain: str) -> bytes:
    body = plain[: len(plain) - (len(plain) % 4 == 1)]
    return binascii.a2b_base64(body + "=" * (-len(body) % 4))


def _base32(found: re.Match[str]) -> Iterator[Run]:
    plain = found[0].rstrip("=").upper()
    for skip in range(8):
        body = plain[skip:]
        body = body[: len(body) - {1: 1, 3: 1, 6: 1}.get(len(body) % 8, 0)]
        try:
            yield from _readable(found.start(), found.end(), base64.b32decode(body + "=" * (-len(body) % 8)))
        except binascii.Error:
            continue


def _hex(found: re.Match[str]) -> Iterator[Run]:
    for parity in {stretch.start() % 2 for stretch in _HEX_STRETCH.finditer(found[0])}:
        even = found[0][parity:]
        data = bytes.fromhex(even[: len(even) & ~1])
        yield from _readable(found.start(), found.end(), _unpacked(data))


def _lists(text: str) -> Iterator[Run]:
    for found in _LIST.finditer(text):
        digits = re.sub(r"\\x|0x|[^0-9A-Fa-f]", "", found[0])
        if len(digits) % 2 == 0:
            yield from _readable(found.start(), found.end(), bytes.fromhex(digits))
    for found in _DECIMALS.finditer(text):
        data = bytes(map(int, re.findall("[0-9]+", found[0])))
        for run in _readable(found.start(), found.end(), data):
            yield run._replace(octets=True)


def of_octets(data: bytes) -> Run | None:
    """What ``data``, packed or not, reads; None where it holds no readable text."""
    return next(_readable(0, len(data), _unpacked(data)), None)


def _readable(start: int, end: int, data: bytes) -> Iterator[Run]:
    decoded = data.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").decode("latin-1")
    if "\0" in decoded:
        decoded = decoded.replace("\0", "")  # UTF-16 and UTF-32 of Latin text
    if _STRETCH.search(decoded) is not None:
        yield Run(start, end, decoded, readable=_PRINTABLE.fullmatch(decoded) is not None)


def _unpacked(data: bytes) -> bytes:
    if data.startswith((b"\x1f\x8b", b"\x78")):
        return _inflated(data, 32 + zlib.MAX_WBITS) or data
    return data


def _inflated(data: bytes, wbits: int) -> bytes:
    try:
        return zlib.decompressobj(wbits).decompress(data, MAX_DECODED)
    except zlib.error:
        return b""
