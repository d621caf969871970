"""Bytes -> text, for the audit: content codings by label and by their first bytes, then the character set.

The audit's own opener, apart from the one that recording uses. Everything is bounded: decoded size, number of layers.
"""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["MAX_LAYERS", "MAX_OPENED", "Decoder", "Opened", "open_bytes", "open_text"]

Decoder = Callable[[bytes, int], bytes]
"""(data, limit in bytes) -> decoded; raises ValueError with a reason that quotes nothing."""

MAX_OPENED = 64 * 1024 * 1024
"""Most bytes one body may open to."""

MAX_LAYERS = 8
"""Most codings on top of each other that are undone."""

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
)
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_NAMES = {"x-gzip": "gzip", "x-deflate": "deflate", "brotli": "br"}
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


@dataclass(slots=True)
class Opened:
    """``data`` with its codings undone, which they were, and why it went no further (None = all open)."""

    data: bytes
    layers: list[str] = field(default_factory=list)
    problem: str | None = None


def open_bytes(data: bytes, labels: Sequence[str], decoders: Mapping[str, Decoder], limit: int = MAX_OPENED) -> Opened:
    """Undoes what ``labels`` (Content-Encoding, in order of application) say, then whatever the bytes themselves show.

    A label that the bytes do not bear out is passed over if what is there is text: recorders often store a decoded
    body under its old label.
    """
    opened = Opened(data)
    for label in reversed([_NAMES.get(name, name) for name in labels if name not in ("identity", "", "aws-chunked")]):
        if not opened.data or len(opened.layers) >= MAX_LAYERS:
            break
        if not _undo(opened, label, decoders, limit):
            if open_text(opened.data)[1] is not None and not _magic(opened.data):
                break
            return opened
        opened.problem = None
    opened.problem = None
    while opened.data and (name := _magic(opened.data)):
        if len(opened.layers) >= MAX_LAYERS:
            opened.problem = "layers"
            break
        if not _undo(opened, name, decoders, limit):
            break
    return opened


def _magic(data: bytes) -> str | None:
    for start, name in _MAGIC:
        if data.startswith(start):
            return name
    if _ZLIB.match(data) and _CONTROL.search(data, 0, 4096):
        return "deflate"
    return None


def _undo(opened: Opened, name: str, decoders: Mapping[str, Decoder], limit: int) -> bool:
    decoder = {"gzip": _gzip, "deflate": _deflate}.get(name) or decoders.get(name)
    if decoder is None:
        opened.problem = f"coding {name}" if re.fullmatch(r"[a-z0-9-]{1,16}", name) else "coding"
        return False
    try:
        opened.data = decoder(opened.data, limit)
    except ValueError as error:
        opened.problem = f"{name} {error}" if str(error) in ("too large", "damaged", "cut short") else name
        return False
    opened.layers.append(name)
    return True


def _gzip(data: bytes, limit: int) -> bytes:
    pieces, size = [], 0
    while data.startswith(b"\x1f\x8b"):
        piece, data = _inflate(data, 31, limit - size)
        pieces.append(piece)
        size += len(piece)
    # What follows the last member is kept as it is: a place to hide things in.
    return b"".join((*pieces, data.lstrip(b"\0")))


def _deflate(data: bytes, limit: int) -> bytes:
    try:
        piece, rest = _inflate(data, 15, limit)
    except ValueError as error:
        if str(error) != "damaged":
            raise
        piece, rest = _inflate(data, -15, limit)
    return piece + rest


def _inflate(data: bytes, wbits: int, limit: int) -> tuple[bytes, bytes]:
    stream = zlib.decompressobj(wbits)
    try:
        out = stream.decompress(data, max(limit, 0) + 1)
    except zlib.error:
        raise ValueError("damaged") from None
    if len(out) > limit:
        raise ValueError("too large")
    if not stream.eof:
        raise ValueError("cut short")
    return out, stream.unused_data


def open_text(data: bytes, charset: str | None = None) -> tuple[str, str | None]:
    """``data`` as text, and the name of the character set; the name is None where the bytes are not text.

    Then the text holds one character a byte, so that plain ASCII in it can still be searched.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            try:
                return data[len(bom) :].decode(name), name
            except UnicodeDecodeError:
                break
    wide = _wide(data)
    if wide:
        return data.decode(wide, "replace"), wide
    if b"\0" not in data:
        for label in ("utf-8", charset):
            text = _decoded(data, label)
            if text is not None and (label != "utf-8" or len(_CONTROL.findall(data)) * 20 <= len(data)):
                return text, label
    strange = sum(1 for byte in data if byte > 0x7E)
    # Latin-1 letters among ASCII: text whose sender forgot to say so. Mostly high bytes, or control bytes: no text.
    plain = not _CONTROL.search(data) and strange * 5 <= len(data)
    return data.decode("latin-1"), "latin-1" if plain else None


def _decoded(data: bytes, name: str | None) -> str | None:
    if not name:
        return None
    try:
        return data.decode(name)
    except (UnicodeDecodeError, LookupError, ValueError):
        return None


def _wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: the zero bytes stand in step."""
    if len(data) < 8 or data.count(0) * 3 < len(data):
        return None
    for width, names in ((4, ("utf-32-be", "utf-32-le")), (2, ("utf-16-be", "utf-16-le"))):
        if len(data) % width == 0:
            for name, start in zip(names, (width - 1, 0), strict=True):
                letters = data[start::width]
                if data.count(0) == len(data) - len(letters) and 0 not in letters:
                    return name
    return None
