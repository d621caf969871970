"""The control API as a whole."""

import json

import pytest

from fcproxy.fake import FIXED_NOW, Fake
from fcproxy.fake.catalogue import Catalogue
from fcproxy.fake.control import GENERAL
from fcproxy.fake.resources import all_resources
from tests.fake.support import Caller


def test_what_is_unknown_is_answered_with_what_is_there() -> None:
    response = Fake().control("POST", "nonsense", b"")
    assert response.status == 404
    available = json.loads(response.body)["error"]["available"]
    assert "POST financial_connections/sessions/{id}/complete" in available
    assert {f"{method} {path}" for method, path in GENERAL} <= set(available)
    assert response.headers.get("Content-Length") == str(len(response.body))


def test_an_unknown_object() -> None:
    error = Caller().control_refused("financial_connections/sessions/fcsess_x/complete")
    assert (error["status"], error["code"]) == (404, "resource_missing")


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"\xff"])
def test_bodies_that_are_no_hash(body: bytes) -> None:
    assert Fake().control("POST", "clock", body).status == 400


def test_the_clock() -> None:
    call = Caller()
    assert call.control("clock", method="GET") == {"now": FIXED_NOW, "iso": "2026-10-28T12:00:00Z"}
    assert call.control("clock", {"advance": 60})["now"] == FIXED_NOW + 60
    assert call.control("clock", {"to": "2026-10-28T13:00:00+00:00"})["now"] == FIXED_NOW + 3600
    assert call.post("/v1/customers")["created"] == FIXED_NOW + 3600


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance": -1},
        {"to": "2020-01-01"},
        {"to": "soon"},
        {"advance": 1, "to": "2027-01-01"},
        {"to": "2200-01-01"},
        {"to": "9999-12-31"},
    ],
)
def test_moves_that_cannot_be(body: dict[str, object]) -> None:
    assert Caller().control_refused("clock", body)["status"] == 400


def test_events_on_the_way_have_their_own_time() -> None:
    call = Caller()
    order = call.post("/v1/climate/orders", "product=climsku_frontier_offtake_portfolio_2027&metric_tons=1")
    call.control("clock", {"to": "2028-01-02"})
    delivered = call.get(f"/v1/climate/orders/{order['id']}")["delivered_at"]
    event = call.get("/v1/events")["data"][0]
    assert event["type"] == "climate.order.delivered"
    assert event["created"] == delivered < call.fake.now()
    assert event["request"] == {"id": None, "idempotency_key": None}


def test_a_reset_begins_again() -> None:
    call = Caller()
    first = call.post("/v1/customers")
    call.advance(100)
    assert call.control("reset")["now"] == FIXED_NOW
    assert call.get("/v1/customers")["data"] == []
    call.control("reset")
    assert call.post("/v1/customers") == first


def test_the_state_is_shown() -> None:
    call = Caller()
    made = call.post("/v1/customers")
    rows = call.control("state", method="GET")["objects"]
    assert made["id"] in [row[0] for row in rows]


def test_actions_work_in_every_account_and_mode() -> None:
    call = Caller(key="sk_" + "live_" + "51abcdefghijklmnop")
    session = call.post("/v1/identity/verification_sessions", "type=document", Stripe_Account="acct_1AbCdEfGhIjKlMnO")
    verified = call.control(f"identity/verification_sessions/{session['id']}/verify")
    assert (verified["status"], verified["livemode"]) == ("verified", True)


def test_every_action_and_route_is_explained() -> None:
    catalogue = Catalogue(all_resources())
    for resource in catalogue.resources:
        assert resource.title
        for action in resource.actions:
            assert action.summary
            assert action.kind in catalogue.kinds
        for route in resource.routes:
            assert route.summary
            assert route.returns in catalogue.kinds


def test_every_event_that_may_come_is_declared() -> None:
    from fcproxy.stripe.event_types import EVENT_TYPES, PREVIEW_EVENT_TYPES

    assert Catalogue(all_resources()).events <= EVENT_TYPES | PREVIEW_EVENT_TYPES
