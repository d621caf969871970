"""The encodings that can stand inside text: text -> what it holds when opened once. The engine opens results again.

Only the words that bear an encoding are opened, not their surroundings, so that plain text costs a search and no more.
"""

import base64
import binascii
import html
import re
import zlib
from binascii import a2b_base64
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

__all__ = ["opened_words", "opens", "views"]

_PERCENT = re.compile(r"(?<![^\s\"'<>{}\\])[^\s\"'<>{}\\]*%[0-9A-Fa-f]{2}[^\s\"'<>{}\\]*")
_BEFORE_NUMBER = re.compile(r"(?<=%(?:3[ABDF]|2[146-9ACF]|40))\+(?=[0-9])")
"""A blank for certain: who escapes a colon, or what else a URL may hold as it is, escapes a plus, too."""

_BACKSLASH = re.compile(
    r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|U([0-9A-Fa-f]{8})|u\{([0-9A-Fa-f]{1,6})\}|([0-3][0-7]{2})"
    r"|([/\"'\\nrtbf]|\r?\n[ \t]*))"
)
_BACKSLASHED = re.compile(r"(?m)^[^\n]*(?:\\(?:[uxU/0-3]|\r?\n)|=\\[rn])[^\n]*(?:(?<=\\)\n[^\n]*)*")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});")
_QUOTED = re.compile(r"=[0-9A-F]{2}")
_SOFT = re.compile(r"=\r*\n")
_WORD = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_ID = re.compile(
    r"(?:[a-z]+_)+(?:test_|live_)?[A-Za-z0-9]{10,30}|[a-z_/-]+|[0-9-]+|v[12](?:/[a-z_]+)+(?:/[a-z]+_[A-Za-z0-9]+)?"
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){8,}[0-9a-fA-F]?")
_LINES = re.compile(r"(?:[A-Za-z0-9+/]{32,80}\s{1,200}){1,}[A-Za-z0-9+/]{1,80}={0,2}")
_SEPARATED_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[: +]){8,}[0-9a-fA-F]{2}")
_BASE32 = re.compile(r"[A-Z2-7]{16,}")
_PERCENT_U = re.compile(r"%u([0-9A-Fa-f]{4})")
_OCTET = r"(?:0[xX][0-9a-fA-F]{1,2}|[0-9]{1,3})"
_BETWEEN = r"\s{0,20}[,;](?:\s|\\{1,2}[nrt]){0,20}"
_OCTETS = re.compile(rf"(?:{_OCTET}{_BETWEEN}){{8,}}{_OCTET}")
_LEAST = 6
"""Fewest characters that packed data must open to, to be more than chance."""

_READABLE = re.compile(rb"[\t\n\r -~]{6,}")
_LEADS = re.compile(
    b"|".join(
        (
            b"sk_",
            b"rk_",
            b"pk_",
            b"whsec_",
            b"secret",
            b"_test_",
            b"_live_",
            b"eyJ",
            b"://",
            b"token",
            b"Bearer",
        )
    )
)
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_SHOWN = 1024 * 1024
_MAYBE = re.compile(
    rb"[\t\n\r -~]{6,}|\x00.\x00|\x1f\x8b\x08|\x28\xb5\x2f\xfd|\xff\xfe|\xfe\xff|\x78[\x01\x5e\x9c\xda]", re.DOTALL
)
"""What bytes that are text, wide text or compressed must hold. Random ones hold it now and then."""

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _unescape(match: re.Match[str]) -> str:
    number = match[1] or match[2] or match[3] or match[4]
    if number or match[5]:
        code = int(number, 16) if number else int(match[5], 8)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else " "
    char = match[6]
    return _ESCAPES.get(char, char if len(char) == 1 and char != "\n" else "")


def _percent(text: str) -> str:
    words = dict.fromkeys(_PERCENT.findall(text))
    # `+` stands for a blank in forms, for itself elsewhere: both readings.
    out = [unquote_to_bytes(_BEFORE_NUMBER.sub(" ", word)).decode("utf-8", "replace") for word in words]
    out += [unquote_to_bytes(word.replace("+", " ")).decode("utf-8", "replace") for word in words if "+" in word]
    return " ;\n".join(out)  # no line goes on in the next one: these are words that stood apart


def _backslash(text: str) -> str:
    return "\n".join(_BACKSLASH.sub(_unescape, line) for line in _BACKSLASHED.findall(text))


def _percent_u(text: str) -> str:
    return _PERCENT_U.sub(lambda match: chr(int(match[1], 16)), text).encode("utf-8", "replace").decode()


def _entities(text: str) -> str:
    return (
        html.unescape(text)
        if len(text) < 4096
        else "\n".join(html.unescape(line) for line in text.split("\n") if _ENTITY.search(line))
    )


def _joined(text: str) -> str:
    """Lines that go on, put together. By itself, too: what follows a sign may be no code (`note=AA...`)."""
    return _SOFT.sub("", text)


_SIGN = re.compile(rb"=(?:[0-9A-F]{2}|[0-7][0-9a-f])|=[c-f][0-9a-f](?:=[89ab][0-9a-f])+")
"""A sign of either case; `=bA` is none (RFC 2045 section 6.7): there the `=` may belong to the value. Nor is `=ac` in
`destination=acct_...`: half a letter, and what follows looks like a token."""


def _quoted_printable(text: str) -> str:
    text = _joined(text)
    data = _SIGN.sub(lambda found: bytes.fromhex(found[0].replace(b"=", b"").decode()), text.encode("utf-8", "replace"))
    return data.decode("utf-8", "replace")


_WHOLE: tuple[tuple[str, Callable[[str], bool], Callable[[str], str]], ...] = (
    ("percent", lambda text: "%" in text and _PERCENT.search(text) is not None, _percent),
    ("percent-u", lambda text: "%u" in text and _PERCENT_U.search(text) is not None, _percent_u),
    ("escape", lambda text: "\\" in text and _BACKSLASHED.search(text) is not None, _backslash),
    ("entity", lambda text: "&" in text and _ENTITY.search(text) is not None, _entities),
    ("quoted-printable", lambda text: "=" in text and _SOFT.search(text) is not None, _joined),
    ("quoted-printable", lambda text: "=" in text and _QUOTED.search(text) is not None, _quoted_printable),
)


def views(text: str) -> Iterator[tuple[str, str]]:
    """(layer, text) for each way of reading ``text`` as escaped text."""
    for name, applies, opener in _WHOLE:
        if applies(text):
            yield name, opener(text)


def opened_words(text: str, words: set[str]) -> Iterator[tuple[str, bytes]]:
    """(layer, bytes) for each of ``words``, or block of lines in ``text``, that reads as base64 or hex of something."""
    for word in sorted(words):
        if len(word) >= 16:
            for piece in re.split("[=~]", word):
                if len(piece) >= 12:
                    yield from _of_word(piece)
    if "\n" in text or " " in text:
        for block in _LINES.findall(text) if len(text) >= 64 else ():
            yield from _of_base64(re.sub(r"\s", "", block))
    if ":" in text or " " in text or "+" in text:
        for block in _SEPARATED_HEX.findall(text) if _SEPARATED_HEX.search(text) else ():
            yield "hex", bytes.fromhex(re.sub(r"[: +]", "", block))
    if "," in text or ";" in text:
        yield from _of_octets(text)


def _of_octets(text: str) -> Iterator[tuple[str, bytes]]:
    for block in _OCTETS.findall(text):
        numbers = [int(number, 0 if number[:2] in ("0x", "0X") else 10) for number in re.split(_BETWEEN, block)]
        data = bytes(number & 0xFF for number in numbers)
        if max(numbers) < 256 and _telling(data):
            yield "octets", data


def opens(word: str) -> bool:
    """Whether a run of letters and digits reads as base64 or hex of something."""
    if len(word) < 12:
        return False
    tries = [a2b_base64(word[skip : len(word) - (len(word) - skip) % 4]) for skip in range(4)]
    if _MAYBE.search(b"\xff".join(tries)) and next(_of_base64(word), None):
        return True
    return _HEX.search(word) is not None and next(_of_word(word), None) is not None


def _of_word(word: str) -> Iterator[tuple[str, bytes]]:
    if _ID.fullmatch(word):
        tail = word.rpartition("_")[2]
        if len(tail) >= 16 and not tail.isdigit():
            yield from _first(tail)
        return
    if found := _HEX.search(word):
        # The run may begin with a digit that belongs to something else.
        for skip in range(2):
            digits = found[0][skip:]
            data = bytes.fromhex(digits[: len(digits) - len(digits) % 2])
            if _telling(data):
                yield "hex", data
    pieces = {word, *re.split(r"[/_-]", word)} if not word.isalnum() else {word}
    for piece in pieces:
        if len(piece) >= 12:
            yield from _of_base64(piece)


def _first(piece: str) -> Iterator[tuple[str, bytes]]:
    data = _decoded(piece)
    if data is not None and _telling(data):
        yield "base64", data


def _of_base64(piece: str) -> Iterator[tuple[str, bytes]]:
    # Four readings: the word may begin with up to three characters that belong to something else.
    for skip in range(4):
        data = _decoded(piece[skip:])
        if data is None:
            continue
        if _telling(data):
            yield "base64", data
        elif packed := _inflated(data, -zlib.MAX_WBITS):
            yield "deflate", packed
    if _BASE32.fullmatch(piece):
        text = piece[: len(piece) - (len(piece) % 8 in (1, 3, 6))]
        data = base64.b32decode(text + "=" * (-len(text) % 8))
        if _telling(data):
            yield "base32", data


def _decoded(piece: str) -> bytes | None:
    text = piece.replace("-", "+").replace("_", "/")
    text = text[: len(text) - 1] if len(text) % 4 == 1 else text
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def _telling(data: bytes) -> bool:
    """Whether decoded bytes look like something and not like noise: readable text, wide text, or compressed data."""
    if data.count(0) * 5 > len(data) * 2:
        return True
    if data.isascii():
        return len(_READABLE.findall(data)) > 0
    if data.startswith((b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd")):
        return True
    if _LEADS.search(data) or (_ZLIB.match(data) and _inflated(data, zlib.MAX_WBITS)):
        return True
    readable = max(map(len, _READABLE.findall(data)), default=0)
    return (readable >= 16 and readable * 4 >= len(data) * 3) or _utf8(data)


def _inflated(data: bytes, wbits: int) -> bytes:
    """What deflated data opens to, if that is whole and readable: random bytes can open to a few letters, too."""
    stream = zlib.decompressobj(wbits)
    try:
        out = stream.decompress(data, _SHOWN)
    except zlib.error:
        return b""
    return out if len(out) >= _LEAST and out.isascii() and _READABLE.search(out) else b""


def _utf8(data: bytes) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return text.isprintable() and len(text) >= 8
