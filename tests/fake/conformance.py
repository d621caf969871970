"""Holds answers and parameter tables against the classes of the SDK, which Stripe generates from its schema."""

import inspect
import keyword
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin

from stripe import ListObject, StripeObject
from stripe._object_classes import get_object_class
from stripe._request_options import RequestOptions

from fcproxy.fake.params import Param, Type
from fcproxy.fake.versions import parse_version
from fcproxy.stripe.event_types import PREVIEW_EVENT_TYPES

_NEWEST = parse_version("2026-10-28.endive")
_OPTIONS = frozenset(RequestOptions.__annotations__)
_FOREIGN = {"StripeContext": object, "Mapping": Mapping, "Dict": dict, "Any": Any}
"""Names that parameter types use without importing them where they can be resolved."""


def faults(value: Any, model: type[StripeObject], place: str = "") -> Iterator[str]:
    """Every way in which an answer is not an instance of an SDK class."""
    place = place or model.__name__
    if not isinstance(value, dict):
        yield f"{place}: not an object but {value!r}"
        return
    fields = {name: hint for name, hint in _fields(model).items() if not name.startswith("_")}
    for name, hint in fields.items():
        if name not in value:
            if not _optional(hint) and name != "deleted":
                yield f"{place}.{name}: missing"
        else:
            yield from _against(value[name], hint, f"{place}.{name}")
    for name in value:
        # A word of Python cannot be an attribute, so that the SDK does not declare it (India's `in`).
        if name not in fields and name != "total_count" and not keyword.iskeyword(name):
            yield f"{place}.{name}: unknown"


def _fields(model: type[StripeObject]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, StripeObject) and base.__module__ not in ("stripe._stripe_object", "stripe._api_resource"):
            found.update(inspect.get_annotations(base))
    return {name: hint for name, hint in found.items() if get_origin(hint) is not typing.ClassVar}


def _optional(hint: Any) -> bool:
    return get_origin(hint) is Union and type(None) in get_args(hint)


def _against(value: Any, hint: Any, place: str) -> Iterator[str]:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Union:
        yield from _against_union(value, args, place)
    elif origin is Literal:
        if value not in args:
            yield f"{place}: {value!r} is none of {args}"
    elif origin in (list, ListObject):
        items = value.get("data") if origin is ListObject and isinstance(value, dict) else value
        if not isinstance(items, list):
            yield f"{place}: no list but {value!r}"
        else:
            for position, item in enumerate(items):
                yield from _against(item, args[0], f"{place}[{position}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{place}: no hash but {value!r}"
    elif isinstance(hint, type) and issubclass(hint, StripeObject):
        yield from faults(value, hint, place)
    elif isinstance(hint, type) and hint in (str, int, bool, float):
        if type(value) is not hint:
            yield f"{place}: no {hint.__name__} but {value!r}"
    elif value is None:
        yield f"{place}: null"


def _against_union(value: Any, args: tuple[Any, ...], place: str) -> Iterator[str]:
    if value is None and type(None) in args:
        return
    literals = [arg for arg in args if get_origin(arg) is Literal]
    if literals and value not in get_args(literals[0]):
        yield f"{place}: {value!r} is none of {get_args(literals[0])}"
        return
    if literals:
        return
    options = [list(_against(value, arg, place)) for arg in args if arg is not type(None)]
    yield from min(options, key=len)


def param_faults(params: Mapping[str, Param], model: Any, place: str = "") -> Iterator[str]:
    """Every way in which a parameter table differs, for the newest version, from an SDK parameter type."""
    hints = typing.get_type_hints(model, localns=_FOREIGN, include_extras=True)
    needed: frozenset[str] = getattr(model, "__required_keys__", frozenset())
    wanted = {name: hint for name, hint in hints.items() if place or (name not in _OPTIONS and name != "expand")}
    known = {name: param for name, param in params.items() if _NEWEST.within(param.since, param.until)}
    yield from (f"{place}{name}: not in the table" for name in wanted.keys() - known.keys())
    yield from (f"{place}{name}: not in the SDK" for name in known.keys() - wanted.keys())
    for name in sorted(wanted.keys() & known.keys()):
        hint = _plain(wanted[name])
        if known[name].required != (name in needed and not _is_not_required(wanted[name])):
            yield f"{place}{name}: required differs"
        yield from _param_type(known[name], hint, f"{place}{name}")


def _is_not_required(hint: Any) -> bool:
    return "NotRequired" in str(get_origin(hint))


def _plain(hint: Any) -> Any:
    return get_args(hint)[0] if _is_not_required(hint) else hint


def _param_type(param: Param, hint: Any, place: str) -> Iterator[str]:
    args = list(get_args(hint)) if get_origin(hint) is Union else [hint]
    literals = [set(get_args(arg)) - {""} for arg in args if get_origin(arg) is Literal]
    words = set().union(*literals) if literals else set()
    choices = {word for word in param.choices if _NEWEST.within(param.newer.get(word, ""), "")} - PREVIEW_EVENT_TYPES
    if param.type is Type.CHOICE and words and choices != words:
        yield f"{place}: choices differ: {sorted(words ^ choices)}"
    if param.type is not Type.METADATA and param.empty != any(
        "" in get_args(arg) for arg in args if get_origin(arg) is Literal
    ):
        yield f"{place}: emptiable differs"
    inner = [arg for arg in args if hasattr(arg, "__required_keys__")]
    if param.type is Type.GROUP:
        if not inner:
            yield f"{place}: a hash here, {hint} in the SDK"
        else:
            yield from param_faults(param.fields, inner[0], f"{place}.")
    lists = [arg for arg in args if get_origin(arg) is list]
    if param.type is Type.ARRAY and param.item is not None:
        if not lists:
            yield f"{place}: an array here, {hint} in the SDK"
        else:
            yield from _param_type(param.item, get_args(lists[0])[0], f"{place}[]")


def model_of(kind: str) -> type[StripeObject]:
    """The SDK class of a kind of object."""
    found: type[StripeObject] = get_object_class("V1", kind)
    return found
