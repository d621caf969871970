"""Tax: arithmetic, places, registrations over time, transactions and what is left to reverse."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.fake import Fake, Options
from fcproxy.fake.resources.tax_lines import Place, tax_on
from fcproxy.fake.resources.tax_rates import rate_of, state_of_zip
from fcproxy.fake.resources.tax_registrations import OPTIONS
from tests.fake.support import Caller, Doc

TAX = "/v1/tax"
US = (
    "customer_details[address][country]=US&customer_details[address][postal_code]={}"
    "&customer_details[address_source]=billing"
)
CALIFORNIA = US.format("94080")
DAY = 86_400


def calculate(
    call: Caller, lines: str = "line_items[0][amount]=1499", customer: str = CALIFORNIA, more: str = ""
) -> Doc:
    return call.post(f"{TAX}/calculations", f"currency=usd&{lines}&{customer}&{more}")


def register(
    call: Caller, country: str = "US", options: str = "[state]=CA;[type]=state_sales_tax", more: str = ""
) -> Doc:
    given = "".join(f"&country_options[{country.lower()}]{option}" for option in options.split(";"))
    start = "" if "active_from" in more else "&active_from=now"
    return call.post(f"{TAX}/registrations", f"country={country}{given}{start}&{more}")


def test_the_sample_calculation() -> None:
    call = Caller()
    register(call)
    done = calculate(call, more="shipping_cost[amount]=300&expand[]=line_items")
    assert (done["amount_total"], done["tax_amount_exclusive"], done["tax_amount_inclusive"]) == (1947, 148, 0)
    assert done["expires_at"] == call.fake.now() + 90 * DAY
    line = done["line_items"]["data"][0]
    assert (line["amount"], line["amount_tax"], line["reference"], line["quantity"]) == (1499, 148, "L1", 1)
    assert (line["tax_behavior"], line["tax_code"]) == ("exclusive", "txcd_10000000")
    rates = [
        (item["tax_rate_details"]["percentage_decimal"], item["taxability_reason"]) for item in done["tax_breakdown"]
    ]
    assert rates == [("9.875", "standard_rated"), ("0.0", "product_exempt")]
    assert "line_items" not in call.get(f"{TAX}/calculations/{done['id']}")


def test_tax_that_is_part_of_the_amount() -> None:
    call = Caller()
    register(call, "DE", "[type]=standard")
    customer = "customer_details[address][country]=DE&customer_details[address_source]=shipping"
    done = calculate(call, "line_items[0][amount]=1190&line_items[0][tax_behavior]=inclusive", customer)
    assert (done["amount_total"], done["tax_amount_exclusive"], done["tax_amount_inclusive"]) == (1190, 0, 190)
    assert done["tax_breakdown"][0]["taxable_amount"] == 1000


@given(
    st.integers(-(10**9), 10**9), st.sampled_from(["inclusive", "exclusive"]), st.sampled_from(["DE", "GB", "AU", "JP"])
)
def test_arithmetic(amount: int, behavior: str, country: str) -> None:
    rate = rate_of(country, None)
    assert rate is not None
    taxed = tax_on(amount, behavior, "txcd_10000000", Place(country, None, collecting=True))
    share = Decimal(rate.percentage) / 100
    if behavior == "exclusive":
        assert abs(taxed.tax - amount * share) <= Decimal("0.5")
    else:
        assert taxed.tax + taxed.taxable == amount
        assert abs(taxed.taxable * (1 + share) - amount) <= (1 + share) / 2


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("customer_details[taxability_override]=customer_exempt", "customer_exempt"),
        ("customer_details[taxability_override]=reverse_charge", "reverse_charge"),
        ("line_items[0][tax_code]=txcd_00000000", "product_exempt"),
    ],
)
def test_reasons_for_no_tax(more: str, reason: str) -> None:
    call = Caller()
    register(call)
    done = calculate(call, more=more)
    assert done["tax_amount_exclusive"] == 0
    assert [item["taxability_reason"] for item in done["tax_breakdown"]] == [reason]


def test_nothing_is_collected_without_a_registration() -> None:
    call = Caller()
    done = calculate(call, more="expand[]=line_items.data.tax_breakdown")
    assert (done["amount_total"], done["tax_breakdown"][0]["taxability_reason"]) == (1499, "not_collecting")
    register(call, "US", "[state]=NY;[type]=state_sales_tax")
    assert calculate(call)["tax_breakdown"][0]["taxability_reason"] == "not_collecting"


def test_a_union_scheme_covers_the_union() -> None:
    call = Caller()
    register(call, "IE", "[type]=oss_union")
    customer = "customer_details[address][country]=FR&customer_details[address_source]=billing"
    assert calculate(call, customer=customer)["tax_amount_exclusive"] == 300


@pytest.mark.parametrize(
    ("customer", "code", "param"),
    [
        ("customer_details[tax_ids][]=", "parameter_invalid_empty", "customer_details[tax_ids][0]"),
        ("", "parameter_missing", "customer_details"),
        ("customer=cus_x", "resource_missing", "customer"),
        ("customer=cus_NiKSWdaFz2F6I0", "customer_tax_location_invalid", "customer_details[address]"),
        (US.format("abc"), "customer_tax_location_invalid", "customer_details[address]"),
        ("customer_details[address][country]=US", "parameter_missing", "customer_details[address_source]"),
        ("customer_details[ip_address]=300.1.1.1", None, "customer_details[ip_address]"),
    ],
)
def test_customers_that_are_nowhere(customer: str, code: str | None, param: str) -> None:
    error = Caller().refused("POST", f"{TAX}/calculations", f"currency=usd&line_items[0][amount]=1&{customer}")
    assert (error["status"], error.get("code"), error["param"]) == (400, code, param)


def test_a_stored_customer_has_its_address() -> None:
    call = Caller()
    register(call)
    customer = call.post("/v1/customers", "address[country]=US&address[postal_code]=94080")
    done = calculate(call, customer=f"customer={customer['id']}")
    assert (done["customer"], done["tax_amount_exclusive"]) == (customer["id"], 148)
    assert done["customer_details"]["address_source"] == "billing"


def test_a_strict_fake_wants_its_settings_first() -> None:
    call = Caller(Fake(options=Options(strict=True)))
    form = f"currency=usd&line_items[0][amount]=1&{CALIFORNIA}"
    assert call.refused("POST", f"{TAX}/calculations", form)["code"] == "stripe_tax_inactive"
    call.post(f"{TAX}/settings", "head_office[address][country]=DE")
    call.post(f"{TAX}/calculations", form)


def test_lines_are_in_their_order_and_paged() -> None:
    call = Caller()
    lines = "&".join(f"line_items[{n}][amount]={n}&line_items[{n}][reference]=r{n}" for n in range(12))
    done = calculate(call, lines, more="expand[]=line_items")
    assert [line["reference"] for line in done["line_items"]["data"]] == [f"r{n}" for n in range(10)]
    assert done["line_items"]["has_more"]
    page = call.get(done["line_items"]["url"], f"starting_after={done['line_items']['data'][-1]['id']}")
    assert [line["reference"] for line in page["data"]] == ["r10", "r11"]
    same = "line_items[0][amount]=1&line_items[0][reference]=a&line_items[1][amount]=1&line_items[1][reference]=a"
    assert call.refused("POST", f"{TAX}/calculations", f"currency=usd&{CALIFORNIA}&{same}")["status"] == 400


def test_a_calculation_expires() -> None:
    call = Caller()
    done = calculate(call)
    path = f"{TAX}/calculations/{done['id']}"
    call.advance(90 * DAY - 1)
    call.get(path)
    call.advance(1)
    assert call.refused("GET", path)["status"] == 404
    assert call.refused("GET", f"{path}/line_items")["status"] == 404
    form = f"calculation={done['id']}&reference=a"
    assert call.refused("POST", f"{TAX}/transactions/create_from_calculation", form)["param"] == "calculation"


def test_settings_become_active() -> None:
    call = Caller()
    settings = call.get(f"{TAX}/settings")
    assert (settings["status"], settings["status_details"]) == (
        "pending",
        {"pending": {"missing_fields": ["head_office"]}},
    )
    call.post(f"{TAX}/settings", "head_office[address][country]=US")
    assert call.get(f"{TAX}/settings")["status"] == "pending"
    settings = call.post(f"{TAX}/settings", "head_office[address][state]=CA&defaults[tax_behavior]=inclusive")
    assert (settings["status"], settings["status_details"]) == ("active", {"active": {}})
    assert settings["head_office"]["address"]["country"] == "US"
    event = call.get("/v1/events")["data"][0]
    assert event["type"] == "tax.settings.updated"
    assert event["data"]["previous_attributes"]["status"] == "pending"
    call.post(f"{TAX}/settings", "defaults[tax_behavior]=inclusive")
    assert len(call.events()) == 2
    assert calculate(call)["tax_breakdown"][0]["inclusive"] is True


def test_registrations_follow_the_clock() -> None:
    call = Caller()
    now = call.fake.now()
    scheduled = register(call, more=f"active_from={now + DAY}&expires_at={now + 2 * DAY}")
    path = f"{TAX}/registrations/{scheduled['id']}"
    seen = [scheduled["status"]]
    for _ in range(2):
        call.advance(DAY)
        seen.append(call.get(path)["status"])
    assert seen == ["scheduled", "active", "expired"]
    assert call.get(f"{TAX}/registrations", "status=active")["data"] == []
    assert len(call.get(f"{TAX}/registrations", "status=all")["data"]) == 1


def test_registrations_are_updated() -> None:
    call = Caller()
    made = register(call)
    path = f"{TAX}/registrations/{made['id']}"
    assert call.refused("POST", path, "active_from=now")["status"] == 400
    assert call.post(path, f"expires_at={call.fake.now() + DAY}")["status"] == "active"
    assert call.post(path, "expires_at=")["expires_at"] is None
    assert call.post(path, "expires_at=now")["status"] == "expired"
    assert call.refused("POST", path, "expires_at=")["status"] == 400


def test_a_place_has_one_registration() -> None:
    call = Caller()
    register(call)
    form = "country=US&active_from=now&country_options[us][state]={}&country_options[us][type]=state_sales_tax"
    assert call.refused("POST", f"{TAX}/registrations", form.format("CA"))["code"] == "resource_already_exists"
    call.post(f"{TAX}/registrations", form.format("NY"))


@pytest.mark.parametrize("country", sorted(OPTIONS))
def test_every_country_can_be_registered(country: str) -> None:
    options = OPTIONS[country].fields
    kind = options["type"].choices[0]
    place = {"us": ";[state]=CA", "ca": ";[province_standard][province]=QC"}.get(country, "")
    made = register(Caller(), country.upper(), f"[type]={kind}{place}")
    assert (made["country"], made["country_options"][country]["type"]) == (country.upper(), kind)


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ("country=US&country_options[ca][type]=standard", "country_options[ca]"),
        ("country=XX&country_options[us][state]=CA&country_options[us][type]=state_sales_tax", "country"),
        ("country=DE&country_options[de][type]=ioss&country_options[de][standard][place_of_supply_scheme]=standard",
         "country_options[de][standard]"),
        ("country=CA&country_options[ca][type]=province_standard", "country_options[ca][province_standard]"),
        ("country=AQ&country_options[us][type]=state_sales_tax&country_options[us][state]=CA", "country"),
    ],
)  # fmt: skip
def test_registrations_that_cannot_be(form: str, param: str) -> None:
    error = Caller().refused("POST", f"{TAX}/registrations", f"active_from=now&{form}")
    assert (error["status"], error["param"]) == (400, param)


def transaction(call: Caller, reference: str = "order") -> Doc:
    done = calculate(call, "line_items[0][amount]=1000&line_items[1][amount]=500", more="shipping_cost[amount]=300")
    form = f"calculation={done['id']}&reference={reference}"
    return call.post(f"{TAX}/transactions/create_from_calculation", form)


def reverse(call: Caller, original: Doc, reference: str, more: str = "mode=full") -> Doc:
    form = f"original_transaction={original['id']}&reference={reference}&{more}"
    return call.post(f"{TAX}/transactions/create_reversal", form)


def test_a_full_reversal_takes_everything_back_once() -> None:
    call = Caller()
    register(call)
    original = transaction(call)
    reversal = reverse(call, original, "back")
    assert (reversal["type"], reversal["reversal"]) == ("reversal", {"original_transaction": original["id"]})
    assert [line["amount"] for line in reversal["line_items"]["data"]] == [-1000, -500]
    assert [line["amount_tax"] for line in reversal["line_items"]["data"]] == [-99, -49]
    assert reversal["shipping_cost"]["amount"] == -300
    form = f"mode=full&original_transaction={original['id']}&reference=again"
    assert call.refused("POST", f"{TAX}/transactions/create_reversal", form)["param"] == "original_transaction"
    form = f"mode=full&original_transaction={reversal['id']}&reference=again"
    assert call.refused("POST", f"{TAX}/transactions/create_reversal", form)["status"] == 400


def test_references_are_unique_among_transactions_and_reversals() -> None:
    call = Caller()
    original = transaction(call)
    reverse(call, original, "back", "mode=partial&flat_amount=-10")
    for reference in ("order", "back"):
        form = f"mode=partial&flat_amount=-10&original_transaction={original['id']}&reference={reference}"
        assert call.refused("POST", f"{TAX}/transactions/create_reversal", form)["code"] == "resource_already_exists"


@given(st.lists(st.integers(1, 900), min_size=1, max_size=4))
def test_flat_reversals_add_up(amounts: list[int]) -> None:
    call = Caller()
    register(call)
    original = transaction(call)
    left = sum(line["amount"] + line["amount_tax"] for line in original["line_items"]["data"])
    for number, amount in enumerate(amounts):
        form = f"original_transaction={original['id']}&reference=r{number}&mode=partial&flat_amount=-{amount}"
        reversal = call("POST", f"{TAX}/transactions/create_reversal", form)
        assert (call.status == 200) == (amount <= left)
        if call.status == 200:
            lines = reversal["line_items"]["data"]
            assert sum(line["amount"] + line["amount_tax"] for line in lines) == -amount
            left -= amount


def test_more_than_what_is_left_cannot_be_reversed() -> None:
    call = Caller()
    original = transaction(call)
    line = original["line_items"]["data"][0]["id"]
    form = "mode=partial&line_items[0][reference]=x&line_items[0][amount_tax]=0&line_items[0][amount]={}"
    chosen = f"&line_items[0][original_line_item]={line}"
    reverse(call, original, "a", form.format(-600) + chosen)
    rest = f"original_transaction={original['id']}&reference=b&{form.format(-401)}{chosen}"
    assert call.refused("POST", f"{TAX}/transactions/create_reversal", rest)["param"] == "line_items"
    reverse(call, original, "c", form.format(-400) + chosen)


@pytest.mark.parametrize(
    ("postal_code", "state"),
    [
        ("94080", "CA"),
        ("10001", "NY"),
        ("00501", "NY"),
        ("99501", "AK"),
        ("75001-1234", "TX"),
        ("9408", None),
        ("x" * 5, None),
    ],
)
def test_states_of_zip_codes(postal_code: str, state: str | None) -> None:
    assert state_of_zip(postal_code) == state


def test_there_are_no_associations() -> None:
    error = Caller().refused("GET", f"{TAX}/associations/find", "payment_intent=pi_1")
    assert (error["status"], error["code"]) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("form", "source", "override", "tax"),
    [
        ("", "billing", "none", 148),
        ("tax_exempt=exempt", "billing", "customer_exempt", 0),
        ("tax_exempt=reverse", "billing", "reverse_charge", 0),
        ("shipping[name]=A&shipping[address][country]=US&shipping[address][postal_code]=97201", "shipping", "none", 0),
    ],
)
def test_a_stored_customer_says_where_and_whether_tax_is_due(form: str, source: str, override: str, tax: int) -> None:
    call = Caller()
    register(call)
    made = call.post("/v1/customers", f"address[country]=US&address[postal_code]=94080&{form}")
    done = calculate(call, customer=f"customer={made['id']}")
    details = done["customer_details"]
    assert (details["address_source"], details["taxability_override"]) == (source, override)
    assert done["tax_amount_exclusive"] == tax


@pytest.mark.parametrize(("country", "shown"), [("NO", True), ("DE", True), ("AL", False), ("ZA", False)])
def test_the_place_of_supply_is_shown_where_stripe_shows_it(country: str, shown: bool) -> None:
    made = register(Caller(), country, "[type]=standard;[standard][place_of_supply_scheme]=inbound_goods")
    scheme = {"place_of_supply_scheme": "inbound_goods"}
    wanted = {"standard": scheme, "type": "standard"} if shown else {"type": "standard"}
    assert made["country_options"] == {country.lower(): wanted}


def test_a_line_is_taxed_where_its_service_is_performed() -> None:
    call = Caller(version="2026-10-28.endive")
    register(call)
    register(call, "DE", "[type]=standard")
    place = call.post(f"{TAX}/locations", "type=performance&address[country]=DE&description=Club")
    lines = f"line_items[0][amount]=1000&line_items[0][performance_location]={place['id']}&line_items[1][amount]=1000"
    done = calculate(call, lines, more="expand[]=line_items.data.tax_breakdown")
    shown = [
        (line["amount_tax"], line["performance_location"], line["tax_breakdown"][0]["sourcing"])
        for line in done["line_items"]["data"]
    ]
    assert shown == [(190, place["id"], "performance"), (99, None, "destination")]
    wrong = "currency=usd&line_items[0][amount]=1&line_items[0][performance_location]=taxloc_none&" + CALIFORNIA
    error = call.refused("POST", f"{TAX}/calculations", wrong)
    assert (error["code"], error["param"]) == ("resource_missing", "line_items[0][performance_location]")
