"""The config's match rules: read, refused with a helpful word, and at work."""

import tomllib
from typing import Any

import pytest

from fcproxy.core.deck import Options
from fcproxy.core.errors import UsageError
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.message import Headers, Interaction, Response
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import Redactor
from fcproxy.stripe.custom_routes import KEYS, header_rules, routes_from
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import RULES
from tests.core.conversation import ask

TOML = """
[[tool.fcproxy.match]]
path = "/v1/customers*"
method = "post"
ignore = ["body.metadata.run_id", "header.Stripe-Version"]

[[tool.fcproxy.match]]
id = "uploads"
path = "/v1/files"
body = false
headers = ["X-Tenant"]
normalise = { "query.created*" = "[0-9]+" }
"""


def test_rules_as_they_stand_in_a_config_file() -> None:
    assert routes_from(tomllib.loads(TOML)["tool"]["fcproxy"]["match"]) == (
        RouteRule(
            "POST /v1/customers*",
            path="/v1/customers*",
            method="POST",
            ignore=("body.metadata.run_id", "header.Stripe-Version"),
        ),
        RouteRule(
            "uploads",
            path="/v1/files",
            body=False,
            headers=("X-Tenant",),
            normalise=(("query.created*", "[0-9]+"),),
        ),
    )


def test_no_rules() -> None:
    assert routes_from([]) == ()


GOOD: dict[str, Any] = {"path": "/v1/x", "ignore": ["body.a"]}


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ("x", r"match: expects an array of tables"),
        ({"path": "/v1/x"}, r"match: expects an array of tables"),
        (["x"], r"match\[0\]: expects a table"),
        ([GOOD, {"ignroe": ["body.a"]}], r"match\[1\]: unknown key 'ignroe'; did you mean 'ignore'\?"),
        ([{"zzz": 1}], r"match\[0\]: unknown key 'zzz'$"),
        ([{**GOOD, "path": "v1/x"}], r"path: begins with"),
        ([{**GOOD, "path": 3}], r"path: expects a text"),
        ([{**GOOD, "method": "FETCH"}], r"method: one of"),
        ([{"path": "/v1/x"}], r"does nothing"),
        ([{"body": True}], r"does nothing"),
        ([{"body": "no"}], r"body: expects true or false"),
        ([{"ignore": "body.a"}], r"ignore: expects a list of texts"),
        ([{"ignore": ["metadata.run_id"]}], r"'metadata.run_id' is no place; places begin with body"),
        ([{"ignore": ["bodyguard"]}], r"is no place"),
        ([{"normalise": ["x"]}], r"normalise: expects a table"),
        ([{"normalise": {"body.a": "("}}], r"body.a: no regular expression"),
        ([{"normalise": {"a": "x"}}], r"'a' is no place"),
        ([{"normalise": {"body.a": 3}}], r"body.a: expects a regular expression"),
        ([{"headers": ["X Y"]}], r"'X Y' is no header's name"),
        ([{"headers": ["authorization"]}], r"authorization holds a secret"),
        ([{"headers": ["Cookie"]}], r"Cookie holds a secret"),
        ([GOOD, GOOD], r"two rules are called '\* /v1/x'"),
    ],
)
def test_what_is_wrong_is_told(tables: object, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        routes_from(tables)


@pytest.mark.parametrize(
    "place", ["body", "body.*", "body[0].a", "query.limit", "header.Stripe-Version", "*.run_id", "*"]
)
def test_places(place: str) -> None:
    (rule,) = routes_from([{"ignore": [place]}])
    assert rule.ignore == (place,)


def test_every_key_is_told_of() -> None:
    (rule,) = routes_from([{**GOOD, "id": "a", "method": "GET", "headers": ["A"], "body": False, "normalise": {}}])
    assert set(RouteRule._fields) == set(KEYS)
    assert rule.id == "a"


def test_a_compared_header_is_stored_and_compared() -> None:
    routes = routes_from([{"path": "/v1/*", "headers": ["X-Tenant", "x-tenant", "Stripe-Account"]}])
    rows = header_rules(routes)
    assert [row.name.lower() for row in rows] == ["x-tenant"]
    book = RULES.plus(headers=rows)
    recording = Redactor(book)
    done = [
        recording.redact(Interaction(ask("GET /v1/a", X_Tenant=name), Response(200, Headers(), name.encode())))
        for name in ("one", "two")
    ]
    stored = recording.settle(done)
    assert [one.request.headers.get("X-Tenant") for one in stored] == ["one", "two"]
    deck = stripe_deck(Mode.REPLAY, Redactor(book), stored, cassette="c", routes=routes, options=Options())
    assert deck.explain(ask("GET /v1/a", X_Tenant="two")) == 1
    assert deck.explain(ask("GET /v1/a", X_Tenant="one")) == 0
    assert not deck.knows(ask("GET /v1/a", X_Tenant="three"))
    assert not deck.knows(ask("GET /v1/a"))
