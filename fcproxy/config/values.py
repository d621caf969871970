"""What people write for an option -> its value."""

from fcproxy.config.options import Option, Value
from fcproxy.core.errors import UsageError

__all__ = ["convert"]

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def convert(option: Option, value: object, where: str) -> Value:
    """``value`` as the option's kind. Raises UsageError naming ``where``, never quoting what may be a pasted key."""
    converted = _CONVERTERS[option.kind](value)
    if converted is None:
        raise UsageError(f"{where}: expects {_EXPECTS[option.kind]}")
    if option.choices and converted not in option.choices:
        raise UsageError(f"{where}: expects one of {', '.join(option.choices)}")
    return converted


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value and "\0" not in value else None


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= 65535 else None


def _seconds(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
    return float(value) if good and isinstance(value, int | float) else None


def _flag(value: object) -> bool | None:
    if isinstance(value, str):
        word = value.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return value if isinstance(value, bool) else None


_CONVERTERS = {
    "text": _text,
    "path": _text,
    "choice": _text,
    "integer": _integer,
    "seconds": _seconds,
    "flag": _flag,
    "switch": _flag,
}
_EXPECTS = {
    "text": "a text",
    "path": "a path",
    "choice": "a word",
    "integer": "a whole number from 0 to 65535",
    "seconds": "a number of seconds above 0",
    "flag": "true or false",
    "switch": "true or false",
}
