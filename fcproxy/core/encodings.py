"""Encoded runs in text, and what they say: percent, base64, hex, escapes, entities, quoted-printable.

A secret that is searched for only as it is written slips through in any of these. Every run is decoded and looked at;
nothing is decoded for any other purpose.
"""

import base64
import binascii
import html
import quopri
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

__all__ = ["MAX_DECODED", "Run", "runs"]

MAX_DECODED = 1024 * 1024
"""Most bytes that a compressed run may open to."""


@dataclass(frozen=True, slots=True)
class Run:
    """``text[start:end]`` is an encoded run that reads ``decoded``.

    ``readable``: it decodes to plain text, so that all rules apply and not only the strong ones. ``percent``: the run
    can be written again by percent-encoding its decoded form.
    """

    start: int
    end: int
    decoded: str
    readable: bool
    percent: bool = False


_PERCENT = re.compile(r"[A-Za-z0-9._~+@:/!$'()*,;-]*%[0-9A-Fa-f]{2}[A-Za-z0-9._~+@:/!$'()*,;%-]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_BASE64_LINES = re.compile(r"(?:[A-Za-z0-9+/]{48,76}\r?\n)+[A-Za-z0-9+/]+={0,2}")
_HEX = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){8,}(?![0-9A-Fa-f])")
_SPACED_HEX = re.compile(r"(?:(?:\\x|0x|[%: ,-])?[0-9A-Fa-f]{2}(?:[: ,-]|(?=\\x))){8,}(?:\\x|0x)?[0-9A-Fa-f]{2}")
_WORD = re.compile(r"\S+")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});?")
_ESCAPE = re.compile(r"\\+(?:u\{?[0-9A-Fa-f]{4,6}\}?|x[0-9A-Fa-f]{2}|[0-7]{3}|[/\"'])")
_QUOTED_PRINTABLE = re.compile(r"=(?:[0-9A-Fa-f]{2}|\r?\n)")
_PRINTABLE = re.compile(r"[\x09\x0a\x0d\x20-\x7e]*")
_ID = re.compile(r"[a-z]{2,10}_(?:1[A-Za-z0-9]{23}|[A-Za-z0-9]{14})")
"""An object id: prefix, then 14 or 24 letters. Decoding it as base64 can only find chance."""


def runs(text: str) -> Iterator[Run]:
    """The encoded runs of ``text``, by encoding; they may overlap."""
    if "%" in text:
        yield from _percent(text)
    if "\\" in text or "&" in text or "=" in text:
        yield from _escaped(text)
    yield from _base64(text)
    if any(char in "0123456789" for char in text):
        yield from _hex(text)


def _percent(text: str) -> Iterator[Run]:
    for found in _PERCENT.finditer(text):
        decoded = found[0]
        for _ in range(4):
            further = unquote(decoded.replace("+", " "), errors="surrogateescape")
            if further == decoded:
                break
            decoded = further
        yield Run(found.start(), found.end(), decoded, readable=True, percent=True)


def _unescape(match: re.Match[str]) -> str:
    code = match[0].lstrip("\\")
    if code[0] in "/\"'":
        return code
    digits = code.strip("ux{}") if code[0] in "ux" else code
    number = int(digits, 16 if code[0] in "ux" else 8)
    return chr(number) if number < 0x110000 else match[0]


def _escaped(text: str) -> Iterator[Run]:
    for found in _WORD.finditer(text):
        word = found[0]
        if "\\" in word and _ESCAPE.search(word):
            yield Run(found.start(), found.end(), _ESCAPE.sub(_unescape, word), readable=True)
        if "&" in word and _ENTITY.search(word):
            yield Run(found.start(), found.end(), html.unescape(html.unescape(word)), readable=True)
    if "=" in text and _QUOTED_PRINTABLE.search(text):
        yield from _quoted_printable(text)


def _quoted_printable(text: str) -> Iterator[Run]:
    # A soft line break may split a secret, so a run here is words joined over "=\n".
    for found in re.finditer(r"(?:[^\s=]|=(?!\r?\n)|=\r?\n)+", text):
        if _QUOTED_PRINTABLE.search(found[0]):
            decoded = quopri.decodestring(found[0].encode("utf-8", "surrogateescape")).decode("utf-8", "replace")
            yield Run(found.start(), found.end(), decoded, readable=True)


def _base64(text: str) -> Iterator[Run]:
    for found in _BASE64_LINES.finditer(text):
        yield from _decoded64(found.start(), found.end(), re.sub(r"\s", "", found[0]))
    for found in _BASE64.finditer(text):
        if not _ID.fullmatch(found[0]):
            yield from _decoded64(found.start(), found.end(), found[0])


def _decoded64(start: int, end: int, run: str) -> Iterator[Run]:
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    # A secret may begin at any of the three alignments, and the run may begin with letters that are not base64 at all.
    for skip in range(4):
        body = plain[skip:]
        body = body[: len(body) // 4 * 4 + (len(body) % 4 if len(body) % 4 > 1 else 0)]
        try:
            data = base64.b64decode(body + "=" * (-len(body) % 4))
        except binascii.Error:
            continue
        yield from _bytes(start, end, data)


def _hex(text: str) -> Iterator[Run]:
    for pattern in (_HEX, _SPACED_HEX):
        for found in pattern.finditer(text):
            digits = re.sub(r"\\x|0x|[^0-9A-Fa-f]", "", found[0])
            for skip in (0, 1):
                even = digits[skip:]
                yield from _bytes(found.start(), found.end(), bytes.fromhex(even[: len(even) // 2 * 2]))


def _bytes(start: int, end: int, data: bytes) -> Iterator[Run]:
    if data.startswith((b"\x1f\x8b", b"\x78")):
        opened = _inflated(data)
        if opened:
            data = opened
    decoded = data.decode("latin-1")
    if "\0" in decoded:
        decoded = decoded.replace("\0", "")  # UTF-16 and UTF-32 of Latin text
    yield Run(start, end, decoded, readable=_PRINTABLE.fullmatch(decoded) is not None)


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(data, MAX_DECODED)
    except zlib.error:
        return b""
