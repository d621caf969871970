"""Webhook endpoints, and the deliveries that follow from events."""

import json
import time

import pytest
import stripe

from fcproxy.fake import Delivery, Fake
from fcproxy.fake.deliveries import RETRY_GAPS
from fcproxy.fake.resources.webhook_endpoints import MOST_ENDPOINTS
from fcproxy.stripe.signature import SIGNATURE_HEADER
from tests.fake.support import LIVE_KEY, Caller, Doc

WE = "/v1/webhook_endpoints"
HOOK = "http://127.0.0.1:9/hook"


def endpoint(call: Caller, events: str = "enabled_events[]=*", more: str = "") -> Doc:
    return call.post(WE, f"url={HOOK}&{events}&{more}")


def taken(fake: Fake) -> list[Delivery]:
    return fake.due()


def pending(call: Caller) -> int:
    return int(call.get("/v1/events")["data"][0]["pending_webhooks"])


def test_the_secret_is_shown_once() -> None:
    call = Caller()
    made = endpoint(call, more="description=mine&metadata[a]=b")
    assert made["secret"].startswith("whsec_")
    assert len(made["secret"]) == 38
    shown = call.get(f"{WE}/{made['id']}")
    assert {**shown, "secret": made["secret"]} == made
    assert call.get(WE)["data"] == [shown]
    changed = call.post(f"{WE}/{made['id']}", "disabled=true&description=&url=https://example.com/")
    assert (changed["status"], changed["description"], changed["url"]) == ("disabled", None, "https://example.com/")
    assert call("DELETE", f"{WE}/{made['id']}")["deleted"] is True
    assert call.get(WE)["data"] == []


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ("enabled_events[]=*", "url"),
        (f"url={HOOK}", "enabled_events"),
        (f"url={HOOK}&enabled_events[]=customer.vanished", "enabled_events[0]"),
        ("url=mailto:a@b.co&enabled_events[]=*", "url"),
        (f"url={HOOK}&enabled_events[]=*&api_version=2000-01-01", "api_version"),
    ],
)
def test_endpoints_that_cannot_be(form: str, param: str) -> None:
    assert Caller().refused("POST", WE, form)["param"] == param


def test_live_endpoints_are_secure() -> None:
    call = Caller(key=LIVE_KEY)
    assert call.refused("POST", WE, f"url={HOOK}&enabled_events[]=*")["code"] == "url_invalid"
    call.post(WE, "url=https://example.com/&enabled_events[]=*")


def test_there_is_a_most() -> None:
    call = Caller()
    for _ in range(MOST_ENDPOINTS):
        endpoint(call)
    assert call.refused("POST", WE, f"url={HOOK}&enabled_events[]=*")["status"] == 400


def test_the_sdk_accepts_a_delivery() -> None:
    call = Caller()
    secret = endpoint(call, "enabled_events[]=customer.created")["secret"]
    made = call.post("/v1/customers", "name=%C3%89va", Idempotency_Key="k")
    request_id = call.response.headers.get("Request-Id")
    call.post("/v1/products", "name=not asked for")
    (delivery,) = taken(call.fake)
    request = delivery.request
    assert (request.method, request.url) == ("POST", HOOK)
    assert request.headers.get("Content-Type") == "application/json; charset=utf-8"
    assert request.headers.get("User-Agent") == "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
    signature = request.headers.get(SIGNATURE_HEADER)
    assert signature is not None
    # The fake's clock stands still; a tolerance would hold it against the real one.
    stripe.WebhookSignature.verify_header(request.body.decode(), signature, secret, tolerance=None)
    event = json.loads(request.body)
    assert (event["type"], event["data"]["object"]["id"]) == ("customer.created", made["id"])
    assert event["request"] == {"id": request_id, "idempotency_key": "k"}
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(request.body.decode() + " ", signature, secret, tolerance=None)


def test_a_receiver_with_a_real_clock_accepts_what_is_signed_for_it() -> None:
    call = Caller()
    secret = endpoint(call)["secret"]
    call.post("/v1/customers")
    moment = int(time.time())
    (delivery,) = call.fake.due(moment)
    event = stripe.Webhook.construct_event(
        delivery.request.body, delivery.request.headers.get(SIGNATURE_HEADER), secret
    )
    assert event.type == "customer.created"


def test_a_delivery_is_given_once_and_done_with_when_it_went_well() -> None:
    call = Caller()
    endpoint(call)
    call.post("/v1/customers")
    assert pending(call) == 1
    (delivery,) = taken(call.fake)
    assert taken(call.fake) == []
    call.fake.sent(delivery, 204)
    assert pending(call) == 0
    call.advance(10**6)
    assert taken(call.fake) == []


@pytest.mark.parametrize("status", [None, 302, 404, 500])
def test_a_failed_delivery_is_tried_again_and_then_given_up(status: int | None) -> None:
    call = Caller()
    endpoint(call)
    call.post("/v1/customers")
    for gap in (*RETRY_GAPS, 10**6):
        (delivery,) = taken(call.fake)
        call.fake.sent(delivery, status)
        call.advance(gap - 1)
        assert taken(call.fake) == []
        call.advance(1)
    assert taken(call.fake) == []
    assert pending(call) == 1
    assert call.get("/v1/events", "delivery_success=false")["data"]


def test_who_gets_an_event() -> None:
    call = Caller()
    asked = [endpoint(call)["id"], endpoint(call, "enabled_events[]=customer.created")["id"]]
    endpoint(call, "enabled_events[]=customer.deleted")
    disabled = endpoint(call)["id"]
    call.post(f"{WE}/{disabled}", "disabled=true")
    Caller(call.fake, LIVE_KEY).post(WE, "url=https://example.com/&enabled_events[]=*")
    call.post("/v1/customers")
    assert [delivery.endpoint for delivery in taken(call.fake)] == asked


def test_a_deleted_endpoint_gets_nothing_any_more() -> None:
    call = Caller()
    made = endpoint(call)["id"]
    call.post("/v1/customers")
    call("DELETE", f"{WE}/{made}")
    assert taken(call.fake) == []


def test_an_event_has_the_shape_of_the_endpoint_version() -> None:
    call = Caller()
    endpoint(call, "enabled_events[]=financial_connections.account.created", "api_version=2023-10-16")
    form = "account_holder[type]=customer&account_holder[customer]=cus_NiKSWdaFz2F6I0&permissions[]=balances"
    session = call.post("/v1/financial_connections/sessions", form)
    call.control(f"financial_connections/sessions/{session['id']}/complete", {"accounts": [{}]})
    (delivery,) = taken(call.fake)
    event = json.loads(delivery.request.body)
    assert event["api_version"] == "2023-10-16"
    assert "account_numbers" not in event["data"]["object"]
    assert "account_numbers" in call.get(f"/v1/events/{event['id']}")["data"]["object"]


def test_an_event_is_sent_again() -> None:
    call = Caller()
    first, second = endpoint(call)["id"], endpoint(call, "enabled_events[]=customer.deleted")["id"]
    call.post("/v1/customers")
    event = call.get("/v1/events")["data"][0]["id"]
    for delivery in taken(call.fake):
        call.fake.sent(delivery, 200)
    call.post(f"/v1/events/{event}/retry", "for_stripecli=false")
    assert [(item.endpoint, item.event) for item in taken(call.fake)] == [(first, event)]
    call.post(f"/v1/events/{event}/retry", f"webhook_endpoint={second}")
    assert [(item.endpoint, item.event) for item in taken(call.fake)] == [(second, event)]
    error = call.refused("POST", f"/v1/events/{event}/retry", "webhook_endpoint=we_x")
    assert error["code"] == "resource_missing"


def test_events_are_listed_by_type() -> None:
    call = Caller()
    call.post("/v1/customers")
    call.post("/v1/identity/verification_sessions", "type=document")

    def types(query: str) -> list[str]:
        return [event["type"] for event in call.get("/v1/events", query)["data"]]

    session = "identity.verification_session.created"
    assert types("type=identity.*") == [session]
    assert types("type=identity.verification_session.*") == [session]
    assert types("type=customer.created") == ["customer.created"]
    assert types("type=*") == [session, "customer.created"]
    assert types(f"types[]=customer.created&types[]={session}") == [session, "customer.created"]
    assert types("types[]=product.created") == []
    assert call.refused("GET", "/v1/events", "type=a&types[]=b")["code"] == "parameters_exclusive"


def test_an_event_can_be_looked_at_for_a_month() -> None:
    call = Caller()
    call.post("/v1/customers")
    event = call.get("/v1/events")["data"][0]["id"]
    call.advance(30 * 86_400 - 1)
    assert call.get(f"/v1/events/{event}")["id"] == event
    call.advance(1)
    assert call.get("/v1/events")["data"] == []
    assert call.refused("GET", f"/v1/events/{event}")["code"] == "resource_missing"
    assert call.refused("POST", f"/v1/events/{event}/retry")["status"] == 404


def test_connect_endpoints_hear_of_connected_accounts_alone() -> None:
    call, other = Caller(), "acct_1" + "A" * 15
    mine, connect = endpoint(call)["id"], endpoint(call, more="connect=true")["id"]
    call.post("/v1/customers")
    call.post("/v1/customers", Stripe_Account=other)
    sent = [(delivery.endpoint, json.loads(delivery.request.body)) for delivery in taken(call.fake)]
    assert [(name, event.get("account")) for name, event in sent] == [(mine, None), (connect, other)]
    assert "account" not in call.get("/v1/events", Stripe_Account=other)["data"][0]
    call.post(f"/v1/events/{sent[1][1]['id']}/retry", Stripe_Account=other)
    assert [json.loads(again.request.body)["account"] for again in taken(call.fake)] == [other]
