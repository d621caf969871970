"""Form trees -> typed values, by parameter tables, refusing what Stripe refuses with Stripe's words.

In what comes back an absent parameter is absent, one unset by an empty value is None, numbers and booleans are such,
and decimals stay the text that was sent.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from fcproxy.core.form import FormTree, join_key, split_key, tree
from fcproxy.fake.errors import StripeError, invalid, refuse
from fcproxy.fake.metadata import check_metadata
from fcproxy.fake.params import Param, Params, Type
from fcproxy.fake.versions import Version
from fcproxy.stripe.places import COUNTRIES, CURRENCIES

__all__ = ["FORMATS", "form_tree", "json_tree", "validate"]

Values = dict[str, Any]

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}\Z")
_SHIELD = "\x00"
_ENDS = 10
"""How many characters of each end of a value that is too long Stripe's error shows."""
_RANGE_KEYS = ("gt", "gte", "lt", "lte")
FORMATS: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "url": ("url", re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]+\S*\Z")),
    "web": ("url", re.compile(r"https?://[^\s/?#]+\S*\Z")),
    "email": ("email", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z")),
}
"""Format -> the error's row and what a value must look like. ``country`` and ``currency`` are sets instead."""


def form_tree(pairs: Sequence[tuple[str, str]]) -> Mapping[str, FormTree]:
    """The tree that the pairs mean, with metadata's keys kept as keys even where they are numbers."""
    return tree([(_shielded(key), value) for key, value in pairs])


def json_tree(body: bytes) -> Mapping[str, FormTree]:
    """The tree of a JSON body, as if it had been a form: null unsets. Raises StripeError (400)."""
    try:
        data = json.loads(body) if body.strip() else {}
        if not isinstance(data, dict):
            raise refuse("object")
        return {name: _as_form(value) for name, value in data.items()}
    except (ValueError, RecursionError):
        raise refuse("json") from None


def _as_form(value: Any) -> FormTree:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict():
            return {name: _as_form(item) for name, item in value.items()}
        case list():
            return [_as_form(item) for item in value]
        case _:
            return str(value)


def _shielded(key: str) -> str:
    # core.form reads a hash whose keys are all numbers as an array, which metadata never is.
    if "metadata" not in key:
        return key
    parts = split_key(key)
    for position, part in enumerate(parts[:-1]):
        if part == "metadata" and parts[position + 1].isdigit():
            parts[position + 1] = _SHIELD + parts[position + 1]
    return join_key(parts)


def validate(values: Mapping[str, FormTree], params: Params, version: Version) -> Values:
    """Reads the top level. Raises StripeError (400) on the first thing that is wrong."""
    return _group(values, params, version, ())


def _name(path: Sequence[str]) -> str:
    return join_key(path)


def _group(values: Mapping[str, FormTree], params: Params, version: Version, path: tuple[str, ...]) -> Values:
    known = {
        name: param for name, param in params.items() if not version.pinned or version.within(param.since, param.until)
    }
    unknown = [_name((*path, name)) for name in values if name not in known]
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        raise refuse("parameter_unknown", param=unknown[0], names=", ".join(unknown), s=plural)
    for name, param in known.items():
        if param.required and name not in values:
            raise refuse("parameter_missing", param=_name((*path, name)))
    return {name: _read(values[name], known[name], version, (*path, name)) for name in values}


def _read(value: FormTree, param: Param, version: Version, path: tuple[str, ...]) -> Any:
    if value == "" and param.type is not Type.METADATA:
        return _empty(param, path)
    return _READERS[param.type](value, param, version, path)


def _empty(param: Param, path: tuple[str, ...]) -> Any:
    if param.empty:
        return None
    if param.type is Type.ARRAY and not param.required:
        return []
    raise refuse("parameter_invalid_empty", param=_name(path))


def _scalar(value: FormTree, path: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise refuse("string", param=_name(path))
    return value


def _string(value: FormTree, param: Param, _version: Version, path: tuple[str, ...]) -> str:
    word, name = _scalar(value, path), _name(path)
    if param.most is not None and len(word) > param.most:
        raise refuse("too_long", param=name, bound=param.most, head=word[:_ENDS], tail=word[-_ENDS:])
    if param.format == "country":
        if word.upper() not in COUNTRIES:
            raise refuse("country", param=name, value=word)
        return word.upper()
    if param.format == "currency":
        if word.lower() not in CURRENCIES:
            raise refuse("currency", param=name, value=word)
        return word.lower()
    if param.format:
        error, pattern = FORMATS[param.format]
        if not pattern.match(word):
            raise refuse(error, param=name, value=word)
    return word


def _integer(value: FormTree, param: Param, _version: Version, path: tuple[str, ...]) -> int:
    word, name = _scalar(value, path), _name(path)
    if not _INTEGER.match(word):
        raise refuse("parameter_invalid_integer", param=name, value=word)
    number = int(word)
    if param.least is not None and number < param.least:
        raise refuse("integer_low", param=name, bound=param.least)
    if param.most is not None and number > param.most:
        raise refuse("integer_high", param=name, bound=param.most)
    return number


def _boolean(value: FormTree, _param: Param, _version: Version, path: tuple[str, ...]) -> bool:
    word = _scalar(value, path)
    if word not in ("true", "false"):
        raise refuse("boolean", param=_name(path), value=word)
    return word == "true"


def _decimal(value: FormTree, _param: Param, _version: Version, path: tuple[str, ...]) -> str:
    word = _scalar(value, path)
    try:
        finite = Decimal(word).is_finite()
    except InvalidOperation:
        finite = False
    if not finite or len(word) > 40 or "e" in word.lower():
        raise refuse("decimal", param=_name(path), value=word)
    return word


def _choice(value: FormTree, param: Param, version: Version, path: tuple[str, ...]) -> str:
    word = _scalar(value, path)
    choices: Sequence[str] = param.choices
    if param.newer and version.pinned:
        choices = [choice for choice in choices if version.within(param.newer.get(choice, ""), "")]
    if word not in choices:
        raise refuse("choice", param=_name(path), choices=_listed(choices))
    return word


def _listed(choices: Sequence[str]) -> str:
    if len(choices) == 1:
        return choices[0]
    if len(choices) == 2:
        return f"one of {choices[0]} or {choices[1]}"
    return f"one of {', '.join(choices[:-1])}, or {choices[-1]}"


def _time(value: FormTree, param: Param, version: Version, path: tuple[str, ...]) -> int | str:
    if isinstance(value, str) and value in param.words:
        return value
    return _integer(value, param, version, path)


def _array(value: FormTree, param: Param, version: Version, path: tuple[str, ...]) -> list[Any]:
    if not isinstance(value, list) or param.item is None:
        raise StripeError(invalid("array", param=_name(path)))
    if param.most is not None and len(value) > param.most:
        raise refuse("too_many", param=_name(path), bound=param.most)
    return [_read(item, param.item, version, (*path, str(position))) for position, item in enumerate(value)]


def _hash(value: FormTree, param: Param, version: Version, path: tuple[str, ...]) -> Values:
    if not isinstance(value, dict):
        raise refuse("object", param=_name(path))
    return _group(value, param.fields, version, path)


def _metadata(value: FormTree, _param: Param, _version: Version, path: tuple[str, ...]) -> dict[str, str] | None:
    if value == "":
        return None
    if not isinstance(value, dict):
        raise refuse("object", param=_name(path))
    found = {}
    for key, word in value.items():
        name = key.removeprefix(_SHIELD)
        found[name] = _scalar(word, (*path, name))
    check_metadata(found, _name(path))
    return found


def _range(value: FormTree, param: Param, version: Version, path: tuple[str, ...]) -> dict[str, int]:
    if isinstance(value, str):
        exact = _integer(value, param, version, path)
        return {"gte": exact, "lte": exact}
    bounds = {key: Param(Type.INTEGER) for key in _RANGE_KEYS}
    return _hash(value, Param(Type.GROUP, fields=bounds), version, path)


_READERS: Mapping[Type, Callable[[FormTree, Param, Version, tuple[str, ...]], Any]] = {
    Type.STRING: _string,
    Type.INTEGER: _integer,
    Type.BOOLEAN: _boolean,
    Type.DECIMAL: _decimal,
    Type.CHOICE: _choice,
    Type.TIME: _time,
    Type.ARRAY: _array,
    Type.GROUP: _hash,
    Type.METADATA: _metadata,
    Type.RANGE: _range,
}
