"""What is redacted by its outline is redacted as if it had been taken apart."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.core.familiar import FormOutlines, JsonOutlines
from fcproxy.core.json_text import read
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.scope import NO_BASE, Base
from fcproxy.stripe.secrets import default_redactor

MEMBERS = (
    "id", "object", "Object", "client_secret", "name", "email", "dob", "day", "year", "number", "last4", "amount",
    "metadata", "customer", "card", "bank_account", "url", "data", "type",
    "created", "description", "é", 'a"b', "account_number",
)  # fmt: skip
NAMES = st.sampled_from(MEMBERS)
SECRET = "fcsess_client_" + "secret_"
TEXTS = st.one_of(
    st.sampled_from(["", "US", "card", "customer", "jenny@example.org", "+14155550123", "https://x.test/?token=abc1"]),
    st.sampled_from(
        ["a\\b", 'q"q', "tab\tin", "caf\u00e9", "4242 4242 4242 4242", "see a=b&c=d", '{"email": "x@y.de"}']
    ),
    st.sampled_from(["/v1/customers", "/v1/products", "event", "list", "customer.updated", "product.created"]),
    st.text("abcDEF123", min_size=14, max_size=14).map(SECRET.__add__),
    st.text(max_size=12),
)
NUMBERS = st.one_of(
    st.integers(-5, 40), st.sampled_from([1999, 4012888888881881, 1700000000, 0.5, -1e300, 378282246310005])
)
SCALARS = st.one_of(TEXTS, TEXTS, NUMBERS, st.sampled_from([True, False, None]))

Shape = Any
"""A JSON value in which None stands for a scalar that is still to be filled in."""

SHAPES = st.recursive(
    st.none(),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=5)),
    max_leaves=12,
)


def filled(shape: Shape, scalars: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """``shape`` with the next of ``scalars`` at each of its places, and those that are left."""
    if shape is None:
        return scalars[0], scalars[1:]
    if isinstance(shape, list):
        made: list[Any] = []
        for one in shape:
            value, scalars = filled(one, scalars)
            made.append(value)
        return made, scalars
    members: dict[str, Any] = {}
    for name, one in shape.items():
        members[name], scalars = filled(one, scalars)
    return members, scalars


@st.composite
def documents(draw: st.DrawFn) -> list[Any]:
    """Several values of one shape."""
    shape = draw(SHAPES)
    size = json.dumps(shape).count("null")
    return [filled(shape, draw(st.lists(SCALARS, min_size=size, max_size=size)))[0] for _ in range(3)]


def interaction(body: str, kind: str, answer: str = "{}") -> Interaction:
    request = Request(
        "POST",
        "https://api.stripe.com/v1/customers",
        Headers([("Content-Type", kind)]),
        body.encode("utf-8", "replace"),
    )
    return Interaction(request, Response(200, Headers([("Content-Type", "application/json")]), answer.encode(), "OK"))


def redacted(interactions: Sequence[Interaction], *, by_outline: bool) -> list[Interaction]:
    with pytest.MonkeyPatch.context() as patch:
        if not by_outline:
            patch.setattr(JsonOutlines, "find", lambda *_: None)
            patch.setattr(FormOutlines, "find", lambda *_: None)
        redactor = default_redactor()
        return list(redactor.settle([redactor.redact(one) for one in interactions]))


@settings(max_examples=150, deadline=None)
@given(documents(), st.sampled_from([None, 2]), st.booleans())
def test_json_by_its_outline_is_json_taken_apart(values: list[Any], indent: int | None, ascii_only: bool) -> None:
    texts = [json.dumps(value, indent=indent, ensure_ascii=ascii_only) for value in values]
    sent = [interaction(text, "application/json", text) for text in texts]
    assert redacted(sent, by_outline=True) == redacted(sent, by_outline=False)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(NAMES, min_size=1, max_size=4).flatmap(
        lambda names: st.lists(st.lists(TEXTS, min_size=len(names), max_size=len(names)), min_size=2, max_size=3).map(
            lambda fills: (names, fills)
        )
    ),
    st.sampled_from(["&[]+%/", "", "@ "]),
)
def test_a_form_by_its_outline_is_a_form_taken_apart(form: tuple[list[str], list[list[str]]], raw: str) -> None:
    names, fills = form
    texts = ["&".join(f"card[{n}]={quote(v, raw)}" for n, v in zip(names, fill, strict=True)) for fill in fills]
    sent = [interaction(text, "application/x-www-form-urlencoded") for text in texts]
    assert redacted(sent, by_outline=True) == redacted(sent, by_outline=False)


def outlines(*texts: str) -> JsonOutlines:
    made = JsonOutlines(lambda name, _: None if name == "dob" else (), lambda key, _: key != "dirty")
    for text in texts:
        made.learn(read(text), NO_BASE)
    return made


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "other", "n": -2.5e3}',
        '{"a": "", "n": 0}',
        '{"a": "x:,{}[]", "n": 12345678901234567890}',
    ],
)
def test_values_make_no_outline(text: str) -> None:
    assert outlines('{"a": "one", "n": 1}').find(text, NO_BASE) is not None


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "one", "m": 1}',
        '{"a": "one",  "n": 1}',
        '{"a": 1, "n": "one"}',
        '{"a": "one", "n": null}',
        '{"a": "o\\u006ee", "n": 1}',
        '{"a": "one", "n": 01}',
        '{"a": "one", "n": 1 2}',
        '{"a": "one", "n": 1.}',
        '{"a": "one", "n": 1',
        '{"a": "one", "n": "1}',
        '{"a": "\ue000x\ue0011\ue001\ue0010\ue002", "n": 1}',
    ],
)
def test_what_is_not_surely_of_an_outline_is_not_taken_for_it(text: str) -> None:
    assert outlines('{"a": "one", "n": 1}').find(text, NO_BASE) is None


def test_the_type_of_an_object_and_the_path_of_a_request_make_an_outline() -> None:
    known = outlines('{"object": "card", "x": "1"}')
    assert known.find('{"object": "card", "x": "2"}', NO_BASE) is not None
    assert known.find('{"object": "list", "x": "2"}', NO_BASE) is None
    assert known.find('{"object": "card", "x": "2"}', Base(frozenset({"v1"}))) is None


def test_a_lists_url_and_an_events_type_make_an_outline() -> None:
    known = outlines('{"data": [{"x": "1"}], "url": "/v1/customers/cus_1/sources"}')
    assert known.find('{"data": [{"x": "2"}], "url": "/v1/customers/cus_2/sources"}', NO_BASE) is not None
    assert known.find('{"data": [{"x": "2"}], "url": "/v1/products"}', NO_BASE) is None
    known = outlines('{"object": "event", "type": "customer.updated", "x": "1"}')
    assert known.find('{"object": "event", "type": "customer.created", "x": "1"}', NO_BASE) is not None
    assert known.find('{"object": "event", "type": "product.updated", "x": "1"}', NO_BASE) is None


@pytest.mark.parametrize("text", ['{"dob": "1"}', '{"dirty": "1"}', '{"object": 5, "x": "1"}'])
def test_what_hangs_on_more_than_the_outline_has_none(text: str) -> None:
    assert outlines(text).find(text, NO_BASE) is None


def test_outlines_are_bounded() -> None:
    made = outlines(*(json.dumps({f"k{number}": 1}) for number in range(2_000)))
    found = sum(made.find(json.dumps({f"k{number}": 2}), NO_BASE) is not None for number in range(2_000))
    assert 0 < found <= 512
