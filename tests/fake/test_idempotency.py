"""Idempotency keys."""

import json

from fcproxy.core.message import Headers, Request
from fcproxy.fake import Fake, Options, Outbound, Outcome
from tests.fake.support import FORM, LIVE_KEY, TEST_KEY, Caller

CUSTOMERS = "/v1/customers"


def test_the_same_call_again_gives_the_same_answer() -> None:
    call = Caller()
    first = call.post(CUSTOMERS, "name=a", Idempotency_Key="k")
    headers = call.response.headers
    original = headers.get("Request-Id")
    assert (headers.get("Idempotency-Key"), headers.get("Original-Request")) == ("k", original)
    assert "Idempotent-Replayed" not in headers
    assert headers.get("Stripe-Should-Retry") == "false"
    body = call.response.body
    assert call.post(CUSTOMERS, "name=a", Idempotency_Key="k") == first
    assert call.response.body == body
    headers = call.response.headers
    assert headers.get("Idempotent-Replayed") == "true"
    assert headers.get("Original-Request") == original
    assert headers.get("Request-Id") != original
    assert len(call.get(CUSTOMERS)["data"]) == 1


def test_without_a_key_each_call_is_executed() -> None:
    call = Caller()
    assert call.post(CUSTOMERS)["id"] != call.post(CUSTOMERS)["id"]


def test_other_parameters() -> None:
    call = Caller()
    call.post(CUSTOMERS, "name=a", Idempotency_Key="k")
    error = call.refused("POST", CUSTOMERS, "name=b", Idempotency_Key="k")
    assert (error["status"], error["type"]) == (400, "idempotency_error")
    assert error["message"].startswith(
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        "Try using a key other than 'k'"
    )


def test_spelling_does_not_make_parameters_others() -> None:
    call = Caller()
    call.post(CUSTOMERS, "name=a+b&email=x@y.zz", Idempotency_Key="k")
    call.post(CUSTOMERS, "email=x%40y.zz&name=a%20b", Idempotency_Key="k")
    assert call.response.headers.get("Idempotent-Replayed") == "true"


def test_another_endpoint() -> None:
    call = Caller()
    call.post(CUSTOMERS, "name=a", Idempotency_Key="k")
    error = call.refused("POST", "/v1/products", "name=a", Idempotency_Key="k")
    assert error["type"] == "idempotency_error"
    assert "('/v1/products' vs '/v1/customers')" in error["message"]


def test_what_was_refused_before_execution_does_not_use_the_key_up() -> None:
    call = Caller()
    call.refused("POST", CUSTOMERS, "foo=a", Idempotency_Key="k")
    call.refused("POST", "/v1/climate/orders", "product=climsku_none&amount=5", Idempotency_Key="k")
    call.refused("POST", "/v1/climate/orders", "product=climsku_none", Idempotency_Key="k")
    assert call.post(CUSTOMERS, "name=a", Idempotency_Key="k")["name"] == "a"


def test_what_was_refused_in_execution_is_kept() -> None:
    call = Caller()
    session = call.post("/v1/identity/verification_sessions", "type=document")
    path = f"/v1/identity/verification_sessions/{session['id']}/cancel"
    call.control(f"identity/verification_sessions/{session['id']}/submit")
    first = call.refused("POST", path, Idempotency_Key="k")
    call.control(f"identity/verification_sessions/{session['id']}/fail")
    assert call.refused("POST", path, Idempotency_Key="k") == first
    assert call.response.headers.get("Idempotent-Replayed") == "true"
    assert call.post(path, Idempotency_Key="other")["status"] == "canceled"


def test_keys_belong_to_account_and_mode() -> None:
    fake = Fake()
    made = Caller(fake).post(CUSTOMERS, "name=a", Idempotency_Key="k")
    other = Caller(fake, LIVE_KEY).post(CUSTOMERS, "name=b", Idempotency_Key="k")
    connected = Caller(fake).post(CUSTOMERS, "name=c", Idempotency_Key="k", Stripe_Account="acct_1AbCdEfGhIjKlMnO")
    assert len({made["id"], other["id"], connected["id"]}) == 3


def test_a_key_is_forgotten_after_a_day() -> None:
    call = Caller()
    first = call.post(CUSTOMERS, "name=a", Idempotency_Key="k")
    call.advance(24 * 3600 - 1)
    assert call.post(CUSTOMERS, "name=a", Idempotency_Key="k") == first
    call.advance(1)
    assert call.post(CUSTOMERS, "name=other", Idempotency_Key="k")["id"] != first["id"]


def test_a_key_that_is_too_long() -> None:
    call = Caller()
    assert call.refused("POST", CUSTOMERS, "name=a", Idempotency_Key="k" * 256)["status"] == 400
    call.post(CUSTOMERS, "name=a", Idempotency_Key="k" * 255)


def test_a_get_does_not_look_at_its_key() -> None:
    call = Caller()
    call.get(CUSTOMERS, Idempotency_Key="k")
    assert "Idempotency-Key" not in call.response.headers
    call.post(CUSTOMERS, Idempotency_Key="k")


def test_a_key_whose_request_still_runs() -> None:
    fake = Fake(options=Options(forward_hosts=frozenset({"example.com"})))
    headers = Headers([("Authorization", f"Bearer {TEST_KEY}"), ("Content-Type", FORM), ("Idempotency-Key", "k")])
    form = b"payment_method=pm_card_visa&url=https://example.com/&replacements[]=card_number&request[body]={}"
    request = Request("POST", "https://api.stripe.com/v1/forwarding/requests", headers, form)
    running = fake.begin(request)
    assert isinstance(running, Outbound)
    second = fake.begin(request)
    assert not isinstance(second, Outbound)
    assert second.status == 409
    error = json.loads(second.body)["error"]
    assert (error["type"], error["code"]) == ("idempotency_error", "idempotency_key_in_use")
    assert second.headers.get("Stripe-Should-Retry") == "true"
    failed = fake.finish(running, Outcome(None, "timeout"))
    again = fake.begin(request)
    assert not isinstance(again, Outbound)
    assert (again.status, again.body) == (failed.status, failed.body)
    assert again.headers.get("Idempotent-Replayed") == "true"
