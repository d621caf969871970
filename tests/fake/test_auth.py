"""Keys in every form in which Stripe takes them, and what is said to the others."""

import json
from base64 import b64encode
from typing import Any

import pytest

from fcproxy.core.message import Headers, Request, Response
from fcproxy.fake import Fake
from fcproxy.fake.auth import starred
from tests.fake.support import FORM, LIVE_KEY, TEST_KEY, Caller

PUBLISHABLE = "pk_" + "test_" + "51abcdefghijklmnop"
OTHER_ACCOUNT = "acct_1AbCdEfGhIjKlMnO"


def ask(path: str = "/v1/customers", method: str = "GET", body: str = "", **headers: str) -> Response:
    items = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Fake().handle(Request(method, f"https://api.stripe.com{path}", Headers(items), body.encode()))


def error(response: Response) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.body)["error"]
    return found


def basic(user: str) -> str:
    return "Basic " + b64encode(user.encode()).decode()


@pytest.mark.parametrize(
    "authorization",
    [f"Bearer {TEST_KEY}", f"bearer {TEST_KEY}", basic(f"{TEST_KEY}:"), basic(f"{TEST_KEY}:anything"), basic(TEST_KEY)],
)
def test_a_secret_key_is_taken_in_the_header(authorization: str) -> None:
    assert ask(Authorization=authorization).status == 200


@pytest.mark.parametrize("prefix", ["sk_" + "test_", "rk_" + "test_", "rkcs_" + "test_", "oak_"])
def test_every_family_is_taken(prefix: str) -> None:
    assert ask(Authorization=f"Bearer {prefix}1234567890abcdef").status == 200


def test_the_key_may_be_a_parameter() -> None:
    assert ask(f"/v1/customers?key={TEST_KEY}").status == 200
    response = ask("/v1/customers", "POST", f"name=Ada&key={TEST_KEY}", Content_Type=FORM)
    assert response.status == 200
    assert json.loads(response.body)["name"] == "Ada"


def test_livemode_follows_the_key() -> None:
    fake = Fake()
    made = Caller(fake, LIVE_KEY).post("/v1/customers")
    assert made["livemode"] is True
    assert Caller(fake).get("/v1/customers")["data"] == []
    missing = Caller(fake).refused("GET", f"/v1/customers/{made['id']}")
    assert (missing["status"], missing["code"], missing["param"]) == (404, "resource_missing", "id")
    assert missing["message"] == (
        f"No such customer: '{made['id']}'; a similar object exists in live mode, but a test mode key was used to make "
        "this request."
    )


def test_the_mode_of_a_cli_key_is_its_header() -> None:
    response = ask("/v1/tax/settings", Authorization="Bearer oak_" + "1234567890abcdef", Stripe_Livemode="true")
    assert json.loads(response.body)["livemode"] is True


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Digest x", basic(":")])
def test_no_key(authorization: str) -> None:
    response = ask(Authorization=authorization)
    assert response.status == 401
    assert error(response)["type"] == "invalid_request_error"
    assert error(response)["message"].startswith("You did not provide an API key.")
    assert response.headers.get("WWW-Authenticate") == 'Basic realm="Stripe"'


def test_an_unknown_key_is_shown_starred() -> None:
    response = ask(Authorization="Bearer sk_" + "prod_abcdefghijkl1234")
    assert response.status == 401
    assert error(response)["message"] == "Invalid API Key provided: " + "*" * 20 + "1234"


def test_stars_keep_family_and_end() -> None:
    assert starred(TEST_KEY) == "sk_" + "test_" + "*" * 14 + "mnop"
    assert starred("sk_" + "test_" + "short") == "sk_" + "test_" + "*****"


@pytest.mark.parametrize(
    ("ending", "status", "code"),
    [("_expired", 401, "api_key_expired"), ("_invalid", 401, None), ("_forbidden", 403, None)],
)
def test_keys_that_are_refused_on_purpose(ending: str, status: int, code: str | None) -> None:
    response = ask(Authorization=f"Bearer {TEST_KEY}{ending}")
    assert response.status == status
    assert error(response).get("code") == code
    assert TEST_KEY not in response.body.decode()


def test_a_publishable_key_is_for_client_side_endpoints() -> None:
    refused = ask(Authorization=f"Bearer {PUBLISHABLE}")
    assert (refused.status, error(refused)["code"]) == (401, "secret_key_required")
    fake = Fake()
    form = "account_holder[type]=account&account_holder[account]=" + OTHER_ACCOUNT + "&permissions[]=balances"
    session = Caller(fake).post("/v1/financial_connections/sessions", form)
    browser = Caller(fake, PUBLISHABLE)
    path = f"/v1/financial_connections/sessions/{session['id']}"
    assert browser.get(path, f"client_secret={session['client_secret']}")["id"] == session["id"]
    assert browser.refused("GET", path, "client_secret=fcsess_client_secret_guess")["code"] == "resource_missing"
    assert browser.refused("GET", path)["code"] == "secret_key_required"


def test_accounts_do_not_see_each_other() -> None:
    call = Caller()
    made = call.post("/v1/customers", Stripe_Account=OTHER_ACCOUNT)
    assert call.response.headers.get("Stripe-Account") == OTHER_ACCOUNT
    assert call.refused("GET", f"/v1/customers/{made['id']}")["code"] == "resource_missing"
    assert call.get(f"/v1/customers/{made['id']}", Stripe_Context=f"org_x/{OTHER_ACCOUNT}")["id"] == made["id"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Stripe_Account": "nonsense"}, 403),
        ({"Stripe_Account": OTHER_ACCOUNT, "Stripe_Context": OTHER_ACCOUNT}, 400),
    ],
)
def test_accounts_that_cannot_be(headers: dict[str, str], status: int) -> None:
    assert Caller().refused("GET", "/v1/customers", **headers)["status"] == status


def test_an_organization_key_needs_context_and_version() -> None:
    call = Caller(key="sk_" + "org_" + "test_" + "1234567890ab")
    assert call.refused("GET", "/v1/customers")["status"] == 400
    call.version = "2026-10-28.endive"
    assert call.get("/v1/customers", Stripe_Context=OTHER_ACCOUNT)["data"] == []


def test_a_refused_restricted_key_learns_what_it_needs() -> None:
    call = Caller(key="rk_" + "test_" + "51abcdefghijklmnop_forbidden")
    message = call.refused("POST", "/v1/tax/calculations")["message"]
    assert "'rk_test_" in message
    assert f"'{call.fake.state.account()}'" in message
    assert "'rak_tax_calculation_write'" in message
    assert "'rak_tax_calculation_read'" in call.refused("GET", "/v1/tax/calculations/x")["message"]
