"""Where a value stands: the words around it, told by names, types, lists, events and routes."""

import pytest

from fcproxy.core.json_text import MAX_DEPTH, read
from fcproxy.core.scope import NO_BASE, Base, Scope, event_words, route_words, walk


def around(text: str, base: Base = NO_BASE, *, value: str = "HERE") -> frozenset[str]:
    """The words around the one ``value``."""
    return next(scope.words for one, _, scope, _ in walk(read(text).root, Scope.base(base)) if one == value)


ROUTE = Base(route=frozenset({"customers"}))
PATH = Base(frozenset({"customers"}))


@pytest.mark.parametrize(
    ("text", "base", "words"),
    [
        ('"HERE"', NO_BASE, set()),
        ('{"a": "HERE"}', NO_BASE, set()),
        ('{"Billing-Details": {"a": "HERE"}}', NO_BASE, {"billingdetails"}),
        ('{"a": [[{"b": "HERE"}]]}', NO_BASE, {"a"}),
        ('{"a": {"object": "issuing.card", "b": {"c": "HERE"}}}', NO_BASE, {"a", "issuingcard", "b"}),
        ('{"OBJECT": "card", "b": "HERE"}', NO_BASE, {"card"}),
        ('{"object": "first", "object": "second", "b": "HERE"}', NO_BASE, {"first", "second"}),
        ('{"object": {"x": 1}, "b": "HERE"}', NO_BASE, set()),
        ('{"b": "HERE"}', ROUTE, {"customers"}),
        ('{"object": "list", "data": [{"b": "HERE"}]}', ROUTE, {"customers", "list", "data"}),
        ('{"object": "coupon", "b": "HERE"}', ROUTE, {"coupon"}),
        ('{"object": "coupon", "c": {"b": "HERE"}}', ROUTE, {"coupon", "c"}),
        ('{"object": "coupon", "b": "HERE"}', PATH, {"customers", "coupon"}),
        ('{"url": "/v1/persons", "data": [{"b": "HERE"}]}', NO_BASE, {"persons", "person", "data"}),
        ('{"data": [{"b": "HERE"}], "URL": "/v1/persons?limit=1"}', NO_BASE, {"persons", "person", "data"}),
        ('{"url": "/v1/persons", "b": "HERE"}', NO_BASE, set()),
        ('{"url": "/persons", "data": ["HERE"]}', NO_BASE, {"data"}),
        (
            '{"object": "event", "type": "customer.updated", "data": {"previous_attributes": {"b": "HERE"}}}',
            ROUTE,
            {"event", "customer", "data", "previousattributes"},
        ),
        ('{"object": "v2.core.event", "type": "v1.person.updated", "b": "HERE"}', NO_BASE,
         {"v2coreevent", "v1", "person", "v1person"}),
        ('{"object": "card", "type": "customer.updated", "b": "HERE"}', NO_BASE, {"card"}),
    ],
)  # fmt: skip
def test_the_words_around_a_value(text: str, base: Base, words: set[str]) -> None:
    assert around(text, base) == words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("/v1/customers", {"customers", "customer"}),
        ("https://api.stripe.com/v1/customers/cus_1AbC?limit=3#x", {"customers", "customer"}),
        ("/v1/issuing/cards/ic_1", {"issuing", "cards", "card", "issuingcards", "issuingcard"}),
        ("/v1/checkout/sessions", {"checkout", "sessions", "session", "checkoutsessions", "checkoutsession"}),
        ("/v2/core/accounts", {"core", "accounts", "account", "coreaccounts", "coreaccount"}),
        ("https://shop.example.com/customers", set()),
        ("https://shop.example.com/a?to=/v1/customers", set()),
        ("/v1/" + "a" * 60, set()),
        ("", set()),
    ],
)
def test_the_words_of_a_route(url: str, words: set[str]) -> None:
    assert route_words(url) == words


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("customer.updated", {"customer"}),
        ("issuing_cardholder.created", {"issuingcardholder"}),
        ("customer.source.updated", {"customer", "source", "customersource"}),
        ("card", set()),
        ("Some text. And more.", set()),
        ("", set()),
    ],
)
def test_the_words_of_an_event(kind: str, words: set[str]) -> None:
    assert event_words(kind) == words


def test_keys_and_scalars_come_in_order_with_their_names() -> None:
    walked = [
        (value, name, is_key)
        for value, name, _, is_key in walk(read('{"a": [1, {"b": null}], "a": true}').root, Scope.base(NO_BASE))
    ]
    assert walked == [
        ("a", "a", True),
        ("1", "a", False),
        ("b", "b", True),
        (None, "b", False),
        ("a", "a", True),
        (True, "a", False),
    ]


def test_siblings_are_the_scalars_of_one_object_by_lower_case_name() -> None:
    text = '{"Day": 3, "month": "4", "x": null, "y": {"year": 1990}, "z": true}'
    scope = next(scope for _, _, scope, _ in walk(read(text).root, Scope.base(NO_BASE)))
    assert dict(scope.siblings) == {"day": "3", "month": "4"}


def test_depth_costs_no_stack() -> None:
    text = '{"a":' * MAX_DEPTH + '"HERE"' + "}" * MAX_DEPTH
    assert around(text) == {"a"}


def test_what_a_doubled_key_tells_is_disputed() -> None:
    document = read('{"x": {"object": "a", "object": "b", "c": {"d": "HERE"}}, "e": "THERE"}')
    found = {value: scope for value, _, scope, _ in walk(document.root, Scope.base(NO_BASE))}
    assert found["HERE"].disputed == {"a", "b"}
    assert found["THERE"].disputed == frozenset()
