"""The wire: headers, layout, routes, versions, encodings."""

import json
from typing import Any

import pytest

from fcproxy.core.message import Headers, Request
from fcproxy.fake import FIXED_NOW, Fake
from fcproxy.fake.versions import DEFAULT_VERSION, RELEASES
from tests.fake.support import CUSTOMER, ENDIVE, FORM, TEST_KEY, Caller, Doc

SESSIONS = "/v1/financial_connections/sessions"
HOLDER = f"account_holder[type]=customer&account_holder[customer]={CUSTOMER}"


def test_headers_of_an_answer() -> None:
    call = Caller()
    call.get("/v1/customers")
    headers = call.response.headers
    assert headers.get("Date") == "Wed, 28 Oct 2026 12:00:00 GMT"
    assert headers.get("Content-Type") == "application/json"
    assert headers.get("Content-Length") == str(len(call.response.body))
    assert headers.get("Stripe-Version") == DEFAULT_VERSION
    assert headers.get("X-Stripe-Routing-Context-Priority-Tier") == "api-testmode"
    request_id = headers.get("Request-Id") or ""
    assert request_id.startswith("req_")
    assert len(request_id) == 18
    for absent in ("Idempotency-Key", "Original-Request", "Stripe-Should-Retry", "Stripe-Account", "Transfer-Encoding"):
        assert absent not in headers


def test_every_request_has_its_own_id() -> None:
    call, seen = Caller(), set()
    for _ in range(20):
        call("GET", "/v1/nope")
        seen.add(call.response.headers.get("Request-Id"))
    assert len(seen) == 20


def test_json_is_laid_out_as_at_stripe() -> None:
    call = Caller()
    call.post("/v1/customers", "name=%C3%89va")
    assert call.response.body.startswith(b'{\n  "id": "cus_')
    assert '"name": "Éva"'.encode() in call.response.body


def test_same_calls_same_bytes() -> None:
    def story() -> list[bytes]:
        call, bodies = Caller(), []
        for form in ("name=a", "name=b"):
            call.post("/v1/customers", form)
            bodies.append(call.response.body)
        return bodies

    assert story() == story()
    assert story() != [*reversed(story())]


def test_another_seed_gives_other_ids() -> None:
    first = Caller(Fake(seed="a")).post("/v1/customers")
    assert first["id"] != Caller(Fake(seed="b")).post("/v1/customers")["id"]
    assert first["created"] == FIXED_NOW


def test_a_clock_that_goes_back_does_not_take_the_fake_along() -> None:
    times = iter([100, 200, 150, 300])
    call = Caller(Fake(clock=lambda: next(times)))
    assert [call.post("/v1/customers")["created"] for _ in range(4)] == [100, 200, 200, 300]


def test_doubled_slashes_are_tolerated() -> None:
    assert Caller().get("//v1//customers")["url"] == "/v1/customers"


def test_an_unknown_route_says_that_the_fake_does_not_have_it() -> None:
    call = Caller()
    error = call.refused("GET", "/v1/charges")
    assert (error["status"], error["type"]) == (404, "invalid_request_error")
    assert error["message"].startswith("Unrecognized request URL (GET: /v1/charges).")
    assert "code" not in error
    assert call.response.headers.get("Fcproxy-Fake") == "unknown-route"
    assert call.refused("GET", "/v1/customers/")["status"] == 404


def test_a_known_path_with_a_wrong_method() -> None:
    call = Caller()
    assert call.refused("PUT", "/v1/customers")["status"] == 405
    assert "Fcproxy-Fake" not in call.response.headers


def test_head_is_get_without_a_body() -> None:
    call = Caller()
    call("HEAD", "/v1/customers")
    assert (call.status, call.response.body) == (200, b"")


def test_an_error_has_its_document_and_log() -> None:
    call = Caller()
    error = call.refused("GET", "/v1/customers/cus_x")
    assert error["doc_url"] == "https://stripe.com/docs/error-codes/resource-missing"
    request_id = call.response.headers.get("Request-Id")
    assert error["request_log_url"] == f"https://dashboard.stripe.com/test/logs/{request_id}?t={FIXED_NOW}"
    assert call.response.headers.get("Stripe-Should-Retry") == "false"


@pytest.mark.parametrize("version", [RELEASES[0], "2026-09-30.preview", "2024-11-20.acacia;crypto_onramp_beta=v2"])
def test_versions_that_exist(version: str) -> None:
    call = Caller(version=version)
    call.get("/v1/customers")
    assert call.response.headers.get("Stripe-Version") == version


@pytest.mark.parametrize("version", ["2026-10-29.endive", "2026-10-28", "latest", "2026-10-28.dahlia"])
def test_versions_that_do_not(version: str) -> None:
    error = Caller(version=version).refused("GET", "/v1/customers")
    assert error["status"] == 400
    assert version in error["message"]


def test_releases_are_those_of_the_sdk() -> None:
    from typing import get_args

    from stripe.params import WebhookEndpointCreateParams

    literal = get_args(WebhookEndpointCreateParams.__annotations__["api_version"])[0]
    assert get_args(literal) == RELEASES


def filters_of(call: Caller, given: str) -> Doc:
    filters: Doc = call.post(SESSIONS, f"{HOLDER}&permissions[]=balances&{given}")["filters"]
    return filters


def test_filters_by_country_depend_on_the_version() -> None:
    assert filters_of(Caller(version="2023-10-16"), "filters[countries][]=US") == {"countries": ["US"]}
    assert filters_of(Caller(version="2026-07-29.dahlia"), "filters[countries][]=US")["countries"] == ["US"]
    between = filters_of(Caller(version="2026-08-26.dahlia"), "filters[countries][]=US")
    assert (between["countries"], between["country"]) == (["US"], "US")
    newest = filters_of(Caller(version=ENDIVE), "filters[country]=US")
    assert newest["country"] == "US"
    assert "countries" not in newest


def test_filters_of_the_other_version_are_unknown_to_a_pinned_request() -> None:
    form = f"{HOLDER}&permissions[]=balances&filters"
    old = Caller(version=ENDIVE).refused("POST", SESSIONS, f"{form}[countries][]=US")
    assert (old["code"], old["param"]) == ("parameter_unknown", "filters[countries]")
    new = Caller(version="2026-08-26.dahlia").refused("POST", SESSIONS, f"{form}[country]=US")
    assert (new["code"], new["param"]) == ("parameter_unknown", "filters[country]")


@pytest.mark.parametrize("given", ["filters[countries][]=US", "filters[country]=US"])
def test_an_unpinned_request_may_use_either(given: str) -> None:
    filters = filters_of(Caller(), given)
    assert (filters["countries"], filters["country"]) == (["US"], "US")


@pytest.mark.parametrize(
    "permissions",
    [
        "permissions[]=balances&permissions[]=ownership",
        "permissions[0]=balances&permissions[1]=ownership",
        "permissions[7]=ownership&permissions[2]=balances",
        "permissions%5B%5D=ownership&permissions%5B%5D=balances",
        "permissions[]=ownership&permissions[]=balances&permissions[]=balances",
    ],
)
def test_arrays_in_every_style_and_sorted_in_the_answer(permissions: str) -> None:
    assert Caller().post(SESSIONS, f"{HOLDER}&{permissions}")["permissions"] == ["balances", "ownership"]


def test_query_parameters_of_a_post_count_too() -> None:
    fake = Fake()
    headers = Headers([("Authorization", f"Bearer {TEST_KEY}"), ("Content-Type", FORM)])
    response = fake.handle(Request("POST", "https://api.stripe.com/v1/customers?name=Ada", headers, b"email=a@b.co"))
    doc = json.loads(response.body)
    assert (doc["name"], doc["email"]) == ("Ada", "a@b.co")


def test_a_body_that_is_no_form_is_refused() -> None:
    headers = Headers([("Authorization", f"Bearer {TEST_KEY}"), ("Content-Type", "application/json")])
    response = Fake().handle(Request("POST", "https://api.stripe.com/v1/customers", headers, b"{}"))
    assert response.status == 400
    assert "application/json" in json.loads(response.body)["error"]["message"]


def test_octets_that_are_no_text_are_refused() -> None:
    error = Caller().refused("POST", "/v1/customers", "name=%FF")
    assert (error["status"], error["message"]) == (400, "Invalid UTF-8 in the request's parameters.")


def test_the_cli_logs_in_without_a_key_and_gets_one() -> None:
    fake = Fake()

    def ask(method: str, path: str, **headers: str) -> Any:
        response = fake.handle(Request(method, f"https://dashboard.stripe.com{path}", Headers(headers.items())))
        return response.status, json.loads(response.body)

    status, begun = ask("POST", "/stripecli/auth")
    assert status == 200
    assert begun["verification_code"].count("-") == 3
    path = begun["poll_url"].partition("12111")[2]
    status, keys = ask("GET", path)
    assert (status, keys["redeemed"], keys["livemode_key_secret"]) == (200, True, "")
    assert ask("GET", path) == (200, keys)
    assert ask("GET", "/stripecli/auth/another")[1]["testmode_key_secret"] != keys["testmode_key_secret"]
    bearer = f"Bearer {keys['testmode_key_secret']}"
    status, listed = ask("GET", "/v1/customers", Authorization=bearer)
    assert (status, listed["data"]) == (200, [])
    assert ask("GET", "/v1/customers")[0] == 401


EVERYWHERE = {
    "access-control-allow-credentials", "access-control-allow-methods", "access-control-allow-origin",
    "access-control-expose-headers", "access-control-max-age", "cache-control", "content-length",
    "content-security-policy", "content-type", "date", "request-id", "server", "strict-transport-security",
    "stripe-version", "vary", "x-stripe-priority-routing-enabled", "x-stripe-routing-context-priority-tier",
}  # fmt: skip
"""What every answer of Stripe's bears."""


@pytest.mark.parametrize(
    ("method", "path", "headers", "more"),
    [
        ("GET", "/v1/customers", {}, set()),
        ("POST", "/v1/customers", {}, set()),
        (
            "POST",
            "/v1/customers",
            {"Idempotency_Key": "a"},
            {"idempotency-key", "original-request", "stripe-should-retry"},
        ),
        ("GET", "/v1/customers", {"Stripe_Account": "acct_1abcdefghijklmno"}, {"stripe-account"}),
        ("GET", "/v1/customers/cus_1", {}, {"stripe-should-retry"}),
        ("GET", "/v1/nope", {}, {"stripe-should-retry", "fcproxy-fake"}),
        ("GET", "/v1/customers", {"Authorization": "x"}, {"stripe-should-retry", "www-authenticate"}),
        (
            "GET",
            "/v1/customers",
            {"Fcproxy_Fault": "rate-limit"},
            {"stripe-rate-limited-reason"},
        ),
    ],
)
def test_which_headers_an_answer_bears(method: str, path: str, headers: dict[str, str], more: set[str]) -> None:
    call = Caller(key="" if "Authorization" in headers else TEST_KEY)
    call(method, path, **headers)
    assert {name.lower() for name, _ in call.response.headers} == EVERYWHERE | more
