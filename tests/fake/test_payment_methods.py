"""PaymentMethods: what is needed of each type, who owns them, what is told of them."""

import pytest

from tests.fake.support import Caller

METHODS = "/v1/payment_methods"
CONNECTED = "acct_1abcdefghijklmno"


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ("", "parameter_missing", "type"),
        ("type=cash", None, "type"),
        ("type=card", "parameter_missing", "card"),
        ("type=card&card[cvc]=123", "parameter_missing", "card[number]"),
        ("type=card&card[token]=tok_none", "resource_missing", "card[token]"),
        ("type=sepa_debit", "parameter_missing", "sepa_debit"),
        ("type=sepa_debit&sepa_debit[iban]=DE89370400440532013001", "invalid_bank_account_iban", "sepa_debit[iban]"),
        ("type=sepa_debit&sepa_debit[iban]=1", "invalid_bank_account_iban", "sepa_debit[iban]"),
        ("type=fpx&fpx[bank]=mine", None, "fpx[bank]"),
        ("type=klarna&klarna[dob][day]=1&klarna[dob][month]=1", "parameter_missing", "klarna[dob][year]"),
        ("type=affirm&affirm[x]=1", "parameter_unknown", "affirm[x]"),
        ("type=affirm&customer=cus_12345678901234", None, "customer"),
    ],
)
def test_what_is_refused(form: str, code: str | None, param: str) -> None:
    error = Caller().refused("POST", METHODS, form)
    assert (error["status"], error.get("code"), error["param"]) == (400, code, param)


@pytest.mark.parametrize(
    ("iban", "bank", "branch"),
    [
        ("DE89370400440532013000", "37040044", ""),
        ("FR14 2004 1010 0505 0001 3M02 606", "20041", "01005"),
        ("gb82west12345698765432", "WEST", "123456"),
    ],
)
def test_an_iban_tells_of_the_bank(iban: str, bank: str, branch: str) -> None:
    shown = Caller().post(METHODS, f"type=sepa_debit&sepa_debit[iban]={iban}")["sepa_debit"]
    assert (shown["bank_code"], shown["branch_code"], shown["country"]) == (bank, branch, iban[:2].upper())
    assert shown["last4"] == iban.replace(" ", "")[-4:]


def test_a_token_stands_for_its_card() -> None:
    shown = Caller().post(METHODS, "type=card&card[token]=tok_mastercard_debit")["card"]
    assert (shown["brand"], shown["funding"], shown["last4"]) == ("mastercard", "debit", "8210")


def test_events_of_a_payment_method() -> None:
    call = Caller()
    customer, method = call.post("/v1/customers")["id"], call.post(METHODS, "type=alipay")["id"]
    call.post(f"{METHODS}/{method}/attach", f"customer={customer}")
    call.post(f"{METHODS}/{method}", "metadata[a]=b")
    call.post(f"{METHODS}/{method}", "metadata[a]=b")
    call.post(f"{METHODS}/{method}/detach")
    assert call.events() == [
        "customer.created",
        *(f"payment_method.{what}" for what in ("attached", "updated", "detached")),
    ]
    detached = call.control("events", method="GET")["data"][-1]["data"]
    assert detached["previous_attributes"] == {"customer": customer}


def test_an_owner_is_a_customer_or_an_account_that_is_one() -> None:
    call = Caller()
    method = call.post(METHODS, "type=alipay")["id"]
    assert call.refused("POST", f"{METHODS}/{method}/attach")["param"] == "customer"
    both = "customer=cus_12345678901234&customer_account=acct_1abcdefghijklmno"
    assert call.refused("POST", f"{METHODS}/{method}/attach", both)["code"] == "parameters_exclusive"
    assert call.post(f"{METHODS}/{method}/attach", f"customer_account={CONNECTED}")["customer_account"] == CONNECTED
    assert [one["id"] for one in call.get(METHODS, f"customer_account={CONNECTED}")["data"]] == [method]
    assert call.post(f"{METHODS}/{method}/detach")["customer_account"] is None


def test_a_platform_shares_a_payment_method_with_a_connected_account() -> None:
    call = Caller()
    customer = call.post("/v1/customers")["id"]
    method = call.post(f"{METHODS}/pm_card_amex/attach", f"customer={customer}")
    form = f"customer={customer}&payment_method={method['id']}"
    assert call.refused("POST", METHODS, form)["param"] == "payment_method"
    clone = call("POST", METHODS, form, Stripe_Account=CONNECTED)
    assert (clone["card"], clone["customer"]) == (method["card"], None)
    assert clone["id"] != method["id"]
    missing = call("POST", METHODS, f"payment_method={method['id']}", Stripe_Account=CONNECTED)
    assert missing["error"]["code"] == "resource_missing"


def test_the_preferred_network_of_a_card_may_change() -> None:
    call = Caller()
    method = call.get(f"{METHODS}/pm_card_visa")["id"]
    changed = call.post(f"{METHODS}/{method}", "card[networks][preferred]=cartes_bancaires")["card"]["networks"]
    assert changed == {"available": ["visa"], "preferred": "cartes_bancaires"}
    assert call.post(f"{METHODS}/{method}", "card[networks][preferred]=")["card"]["networks"]["preferred"] is None
    assert call.refused("POST", f"{METHODS}/{method}", "us_bank_account[account_type]=savings")["status"] == 400
