"""Short stories through each product, which give every kind of object that it has, as the newest version shows it."""

from collections.abc import Callable, Iterator

from fcproxy.fake.params import Params
from fcproxy.fake.resources.identity_checks import LAST_ERRORS
from fcproxy.fake.resources.payment_method_cards import TEST_CARDS
from fcproxy.fake.resources.payment_method_types import TYPES
from fcproxy.fake.resources.tax_registrations import OPTIONS
from tests.fake.support import CUSTOMER, Caller, Doc

Journey = Callable[[Caller], Iterator[Doc]]

SESSION = (
    f"account_holder[type]=customer&account_holder[customer]={CUSTOMER}&permissions[]=balances&permissions[]=ownership"
    "&permissions[]=transactions&permissions[]=payment_method"
)
FAILURES = ("document_expired", "selfie_face_mismatch", "id_number_mismatch", "abandoned", "email_unverified_other")
TAX_CUSTOMER = (
    "customer_details[address][country]=US&customer_details[address][postal_code]=94080"
    "&customer_details[address_source]=billing"
)
HIDDEN = ("sources", "tax_ids", "cash_balance", "subscriptions", "invoice_credit_balance", "tax")
"""What a customer shows only when it is expanded."""
FC = "/v1/financial_connections"
VS = "/v1/identity/verification_sessions"


def financial_connections(call: Caller) -> Iterator[Doc]:
    """A session with everything asked for, its accounts, owners and transactions."""
    session = call.post(
        f"{FC}/sessions",
        f"{SESSION}&prefetch[]=balances&prefetch[]=ownership&prefetch[]=transactions&filters[country]=US"
        "&limits[accounts]=2&manual_entry[mode]=automatic&return_url=https://example.com/back",
    )
    yield session
    call.control(f"financial_connections/sessions/{session['id']}/complete")
    yield call.get(f"{FC}/sessions/{session['id']}")
    call.advance(60)
    for account in call.get(f"{FC}/accounts", "expand[]=data.ownership")["data"]:
        yield account
        yield account["ownership"]
        owners = call.get(f"{FC}/accounts/{account['id']}/owners", f"ownership={account['ownership']['id']}")
        yield from owners["data"]
        yield from call.get(f"{FC}/transactions", f"account={account['id']}")["data"]
        yield call.post(f"{FC}/accounts/{account['id']}/disconnect")


def tokenized_and_relink(call: Caller) -> Iterator[Doc]:
    """Accounts of the institutions that say more of them."""
    for institution in ("Tokenized Account Number", "Immediately Requires Reauthentication", "Inactive Accounts"):
        session = call.post(f"{FC}/sessions", SESSION)
        done = call.control(f"financial_connections/sessions/{session['id']}/complete", {"institution": institution})
        for account in done["accounts"]["data"]:
            yield call.get(f"{FC}/accounts/{account['id']}")


def identity(call: Caller) -> Iterator[Doc]:
    """A check that fails, then passes, and is redacted."""
    session = call.post(
        VS,
        "type=document&options[document][require_id_number]=true&options[document][require_matching_selfie]=true"
        "&options[document][allowed_types][]=passport&provided_details[email]=a@example.com&metadata[order]=1"
        f"&related_customer={CUSTOMER}&return_url=https://example.com",
    )
    yield session
    for code in FAILURES:
        yield call.control(f"identity/verification_sessions/{session['id']}/fail", {"code": code})
    call.control(f"identity/verification_sessions/{session['id']}/verify", {"first_name": "Ada"})
    yield call.get(
        f"{VS}/{session['id']}",
        "expand[]=verified_outputs.dob&expand[]=verified_outputs.id_number&expand[]=last_verification_report.document.dob",
    )
    yield from call.get("/v1/identity/verification_reports")["data"]
    yield call.post(f"{VS}/{session['id']}/redact")
    call.advance(3600)
    yield call.get(f"{VS}/{session['id']}", "expand[]=verified_outputs")
    yield from call.get("/v1/identity/verification_reports", "expand[]=data.document.number")["data"]
    yield call.post(VS, "type=id_number")
    yield call.post(VS, "verification_flow=vf_1")


def failed_checks(call: Caller) -> Iterator[Doc]:
    """Sessions of every type, failed for every reason, also those that they did not ask to be checked."""
    for form in ("type=document", "type=id_number", "verification_flow=vf_1"):
        session = call.post(VS, form)
        for code in LAST_ERRORS:
            yield call.control(f"identity/verification_sessions/{session['id']}/fail", {"code": code})
    yield from call.get("/v1/identity/verification_reports", "limit=100")["data"]


def registrations(call: Caller) -> Iterator[Doc]:
    """Registrations of every type in every country, with the parameters that go with it."""
    for country, options in OPTIONS.items():
        for kind in options.fields["type"].choices:
            place = f"country_options[{country}]"
            form = f"country={country}&active_from=now&{place}[type]={kind}"
            if country == "us":
                form += f"&{place}[state]=CA"
            for name, param in options.fields[kind].fields.items() if kind in options.fields else ():
                if param.item is None:
                    form += f"&{place}[{kind}][{name}]={(*param.choices, 'QC')[0]}"
                else:
                    form += (
                        f"&{place}[{kind}][{name}][0][type]=local_use_tax&{place}[{kind}][{name}][0][jurisdiction]=003"
                    )
            yield call.post("/v1/tax/registrations", form)


def stores(call: Caller) -> Iterator[Doc]:
    """Customers, payment methods, products, events."""
    customer = call.post("/v1/customers", "name=Ada&email=ada@example.com&address[city]=London&metadata[a]=b")
    yield customer
    yield call.post(
        f"/v1/customers/{customer['id']}",
        "description=first&name=&business_name=Acme&shipping[name]=Ada&shipping[address][country]=US&tax_exempt=reverse"
        "&invoice_settings[custom_fields][0][name]=a&invoice_settings[custom_fields][0][value]=b&balance=-5"
        "&invoice_settings[rendering_options][amount_tax_display]=exclude_tax&tax[ip_address]=127.0.0.1&expand[]=tax",
    )
    yield call.post(f"/v1/customers/{customer['id']}", "business_name=&shipping=&tax_exempt=")
    everything = "&".join(f"expand[]={name}" for name in HIDDEN)
    kept = call.post(
        "/v1/customers",
        f"source=tok_visa&tax_id_data[0][type]=eu_vat&tax_id_data[0][value]=DE123456789&test_clock=clock_1{'A' * 23}"
        f"&cash_balance[settings][reconciliation_mode]=manual&validate=true&expand[]=default_source&{everything}",
    )
    yield kept
    yield kept["default_source"]
    yield call.post(f"/v1/customers/{kept['id']}/sources", "source=tok_amex")
    yield call.post(f"/v1/customers/{kept['id']}/tax_ids", "type=us_ein&value=12-3456789")
    yield from call.get(f"/v1/customers/{kept['id']}/tax_ids")["data"]
    call("DELETE", f"/v1/customers/{kept['id']}")
    yield call.get("/v1/payment_methods/pm_card_visa")
    card = "type=card&card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2034&card[cvc]=123"
    method = call.post("/v1/payment_methods", card)
    yield method
    yield call.post(f"/v1/payment_methods/{method['id']}/attach", f"customer={customer['id']}")
    yield call.post("/v1/payment_methods", "type=us_bank_account&us_bank_account[account_number]=000123456789")
    yield call.post(
        "/v1/customers", f"payment_method={method['id']}&invoice_settings[default_payment_method]={method['id']}"
    )
    yield call.post(
        f"/v1/payment_methods/{method['id']}", "card[exp_month]=1&card[exp_year]=2040&billing_details[tax_id]=1"
    )
    yield call.post(
        "/v1/products",
        "name=Gold&description=Shiny&tax_code=txcd_10000000&marketing_features[0][name]=Rare&package_dimensions[height]=1"
        "&package_dimensions[length]=2.5&package_dimensions[weight]=3&package_dimensions[width]=4&tax_details[performance_location]=taxloc_1",
    )
    for price in (
        "[unit_amount]=5&default_price_data[recurring][interval]=month&default_price_data[recurring][interval_count]=3",
        "[unit_amount_decimal]=0.5&default_price_data[tax_behavior]=inclusive&default_price_data[metadata][a]=b",
        "[custom_unit_amount][enabled]=true&default_price_data[custom_unit_amount][minimum]=100",
    ):
        product = call.post("/v1/products", f"name=Gold&default_price_data[currency]=EUR&default_price_data{price}")
        yield product
        yield call.get(f"/v1/prices/{product['default_price']}")
    yield from call.get("/v1/tax_codes")["data"]
    yield from call.get("/v1/events")["data"]


def method_types(call: Caller) -> Iterator[Doc]:
    """A PaymentMethod of every type, with what the type needs only, and with everything that it takes."""
    for name, row in TYPES.items():
        needed = {field: param for field, param in row.params.items() if param.required}
        yield call.post("/v1/payment_methods", f"type={name}{_filled(name, needed)}")
        yield call.post("/v1/payment_methods", f"type={name}{_filled(name, row.params)}&radar_options[session]=rse_1")
    for word in TEST_CARDS:
        yield call.get(f"/v1/payment_methods/pm_card_{word}")
        yield call.post("/v1/payment_methods", f"type=card&card[token]=tok_{word}&card[networks][preferred]=visa")


def _filled(place: str, params: Params) -> str:
    """A value for each parameter, as a form."""
    found = ""
    for name, param in params.items():
        full = f"{place}[{name}]"
        value = {"iban": "DE89370400440532013000"}.get(name, (*param.choices, "1")[0])
        found += _filled(full, param.fields) if param.fields else f"&{full}={value}"
    return found


def tax(call: Caller) -> Iterator[Doc]:
    """Settings, registrations, a calculation with everything, its transaction and reversals."""
    yield call.get("/v1/tax/settings")
    yield call.post(
        "/v1/tax/settings", "head_office[address][country]=US&head_office[address][state]=CA&defaults[tax_behavior]="
        "inferred_by_currency"
    )  # fmt: skip
    for options in (
        "country=US&country_options[us][state]=CA&country_options[us][type]=state_sales_tax",
        "country=DE&country_options[de][type]=oss_union",
        "country=NO&country_options[no][type]=standard",
        "country=CA&country_options[ca][type]=province_standard&country_options[ca][province_standard][province]=QC",
        "country=IN&country_options[in][type]=simplified",
    ):
        yield call.post("/v1/tax/registrations", f"active_from=now&{options}")
    location = call.post("/v1/tax/locations", "type=performance&address[country]=DE&address[city]=Berlin")
    yield location
    calculation = call.post(
        "/v1/tax/calculations",
        f"line_items[0][performance_location]={location['id']}&currency=usd&line_items[0][amount]=1499&line_items[0][reference]=a&line_items[0][metadata][k]=v"
        "&line_items[1][amount]=1000&line_items[1][tax_behavior]=inclusive&line_items[1][quantity]=2"
        f"&shipping_cost[amount]=300&{TAX_CUSTOMER}&customer_details[tax_ids][0][type]=us_ein"
        "&customer_details[tax_ids][0][value]=123456789&ship_from_details[address][country]=US"
        "&expand[]=line_items.data.tax_breakdown&expand[]=shipping_cost.tax_breakdown",
    )
    yield calculation
    yield from calculation["line_items"]["data"]
    yield from call.get(f"/v1/tax/calculations/{calculation['id']}/line_items")["data"]
    transaction = call.post(
        "/v1/tax/transactions/create_from_calculation",
        f"calculation={calculation['id']}&reference=order-1&metadata[a]=b",
    )
    yield transaction
    lines = call.get(f"/v1/tax/transactions/{transaction['id']}/line_items")["data"]
    yield from lines
    reverse = f"original_transaction={transaction['id']}&reference="
    line = (
        f"line_items[0][amount]=-100&line_items[0][amount_tax]=-10&line_items[0][original_line_item]={lines[0]['id']}"
    )
    yield call.post(
        "/v1/tax/transactions/create_reversal", f"mode=partial&{reverse}r1&{line}&line_items[0][reference]=l1"
    )
    yield call.post("/v1/tax/transactions/create_reversal", f"mode=partial&flat_amount=-200&{reverse}r2")
    reversal = call.post("/v1/tax/transactions/create_reversal", f"mode=full&{reverse}r3")
    yield reversal
    yield from call.get(f"/v1/tax/transactions/{reversal['id']}/line_items")["data"]


def climate(call: Caller) -> Iterator[Doc]:
    """Orders of both measures through all that may happen to them."""
    product = call.get("/v1/climate/products")["data"][0]
    yield product
    yield from call.get("/v1/climate/suppliers")["data"]
    order = call.post("/v1/climate/orders", f"product={product['id']}&amount=100000&beneficiary[public_name]=Ada")
    yield order
    yield call.control(f"climate/orders/{order['id']}/delay")
    yield call.control(f"climate/orders/{order['id']}/deliver")
    order = call.post("/v1/climate/orders", f"product={product['id']}&metric_tons=0.01&expand[]=product&currency=eur")
    yield order
    yield order["product"]
    yield call.post(f"/v1/climate/orders/{order['id']}/cancel")


def forwarding(call: Caller) -> Iterator[Doc]:
    """A card sent to the echo."""
    yield call.post(
        "/v1/forwarding/requests",
        "payment_method=pm_card_visa&url=https://echo.fcproxy.test/pay&replacements[]=card_number&replacements[]=card_cvc"
        '&request[body]={"card":{"number":"","cvc":""}}&request[headers][0][name]=X-Api-Key'
        "&request[headers][0][value]=hidden&metadata[a]=b",
    )


def webhooks(call: Caller) -> Iterator[Doc]:
    """An endpoint and an event for it."""
    endpoint = call.post(
        "/v1/webhook_endpoints", "url=https://example.com/hook&enabled_events[]=customer.created&description=x"
    )
    yield endpoint
    yield call.get(f"/v1/webhook_endpoints/{endpoint['id']}")
    yield call.post(f"/v1/webhook_endpoints/{endpoint['id']}", "metadata[a]=b")
    call.post("/v1/customers")
    event = call.get("/v1/events")["data"][0]
    yield event
    yield call.post(f"/v1/events/{event['id']}/retry", f"webhook_endpoint={endpoint['id']}")


JOURNEYS: tuple[Journey, ...] = (
    financial_connections,
    tokenized_and_relink,
    identity,
    stores,
    method_types,
    tax,
    registrations,
    failed_checks,
    climate,
    forwarding,
    webhooks,
)
