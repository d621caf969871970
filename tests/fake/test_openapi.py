"""The OpenAPI document, made from the tables."""

import json
from typing import Any

from fcproxy.fake import Fake
from fcproxy.fake.catalogue import Catalogue
from fcproxy.fake.resources import all_resources

DOCUMENT: dict[str, Any] = json.loads(Fake().openapi())


def operations() -> dict[str, dict[str, Any]]:
    return {f"{method} {path}": item for path, methods in DOCUMENT["paths"].items() for method, item in methods.items()}


def test_every_route_is_there() -> None:
    routes = {
        f"{r.method.lower()} {r.path}" for resource in Catalogue(all_resources()).resources for r in resource.routes
    }
    assert set(operations()) == routes


def test_names_are_unique_and_path_parameters_declared() -> None:
    names = [item["operationId"] for item in operations().values()]
    assert len(set(names)) == len(names)
    for route, item in operations().items():
        declared = {parameter["name"] for parameter in item["parameters"] if parameter["in"] == "path"}
        assert declared == {word[1:-1] for word in route.split("/") if word.startswith("{")}


def test_forms_and_queries() -> None:
    create = operations()["post /v1/financial_connections/sessions"]
    form = create["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert form["schema"]["required"] == ["account_holder", "permissions"]
    assert form["schema"]["properties"]["permissions"]["items"]["enum"][0] == "balances"
    assert form["encoding"]["permissions"] == {"style": "deepObject", "explode": True}
    listed = operations()["get /v1/customers"]["parameters"]
    limit = next(parameter for parameter in listed if parameter["name"] == "limit")
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100}


def test_every_answer_fits_its_reference() -> None:
    assert DOCUMENT["openapi"] == "3.0.3"
    assert DOCUMENT["components"]["schemas"]["error"]["required"] == ["error"]
    for item in operations().values():
        assert set(item["responses"]) == {"200", "default"}
