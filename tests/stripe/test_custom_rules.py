"""The user's own rules: what they do, and what is said of those that cannot be right."""

import json
from typing import Any

import pytest

from fcproxy.core.errors import UsageError
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import Redactor
from fcproxy.stripe.custom_rules import KEYS, book_from
from fcproxy.stripe.secrets import RULES
from tests.attacks.hunt import rng_for
from tests.attacks.prey import letters

URL = "https://api.stripe.com/v1/things"


def stored(table: object, answer: object, *, header: tuple[str, str] | None = None, **environ: str) -> Response:
    headers = Headers([("Content-Type", "application/json"), *([header] if header else [])])
    redactor = Redactor(book_from(table, environ))
    one = Interaction(Request("GET", URL, Headers()), Response(200, headers, json.dumps(answer).encode()))
    return redactor.settle([redactor.redact(one)])[0].response


def body(rules: list[object], answer: object, **environ: str) -> Any:
    return json.loads(stored({"rules": rules}, answer, header=None, **environ).body)


def test_a_field_in_any_spelling_within_and_outside() -> None:
    rule = {"id": "loyalty", "field": "loyalty_number", "within": "customer", "outside": ["test"]}
    answer = {"object": "customer", "loyaltyNumber": "12345", "test": {"loyalty_number": "67890"}}
    assert body([rule], answer) == {**answer, "loyaltyNumber": "REDACTED~1"}
    assert body([rule], {**answer, "object": "shop"}) == {**answer, "object": "shop"}


@pytest.mark.parametrize(("action", "left"), [("placeholder", "REDACTED~1"), ("drop", ""), ("keep", "Jenny")])
def test_what_is_done_with_a_field(action: str, left: str) -> None:
    assert body([{"id": "mine", "field": "first_name", "action": action}], {"first_name": "Jenny"}) == {
        "first_name": left
    }


@pytest.mark.parametrize(("action", "left"), [("placeholder", "REDACTED~1"), ("drop", None), ("keep", "abc")])
def test_what_is_done_with_a_header(action: str, left: str | None) -> None:
    rule = {"id": "gate", "header": "X-Gate", "action": action}
    assert stored({"rules": [rule]}, {}, header=("x-gate", "abc")).headers.get("X-Gate") == left


def test_a_default_header_can_be_dropped() -> None:
    rule = {"id": "no ids", "header": "Request-Id", "action": "drop"}
    assert "Request-Id" not in stored({"rules": [rule]}, {}, header=("Request-Id", "req_1")).headers


def test_a_pattern_anywhere_in_text() -> None:
    answer = {"message": "see TCK-123456, not TCK-12"}
    assert body([{"id": "ticket", "pattern": "TCK-[0-9]{6}"}], answer) == {"message": "see REDACTED~1, not TCK-12"}


def test_a_literal_from_the_environment_in_any_encoding() -> None:
    secret = letters(rng_for("literal"), 20) + ".+x"
    answer = {"plain": secret, "hex": secret.encode().hex()}
    done = body([{"id": "partner", "literal_env": "PARTNER"}], answer, PARTNER=secret)
    assert done == {"plain": "REDACTED~1", "hex": "encoded_REDACTED~1"}


def test_a_rule_switched_off_is_named() -> None:
    book = book_from({"disable": ["fc-institution"]}, {})
    assert book.disabled == ("fc-institution",)
    answer = {"institution_name": "Bank of X"}
    assert json.loads(stored({"disable": ["fc-institution"]}, answer).body) == answer


def test_nothing_asked_for_is_the_default() -> None:
    book = book_from({}, {})
    assert (book.fields, book.shapes, book.headers) == (RULES.fields, RULES.shapes, RULES.headers)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([], "redact: expects a table"),
        ({"rule": []}, "unknown key 'rule'; did you mean 'rules'?"),
        ({"rules": "x"}, "rules: expects a list of tables"),
        ({"rules": ["x"]}, "rules[0]: expects a table"),
        ({"rules": [{"id": "a", "feild": "b"}]}, "unknown key 'feild'; did you mean 'field'?"),
        ({"rules": [{"field": "b"}]}, "id: expects a text"),
        ({"rules": [{"id": "a"}]}, "needs one of field, header, pattern, literal_env"),
        ({"rules": [{"id": "a", "field": "b", "header": "c"}]}, "needs one of"),
        ({"rules": [{"id": "a", "field": 3}]}, "field: expects a text or a list"),
        ({"rules": [{"id": "a", "field": "b", "action": "hide"}]}, "one of placeholder, drop, keep"),
        ({"rules": [{"id": "a", "pattern": "b", "action": "keep"}]}, "one of placeholder"),
        ({"rules": [{"id": "a", "pattern": "b", "within": "c"}]}, "within: goes with field only"),
        ({"rules": [{"id": "a", "pattern": "("}]}, "no regular expression"),
        ({"rules": [{"id": "a", "pattern": "(a)"}]}, "write groups as"),
        ({"rules": [{"id": "a", "pattern": "a*"}]}, "everywhere"),
        ({"rules": [{"id": "a", "literal_env": "NOT_THERE"}]}, "NOT_THERE is not set"),
        ({"rules": [{"id": "a", "literal_env": "SHORT"}]}, "SHORT is so short"),
        ({"rules": [{"id": "a", "header": "Authorization", "action": "keep"}]}, "cannot be kept"),
        ({"rules": [{"id": "api-key", "pattern": "abc"}]}, "two rules are called 'api-key'"),
        ({"disable": ["api-kee"]}, "did you mean 'api-key'?"),
    ],
)
def test_what_cannot_be_right(table: object, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        book_from(table, {"SHORT": "abc"})
    assert said in str(caught.value)


def test_no_message_and_no_repr_quotes_a_literal() -> None:
    secret = letters(rng_for("repr"), 20)
    assert secret not in repr(book_from({"rules": [{"id": "a", "literal_env": "X"}]}, {"X": secret}))


def test_every_key_is_told() -> None:
    assert all(KEYS.values())
