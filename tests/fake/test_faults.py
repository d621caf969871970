"""Faults on demand."""

import pytest

from fcproxy.fake import Fake
from fcproxy.fake.faults import FAULTS
from tests.fake.support import Caller, sdk

CUSTOMERS = "/v1/customers"


@pytest.mark.parametrize(
    ("fault", "status", "kind", "code"),
    [
        ("rate-limit", 429, "invalid_request_error", "rate_limit"),
        ("lock", 429, "invalid_request_error", "lock_timeout"),
        ("conflict", 409, "idempotency_error", "idempotency_key_in_use"),
        ("declined", 402, "card_error", "card_declined"),
        ("server-error", 500, "api_error", None),
        ("unavailable", 503, "api_error", None),
    ],
)
def test_faults_before_anything_is_done(fault: str, status: int, kind: str, code: str | None) -> None:
    call = Caller()
    error = call.refused("POST", CUSTOMERS, Fcproxy_Fault=fault, Idempotency_Key="k")
    assert (error["status"], error["type"], error.get("code")) == (status, kind, code)
    assert call.get(CUSTOMERS)["data"] == []
    call.post(CUSTOMERS, Idempotency_Key="k")
    assert "Idempotent-Replayed" not in call.response.headers


def test_a_limiter_gives_its_reason() -> None:
    call = Caller()
    call.refused("GET", CUSTOMERS, Fcproxy_Fault="rate-limit; reason=endpoint-rate")
    assert call.response.headers.get("Stripe-Rate-Limited-Reason") == "endpoint-rate"
    assert "Retry-After" not in call.response.headers
    call.refused("GET", CUSTOMERS, Fcproxy_Fault="lock")
    assert "Stripe-Rate-Limited-Reason" not in call.response.headers


@pytest.mark.parametrize(
    ("fault", "decision"),
    [
        ("lock", "true"),
        ("conflict", "true"),
        ("unavailable", "true"),
        ("rate-limit", None),
        ("server-error", None),
        ("declined", "false"),
    ],
)
def test_whether_an_sdk_is_told_to_try_again(fault: str, decision: str | None) -> None:
    call = Caller()
    call.refused("POST", CUSTOMERS, Fcproxy_Fault=fault, Idempotency_Key="k")
    assert call.response.headers.get("Stripe-Should-Retry") == decision


def test_the_sdk_gets_through_a_fault_by_trying_again() -> None:
    call = Caller()
    call.control("faults", {"fault": "server-error-after", "method": "POST", "times": 1})
    client = sdk(call.fake, retries=2)
    made = client.v1.customers.create({"name": "a"})
    assert [item["id"] for item in call.get(CUSTOMERS)["data"]] == [made.id]


def test_work_that_was_done_is_found_by_a_retry() -> None:
    call = Caller()
    error = call.refused("POST", CUSTOMERS, "name=a", Fcproxy_Fault="server-error-after", Idempotency_Key="k")
    assert error["status"] == 500
    (made,) = call.get(CUSTOMERS)["data"]
    assert call.post(CUSTOMERS, "name=a", Idempotency_Key="k") == made


@pytest.mark.parametrize(
    ("fault", "shown"),
    [("slow", "slow; seconds=1"), ("slow; seconds=0.5", "slow; seconds=0.5"), ("reset", "reset"), ("cut", "cut")],
)
def test_faults_of_the_connection_are_left_to_whoever_has_one(fault: str, shown: str) -> None:
    call = Caller()
    call.post(CUSTOMERS, Fcproxy_Fault=fault)
    assert call.response.headers.get("Fcproxy-Fault") == shown


@pytest.mark.parametrize("fault", ["nonsense", "slow; seconds=x", "slow; seconds=-1", "slow; seconds=1e9", ""])
def test_faults_that_are_none(fault: str) -> None:
    assert Caller().refused("GET", CUSTOMERS, Fcproxy_Fault=fault)["status"] == 400


def test_nothing_goes_wrong_by_itself() -> None:
    call = Caller()
    call.get(CUSTOMERS)
    assert "Fcproxy-Fault" not in call.response.headers
    assert call.control("faults", method="GET") == {"rules": []}


def test_rules() -> None:
    call = Caller()
    call.control("faults", {"fault": "lock", "method": "POST", "path": "/v1/cust*", "times": 2})
    call.post("/v1/products", "name=a")
    call.get(CUSTOMERS)
    assert [call.refused("POST", CUSTOMERS)["status"] for _ in range(2)] == [429, 429]
    call.post(CUSTOMERS)
    call.control("faults", {"fault": "slow", "seconds": 2})
    call.get(CUSTOMERS)
    assert call.response.headers.get("Fcproxy-Fault") == "slow; seconds=2"
    call.control("faults", method="DELETE")
    call.get(CUSTOMERS)
    assert "Fcproxy-Fault" not in call.response.headers


def test_chance_comes_from_the_seed() -> None:
    def outcomes(seed: str) -> list[int]:
        call, found = Caller(Fake(seed=seed)), []
        call.control("faults", {"fault": "server-error", "probability": "0.5"})
        for _ in range(60):
            call("GET", CUSTOMERS)
            found.append(call.status)
        return found

    assert outcomes("a") == outcomes("a")
    assert outcomes("a") != outcomes("b")
    assert 15 < outcomes("a").count(500) < 45


def test_a_rule_names_a_fault() -> None:
    assert Caller().control_refused("faults", {"fault": "nonsense"})["param"] == "fault"
    assert Caller().control_refused("faults", {"fault": "lock", "surprise": 1})["code"] == "parameter_unknown"


def test_each_fault_is_explained() -> None:
    assert all(fault.summary for fault in FAULTS.values())
