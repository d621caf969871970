"""Scenarios, and keeping the state."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.fake import Fake, ScenarioError, apply_scenario
from tests.fake.support import Caller

SCENARIO: dict[str, Any] = {
    "clock": "2026-12-24T18:00:00Z",
    "steps": [
        {"post": "/v1/customers", "with": {"name": "Ada", "metadata": {"tier": "gold"}}, "as": "ada"},
        {
            "post": "/v1/financial_connections/sessions",
            "with": {
                "account_holder": {"type": "customer", "customer": "${ada.id}"},
                "permissions": ["balances", "ownership"],
            },
            "as": "session",
        },
        {
            "control": "financial_connections/sessions/${session.id}/complete",
            "with": {"accounts": [{"display_name": "Rainy days", "balance": {"current": 5}}]},
            "as": "done",
        },
        {"get": "/v1/financial_connections/accounts/${done.accounts.data.0.id}", "as": "account"},
    ],
    "faults": [{"fault": "lock", "times": 1}],
}


def test_a_scenario_is_played() -> None:
    fake = Fake()
    answers = apply_scenario(fake, SCENARIO)
    assert answers["account"]["balance"]["current"] == {"usd": 5}
    assert answers["account"]["account_holder"]["customer"] == answers["ada"]["id"]
    call = Caller(fake)
    assert call.refused("GET", "/v1/customers")["code"] == "lock_timeout"
    (customer,) = call.get("/v1/customers")["data"]
    assert (customer["name"], customer["metadata"]) == ("Ada", {"tier": "gold"})
    assert call.control("clock", method="GET")["iso"] == "2026-12-24T18:00:00Z"


def test_nothing_is_a_scenario() -> None:
    assert apply_scenario(Fake(), {}) == {}


@pytest.mark.parametrize(
    ("data", "path", "word"),
    [
        ([], (), "mapping"),
        ({"step": []}, ("step",), "clock, steps, faults"),
        ({"clock": "soon"}, ("clock",), "soon"),
        ({"steps": {}}, ("steps",), "list"),
        ({"steps": [7]}, ("steps", 0), "mapping"),
        ({"steps": [{"put": "/v1/x"}]}, ("steps", 0, "put"), "unknown key"),
        ({"steps": [{"as": "x"}]}, ("steps", 0), "exactly one"),
        ({"steps": [{"get": "/v1/a", "post": "/v1/b"}]}, ("steps", 0), "exactly one"),
        ({"steps": [{"post": "/v1/customers", "with": 3}]}, ("steps", 0), "mapping"),
        ({"steps": [{"post": "/v1/customers", "with": {"foo": 1}}]}, ("steps", 0, "post"), "foo"),
        ({"steps": [{"get": "/v1/customers/${ada.id}"}]}, ("steps", 0, "get"), "${ada.id}"),
        ({"steps": [{"post": "/v1/customers", "with": {"name": "${a.b}"}}]}, ("steps", 0, "with", "name"), "${a.b}"),
        ({"steps": [{"control": "nonsense"}]}, ("steps", 0, "control"), "404"),
        ({"faults": [{"fault": "nonsense"}]}, ("faults", 0), "fault"),
    ],
)
def test_a_scenario_that_cannot_be_says_where(data: Any, path: tuple[str | int, ...], word: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        apply_scenario(Fake(), data)
    assert caught.value.path == path
    assert word in caught.value.message


def test_the_state_can_be_kept_and_taken_up_again() -> None:
    first = Caller()
    apply_scenario(first.fake, {**SCENARIO, "faults": []})
    first.post("/v1/webhook_endpoints", "url=http://127.0.0.1:9/&enabled_events[]=*")
    first.post("/v1/customers", "name=b", Idempotency_Key="k")
    kept = json.loads(json.dumps(first.fake.dump()))
    second = Caller(Fake(seed="other"))
    second.fake.load(kept)
    assert second.fake.dump() == kept
    for call in (first, second):
        call.post("/v1/customers", "name=b", Idempotency_Key="k")
        assert call.response.headers.get("Idempotent-Replayed") == "true"
    assert first.post("/v1/customers") == second.post("/v1/customers")
    assert first.get("/v1/customers") == second.get("/v1/customers")
    first.advance(86_400)
    second.advance(86_400)
    assert [item.request for item in first.fake.due()] == [item.request for item in second.fake.due()]


def test_a_delivery_that_was_on_its_way_is_sent_again() -> None:
    call = Caller()
    call.post("/v1/webhook_endpoints", "url=http://127.0.0.1:9/&enabled_events[]=*")
    call.post("/v1/customers")
    assert len(call.fake.due()) == 1
    other = Fake()
    other.load(call.fake.dump())
    assert len(other.due()) == 1


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"version": 0},
        {"version": 1},
        {"version": 2},
        {**Fake().dump(), "objects": [["a"]]},
        {**Fake().dump(), "objects": [["x_1", "nonsense", "test:a", 1, {}, {}]]},
    ],
)
def test_a_state_that_is_none(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="state"):
        Fake().load(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(["clock", "steps", "faults"]), json_values))
def test_no_data_makes_a_scenario_fall(data: dict[str, Any]) -> None:
    with suppress(ScenarioError):
        apply_scenario(Fake(), data)
