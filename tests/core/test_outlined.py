"""A form made by its outline is the form that the long way makes."""

from collections.abc import Sequence
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.core import outlined
from fcproxy.core.canonical import Canonical, canonical
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.message import Headers, Request
from fcproxy.core.outlined import Outlined
from fcproxy.stripe.matching import MATCHING
from fcproxy.stripe.secrets import default_redactor

KEY = "sk_" + "test_" + "a1B2c3D4e5F6g7H8i9J0k1L2"
FORM = "application/x-www-form-urlencoded"
BASE = "https://api.stripe.com"
SECRET = "fcsess_client_" + "secret_a1B2c3D4e5F6g7"

KEYS = st.sampled_from(
    ["email", "name", "metadata[n]", "expand[]", "expand[0]", "a[]", "a[0]", "a[1]", "a[][x]", "card[number]", "limit",
     "client_secret", "a%5B0%5D", "caf%C3%A9", "object", "a.b", "x=y", "", "key", "account_number"]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["", "US", "cus_1Abc", "jane.roe@example.com", 'q"q', "a\\b", "50% + tax", "caf\u00e9", "\t"]),
    st.sampled_from([SECRET, KEY, "https://x.test/?token=abc1def2ghi3jkl4", "4242 4242 4242 4242", "REDACTED_1"]),
    st.text(max_size=8),
)
PATHS = st.sampled_from(
    ["/v1/customers", "/v1/customers/cus_1Abc", "/v1//customers", "/v1/a%2Fb", "/v1/accounts/acct_1/persons", "/", "",
     f"/v1/x/{SECRET}", "/v1/customers/"]
)  # fmt: skip
HEADERS = st.sampled_from(
    [
        [("authorization", f"Bearer {KEY}"), ("content-type", FORM)],
        [("content-type", FORM), ("stripe-account", "acct_1Ab"), ("stripe-version", "2026-10-28.clover")],
        [("content-type", FORM), ("stripe-account", KEY), ("stripe-context", SECRET)],
        [("content-type", "application/json")],
        [("content-type", FORM), ("content-encoding", "gzip")],
        [("content-type", FORM), ("fcproxy-body", "not-stored; reason=binary; bytes=7")],
        [],
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> list[Request]:
    """Several of one outline, as a rule, with other values."""
    path, keys, headers = draw(PATHS), draw(st.lists(KEYS, max_size=5)), draw(HEADERS)
    method = draw(st.sampled_from(["POST", "get", "G T"]))
    raw = draw(st.sampled_from(["", "@ ", "%&+"]))
    made = []
    for _ in range(3):
        values = draw(st.lists(VALUES, min_size=len(keys), max_size=len(keys)))
        text = "&".join(f"{key}={quote(value, raw, errors='replace')}" for key, value in zip(keys, values, strict=True))
        in_query = draw(st.booleans())
        url = f"{BASE}{path}?{text}" if in_query else BASE + path
        made.append(Request(method, url, Headers(headers), b"" if in_query else text.encode()))
    return made


def both_ways(asked: Sequence[Request]) -> tuple[list[Canonical], list[Canonical]]:
    quick, slow = Outlined(MATCHING, default_redactor(comparing=True)), default_redactor(comparing=True)
    return [quick.form(one) for one in asked], [canonical(one, MATCHING, slow) for one in asked]


@settings(max_examples=150, deadline=None)
@given(st.lists(requests(), min_size=1, max_size=3))
def test_both_ways_lead_to_one_form(groups: list[list[Request]]) -> None:
    by_outline, taken_apart = both_ways([one for group in groups for one in group])
    assert by_outline == taken_apart


def asked(body: str, *, path: str = "/v1/customers", account: str = "acct_1Ab") -> Request:
    headers = Headers([("authorization", f"Bearer {KEY}"), ("content-type", FORM), ("stripe-account", account)])
    return Request("POST", BASE + path, headers, body.encode())


def test_a_second_one_of_an_outline_is_not_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Outlined(MATCHING, default_redactor(comparing=True))
    expected = canonical(
        asked("a[0]=y&expand[]=b&email=roe%40example.org", path="/v1/customers/cus_2"),
        MATCHING,
        default_redactor(comparing=True),
    )
    made.form(asked("a[0]=x&expand[]=a&email=jane%40example.org", path="/v1/customers/cus_1"))
    monkeypatch.setattr(outlined, "canonical", None)
    form = made.form(asked("a[0]=y&expand[]=b&email=roe%40example.org", path="/v1/customers/cus_2"))
    assert form == expected
    assert form.secrets == (("email", "roe@example.org"),)


def test_what_was_learned_meanwhile_is_a_secret_in_known_headers_too() -> None:
    made, slow = Outlined(MATCHING, default_redactor(comparing=True)), default_redactor(comparing=True)
    same = asked("a=1", account=SECRET[-16:])
    told = asked(f"client_secret={SECRET[-16:]}")
    forms = [made.form(one) for one in (same, told, same, same)]
    assert forms == [canonical(one, MATCHING, slow) for one in (same, told, same, same)]
    assert not forms[0].secrets
    assert forms[2].secrets


def test_a_rule_for_a_route_is_heard() -> None:
    rules = MATCHING._replace(routes=(RouteRule("mine", ignore=("body.a",)),))
    made = Outlined(rules, default_redactor(comparing=True))
    assert made.form(asked("a=1&b=2")).key == made.form(asked("a=2&b=2")).key
