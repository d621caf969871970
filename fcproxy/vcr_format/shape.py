"""What both styles of a cassette file share: how a message fits VCR.py's mappings."""

from collections.abc import Iterable

from fcproxy.core.message import Headers

__all__ = ["SIMPLE_KEY", "ascii_url", "grouped", "orders_of"]

SIMPLE_KEY = 1000
"""Longest key, in characters, that is written as `key:`; YAML 1.1 section 7.2 allows 1,024."""


def ascii_url(url: str) -> str:
    """``url`` with all but ASCII percent-encoded: vcrpy can load a `!!binary` URI of ASCII only."""
    if url.isascii():
        return url
    raw = url.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def grouped(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Headers as VCR.py keeps them: name -> values. Names that differ only by case stay apart."""
    groups: dict[str, list[str]] = {}
    for name, value in headers:
        groups.setdefault(name, []).append(value)
    return groups


def orders_of(request: Headers, response: Headers) -> dict[str, list[str]]:
    """The order of names where grouping by name would lose it, under the keys that keep it in a response."""
    orders = {}
    for key, headers in (("request_order", request), ("order", response)):
        names = [name for name, _ in headers]
        if names != [name for name, values in grouped(headers).items() for _ in values]:
            orders[key] = names
    return orders
