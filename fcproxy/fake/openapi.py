"""The OpenAPI document of the fake, made from the resources' tables. Pure."""

from collections.abc import Mapping
from typing import Any

from fcproxy.fake.catalogue import Catalogue
from fcproxy.fake.params import Param, Params, Type
from fcproxy.fake.resource import Route
from fcproxy.fake.state import Doc
from fcproxy.fake.versions import DEFAULT_VERSION

__all__ = ["openapi"]

_SIMPLE: Mapping[Type, Doc] = {
    Type.INTEGER: {"type": "integer"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DECIMAL: {"type": "string", "format": "decimal", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"},
    Type.TIME: {"type": "integer", "format": "unix-time"},
    Type.METADATA: {"type": "object", "additionalProperties": {"type": "string", "maxLength": 500}},
}
_FORMATS = {"url": "uri", "web": "uri", "email": "email"}
_ERROR: Doc = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": {"type": "string"},
                "code": {"type": "string"},
                "message": {"type": "string"},
                "param": {"type": "string"},
                "doc_url": {"type": "string"},
                "request_log_url": {"type": "string"},
            },
        }
    },
}


def _string(param: Param) -> Doc:
    schema: Doc = {"type": "string"}
    if param.most is not None:
        schema["maxLength"] = param.most
    if param.format in _FORMATS:
        schema["format"] = _FORMATS[param.format]
    if param.format == "country":
        schema["pattern"] = "^[A-Za-z]{2}$"
    if param.format == "currency":
        schema["pattern"] = "^[A-Za-z]{3}$"
    return schema


def _integer(param: Param) -> Doc:
    schema: Doc = {"type": "integer"}
    if param.least is not None:
        schema["minimum"] = param.least
    if param.most is not None:
        schema["maximum"] = param.most
    return schema


def _array(param: Param) -> Doc:
    schema: Doc = {"type": "array", "items": _schema(param.item) if param.item else {}}
    if param.most is not None:
        schema["maxItems"] = param.most
    return schema


def _range() -> Doc:
    bounds = {name: {"type": "integer"} for name in ("gt", "gte", "lt", "lte")}
    return {"anyOf": [{"type": "integer"}, {"type": "object", "additionalProperties": False, "properties": bounds}]}


def _schema(param: Param) -> Doc:
    match param.type:
        case Type.STRING:
            schema = _string(param)
        case Type.INTEGER:
            schema = _integer(param)
        case Type.CHOICE:
            schema = {"type": "string", "enum": list(param.choices)}
        case Type.ARRAY:
            schema = _array(param)
        case Type.GROUP:
            schema = _group(param.fields)
        case Type.RANGE:
            schema = _range()
        case _:
            schema = dict(_SIMPLE[param.type])
    options = [schema, *([{"type": "string", "enum": list(param.words)}] if param.words else [])]
    if param.empty:
        options.append({"type": "string", "enum": [""]})
    return options[0] if len(options) == 1 else {"anyOf": options}


def _group(params: Params) -> Doc:
    schema: Doc = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _schema(param) for name, param in params.items()},
    }
    needed = [name for name, param in params.items() if param.required]
    return {**schema, "required": needed} if needed else schema


_EXPAND = Param(Type.ARRAY, item=Param(Type.STRING, most=5000))
_NESTED = (Type.GROUP, Type.ARRAY, Type.METADATA, Type.RANGE)


def _query(name: str, param: Param) -> Doc:
    parameter: Doc = {"name": name, "in": "query", "required": param.required, "schema": _schema(param)}
    if param.type in _NESTED:
        parameter.update(style="deepObject", explode=True)
    return parameter


def _answer(route: Route) -> Doc:
    item: Doc = {"type": "object", "required": ["object"], "properties": {"object": {"type": "string"}}}
    if route.method != "DELETE" and not route.listed:
        item["properties"]["object"] = {"type": "string", "enum": [route.returns]}
    if not route.listed:
        return item
    return {
        "type": "object",
        "required": ["object", "data", "has_more", "url"],
        "properties": {
            "object": {"type": "string", "enum": ["search_result" if route.searched else "list"]},
            "data": {"type": "array", "items": item},
            "has_more": {"type": "boolean"},
            "url": {"type": "string"},
        },
    }


def _operation(route: Route, title: str) -> Doc:
    words = [word.strip("{}") for word in route.path.split("/") if word]
    path_names = [word[1:-1] for word in route.path.split("/") if word.startswith("{")]
    params = {**route.params, "expand": _EXPAND}
    parameters: list[Doc] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "maxLength": 5000}}
        for name in path_names
    ]
    operation: Doc = {
        "operationId": ".".join((route.method.lower(), *words)),
        "summary": route.summary,
        "tags": [title],
        "parameters": parameters,
        "responses": {
            "200": {"description": "Well.", "content": {"application/json": {"schema": _answer(route)}}},
            "default": {
                "description": "Refused.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}},
            },
        },
    }
    if route.method == "POST":
        encoding = {
            name: {"style": "deepObject", "explode": True} for name, param in params.items() if param.type in _NESTED
        }
        content: Doc = {"schema": _group(params), "encoding": encoding}
        operation["requestBody"] = {
            "required": any(param.required for param in route.params.values()),
            "content": {"application/x-www-form-urlencoded": content},
        }
    else:
        parameters.extend(_query(name, param) for name, param in params.items())
    return operation


def openapi(catalogue: Catalogue, version: str) -> Doc:
    """The document; ``version`` is fcproxy's."""
    paths: dict[str, dict[str, Any]] = {}
    for resource in catalogue.resources:
        for route in resource.routes:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, resource.title)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "fcproxy's fake Stripe",
            "version": version,
            "description": f"What the fake answers. Stripe-Version without a header: {DEFAULT_VERSION}.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"error": _ERROR},
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{"bearer": []}, {"basic": []}],
    }
