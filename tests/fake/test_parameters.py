"""What is said to parameters that are wrong; metadata; expansion."""

import pytest

from tests.fake.conformance import faults, model_of
from tests.fake.support import CUSTOMER, ENDIVE, Caller

SESSIONS = "/v1/financial_connections/sessions"
HOLDER = f"account_holder[type]=customer&account_holder[customer]={CUSTOMER}"

REFUSED = [
    ("POST", SESSIONS, "", "parameter_missing", "account_holder", "Missing required param: account_holder."),
    ("POST", SESSIONS, HOLDER, "parameter_missing", "permissions", "Missing required param: permissions."),
    (
        "POST",
        SESSIONS,
        HOLDER + "&permissions[]=balances&foo=1",
        "parameter_unknown",
        "foo",
        "Received unknown parameter: foo",
    ),
    (
        "POST",
        SESSIONS,
        HOLDER + "&permissions[]=balances&foo=1&bar=2",
        "parameter_unknown",
        "foo",
        "Received unknown parameters: foo, bar",
    ),
    (
        "POST",
        SESSIONS,
        HOLDER + "&permissions[]=everything",
        None,
        "permissions[0]",
        "Invalid permissions[0]: must be one of balances, ownership, payment_method, or transactions",
    ),
    ("POST", SESSIONS, HOLDER + "&permissions=balances", None, "permissions", "Invalid array"),
    (
        "POST",
        SESSIONS,
        HOLDER + "&permissions=",
        "parameter_invalid_empty",
        "permissions",
        "You passed an empty string",
    ),
    ("POST", SESSIONS, "account_holder=cus&permissions[]=balances", None, "account_holder", "Invalid object"),
    (
        "POST",
        SESSIONS,
        HOLDER + "&permissions[]=balances&return_url=nope",
        "url_invalid",
        "return_url",
        "Not a valid URL",
    ),
    (
        "POST",
        SESSIONS,
        HOLDER + "&permissions[]=balances&limits[accounts]=0",
        "parameter_invalid_integer",
        "limits[accounts]",
        "This value must be greater than or equal to 1.",
    ),
    (
        "POST",
        SESSIONS,
        HOLDER + "&permissions[]=balances&limits[accounts]=x",
        "parameter_invalid_integer",
        "limits[accounts]",
        "Invalid integer: x",
    ),
    ("POST", SESSIONS, HOLDER + "&permissions[]=balances&prefetch[]=ownership", None, "prefetch[0]", "You cannot set"),
    (
        "POST",
        SESSIONS,
        "account_holder[type]=customer&permissions[]=balances",
        "parameter_missing",
        "account_holder[customer]",
        "Missing required param: account_holder[customer].",
    ),
    (
        "POST",
        SESSIONS,
        "account_holder[type]=account&account_holder[customer]=cus_1&permissions[]=balances",
        None,
        "account_holder[customer]",
        "You cannot set",
    ),
    (
        "POST",
        SESSIONS,
        "account_holder[type]=customer&account_holder[customer]=cus_1&permissions[]=balances",
        "resource_missing",
        "account_holder[customer]",
        "No such customer: 'cus_1'",
    ),
    (
        "POST",
        SESSIONS,
        HOLDER + "&permissions[]=balances&filters[country]=XX",
        "country_code_invalid",
        "filters[country]",
        "Country 'XX' is unknown.",
    ),
    ("POST", "/v1/customers", "email=nope", "email_invalid", "email", "Invalid email address: nope"),
    ("POST", "/v1/customers", "name[a]=b", None, "name", "Invalid string"),
    (
        "POST",
        "/v1/customers",
        "name=" + "x" * 257,
        None,
        "name",
        "Invalid string: xxxxxxxxxx...xxxxxxxxxx; must be at most 256 characters",
    ),
    ("POST", "/v1/products", "name=a&active=yes", None, "active", "Invalid boolean: yes"),
    ("POST", "/v1/products", "name=", "parameter_invalid_empty", "name", "You passed an empty string for 'name'."),
    ("GET", "/v1/customers", "limit=0", "parameter_invalid_integer", "limit", "This value must be greater"),
    ("GET", "/v1/customers", "limit=101", "parameter_invalid_integer", "limit", "This value must be less"),
    ("GET", "/v1/customers", "starting_after=cus_x", "resource_missing", "starting_after", "No such customer: 'cus_x'"),
    (
        "GET",
        "/v1/customers",
        "starting_after=a&ending_before=b",
        "parameters_exclusive",
        "ending_before",
        "You may only",
    ),
    ("GET", "/v1/customers", "created[foo]=1", "parameter_unknown", "created[foo]", "Received unknown parameter"),
    ("GET", "/v1/customers", "created=soon", "parameter_invalid_integer", "created", "Invalid integer: soon"),
    ("POST", "/v1/climate/orders", "product=x&metric_tons=much", None, "metric_tons", "Invalid decimal: much"),
    (
        "POST",
        "/v1/tax/calculations",
        "currency=xyz&line_items[0][amount]=1",
        None,
        "currency",
        "Invalid currency: xyz.",
    ),
]


@pytest.mark.parametrize(("method", "path", "form", "code", "param", "message"), REFUSED)
def test_refused(method: str, path: str, form: str, code: str | None, param: str, message: str) -> None:
    error = Caller().refused(method, path, form)
    assert (error["status"], error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error["param"]) == (code, param)
    assert error["message"].startswith(message)


def test_nothing_is_made_by_a_refused_request() -> None:
    call = Caller()
    call.refused("POST", "/v1/customers", "name=a&expand[]=nothing")
    assert call.get("/v1/customers")["data"] == []
    assert call.events() == []


def test_a_blank_value_unsets() -> None:
    call = Caller()
    made = call.post("/v1/customers", "name=a&description=b&address[city]=c")
    path = f"/v1/customers/{made['id']}"
    changed = call.post(path, "name=&address=")
    assert (changed["name"], changed["description"], changed["address"]) == (None, "b", None)


def test_metadata_is_merged() -> None:
    call = Caller()
    made = call.post("/v1/customers", "metadata[a]=1&metadata[b]=2&metadata[7]=x")
    assert made["metadata"] == {"a": "1", "b": "2", "7": "x"}
    path = f"/v1/customers/{made['id']}"
    assert call.post(path, "metadata[b]=&metadata[c]=3")["metadata"] == {"a": "1", "7": "x", "c": "3"}
    assert call.post(path, "metadata=")["metadata"] == {}


@pytest.mark.parametrize(
    "form",
    [
        f"metadata[{'k' * 41}]=v",
        f"metadata[k]={'v' * 501}",
        "&".join(f"metadata[k{number}]=v" for number in range(51)),
        "metadata[k][nested]=v",
        "metadata=word",
    ],
)
def test_metadata_has_bounds(form: str) -> None:
    assert Caller().refused("POST", "/v1/customers", form)["status"] == 400


def test_metadata_cannot_grow_over_its_bound_by_updates() -> None:
    call = Caller()
    full = "&".join(f"metadata[k{number}]=v" for number in range(50))
    made = call.post("/v1/customers", full)
    assert call.refused("POST", f"/v1/customers/{made['id']}", "metadata[one]=more")["param"] == "metadata"
    call.post(f"/v1/customers/{made['id']}", "metadata[one]=more&metadata[k0]=")


def linked(call: Caller) -> str:
    form = HOLDER + "&permissions[]=balances&permissions[]=ownership&prefetch[]=ownership"
    session = call.post(SESSIONS, form)
    done = call.control(f"financial_connections/sessions/{session['id']}/complete")
    call.advance(60)
    return str(done["accounts"]["data"][0]["id"])


def test_an_id_becomes_its_object_when_expanded() -> None:
    call = Caller()
    account = linked(call)
    path = f"/v1/financial_connections/accounts/{account}"
    assert isinstance(call.get(path)["ownership"], str)
    shown = call.get(path, "expand[]=ownership&expand[]=account_holder.customer")
    assert shown["ownership"]["object"] == "financial_connections.account_ownership"
    assert shown["account_holder"]["customer"]["id"] == CUSTOMER


def test_expansion_in_a_list_begins_with_data() -> None:
    call = Caller()
    linked(call)
    listed = call.get("/v1/financial_connections/accounts", "expand[]=data.ownership")
    assert {type(account["ownership"]) for account in listed["data"]} == {dict}
    error = call.refused("GET", "/v1/financial_connections/accounts", "expand[]=ownership")
    assert error["message"] == (
        "This property cannot be expanded (ownership). You may want to try expanding 'data.ownership' instead."
    )


def test_expansion_goes_through_embedded_lists() -> None:
    call = Caller()
    session = call.post(SESSIONS, HOLDER + "&permissions[]=ownership&prefetch[]=ownership")
    call.control(f"financial_connections/sessions/{session['id']}/complete")
    call.advance(60)
    shown = call.get(f"{SESSIONS}/{session['id']}", "expand[]=accounts.data.ownership")
    assert shown["accounts"]["data"][0]["ownership"]["owners"]["data"][0]["name"] == "Jane Smith"


@pytest.mark.parametrize("path", ["nothing", "id", "account_holder", "ownership.id", "", "balance.cash"])
def test_what_cannot_be_expanded(path: str) -> None:
    call = Caller()
    error = call.refused("GET", f"/v1/financial_connections/accounts/{linked(call)}", f"expand[]={path}")
    assert error["status"] == 400


def test_expansion_is_no_deeper_than_four_levels() -> None:
    error = Caller().refused("GET", "/v1/customers", "expand[]=data.a.b.c.d")
    assert error["message"].startswith("You cannot expand more than 4 levels")


def test_a_list_that_is_embedded_may_be_named_in_an_expansion() -> None:
    shown = Caller().post(SESSIONS, HOLDER + "&permissions[]=balances&expand[]=accounts")
    assert shown["accounts"]["data"] == []


def test_what_was_made_elsewhere_is_shown_in_full() -> None:
    call = Caller(version=ENDIVE)
    elsewhere = "account_holder[type]=account&account_holder[account]=acct_1abcdefghijklmno&permissions[]=balances"
    for form, name in ((HOLDER + "&permissions[]=balances", "customer"), (elsewhere, "account")):
        shown = call.post(SESSIONS, f"{form}&expand[]=account_holder.{name}")["account_holder"][name]
        assert list(faults(shown, model_of(name))) == []
    method = "pm_1" + "A" * 23
    made = call.post("/v1/customers", f"invoice_settings[default_payment_method]={method}")
    shown = call.get(f"/v1/customers/{made['id']}", "expand[]=invoice_settings.default_payment_method")
    assert list(faults(shown["invoice_settings"]["default_payment_method"], model_of("payment_method"))) == []


def test_payment_methods_of_a_customer() -> None:
    call = Caller()
    mine, other = call.post("/v1/customers")["id"], call.post("/v1/customers")["id"]
    method = call.post("/v1/payment_methods/pm_card_visa/attach", f"customer={mine}")["id"]
    path = f"/v1/customers/{mine}/payment_methods"
    assert [one["id"] for one in call.get(path)["data"]] == [method]
    assert call.get(path)["url"] == path
    assert call.get(f"{path}/{method}")["customer"] == mine
    assert call.get(path, "type=us_bank_account")["data"] == []
    assert call.refused("GET", f"/v1/customers/{other}/payment_methods/{method}")["code"] == "resource_missing"
    assert call.refused("GET", "/v1/customers/cus_nobody/payment_methods")["param"] == "customer"
