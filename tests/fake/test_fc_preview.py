"""What Financial Connections have in preview versions only: hosted sessions, institutions, authorizations, relinks."""

import pytest

from tests.fake.support import CUSTOMER, ENDIVE, Caller, Doc

FC = "/v1/financial_connections"
HOLDER = f"account_holder[type]=customer&account_holder[customer]={CUSTOMER}&permissions[]=balances"
PREVIEW = "2026-09-30.preview"


@pytest.fixture
def call() -> Caller:
    return Caller(version=PREVIEW)


def linked(call: Caller, **body: object) -> tuple[Doc, Doc]:
    """A completed session and its newest account."""
    session = call.post(f"{FC}/sessions", HOLDER)
    call.control(f"financial_connections/sessions/{session['id']}/complete", body)
    account = call.get(f"{FC}/accounts", f"session={session['id']}")["data"][0]
    return call.get(f"{FC}/sessions/{session['id']}"), account


@pytest.mark.parametrize("path", ["institutions", "institutions/fcinst_1", "authorizations/fcauth_1"])
def test_what_a_version_without_it_is_told(path: str) -> None:
    error = Caller(version=ENDIVE).refused("GET", f"{FC}/{path}")
    assert (error["status"], error.get("code")) == (404, None)
    assert error["message"].startswith("Unrecognized request URL")


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ("ui_mode=hosted", "ui_mode"),
        ("relink_options[authorization]=x", "relink_options"),
        ("hosted[delivery_method]=url", "hosted"),
    ],
)
def test_parameters_of_previews(more: str, param: str) -> None:
    error = Caller(version=ENDIVE).refused("POST", f"{FC}/sessions", f"{HOLDER}&{more}")
    assert (error["code"], error["param"]) == ("parameter_unknown", param)
    word = Caller(version=ENDIVE).refused("POST", f"{FC}/sessions", f"{HOLDER}&manual_entry[mode]=custom")
    assert "custom" not in word["message"]
    assert word["param"] == "manual_entry[mode]"


def test_a_hosted_session(call: Caller) -> None:
    made = call.post(
        f"{FC}/sessions", f"{HOLDER}&ui_mode=hosted&return_url=https://example.com&manual_entry[mode]=custom"
    )
    assert made["url"].startswith("https://")
    assert made["hosted"] == {"delivery_method": "url", "return_url": "https://example.com"}
    assert (made["ui_mode"], made["status"]) == ("hosted", "pending")
    plain = Caller(call.fake, version=ENDIVE).get(f"{FC}/sessions/{made['id']}")
    assert not plain.keys() & {"url", "hosted", "ui_mode", "status"}
    assert call.refused("POST", f"{FC}/sessions", f"{HOLDER}&hosted[delivery_method]=url")["param"] == "hosted"


@pytest.mark.parametrize(("end", "status"), [("complete", "succeeded"), ("cancel", "cancelled"), ("fail", "failed")])
def test_how_a_session_ended(call: Caller, end: str, status: str) -> None:
    session = call.post(f"{FC}/sessions", HOLDER)
    call.control(f"financial_connections/sessions/{session['id']}/{end}", {})
    over = call.get(f"{FC}/sessions/{session['id']}")
    assert over["status"] == status
    assert over.get("status_details") == ({"cancelled": {"reason": "other"}} if end == "cancel" else None)


def test_institutions_and_a_session_at_one_of_them(call: Caller) -> None:
    listed = call.get(f"{FC}/institutions", "limit=100")["data"]
    tested = next(one for one in listed if one["name"] == "Ownership Accounts")
    assert call.get(f"{FC}/institutions/{tested['id']}") == tested
    assert {one["name"] for one in listed if one["status"] == "inactive"} >= {"Down (Scheduled)"}
    session = call.post(f"{FC}/sessions", f"{HOLDER}&filters[institution]={tested['id']}")
    assert session["filters"]["institution"] == tested["id"]
    call.control(f"financial_connections/sessions/{session['id']}/complete", {})
    account = call.get(f"{FC}/accounts", f"session={session['id']}&expand[]=data.institution")["data"][0]
    assert account["institution"] == tested
    error = call.refused("POST", f"{FC}/sessions", f"{HOLDER}&filters[institution]=fcinst_1")
    assert (error["code"], error["param"]) == ("resource_missing", "filters[institution]")


def test_inferred_balances(call: Caller) -> None:
    session = call.post(f"{FC}/sessions", f"{HOLDER}&prefetch[]=inferred_balances")
    call.control(f"financial_connections/sessions/{session['id']}/complete", {})
    account = call.get(f"{FC}/accounts", f"session={session['id']}")["data"][0]
    assert (account["inferred_balances_refresh"]["status"], account["balance_refresh"]) == ("pending", None)
    path = f"{FC}/accounts/{account['id']}"
    assert call.get(f"{path}/inferred_balances")["data"] == []
    call.advance(60)
    (first,) = call.get(f"{path}/inferred_balances")["data"]
    assert first["object"] == "financial_connections.account_inferred_balance"
    assert (first["current"], call.events()[-1]) == (
        {"usd": 987_654},
        "financial_connections.account.refreshed_inferred_balances",
    )
    followed = call.post(f"{path}/subscribe", "features[]=inferred_balances&features[]=balance")
    assert followed["subscriptions"] == ["balance", "inferred_balances"]
    call.advance(3 * 86_400 + 60)
    listed = call.get(f"{path}/inferred_balances")
    assert (len(listed["data"]), listed["url"]) == (4, f"{path}/inferred_balances")
    assert call.post(f"{path}/unsubscribe", "features[]=balance")["subscriptions"] == ["inferred_balances"]
    call.advance(3600)
    refreshed = call.post(f"{path}/refresh", "features[]=inferred_balances")
    assert refreshed["inferred_balances_refresh"]["status"] == "pending"
    for words in ("refresh", "subscribe"):
        error = Caller(call.fake, version=ENDIVE).refused("POST", f"{path}/{words}", "features[]=inferred_balances")
        assert error["param"] == "features[0]"
    gone = Caller(call.fake, version=ENDIVE).refused("GET", f"{path}/inferred_balances")
    assert gone["message"].startswith("Unrecognized request URL")


def test_an_authorization_follows_its_accounts(call: Caller) -> None:
    _, account = linked(call, institution="StripeBank")
    path = f"{FC}/authorizations/{account['authorization']}"
    shown = call.get(path, "expand[]=institution")
    assert (shown["status"], shown["status_details"], shown["institution"]["name"]) == ("active", {}, "StripeBank")
    others = [one["id"] for one in call.get(f"{FC}/accounts")["data"]]
    ends = call.fake.now() + 1000
    call.control(f"financial_connections/accounts/{others[0]}/change", {"expected_deactivation_date": ends})
    active = {"action": "relink_required", "expected_deactivation_date": ends}
    assert call.get(path)["status_details"] == {"active": active}
    assert call.events()[-1] == "financial_connections.authorization.upcoming_deactivation"
    for other in others:
        call.control(f"financial_connections/accounts/{other}/deactivate", {})
    assert call.get(path)["status"] == "inactive"
    assert call.get(path)["status_details"] == {"inactive": {"action": "relink_required"}}
    for other in others:
        call.post(f"{FC}/accounts/{other}/disconnect")
    assert (call.get(path)["status"], call.get(path)["status_details"]) == ("disconnected", {})
    told = call.control("events", method="GET")["data"]
    about = next(event["data"]["object"] for event in told if ".authorization." in event["type"])
    assert not about.keys() & {"institution", "account_holder"}


def test_a_relink_mends_what_was_broken(call: Caller) -> None:
    _, account = linked(call, institution="Immediately Requires Reauthentication")
    accounts = [one["id"] for one in call.get(f"{FC}/accounts")["data"]]
    for one in accounts:
        call.control(f"financial_connections/accounts/{one}/deactivate", {})
    options = f"relink_options[authorization]={account['authorization']}"
    for more, mended in ((f"&relink_options[account]={accounts[0]}", 1), ("", 2)):
        session = call.post(f"{FC}/sessions", f"{HOLDER}&{options}{more}")
        call.control(f"financial_connections/sessions/{session['id']}/complete", {})
        over = call.get(f"{FC}/sessions/{session['id']}")
        assert over["relink_result"] == session["relink_options"]
        shown = call.get(f"{FC}/accounts")["data"]
        assert [one["status"] for one in shown].count("active") == mended
        assert all("status_details" not in one for one in shown if one["status"] == "active")
    assert len(call.get(f"{FC}/accounts")["data"]) == 2
    assert call.events().count("financial_connections.account.reactivated") == 2


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ("relink_options[authorization]=fcauth_1", "relink_options[authorization]"),
        ("relink_options[authorization]={authorization}&relink_options[account]=fca_1", "relink_options[account]"),
        ("relink_options[account]=fca_1", "relink_options[authorization]"),
    ],
)
def test_a_relink_of_nothing(call: Caller, form: str, param: str) -> None:
    _, account = linked(call)
    error = call.refused("POST", f"{FC}/sessions", f"{HOLDER}&{form.format(**account)}")
    assert (error["status"], error["param"]) == (400, param)


def test_a_relink_that_fails_says_so(call: Caller) -> None:
    _, account = linked(call)
    session = call.post(f"{FC}/sessions", f"{HOLDER}&relink_options[authorization]={account['authorization']}")
    call.control(f"financial_connections/sessions/{session['id']}/fail", {})
    assert call.get(f"{FC}/sessions/{session['id']}")["relink_result"] == {"failure_reason": "other"}
