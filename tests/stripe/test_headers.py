"""The allow-list of headers, row by row: what each does with a plain value, and with a secret one."""

import pytest

from fcproxy.stripe.headers import HEADERS
from fcproxy.stripe.secrets import RULES
from tests.attacks.hunt import record, rng_for
from tests.attacks.places import interaction
from tests.attacks.prey import letters

TOKEN = letters(rng_for("headers"), 24)
KEY = "sk_" + "test_" + TOKEN


def kept(side: str, name: str, value: str) -> str | None:
    """What is kept of a header."""
    fields = ((name, value),)
    one = record(interaction(request=fields) if side == "request" else interaction(response=fields))[0]
    return (one.request if side == "request" else one.response).headers.get(name)


@pytest.mark.parametrize("side", ["request", "response"])
@pytest.mark.parametrize("rule", HEADERS, ids=lambda rule: rule.name)
def test_a_row_holds_for_its_sides_only_and_in_any_case(rule: object, side: str) -> None:
    one = next(each for each in HEADERS if each is rule)
    for name in (one.name, one.name.lower(), one.name.upper()):
        found = RULES.header(side, name)
        assert found is (one if side in one.sides else None)


@pytest.mark.parametrize(
    ("side", "name", "value", "left"),
    [
        ("request", "Authorization", f"Bearer {KEY}", "Bearer sk_test_REDACTED~1"),
        ("request", "Authorization", f"bearer {TOKEN}", "bearer REDACTED~1"),
        ("request", "Authorization", KEY, "sk_test_REDACTED~1"),
        ("request", "Authorization", f"Digest username={TOKEN}, realm=x", "Digest REDACTED~1"),
        ("request", "Authorization", "", ""),
        ("request", "Accept", "application/json;q=0.9, */*", "application/json;q=0.9, */*"),
        ("request", "Idempotency-Key", "order-6735", "REDACTED~idempotency-key-1"),
        ("response", "Idempotency-Key", "", ""),
        ("request", "Stripe-Account", "acct_1AbCdEfGhIjKlMnO", "acct_1AbCdEfGhIjKlMnO"),
        ("response", "Request-Id", "req_AbCdEfGhIjKlMn", "req_AbCdEfGhIjKlMn"),
        ("response", "Request-Id", f"req for {KEY}", "req for sk_test_REDACTED~1"),
        ("response", "Location", f"https://x.example/{TOKEN}?a=1", "https://x.example/REDACTED~1?a=1"),
        ("response", "Location", "/v1/customers/cus_AbCdEfGhIjKlMn", "/v1/customers/cus_AbCdEfGhIjKlMn"),
        ("response", "Location", f"//me:{TOKEN}@x.example/", "//REDACTED~1:REDACTED~2@x.example/"),
        ("response", "Content-Disposition", "inline; filename=me.csv", "inline; filename=redacted-file-1.csv"),
        ("response", "Content-Disposition", "inline", "inline"),
        ("response", "Fcproxy-Latency", "12", "12"),
        ("response", "Fcproxy-Body", "not-stored; reason=json; bytes=3", "not-stored; reason=json; bytes=3"),
        ("response", "Fcproxy-Body", KEY, None),
        ("response", "WWW-Authenticate", f'Bearer realm="{KEY}"', 'Bearer realm="sk_test_REDACTED~1"'),
        ("response", "Content-Range", "bytes 0-99/1234", "bytes 0-99/1234"),
        ("response", "Content-Range", "bytes 0-99/*", "bytes 0-99/*"),
        ("response", "Content-Range", "bytes */1234", "bytes */1234"),
        ("response", "Content-Range", f"bytes {TOKEN}/5", None),
        ("response", "Set-Cookie", "a=1", None),
        ("request", "Cookie", "a=1", None),
        ("request", "User-Agent", "Stripe/v1", None),
        ("request", "Location", "/x", None),
    ],
)  # fmt: skip
def test_what_is_kept_of_a_header(side: str, name: str, value: str, left: str | None) -> None:
    assert kept(side, name, value) == left


@pytest.mark.parametrize(("value", "left"), [("2", "2"), ("1" * 19, None), ("-2", None), ("2, 2", None), (KEY, None)])
def test_a_length_is_a_number_or_not_there(value: str, left: str | None) -> None:
    one = interaction(received_type=None)
    response = one.response._replace(headers=one.response.headers.replaced("Content-Length", value), body=b"")
    done = record(one._replace(response=response))[0].response
    assert done.headers.get("Content-Length") == left


def test_every_row_has_a_reason_and_one_of_the_known_ways() -> None:
    ways = {"text", "url", "credential", "whole", "challenge", "disposition", "number", "range", "mark", "keep"}
    assert all(rule.reason and rule.how in ways and set(rule.sides) <= {"request", "response"} for rule in HEADERS)
    assert len({(rule.name.lower(), side) for rule in HEADERS for side in rule.sides}) == sum(
        len(rule.sides) for rule in HEADERS
    )
