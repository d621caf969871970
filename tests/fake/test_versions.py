"""What depends on the version: parameters, words and fields, each just before it came or went, and from then on.

Source: the changelogs of Stripe's API and of its SDKs.
"""

from collections.abc import Callable

import pytest

from fcproxy.fake.versions import DEFAULT_VERSION, RELEASES
from tests.fake.support import CUSTOMER, Caller, Doc

SESSIONS = "/v1/financial_connections/sessions"
HOLDER = f"account_holder[type]=customer&account_holder[customer]={CUSTOMER}&permissions[]=balances"
HOLDER_ACCOUNT = "account_holder[type]=customer&account_holder[customer_account]=acct_1abcdefghijklmno"
VS = "/v1/identity/verification_sessions"
REGISTRATIONS = "/v1/tax/registrations"
US = "country=US&active_from=now&country_options[us][state]=IL&country_options[us][type]="
CALCULATIONS = "/v1/tax/calculations"
CALCULATION = (
    "currency=usd&line_items[0][amount]=1&customer_details[address][country]=DE"
    "&customer_details[address_source]=billing"
)

PARAMETERS = [
    ("2025-12-15", SESSIONS, f"{HOLDER_ACCOUNT}&permissions[]=balances", "account_holder[customer_account]"),
    ("2026-07-29", SESSIONS, f"{HOLDER}&limits[accounts]=1", "limits"),
    ("2026-07-29", SESSIONS, f"{HOLDER}&manual_entry[mode]=disabled", "manual_entry"),
    (
        "2026-07-29",
        SESSIONS,
        f"{HOLDER}&filters[require_payment_method_support]=all",
        "filters[require_payment_method_support]",
    ),
    ("2026-09-30", SESSIONS, f"{HOLDER}&filters[country]=US", "filters[country]"),
    ("2025-12-15", VS, "type=document&related_customer_account=acct_1abcdefghijklmno", "related_customer_account"),
    (
        "2026-09-30",
        REGISTRATIONS,
        f"{US}parking_tax&country_options[us][parking_tax][jurisdiction]=1",
        "country_options[us][parking_tax]",
    ),
    (
        "2026-09-30",
        CALCULATIONS,
        f"{CALCULATION}&line_items[0][performance_location]={{location}}",
        "line_items[0][performance_location]",
    ),
]
"""From which version, where, with which form a parameter is taken that was unknown before."""
WORDS = [("2026-09-30", REGISTRATIONS, f"{US}digital_excise_tax", "country_options[us][type]")]
"""The same of words that were none of a parameter's before."""


def around(date: str) -> tuple[str, str]:
    """The last version before a date, and the first one from it on."""
    first = next(number for number, name in enumerate(RELEASES) if name >= date)
    return RELEASES[first - 1], RELEASES[first]


def with_location(call: Caller, form: str) -> str:
    if "{location}" not in form:
        return form
    made = call.post("/v1/tax/locations", "type=performance&address[country]=DE&address[city]=Berlin")
    return form.replace("{location}", made["id"])


@pytest.mark.parametrize(("date", "path", "form", "param"), PARAMETERS)
def test_a_parameter_comes_with_its_version(date: str, path: str, form: str, param: str) -> None:
    before, since = around(date)
    error = Caller(version=before).refused("POST", path, form)
    assert (error["code"], error["param"]) == ("parameter_unknown", param)
    for version in (since, RELEASES[-1], None):
        call = Caller(version=version)
        call.post(path, with_location(call, form))


@pytest.mark.parametrize(("date", "path", "form", "param"), WORDS)
def test_a_word_comes_with_its_version(date: str, path: str, form: str, param: str) -> None:
    before, since = around(date)
    error = Caller(version=before).refused("POST", path, form)
    assert (error["status"], error["param"]) == (400, param)
    assert "digital" not in error["message"]
    for version in (since, None):
        Caller(version=version).post(path, form)


def test_a_parameter_goes_with_its_version() -> None:
    before, since = around("2026-09-30")
    form = f"{HOLDER}&filters[countries][]=US"
    assert Caller(version=before).post(SESSIONS, form)["filters"]["countries"] == ["US"]
    assert Caller(version=since).refused("POST", SESSIONS, form)["param"] == "filters[countries]"


def session(call: Caller) -> Doc:
    made = call.post(
        SESSIONS,
        f"{HOLDER}&filters[country]=US&filters[require_payment_method_support]=all&limits[accounts]=1"
        "&manual_entry[mode]=disabled",
    )
    return {"path": f"{SESSIONS}/{made['id']}"}


def account(call: Caller) -> Doc:
    made = call.post(SESSIONS, f"{HOLDER_ACCOUNT}&permissions[]=balances")
    kind = {"institution": "Immediately Requires Reauthentication"}
    done = call.control(f"financial_connections/sessions/{made['id']}/complete", kind)
    return {"path": f"/v1/financial_connections/accounts/{done['accounts']['data'][0]['id']}"}


def check(call: Caller) -> Doc:
    made = call.post(VS, "type=document")
    return {"path": f"{VS}/{made['id']}"}


FIELDS = [
    ("2026-08-26", session, "filters.country"),
    ("2024-09-30", session, "filters.account_subcategories"),
    ("2026-07-29", session, "filters.require_payment_method_support"),
    ("2026-07-29", session, "limits"),
    ("2026-07-29", session, "manual_entry"),
    ("2025-11-17", account, "account_numbers"),
    ("2026-06-24", account, "status_details"),
    ("2025-12-15", account, "account_holder.customer_account"),
    ("2025-12-15", check, "related_customer_account"),
]
"""From which version a field is there, which one request made for every version to look at."""


def has(doc: Doc, path: str) -> bool:
    for word in path.split("."):
        if word not in doc:
            return False
        doc = doc[word]
    return True


@pytest.mark.parametrize(("date", "make", "path"), FIELDS)
def test_a_field_comes_with_its_version(date: str, make: Callable[[Caller], Doc], path: str) -> None:
    call = Caller()
    place, (before, since) = make(call)["path"], around(date)
    shown = {version: has(call.get(place, Stripe_Version=version), path) for version in (before, since, RELEASES[-1])}
    assert shown == {before: False, since: True, RELEASES[-1]: True}


def test_who_names_no_version_sees_what_newer_ones_added_and_nothing_of_previews() -> None:
    call = Caller()
    form = f"{CALCULATION}&expand[]=line_items"
    assert "performance_location" in call.post(CALCULATIONS, form)["line_items"]["data"][0]
    pinned = call.post(CALCULATIONS, form, Stripe_Version=DEFAULT_VERSION)["line_items"]["data"][0]
    assert "performance_location" not in pinned
    assert "ui_mode" not in call.get(session(call)["path"])


def test_a_field_goes_with_its_version() -> None:
    call = Caller()
    place, (before, since) = session(call)["path"], around("2026-09-30")
    shown = {name: has(call.get(place, Stripe_Version=name), "filters.countries") for name in (before, since)}
    assert shown == {before: True, since: False}
    assert has(call.get(place), "filters.countries")
    assert before == DEFAULT_VERSION
