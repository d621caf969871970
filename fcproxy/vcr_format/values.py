"""Plain data from a cassette file -> the types of a message, with errors that name the place and never the value."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fcproxy.core.errors import CassetteUnreadable
from fcproxy.core.form import encode_pairs
from fcproxy.core.message import Headers
from fcproxy.vcr_format.document import Plain

__all__ = ["Place", "body_bytes", "header_items", "number", "octets", "text"]

_MAX_PARTS = 100_000
"""Most values that a body kept as a YAML mapping may unfold to; aliases could make it endless."""


class Place:
    """An interaction in a file: its number from 0 and its line from 1, where known."""

    __slots__ = ("_index", "_line", "_name")

    def __init__(self, name: str, index: int, line: int | None) -> None:
        self._name = name
        self._index = index
        self._line = line

    def error(self, what: str) -> CassetteUnreadable:
        """To be raised."""
        return CassetteUnreadable(self._name, f"interaction {self._index}: {what}", self._line)

    def mapping(self, value: object, what: str) -> Mapping[object, object]:
        """``value`` if it is a mapping. Raises CassetteUnreadable."""
        if not isinstance(value, dict):
            raise self.error(f"{what} is no mapping")
        return value


def octets(value: object, what: str, place: Place) -> bytes:
    """A body's bytes; numbers and dates as they are written. Raises CassetteUnreadable."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict | list):
        raise place.error(f"{what} is no text")
    if isinstance(value, bool):
        return b"true" if value else b"false"
    try:
        return str(value).encode()
    except UnicodeEncodeError:
        raise place.error(f"{what} holds a lone surrogate, which no bytes stand for") from None


def text(value: Any, what: str, place: Place) -> str:
    """A word or line; undecodable bytes as surrogate escapes. Raises CassetteUnreadable."""
    if value.__class__ is str and value.isascii():
        return value
    if value is None:
        raise place.error(f"{what} is missing")
    if isinstance(value, str):
        # JSON text may spell out the surrogate escapes that stand for undecodable bytes.
        try:
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise place.error(f"{what} holds a lone surrogate, which no bytes stand for") from None
    return octets(value, what, place).decode("utf-8", "surrogateescape")


def number(value: object, what: str, place: Place) -> int:
    """A status code. Raises CassetteUnreadable."""
    written = str(value)
    if not (written.isascii() and written.isdigit() and len(written) == 3 and written[0] != "0"):
        raise place.error(f"{what} is no three-digit number")
    return int(written)


def header_items(value: object, order: object, place: Place) -> Headers:
    """Headers from name -> value or list of values, in the order given by ``order`` where that fits."""
    if isinstance(value, Headers):
        return value
    if value is None:
        return Headers()
    items: list[tuple[str, str]] = []
    for name, values in place.mapping(value, "headers").items():
        key = text(name, "a header's name", place)
        for one in values if isinstance(values, list | tuple) else [values]:
            if one.__class__ is str and one.isascii():
                items.append((key, one))
            elif one is not None:
                items.append((key, text(one, "a header's value", place)))
    if not isinstance(order, list):
        return Headers(items)
    return Headers(_reordered(items, [text(name, "a header's name", place) for name in order]))


def _reordered(items: list[tuple[str, str]], names: list[str]) -> list[tuple[str, str]]:
    if sorted(names) != sorted(name for name, _ in items):
        return items
    waiting: dict[str, list[str]] = {}
    for name, value in reversed(items):
        waiting.setdefault(name, []).append(value)
    return [(name, waiting[name].pop()) for name in names]


def body_bytes(value: object, headers: Headers, place: Place) -> bytes:
    """A request body. vcrpy keeps an aiohttp client's dict as a mapping, file and iterator bodies as such objects."""
    if isinstance(value, dict):
        return _unfolded(value, "json" in (headers.get("Content-Type") or "").lower(), place)
    if hasattr(value, "read"):
        value = value.read()
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return b"".join(octets(part, "request.body", place) for part in value)
    return octets(value, "request.body", place)


def _unfolded(value: dict[object, object], as_json: bool, place: Place) -> bytes:
    nested = any(isinstance(item, dict) for item in value.values())
    parts = _count(value, place)
    if as_json or nested:
        return json.dumps(_typed(value), default=str).encode()
    pairs = [(str(k), str(item)) for k, v in value.items() for item in (v if isinstance(v, list) else [v])]
    return encode_pairs(pairs[:parts]).encode()


def _typed(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return json.loads(value) if isinstance(value, Plain) else value


def _count(value: object, place: Place) -> int:
    count, waiting = 0, [value]
    while waiting:
        count += 1
        if count > _MAX_PARTS:
            raise place.error("request.body unfolds to too many values")
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return count
