"""The words that parameter tables are written in. Data only; `validate` reads it, and so does the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

__all__ = [
    "ADDRESS",
    "CREATED",
    "EMPTIABLE_ADDRESS",
    "LIST",
    "METADATA",
    "NONE",
    "RANGE",
    "Param",
    "Params",
    "Type",
    "array",
    "boolean",
    "choice",
    "decimal",
    "group",
    "integer",
    "required",
    "spanned",
    "text",
    "time",
]


class Type(StrEnum):
    """What a parameter's value is."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    CHOICE = "choice"
    TIME = "time"
    ARRAY = "array"
    GROUP = "group"
    METADATA = "metadata"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter.

    ``most`` and ``least`` bound the length of a string or array, or the value of an integer. ``since`` and ``until``
    are version dates between which the parameter exists, ``newer`` gives such a beginning for some of the ``choices``;
    PREVIEW in their place means preview versions only. ``empty`` says that an empty value unsets it.
    """

    type: Type
    required: bool = False
    empty: bool = False
    choices: tuple[str, ...] = ()
    item: "Param | None" = None
    fields: "Params" = field(default_factory=dict)
    least: int | None = None
    most: int | None = None
    format: str = ""
    words: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    newer: Mapping[str, str] = field(default_factory=dict)


Params = Mapping[str, Param]

NONE: Params = {}


def text(form: str = "", *, most: int | None = 5000, empty: bool = False) -> Param:
    """A string; ``form`` is a row of validate.FORMATS, ``country`` or ``currency``."""
    return Param(Type.STRING, format=form, most=most, empty=empty)


def integer(*, least: int | None = None, most: int | None = None, empty: bool = False) -> Param:
    """A whole number."""
    return Param(Type.INTEGER, least=least, most=most, empty=empty)


def boolean() -> Param:
    """``true`` or ``false``."""
    return Param(Type.BOOLEAN)


def decimal() -> Param:
    """A decimal number, kept as the text that was sent."""
    return Param(Type.DECIMAL)


def choice(*choices: str, empty: bool = False, newer: Mapping[str, str] | None = None) -> Param:
    """One of some words; ``newer`` names those that are accepted only from a version on."""
    return Param(Type.CHOICE, choices=choices, empty=empty, newer=newer or {})


def time(*words: str, empty: bool = False) -> Param:
    """Unix seconds, or one of ``words``."""
    return Param(Type.TIME, words=words, empty=empty)


def array(item: Param, *, most: int | None = None, empty: bool = False) -> Param:
    """A list of ``item``."""
    return Param(Type.ARRAY, item=item, most=most, empty=empty)


def group(fields: Params, *, empty: bool = False) -> Param:
    """A hash with known keys."""
    return Param(Type.GROUP, fields=fields, empty=empty)


def required(param: Param) -> Param:
    """The same parameter, no longer optional."""
    return replace(param, required=True)


def spanned(param: Param, *, since: str = "", until: str = "") -> Param:
    """The same parameter, existing only from one version date on or before another."""
    return replace(param, since=since, until=until)


METADATA = Param(Type.METADATA, empty=True)
RANGE = Param(Type.RANGE)
"""A time, or a hash of gt, gte, lt, lte."""

CREATED: Params = {"created": RANGE}
LIST: Params = {
    "limit": integer(least=1, most=100),
    "starting_after": text(),
    "ending_before": text(),
}
ADDRESS: Params = {
    "city": text(),
    "country": text(),
    "line1": text(),
    "line2": text(),
    "postal_code": text(),
    "state": text(),
}
EMPTIABLE_ADDRESS: Params = {
    "city": text(empty=True),
    "country": required(text("country")),
    "line1": text(empty=True),
    "line2": text(empty=True),
    "postal_code": text(empty=True),
    "state": text(empty=True),
}
