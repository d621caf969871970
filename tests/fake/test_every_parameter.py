"""Every parameter of every endpoint, however deep: a right value is taken, and what is wrong with another is said.

The tables themselves are held against the SDK's types in test_conformance.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fcproxy.core.form import join_key
from fcproxy.fake.catalogue import Catalogue
from fcproxy.fake.errors import StripeError
from fcproxy.fake.params import Param, Params, Type
from fcproxy.fake.resource import Route
from fcproxy.fake.resources import all_resources
from fcproxy.fake.validate import form_tree, validate
from fcproxy.fake.versions import parse_version

ROUTES = [
    route
    for resource in Catalogue(all_resources()).resources
    for route in resource.routes
    if route.params and not route.path.startswith("/v2/")
]
ANY_VERSION = parse_version(None)
Way = tuple[str, ...]
RIGHT: Mapping[Type, str] = {
    Type.STRING: "x",
    Type.INTEGER: "1",
    Type.BOOLEAN: "true",
    Type.DECIMAL: "0.5",
    Type.TIME: "1793188800",
    Type.RANGE: "1793188800",
}
FORMATS = {
    "url": "https://example.com",
    "web": "https://example.com",
    "email": "a@example.com",
    "country": "US",
    "currency": "usd",
}
WRONG: Mapping[Type, tuple[tuple[Any, str | None], ...]] = {
    Type.STRING: (({"a": "b"}, None),),
    Type.INTEGER: (("x", "parameter_invalid_integer"), ("1.5", "parameter_invalid_integer"), ({"a": "b"}, None)),
    Type.BOOLEAN: (("yes", None), ({"a": "b"}, None)),
    Type.DECIMAL: (("1,5", None), ("1e5", None), ({"a": "b"}, None)),
    Type.CHOICE: (("nonsense", None), ({"a": "b"}, None)),
    Type.TIME: (("soon", "parameter_invalid_integer"), ({"a": "b"}, None)),
    Type.ARRAY: (("x", None), ({"a": "b"}, None)),
    Type.GROUP: (("x", None), (["x"], None)),
    Type.METADATA: (("x", None), ({"a" * 41: "b"}, None), ({"a": {"b": "c"}}, None)),
    Type.RANGE: (("x", "parameter_invalid_integer"), ({"above": "1"}, "parameter_unknown")),
}
"""Values that a parameter of a type refuses, and the code of the refusal, where it has one."""


def right(param: Param) -> Any:
    """A value that a parameter takes, with everything in it that is needed."""
    if param.type is Type.GROUP:
        # A form cannot say that a hash is empty.
        return needed(param.fields) or {name: right(inner) for name, inner in list(param.fields.items())[:1]}
    if param.type is Type.ARRAY and param.item is not None:
        return [right(param.item)]
    if param.type is Type.METADATA:
        return {"a": "b"}
    if param.type is Type.CHOICE:
        return param.choices[0]
    if param.type is Type.INTEGER:
        return str(param.least if param.least is not None else min(1, 1 if param.most is None else param.most))
    return FORMATS.get(param.format, RIGHT[param.type])


def needed(params: Params) -> dict[str, Any]:
    return {name: right(param) for name, param in params.items() if param.required}


def places(params: Params, way: Way = ()) -> Iterator[tuple[Way, Param]]:
    """Every parameter and the words that lead to it; arrays are entered by their first element."""
    for name, param in params.items():
        yield (*way, name), param
        inner, deeper = param, (*way, name)
        while inner.type is Type.ARRAY and inner.item is not None:
            inner, deeper = inner.item, (*deeper, "0")
        if inner.type is Type.GROUP:
            yield from places(inner.fields, deeper)


def form(params: Params, way: Way, value: Any) -> list[tuple[str, str]]:
    """The pairs of a request in which everything is right but for what stands at ``way``; None leaves that out."""
    return list(_pairs(_with(needed(params), params, way, value), ()))


def _with(tree: dict[str, Any], params: Params, way: Way, value: Any) -> dict[str, Any]:
    name, rest = way[0], way[1:]
    if not rest:
        return {key: item for key, item in {**tree, name: value}.items() if item is not None}
    param = params.get(name)
    depth = 0
    while param is not None and param.type is Type.ARRAY and param.item is not None:
        param, rest, depth = param.item, rest[1:], depth + 1
    assert param is not None
    inner: Any = _with(needed(param.fields), param.fields, rest, value)
    for _ in range(depth):
        inner = [inner]
    return {**tree, name: inner}


def _pairs(value: Any, way: Way) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield join_key(way), value
        return
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _pairs(item, (*way, str(name)))


def expressible(params: Params, way: Way) -> bool:
    """Whether a request can leave out what stands at ``way`` without leaving out the hash around it."""
    return len(way) == 1 or any(key.startswith(join_key(way[:-1]) + "[") for key, _ in form(params, way, None))


def refusals(param: Param) -> Iterator[tuple[Any, str | None]]:
    yield from WRONG[param.type]
    if not param.empty and param.type is not Type.METADATA and (param.required or param.type is not Type.ARRAY):
        yield "", "parameter_invalid_empty"
    if param.required:
        yield None, "parameter_missing"
    if param.type is Type.STRING and param.most is not None:
        yield "x" * (param.most + 1), None
    if param.type is Type.INTEGER and param.least is not None:
        yield str(param.least - 1), "parameter_invalid_integer"
    if param.type is Type.INTEGER and param.most is not None:
        yield str(param.most + 1), "parameter_invalid_integer"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_parameter(route: Route) -> None:
    for way, param in places(route.params):
        name = join_key(way)
        validate(form_tree(form(route.params, way, right(param))), route.params, ANY_VERSION)
        if param.empty:
            validate(form_tree(form(route.params, way, "")), route.params, ANY_VERSION)
        for value, code in refusals(param):
            if value is None and not expressible(route.params, way):
                continue
            with pytest.raises(StripeError) as caught:
                validate(form_tree(form(route.params, way, value)), route.params, ANY_VERSION)
            error = caught.value.error
            assert (error.status, error.type) == (400, "invalid_request_error"), (name, value)
            assert error.param is not None, (name, value)
            assert error.param.startswith(name), (name, value)
            assert code in (None, error.code), (name, value)
        beside = (*way[:-1], "surprise")
        with pytest.raises(StripeError) as caught:
            validate(form_tree(form(route.params, beside, "x")), route.params, ANY_VERSION)
        error = caught.value.error
        assert (error.code, error.param) == ("parameter_unknown", join_key(beside))
        assert error.message == f"Received unknown parameter: {join_key(beside)}"
