"""Openers for the content codings that the standard library does not know. The floors below get them handed in.

Each is ``(data, limit) -> decoded`` with ``limit`` in bytes, raises ValueError(reason) for what is damaged, cut short
or larger than the limit, and never holds more than about ``limit`` bytes.
"""

import sys
from collections.abc import Mapping

from fcproxy.core.content import STANDARD_DECODERS, Decoder

__all__ = ["DECODERS", "Decoder", "brotli_decode", "zstd_decode"]

_STEP = 1 << 16


def brotli_decode(data: bytes, limit: int) -> bytes:
    """Opens one brotli stream (RFC 7932)."""
    import brotli

    opener = brotli.Decompressor()
    pieces: list[bytes] = []
    size, feed = 0, data
    try:
        while True:
            piece = opener.process(feed, output_buffer_limit=_STEP)
            feed = b""
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise ValueError("too large")
            if opener.is_finished():
                return b"".join(pieces)
            if not piece:
                raise ValueError("cut short")
    except brotli.error:
        raise ValueError("damaged") from None


def zstd_decode(data: bytes, limit: int) -> bytes:
    """Opens zstandard frames (RFC 8878), one after another."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    pieces: list[bytes] = []
    size, rest = 0, data
    try:
        while rest:
            opener, feed = zstd.ZstdDecompressor(), rest
            while not opener.eof:
                piece = opener.decompress(feed, max_length=_STEP)
                feed = b""
                pieces.append(piece)
                size += len(piece)
                if size > limit:
                    raise ValueError("too large")
                if opener.needs_input and not opener.eof:
                    raise ValueError("cut short")
            rest = opener.unused_data
    except zstd.ZstdError:
        raise ValueError("damaged") from None
    if not data:
        raise ValueError("cut short")
    return b"".join(pieces)


DECODERS: Mapping[str, Decoder] = {**STANDARD_DECODERS, "br": brotli_decode, "zstd": zstd_decode}
"""Every content coding that can be opened, by its name."""
