"""Content codings: undoing them with limits on size and ratio, so that a bomb costs its limit and no more.

RFC 9110 section 8.4. gzip and deflate are here because the standard library has them; others come in by injection
(`fcproxy.codings`), since core imports nothing else.
"""

import zlib
from collections.abc import Callable, Mapping

__all__ = ["MAX_DECODED", "MAX_LAYERS", "STANDARD_DECODERS", "Decoder", "Unopenable", "coding_names", "decode"]

Decoder = Callable[[bytes, int], bytes]
"""(data, limit in bytes) -> decoded bytes. Raises ValueError with a reason that quotes nothing of the data."""

MAX_DECODED = 64 * 1024 * 1024
"""Most bytes that one body may decode to."""

MAX_RATIO = 1_000
"""Largest growth per coding that is believed; DEFLATE itself cannot exceed 1,032 (zlib's technical notes)."""

RATIO_FLOOR = 1024 * 1024
"""Decoded sizes below this many bytes are harmless whatever their ratio."""

MAX_LAYERS = 5


class Unopenable(ValueError):
    """A body that cannot be read. ``reason`` is one word, safe to show and to store."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _inflate(data: bytes, limit: int, wbits: int) -> bytes:
    out = bytearray()
    while data:
        stream = zlib.decompressobj(wbits)
        try:
            out += stream.decompress(data, limit - len(out) + 1)
        except zlib.error:
            raise ValueError("corrupt") from None
        if len(out) > limit:
            raise ValueError("too-large")
        if not stream.eof:
            raise ValueError("truncated")
        # Several gzip members in a row are one body (RFC 1952 section 2.2); anything else behind the end is not.
        data = stream.unused_data
        if data and wbits != GZIP:
            raise ValueError("trailing-data")
        if data and not data.startswith(b"\x1f\x8b"):
            if data.strip(b"\0"):
                raise ValueError("trailing-data")
            break
    return bytes(out)


GZIP = 16 + zlib.MAX_WBITS


def gunzip(data: bytes, limit: int) -> bytes:
    """RFC 1952, one member or several. Raises ValueError."""
    return _inflate(data, limit, GZIP)


def inflate(data: bytes, limit: int) -> bytes:
    """`deflate`: zlib format (RFC 9110 section 8.4.1.2), or the raw stream that some mean. Raises ValueError."""
    try:
        return _inflate(data, limit, zlib.MAX_WBITS)
    except ValueError as error:
        if str(error) != "corrupt":
            raise
        return _inflate(data, limit, -zlib.MAX_WBITS)


def identity(data: bytes, limit: int) -> bytes:
    """Nothing to undo."""
    if len(data) > limit:
        raise ValueError("too-large")
    return data


STANDARD_DECODERS: Mapping[str, Decoder] = {
    "gzip": gunzip,
    "x-gzip": gunzip,
    "deflate": inflate,
    "identity": identity,
    "": identity,
}


def coding_names(values: list[str]) -> list[str]:
    """The codings that Content-Encoding fields name, in the order in which they were applied."""
    return [name.strip().lower() for value in values for name in value.split(",") if name.strip()]


def decode(data: bytes, codings: list[str], decoders: Mapping[str, Decoder], limit: int = MAX_DECODED) -> bytes:
    """Undoes ``codings``, last applied first.

    Raises Unopenable: coding, layers, corrupt, truncated, too-large, ratio.
    """
    if len(codings) > MAX_LAYERS:
        raise Unopenable("layers")
    for name in reversed(codings):
        decoder = decoders.get(name)
        if decoder is None:
            raise Unopenable("coding")
        if not data:
            continue
        try:
            decoded = decoder(data, limit)
        except ValueError as error:
            raise Unopenable(str(error)) from None
        if len(decoded) > RATIO_FLOOR and len(decoded) > MAX_RATIO * len(data):
            raise Unopenable("ratio")
        data = decoded
    return data
