"""Financial Connections: what sessions, accounts and transactions do, and a state machine over all of it."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from fcproxy.fake import Fake, Options
from fcproxy.fake.resources.fc_institutions import INSTITUTIONS
from tests.fake.support import CUSTOMER, ENDIVE, Caller, Doc

FC = "/v1/financial_connections"
HOLDER = f"account_holder[type]=customer&account_holder[customer]={CUSTOMER}"
ALL = "".join(f"&permissions[]={name}" for name in ("balances", "ownership", "payment_method", "transactions"))
EVENT = "financial_connections.account."


def start(call: Caller, more: str = "", permissions: str = ALL) -> Doc:
    return call.post(f"{FC}/sessions", f"{HOLDER}{permissions}&{more}")


def complete(call: Caller, session: Doc, body: Any = None) -> list[Doc]:
    accounts: list[Doc] = call.control(f"financial_connections/sessions/{session['id']}/complete", body)["accounts"][
        "data"
    ]
    return accounts


def link(call: Caller, more: str = "", body: Any = None, permissions: str = ALL) -> Doc:
    return complete(call, start(call, more, permissions), body)[0]


def test_the_session_of_the_reference() -> None:
    call = Caller(version="2023-10-16")
    form = f"{HOLDER}&permissions[]=payment_method&permissions[]=balances&filters[countries][]=US"
    session = call.post(f"{FC}/sessions", form)
    secret = session.pop("client_secret")
    assert secret.startswith("fcsess_client_secret_")
    assert len(secret) == len("fcsess_client_secret_") + 24
    assert session.pop("id").startswith("fcsess_1")
    assert session == {
        "object": "financial_connections.session",
        "account_holder": {"customer": CUSTOMER, "type": "customer"},
        "accounts": {"object": "list", "data": [], "has_more": False, "total_count": 0, "url": f"{FC}/accounts"},
        "filters": {"countries": ["US"]},
        "livemode": False,
        "permissions": ["balances", "payment_method"],
        "prefetch": [],
    }


def test_a_completed_session_holds_its_accounts() -> None:
    call = Caller()
    session = start(call, "filters[account_subcategories][]=savings&prefetch[]=balances")
    accounts = complete(call, session)
    assert [account["subcategory"] for account in accounts] == ["savings"]
    shown = call.get(f"{FC}/sessions/{session['id']}")
    assert (shown["accounts"]["total_count"], shown["accounts"]["data"][0]["id"]) == (1, accounts[0]["id"])
    assert shown["client_secret"] == session["client_secret"]
    for query in (f"session={session['id']}", f"account_holder[customer]={CUSTOMER}"):
        listed = call.get(f"{FC}/accounts", query)["data"]
        assert [account["id"] for account in listed] == [accounts[0]["id"]]
    assert call.get(f"{FC}/accounts", "account_holder[customer]=cus_AAAAAAAAAAAAAA")["data"] == []
    assert call.events() == [EVENT + "created"]


def test_chosen_accounts() -> None:
    call = Caller()
    chosen = {
        "institution": "My Bank",
        "accounts": [
            {
                "display_name": "Rainy days",
                "last4": "0042",
                "subcategory": "savings",
                "balance": {"current": 5000, "available": 4000},
                "owners": [{"name": "Ada Lovelace", "email": "ada@example.com"}, {"name": "Charles Babbage"}],
                "transactions": [{"amount": -100, "description": "Punch cards", "transacted_at": 1793000000}],
            },
            {"subcategory": "credit_card", "balance": {"current": -700}},
        ],
    }
    first, second = complete(call, start(call), chosen)
    assert (first["institution_name"], first["display_name"], first["last4"]) == ("My Bank", "Rainy days", "0042")
    assert (first["category"], first["subcategory"]) == ("cash", "savings")
    assert first["balance"]["current"] == {"usd": 5000}
    assert first["balance"]["cash"] == {"available": {"usd": 4000}}
    assert (second["category"], second["balance"]["credit"]) == ("credit", {"used": {"usd": 700}})
    owners = call.get(f"{FC}/accounts/{first['id']}/owners", f"ownership={first['ownership']}")["data"]
    assert {owner["name"] for owner in owners} == {"Ada Lovelace", "Charles Babbage"}
    transactions = call.get(f"{FC}/transactions", f"account={first['id']}")["data"]
    assert [(item["amount"], item["description"], item["transacted_at"]) for item in transactions] == [
        (-100, "Punch cards", 1793000000)
    ]


def test_data_without_its_permission_stays_away() -> None:
    body = {"accounts": [{"balance": {"current": 1}, "owners": [{"name": "Ada"}]}]}
    account = link(Caller(), body=body, permissions="&permissions[]=payment_method")
    assert (account["balance"], account["ownership"], account["balance_refresh"]) == (None, None, None)


@pytest.mark.parametrize("name", sorted(INSTITUTIONS))
def test_every_institution(name: str) -> None:
    call = Caller(version=ENDIVE)
    session = start(call)
    path = f"financial_connections/sessions/{session['id']}/complete"
    if INSTITUTIONS[name].down:
        assert call.control_refused(path, {"institution": name})["param"] == "institution"
        assert complete(call, session)
        return
    for account in complete(call, session, {"institution": name}):
        assert account["institution_name"] == name
        assert account["status"] == INSTITUTIONS[name].status
        assert bool(account["account_numbers"]) == INSTITUTIONS[name].tokenized
        assert (account["supported_payment_method_types"] == []) == (name == "Invalid Payment Accounts")


def test_an_account_may_be_deactivated_by_time() -> None:
    call = Caller()
    account = link(call, body={"institution": "Eventually Requires Reauthentication"})
    call.advance(86_400)
    assert call.get(f"{FC}/accounts/{account['id']}")["status"] == "inactive"
    assert EVENT + "deactivated" in call.events()


def test_limits_bound_the_accounts() -> None:
    call = Caller()
    assert len(complete(call, start(call, "limits[accounts]=1"))) == 1
    session = start(call, "limits[accounts]=1")
    path = f"financial_connections/sessions/{session['id']}/complete"
    assert call.control_refused(path, {"accounts": [{}, {}]})["param"] == "accounts"
    assert "limits" not in start(call, "limits[accounts]=")


@pytest.mark.parametrize("ending", ["cancel", "fail"])
def test_a_session_that_ended_otherwise(ending: str) -> None:
    call = Caller()
    session = start(call)
    path = f"financial_connections/sessions/{session['id']}"
    assert call.control(f"{path}/{ending}")["client_secret"] is None
    assert call.control_refused(f"{path}/complete")["status"] == 400
    assert call.get(f"{FC}/sessions/{session['id']}")["accounts"]["data"] == []


def test_a_session_is_completed_once() -> None:
    call = Caller()
    session = start(call)
    complete(call, session)
    assert call.control_refused(f"financial_connections/sessions/{session['id']}/complete")["status"] == 400


def test_a_refresh_is_pending_until_its_time() -> None:
    call = Caller()
    account = link(call)
    path = f"{FC}/accounts/{account['id']}"
    refreshed = call.post(f"{path}/refresh", "features[]=balance&features[]=ownership")
    for field in ("balance_refresh", "ownership_refresh"):
        assert refreshed[field]["status"] == "pending"
        assert refreshed[field]["next_refresh_available_at"] is None
    assert call.refused("POST", f"{path}/refresh", "features[]=balance")["param"] == "features"
    call.advance(5)
    done = call.get(path)
    assert (done["balance_refresh"]["status"], done["balance"]["current"]) == ("succeeded", {"usd": 123_456})
    assert call.events()[-2:] == [EVENT + "refreshed_balance", EVENT + "refreshed_ownership"]
    assert call.refused("POST", f"{path}/refresh", "features[]=balance")["status"] == 400
    call.advance(3600)
    assert call.post(f"{path}/refresh", "features[]=balance")["balance_refresh"]["status"] == "pending"


def test_polling_ends_where_the_clock_stands_still() -> None:
    call = Caller()
    account = link(call, "prefetch[]=balances")
    path = f"{FC}/accounts/{account['id']}"
    assert (account["balance_refresh"]["status"], account["balance"]) == ("pending", None)
    shown = call.get(path)
    assert (shown["balance_refresh"]["status"], shown["balance"]["current"]) == ("succeeded", {"usd": 123_456})
    call.post(f"{path}/refresh", "features[]=ownership")
    assert [call.get(path)["ownership_refresh"]["status"] for _ in range(3)] == ["pending", "succeeded", "succeeded"]


def test_a_refresh_may_fail() -> None:
    call = Caller()
    account = link(call, "prefetch[]=balances")
    settled = call.control(f"financial_connections/accounts/{account['id']}/settle", {"status": "failed"})
    assert (settled["balance_refresh"]["status"], settled["balance"]) == ("failed", None)
    assert call.events()[-1] == EVENT + "refreshed_balance"


def test_refreshes_need_their_permission_and_an_active_account() -> None:
    call = Caller()
    account = link(call, permissions="&permissions[]=balances")
    path = f"{FC}/accounts/{account['id']}"
    assert call.refused("POST", f"{path}/refresh", "features[]=ownership")["status"] == 400
    assert call.refused("POST", f"{path}/subscribe", "features[]=transactions")["status"] == 400
    call.control(f"financial_connections/accounts/{account['id']}/deactivate")
    error = call.refused("POST", f"{path}/refresh", "features[]=balance")
    assert (error["status"], error["code"]) == (400, "financial_connections_account_inactive")
    call.control(f"financial_connections/accounts/{account['id']}/reactivate")
    call.post(f"{path}/refresh", "features[]=balance")
    assert [name for name in call.events() if "activated" in name] == [EVENT + "deactivated", EVENT + "reactivated"]


def test_transactions_need_a_refresh() -> None:
    call = Caller()
    account = link(call)
    error = call.refused("GET", f"{FC}/transactions", f"account={account['id']}")
    assert (error["status"], error["code"]) == (400, "financial_connections_no_successful_transaction_refresh")
    assert call.refused("GET", f"{FC}/transactions")["param"] == "account"
    call.post(f"{FC}/accounts/{account['id']}/refresh", "features[]=transactions")
    call.advance(5)
    listed = call.get(f"{FC}/transactions", f"account={account['id']}")["data"]
    assert len(listed) == 6
    moments = [item["transacted_at"] for item in listed]
    assert moments == sorted(moments, reverse=True)
    assert call.get(f"{FC}/transactions/{listed[0]['id']}") == listed[0]
    ranged = call.get(f"{FC}/transactions", f"account={account['id']}&transacted_at[lt]={moments[2]}")["data"]
    assert [item["transacted_at"] for item in ranged] == moments[3:]


def test_transactions_after_a_refresh() -> None:
    call = Caller()
    account = link(call, "prefetch[]=transactions")
    path = f"{FC}/accounts/{account['id']}"
    call.advance(3605)
    first = call.get(path)["transaction_refresh"]["id"]
    body = {"transactions": [{"amount": 7, "status": "pending"}]}
    call.control(f"financial_connections/accounts/{account['id']}/transactions", body)
    second = call.post(f"{path}/refresh", "features[]=transactions")["transaction_refresh"]["id"]
    assert second != first
    call.advance(5)
    query = f"account={account['id']}&transaction_refresh[after]={first}"
    fresh = call.get(f"{FC}/transactions", query)["data"]
    assert {item["transaction_refresh"] for item in fresh} == {second}
    assert [(item["amount"], item["status"]) for item in fresh] == [(7, "pending"), (-2199, "posted")]
    assert call.get(f"{FC}/transactions", f"account={account['id']}&transaction_refresh[after]={second}")["data"] == []
    error = call.refused("GET", f"{FC}/transactions", f"account={account['id']}&transaction_refresh[after]=fctxnref_x")
    assert (error["code"], error["param"]) == ("resource_missing", "transaction_refresh[after]")


def test_a_subscription_refreshes_every_day_until_it_ends() -> None:
    call = Caller()
    path = f"{FC}/accounts/{link(call)['id']}"
    subscribed = call.post(f"{path}/subscribe", "features[]=transactions")
    assert (subscribed["subscriptions"], subscribed["transaction_refresh"]["status"]) == (["transactions"], "pending")
    call.advance(3 * 86_400 + 60)
    assert call.events().count(EVENT + "refreshed_transactions") == 4
    assert call.post(f"{path}/unsubscribe", "features[]=transactions")["subscriptions"] == []
    call.advance(3 * 86_400)
    assert call.events().count(EVENT + "refreshed_transactions") == 4


def test_a_disconnected_account_keeps_its_data() -> None:
    call = Caller()
    account = link(call, "prefetch[]=transactions")
    call.advance(60)
    path = f"{FC}/accounts/{account['id']}"
    gone = call.post(f"{path}/disconnect")
    assert (gone["status"], gone["subscriptions"]) == ("disconnected", [])
    assert call.get(f"{FC}/transactions", f"account={account['id']}")["data"]
    assert call.refused("POST", f"{path}/refresh", "features[]=balance")["code"] == (
        "financial_connections_account_inactive"
    )
    call.post(f"{path}/disconnect")
    assert call.events().count(EVENT + "disconnected") == 1


def test_owners_belong_to_their_account() -> None:
    call = Caller()
    first, second = complete(call, start(call, "prefetch[]=ownership"))
    call.advance(60)
    ownership = call.get(f"{FC}/accounts/{first['id']}")["ownership"]
    error = call.refused("GET", f"{FC}/accounts/{second['id']}/owners", f"ownership={ownership}")
    assert (error["code"], error["param"]) == ("resource_missing", "ownership")
    assert call.refused("GET", f"{FC}/accounts/{first['id']}/owners")["param"] == "ownership"


def test_a_strict_fake_knows_only_its_own_customers() -> None:
    call = Caller(Fake(options=Options(strict=True)))
    error = call.refused("POST", f"{FC}/sessions", f"{HOLDER}{ALL}")
    assert (error["code"], error["param"]) == ("resource_missing", "account_holder[customer]")
    made = call.post("/v1/customers")["id"]
    call.post(f"{FC}/sessions", f"account_holder[type]=customer&account_holder[customer]={made}{ALL}")


def test_both_holders_exclude_each_other_in_a_list() -> None:
    query = f"account_holder[customer]={CUSTOMER}&account_holder[account]=acct_1AbCdEfGhIjKlMnO"
    assert Caller().refused("GET", f"{FC}/accounts", query)["code"] == "parameters_exclusive"


FEATURE = {"balance": "balances", "ownership": "ownership", "transactions": "transactions"}


class FinancialConnections(RuleBasedStateMachine):
    """Random walks; the model is what each account's status and refreshes must be."""

    accounts: Any = Bundle("accounts")

    def __init__(self) -> None:
        super().__init__()
        self.call = Caller()
        self.status: dict[str, str] = {}
        self.subscribed: set[str] = set()

    @rule(target=accounts, permissions=st.sets(st.sampled_from(sorted(FEATURE.values())), min_size=1))
    def linked(self, permissions: set[str]) -> Any:
        form = "".join(f"&permissions[]={name}" for name in permissions)
        made = [account["id"] for account in complete(self.call, start(self.call, permissions=form))]
        self.status.update(dict.fromkeys(made, "active"))
        return multiple(*made)

    @rule(account=accounts, feature=st.sampled_from(sorted(FEATURE)))
    def refresh(self, account: str, feature: str) -> None:
        before = self.shown(account)
        answer = self.call("POST", f"{FC}/accounts/{account}/refresh", f"features[]={feature}")
        last = before[{"transactions": "transaction_refresh"}.get(feature, f"{feature}_refresh")]
        free = last is None or (
            last["status"] != "pending" and last["next_refresh_available_at"] <= self.call.fake.now()
        )
        allowed = FEATURE[feature] in before["permissions"] and self.status[account] == "active" and free
        assert (self.call.status == 200) == allowed, answer

    @rule(account=accounts, verb=st.sampled_from(["subscribe", "unsubscribe"]))
    def subscription(self, account: str, verb: str) -> None:
        before = self.shown(account)
        answer = self.call("POST", f"{FC}/accounts/{account}/{verb}", "features[]=transactions")
        allowed = self.status[account] == "active"
        if verb == "subscribe":
            allowed = allowed and "transactions" in before["permissions"]
        assert (self.call.status == 200) == allowed, answer
        if allowed:
            (self.subscribed.add if verb == "subscribe" else self.subscribed.discard)(account)

    @rule(account=accounts, verb=st.sampled_from(["deactivate", "reactivate"]))
    def moved(self, account: str, verb: str) -> None:
        old, new = {"deactivate": ("active", "inactive"), "reactivate": ("inactive", "active")}[verb]
        response = self.call.fake.control("POST", f"financial_connections/accounts/{account}/{verb}", b"")
        assert (response.status == 200) == (self.status[account] == old)
        if response.status == 200:
            self.status[account] = new

    @rule(account=consumes(accounts))
    def disconnected(self, account: str) -> None:
        self.call.post(f"{FC}/accounts/{account}/disconnect")
        self.status[account] = "disconnected"
        self.subscribed.discard(account)

    @rule(seconds=st.sampled_from([1, 5, 3600, 86_400]))
    def passing(self, seconds: int) -> None:
        self.call.advance(seconds)

    def shown(self, account: str) -> Doc:
        row = self.call.fake.state.tables["financial_connections.account"].get(account)
        assert row is not None
        return dict(row.doc)

    @invariant()
    def statuses_are_as_they_were_made(self) -> None:
        for account, status in self.status.items():
            shown = self.shown(account)
            assert shown["status"] == status
            assert shown["subscriptions"] == (["transactions"] if account in self.subscribed else [])
            for field in ("balance_refresh", "ownership_refresh", "transaction_refresh"):
                refresh = shown[field]
                if refresh is not None:
                    assert (refresh["status"] == "pending") == (refresh["next_refresh_available_at"] is None)
                    assert (field == "transaction_refresh") == ("id" in refresh)


TestFinancialConnections = FinancialConnections.TestCase
TestFinancialConnections.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize(("version", "kept"), [("2025-10-29.clover", True), ("2025-11-17.clover", False)])
def test_older_versions_know_no_session_without_a_secret(version: str, kept: bool) -> None:
    call = Caller(version=version)
    session = start(call)
    call.control(f"financial_connections/sessions/{session['id']}/cancel")
    secret = call.get(f"{FC}/sessions/{session['id']}")["client_secret"]
    assert secret == (session["client_secret"] if kept else None)


def test_an_institution_changes_what_it_says_of_an_account() -> None:
    call = Caller(version=ENDIVE)
    session = start(call)
    done = call.control(
        f"financial_connections/sessions/{session['id']}/complete", {"institution": "Tokenized Account Number"}
    )
    account = done["accounts"]["data"][0]["id"]
    change, now = f"financial_connections/accounts/{account}/change", call.fake.now()
    call.control(change, {"account_number_status": "expired", "expected_expiry_date": now})
    call.control(change, {"supported_payment_method_types": ["link"]})
    for days in (1, 2):
        call.control(change, {"expected_deactivation_date": now + days * 86_400})
    shown = call.get(f"{FC}/accounts/{account}")
    number = shown["account_numbers"][0]
    assert (number["status"], number["expected_expiry_date"]) == ("expired", now)
    assert shown["supported_payment_method_types"] == ["link"]
    assert shown["status_details"]["active"]["expected_deactivation_date"] == now + 2 * 86_400
    call.advance(86_400)
    assert call.get(f"{FC}/accounts/{account}")["status"] == "active"
    call.advance(86_400)
    assert call.get(f"{FC}/accounts/{account}")["status"] == "inactive"
    assert [event.rpartition(".")[2] for event in call.events() if ".account." in event] == [
        "created",
        "account_numbers_updated",
        "upcoming_account_number_expiry",
        "supported_payment_method_types_updated",
        "upcoming_deactivation",
        "expected_deactivation_date_updated",
        "deactivated",
    ]


def test_a_change_that_cannot_be() -> None:
    call = Caller()
    session = start(call)
    account = call.control(f"financial_connections/sessions/{session['id']}/complete")["accounts"]["data"][0]["id"]
    change = f"financial_connections/accounts/{account}/change"
    assert call.control_refused(change, {"account_number_status": "expired"})["param"] == "account_number_status"
    call.control(f"financial_connections/accounts/{account}/deactivate")
    assert call.control_refused(change, {"expected_deactivation_date": 1})["param"] == "expected_deactivation_date"
