"""Customers: what they keep (sources, tax ids, cash), what is left of a deleted one."""

import pytest

from tests.fake.support import Caller

CUSTOMERS = "/v1/customers"


@pytest.fixture
def call() -> Caller:
    return Caller()


def test_a_deleted_customer_is_still_told_of_and_no_longer_there(call: Caller) -> None:
    customer = call.post(CUSTOMERS)["id"]
    method = call.post("/v1/payment_methods/pm_card_visa/attach", f"customer={customer}")["id"]
    left = call("DELETE", f"{CUSTOMERS}/{customer}")
    assert left == {"id": customer, "object": "customer", "deleted": True}
    assert call.get(f"{CUSTOMERS}/{customer}") == left
    assert call.get(CUSTOMERS)["data"] == []
    assert call.get(f"/v1/payment_methods/{method}")["customer"] is None
    for verb, path in (("POST", ""), ("DELETE", ""), ("GET", "/tax_ids"), ("GET", "/cash_balance")):
        assert call.refused(verb, f"{CUSTOMERS}/{customer}{path}")["code"] == "resource_missing"
    error = call.refused("POST", f"/v1/payment_methods/{method}/attach", f"customer={customer}")
    assert (error["code"], error["param"]) == ("resource_missing", "customer")


def test_a_deleted_customer_is_shown_as_such_where_it_is_expanded(call: Caller) -> None:
    customer = call.post(CUSTOMERS)["id"]
    form = f"account_holder[type]=customer&account_holder[customer]={customer}&permissions[]=balances"
    session = call.post("/v1/financial_connections/sessions", form)["id"]
    call("DELETE", f"{CUSTOMERS}/{customer}")
    shown = call.get(f"/v1/financial_connections/sessions/{session}", "expand[]=account_holder.customer")
    assert shown["account_holder"]["customer"]["deleted"] is True
    assert call.refused("POST", "/v1/financial_connections/sessions", form)["param"] == "account_holder[customer]"


def test_what_is_left_belongs_to_one_account_and_mode(call: Caller) -> None:
    customer = call.post(CUSTOMERS)["id"]
    call("DELETE", f"{CUSTOMERS}/{customer}")
    call("GET", f"{CUSTOMERS}/{customer}", Stripe_Account="acct_1abcdefghijklmno")
    assert call.status == 404


@pytest.mark.parametrize("path", ["/v1/products", "/v1/webhook_endpoints"])
def test_other_deleted_objects_are_not_found(call: Caller, path: str) -> None:
    form = {"/v1/products": "name=x"}.get(path, "url=https://example.com&enabled_events[]=*")
    made = call.post(path, form)
    left = call("DELETE", f"{path}/{made['id']}")
    assert left == {"id": made["id"], "object": made["object"], "deleted": True}
    assert call.refused("GET", f"{path}/{made['id']}")["status"] == 404
    assert call.refused("GET", f"{CUSTOMERS}/{made['id']}")["status"] == 404


def test_sources(call: Caller) -> None:
    customer = call.post(CUSTOMERS, "source=tok_visa")
    first, path = customer["default_source"], f"{CUSTOMERS}/{customer['id']}/sources"
    second = call.post(path, "source=tok_mastercard&metadata[a]=b")
    assert second["brand"] == "MasterCard"
    shown = call.get(f"{CUSTOMERS}/{customer['id']}", "expand[]=sources&expand[]=default_source")
    assert shown["default_source"]["id"] == first
    assert [card["id"] for card in shown["sources"]["data"]] == [second["id"], first]
    assert [card["id"] for card in call.get(path)["data"]] == [second["id"], first]
    assert call.get(path, "object=bank_account")["data"] == []
    changed = call.post(f"{CUSTOMERS}/{customer['id']}", f"default_source={second['id']}")
    assert changed["default_source"] == second["id"]
    for _ in range(2):
        card = call.post(f"{path}/{second['id']}", "name=Ada&exp_month=1&metadata[a]=&metadata[c]=d&address_zip=94080")
    assert (card["name"], card["exp_month"], card["address_zip"], card["metadata"]) == ("Ada", 1, "94080", {"c": "d"})
    assert call("DELETE", f"{path}/{second['id']}") == {"id": second["id"], "object": "card", "deleted": True}
    assert call.get(f"{CUSTOMERS}/{customer['id']}")["default_source"] == first
    assert call.events()[-3:] == ["customer.updated", "customer.source.updated", "customer.source.deleted"]


@pytest.mark.parametrize(
    ("form", "param"),
    [("source=tok_unknown", "source"), ("source=src_1", "source"), ("default_source=card_1", "default_source")],
)
def test_sources_that_are_not_there(call: Caller, form: str, param: str) -> None:
    customer = call.post(CUSTOMERS)
    if form.startswith("source"):
        assert call.refused("POST", CUSTOMERS, form)["param"] == param
    error = call.refused("POST", f"{CUSTOMERS}/{customer['id']}", form)
    assert call.get(CUSTOMERS)["data"] == [customer]
    assert (error["code"], error["param"]) == ("resource_missing", param)


def test_anothers_source_and_tax_id_are_not_found(call: Caller) -> None:
    mine = call.post(CUSTOMERS, "source=tok_visa&tax_id_data[0][type]=us_ein&tax_id_data[0][value]=1&expand[]=tax_ids")
    other = call.post(CUSTOMERS)["id"]
    for kind, name in (("sources", mine["default_source"]), ("tax_ids", mine["tax_ids"]["data"][0]["id"])):
        assert call.get(f"{CUSTOMERS}/{mine['id']}/{kind}/{name}")["id"] == name
        assert call.refused("GET", f"{CUSTOMERS}/{other}/{kind}/{name}")["status"] == 404
    assert call.refused("POST", f"{CUSTOMERS}/{other}", f"default_source={mine['default_source']}")["status"] == 400


@pytest.mark.parametrize(
    ("kind", "value", "first", "then"),
    [
        ("eu_vat", "DE123456789", "pending", "verified"),
        ("eu_vat", "DE111111111", "pending", "unverified"),
        ("gb_vat", "222222222", "pending", "pending"),
        ("us_ein", "12-3456789", "unavailable", "unavailable"),
    ],
)
def test_a_tax_id_is_checked_after_a_while(call: Caller, kind: str, value: str, first: str, then: str) -> None:
    customer = call.post(CUSTOMERS)["id"]
    made = call.post(f"{CUSTOMERS}/{customer}/tax_ids", f"type={kind}&value={value}")
    assert (made["country"], made["verification"]["status"]) == (
        "DE" if kind == "eu_vat" else kind[:2].upper(),
        first,
    )
    call.advance(60)
    path = f"{CUSTOMERS}/{customer}/tax_ids/{made['id']}"
    assert call.get(path)["verification"]["status"] == then
    assert call.events()[-1] == f"customer.tax_id.{'updated' if first != then else 'created'}"
    assert call("DELETE", path)["deleted"] is True
    assert call.get(f"{CUSTOMERS}/{customer}", "expand[]=tax_ids")["tax_ids"]["data"] == []


def test_no_more_than_five_tax_ids_with_a_new_customer(call: Caller) -> None:
    form = "&".join(f"tax_id_data[{number}][type]=us_ein&tax_id_data[{number}][value]=1" for number in range(6))
    assert call.refused("POST", CUSTOMERS, form)["param"] == "tax_id_data"


def test_how_cash_is_reconciled(call: Caller) -> None:
    customer = call.post(CUSTOMERS)["id"]
    path = f"{CUSTOMERS}/{customer}/cash_balance"
    settings = {
        mode: call.post(path, f"settings[reconciliation_mode]={mode}")["settings"]
        for mode in ("manual", "merchant_default")
    }
    assert settings["manual"] == {"reconciliation_mode": "manual", "using_merchant_default": False}
    assert settings["merchant_default"] == {"reconciliation_mode": "automatic", "using_merchant_default": True}
    assert call.get(path)["settings"] == settings["merchant_default"]


def test_a_place_that_must_be_known_at_once(call: Caller) -> None:
    error = call.refused("POST", CUSTOMERS, "tax[validate_location]=immediately")
    assert error["code"] == "customer_tax_location_invalid"
    call.post(CUSTOMERS, "tax[validate_location]=immediately&address[country]=DE")
    assert call.refused("POST", CUSTOMERS, "tax[validate_location]=auto")["param"] == "tax[validate_location]"


def test_customers_of_a_test_clock(call: Caller) -> None:
    clock = "clock_1" + "A" * 23
    customer = call.post(CUSTOMERS, f"test_clock={clock}")
    call.post(CUSTOMERS)
    assert [one["id"] for one in call.get(CUSTOMERS, f"test_clock={clock}")["data"]] == [customer["id"]]
    assert call.refused("POST", CUSTOMERS, "test_clock=clock_1")["code"] == "resource_missing"


def test_the_older_paths_of_financial_connections(call: Caller) -> None:
    holder = "account_holder[type]=customer&account_holder[customer]=cus_NiKSWdaFz2F6I0&permissions[]=ownership"
    session = call.post("/v1/link_account_sessions", f"{holder}&prefetch[]=ownership")["id"]
    call.control(f"financial_connections/sessions/{session}/complete")
    assert call.get(f"/v1/link_account_sessions/{session}")["accounts"]["data"]
    listed = call.get("/v1/linked_accounts", f"session={session}")
    account = listed["data"][0]["id"]
    assert listed == call.get("/v1/financial_connections/accounts", f"session={session}")
    call.advance(86_400)
    path = f"/v1/linked_accounts/{account}"
    ownership = call.get(path)["ownership"]
    assert call.get(f"{path}/owners", f"ownership={ownership}")["data"]
    assert call.post(f"{path}/refresh", "features[]=ownership")["ownership_refresh"]["status"] == "pending"
    assert call.post(f"{path}/disconnect")["status"] == "disconnected"
    assert call.refused("POST", f"{path}/subscribe", "features[]=transactions")["status"] == 404
