"""Tax Calculations. Source: docs.stripe.com/api/tax/calculations."""

import re
from ipaddress import ip_address

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError, refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import (
    ADDRESS,
    EMPTIABLE_ADDRESS,
    LIST,
    METADATA,
    Params,
    array,
    choice,
    group,
    integer,
    required,
    spanned,
    text,
    time,
)
from fcproxy.fake.resource import Kind, Resource, Route, Span
from fcproxy.fake.resources.tax_lines import Place, Taxed, summary, tax_on
from fcproxy.fake.resources.tax_locations import LOCATION
from fcproxy.fake.resources.tax_rates import IP_PLACE, SHIPPING_CODE, state_of_zip
from fcproxy.fake.resources.tax_registrations import collects
from fcproxy.fake.resources.tax_settings import tax_settings
from fcproxy.fake.state import Doc, Row, by
from fcproxy.stripe.envelope import list_envelope
from fcproxy.stripe.tax_ids import TAX_ID_TYPES

__all__ = ["RESOURCE", "usable_calculation"]

KIND = "tax.calculation"
LINE = "tax.calculation_line_item"
_URL = "/v1/tax/calculations"
DAY = 86_400
EXPIRES = 90 * DAY
TAX_DATE_WINDOW = 31 * DAY
"""How far a tax date may lie from now; Stripe's texts name 48 hours and 31 days."""
DEFAULT_TAX_CODE = "txcd_10000000"
SHOWN = 10
_TAX_CODE = re.compile(r"txcd_[0-9]{8}\Z")
_BEHAVIOR = choice("exclusive", "inclusive")
OVERRIDES = {"exempt": "customer_exempt", "reverse": "reverse_charge"}
"""What a stored customer's ``tax_exempt`` means for a calculation that does not say otherwise."""

_LINE: Params = {
    "amount": required(integer()),
    "metadata": METADATA,
    "performance_location": spanned(text(), since="2026-09-30"),
    "product": text(),
    "quantity": integer(least=1),
    "reference": text(most=500),
    "tax_behavior": _BEHAVIOR,
    "tax_code": text(),
}
_CREATE: Params = {
    "currency": required(text("currency")),
    "customer": text(),
    "customer_details": group(
        {
            "address": group(EMPTIABLE_ADDRESS),
            "address_source": choice("billing", "shipping"),
            "ip_address": text(),
            "tax_ids": array(group({"type": required(choice(*TAX_ID_TYPES)), "value": required(text())})),
            "taxability_override": choice("none", "customer_exempt", "reverse_charge"),
        }
    ),
    "line_items": required(array(group(_LINE), most=100)),
    "ship_from_details": group({"address": required(group(EMPTIABLE_ADDRESS))}),
    "shipping_cost": group(
        {"amount": integer(least=0), "shipping_rate": text(), "tax_behavior": _BEHAVIOR, "tax_code": text()}
    ),
    "tax_date": time(),
}

_LOCATION = ApiError(
    400,
    "invalid_request_error",
    "customer_tax_location_invalid",
    "We could not determine the customer's tax location based on the provided customer address.",
    "customer_details[address]",
)
_INACTIVE = ApiError(
    400,
    "invalid_request_error",
    "stripe_tax_inactive",
    "Stripe Tax has not been activated on your account: its tax settings are pending.",
)


def _address(given: Doc) -> Doc:
    return {name: given.get(name) for name in ADDRESS}


def _located(address: Doc | None) -> tuple[str, str | None]:
    """Country and state of an address. Raises StripeError (400) for one that does not say enough."""
    country = (address or {}).get("country")
    if not address or not country:
        raise StripeError(_LOCATION)
    state, postal_code = address.get("state"), address.get("postal_code") or ""
    if country == "US":
        found = state_of_zip(postal_code)
        if found is None:
            raise StripeError(_LOCATION)
        return country, found
    if country == "CA":
        if not state:
            raise StripeError(_LOCATION)
        return country, state
    return country, None


def _address_of(customer: Doc) -> tuple[Doc | None, str | None]:
    """A stored customer's address and which one it is: that of shipping goes before that of billing."""
    if customer["shipping"]:
        return customer["shipping"]["address"], "shipping"
    return customer["address"], "billing" if customer["address"] else None


def _details(call: Call) -> Doc:
    """The customer's details: those of the request, else those of the stored customer."""
    given = call.params.get("customer_details", {})
    if "customer" not in call.params and not given:
        raise refuse("one_needed", param="customer_details", names="customer, customer_details")
    address, source = given.get("address"), given.get("address_source")
    override = given.get("taxability_override")
    if address is not None and source is None:
        raise refuse("parameter_missing", param="customer_details[address_source]")
    if "customer" in call.params:
        call.known("customer", call.params["customer"], "customer")
        stored = call.find("customer", call.params["customer"])
        if address is None and stored is not None:
            address, source = _address_of(stored.doc)
        override = override or OVERRIDES.get(stored.doc["tax_exempt"] if stored else "")
    return {
        "address": _address(address) if address else None,
        "address_source": source,
        "ip_address": given.get("ip_address"),
        "tax_ids": given.get("tax_ids", []),
        "taxability_override": override or "none",
    }


def _place(call: Call, details: Doc) -> Place:
    address = details["address"]
    if address is None and details["ip_address"] is not None:
        try:
            ip_address(details["ip_address"])
        except ValueError:
            raise refuse("pattern", param="customer_details[ip_address]", value=details["ip_address"]) from None
        address = IP_PLACE
    country, state = _located(address)
    return Place(country, state, collects(call, country, state), details["taxability_override"])


def _place_of_line(call: Call, given: Doc, position: int, place: Place) -> Place:
    """Where a line is taxed: at the location that it names, else where the customer is."""
    if "performance_location" not in given:
        return place
    param = f"line_items[{position}][performance_location]"
    location = call.reference(LOCATION, given["performance_location"], param)
    country, state = _located(location.doc["address"])
    return Place(country, state, collects(call, country, state), place.override, "performance")


def _tax_code(call: Call, code: str, param: str) -> str:
    if not _TAX_CODE.match(code):
        raise refuse("missing_reference", param=param, words="tax code", id=code, hint="")
    return code


def _behavior(call: Call, given: str | None) -> str:
    default = given or tax_settings(call)["defaults"]["tax_behavior"] or "exclusive"
    if default == "inferred_by_currency":
        return "exclusive" if call.params["currency"] in ("usd", "cad") else "inclusive"
    return str(default)


def _code_of(call: Call, given: Doc, position: int) -> str:
    prefix = f"line_items[{position}]"
    code = given.get("tax_code")
    if "product" in given:
        call.known("product", given["product"], f"{prefix}[product]")
        product = call.find("product", given["product"])
        code = code or (product.doc["tax_code"] if product else None)
    code = code or tax_settings(call)["defaults"]["tax_code"] or DEFAULT_TAX_CODE
    return _tax_code(call, code, f"{prefix}[tax_code]")


def _line(call: Call, given: Doc, code: str, reference: str, taxed: Taxed) -> Doc:
    return {
        "id": call.mint(LINE),
        "object": LINE,
        "amount": taxed.amount,
        "amount_tax": taxed.tax,
        "livemode": call.livemode,
        "metadata": merge_metadata({}, given["metadata"]) if given.get("metadata") else None,
        "performance_location": given.get("performance_location"),
        "product": given.get("product"),
        "quantity": given.get("quantity", 1),
        "reference": reference,
        "tax_behavior": taxed.behavior,
        "tax_breakdown": taxed.breakdown(),
        "tax_code": code,
    }


def _references(given: list[Doc]) -> list[str]:
    """The lines' references, made up where none was given. Raises StripeError (400) where two are the same."""
    found: list[str] = []
    for position, line in enumerate(given):
        reference = line.get("reference", f"L{position + 1}")
        if reference in found:
            message = f"Line item references must be unique, and `{reference}` is not."
            raise refuse("state", param=f"line_items[{position}][reference]", message=message)
        found.append(reference)
    return found


def _shipping(call: Call, place: Place) -> tuple[Doc | None, Taxed | None]:
    given = call.params.get("shipping_cost")
    if not given:
        return None, None
    if "amount" in given and "shipping_rate" in given:
        raise refuse("exclusive", param="shipping_cost[shipping_rate]", names="amount, shipping_rate")
    if "shipping_rate" in given:
        raise refuse(
            "missing_reference",
            param="shipping_cost[shipping_rate]",
            words="shipping rate",
            id=given["shipping_rate"],
            hint="",
        )
    if "amount" not in given:
        raise refuse("parameter_missing", param="shipping_cost[amount]")
    code = _tax_code(call, given.get("tax_code", SHIPPING_CODE), "shipping_cost[tax_code]")
    taxed = tax_on(given["amount"], _behavior(call, given.get("tax_behavior")), code, place)
    return {
        "amount": taxed.amount,
        "amount_tax": taxed.tax,
        "tax_behavior": taxed.behavior,
        "tax_breakdown": taxed.breakdown(),
        "tax_code": code,
    }, taxed


def _tax_date(call: Call) -> int:
    moment = int(call.params.get("tax_date", call.now))
    if abs(moment - call.now) > TAX_DATE_WINDOW:
        raise refuse("state", param="tax_date", message="`tax_date` must be within 31 days of now.")
    return moment


def _create(call: Call) -> Doc:
    if call.strict and tax_settings(call)["status"] == "pending":
        raise StripeError(_INACTIVE)
    details = _details(call)
    place = _place(call, details)
    given = call.params["line_items"]
    _tax_date(call)
    codes = [_code_of(call, line, position) for position, line in enumerate(given)]
    taxed = [
        tax_on(line["amount"], _behavior(call, line.get("tax_behavior")), code, _place_of_line(call, line, at, place))
        for at, (line, code) in enumerate(zip(given, codes, strict=True))
    ]
    references = _references(given)
    shipping, shipping_taxed = _shipping(call, place)
    lines = [_line(call, *parts) for parts in zip(given, codes, references, taxed, strict=True)]
    return _store(call, details, lines, shipping, [*taxed, *([shipping_taxed] if shipping_taxed else [])])


def _store(call: Call, details: Doc, lines: list[Doc], shipping: Doc | None, taxed: list[Taxed]) -> Doc:
    object_id = call.mint(KIND)
    exclusive = sum(line.tax for line in taxed if not line.inclusive)
    ship_from = call.params.get("ship_from_details")
    items = [line["id"] for line in lines]
    doc = {
        "id": object_id,
        "object": KIND,
        "amount_total": sum(line.amount for line in taxed) + exclusive,
        "currency": call.params["currency"],
        "customer": call.params.get("customer"),
        "customer_details": details,
        "expires_at": call.now + EXPIRES,
        "line_items": list_envelope(items[:SHOWN], has_more=len(items) > SHOWN, url=f"{_URL}/{object_id}/line_items"),
        "livemode": call.livemode,
        "ship_from_details": {"address": _address(ship_from["address"])} if ship_from else None,
        "shipping_cost": shipping,
        "tax_amount_exclusive": exclusive,
        "tax_amount_inclusive": sum(line.tax for line in taxed if line.inclusive),
        "tax_breakdown": summary(taxed),
        "tax_date": _tax_date(call),
    }
    row = call.add(KIND, doc, {"created": call.now, "lines": items})
    # Lists show the newest first, and a calculation's lines are shown in the order in which they were given.
    for line in reversed(lines):
        call.add(LINE, line, {"created": call.now, "owner": object_id})
    return row.doc


def _current(call: Call, row: Row) -> bool:
    return bool(row.doc["expires_at"] > call.now)


def _target(call: Call) -> Row:
    row = call.target(KIND)
    if not _current(call, row):
        raise refuse("missing", param="id", words="tax calculation", id=row.id, hint="")
    return row


def usable_calculation(call: Call, object_id: str, param: str) -> Row:
    """The calculation that a parameter names. Raises StripeError (400) for one that is gone or expired."""
    row = call.reference(KIND, object_id, param)
    if not _current(call, row):
        raise refuse("state", param=param, message=f"The tax calculation {object_id} is expired.")
    return row


def _retrieve(call: Call) -> Doc:
    return _target(call).doc


def _line_items(call: Call) -> Doc:
    row = _target(call)
    return call.page(LINE, f"{_URL}/{row.id}/line_items", filters={"owner": row.id})


RESOURCE = Resource(
    name="tax.calculations",
    title="Tax Calculations",
    kinds=(
        Kind(
            KIND,
            "tax calculation",
            lists={"line_items": LINE},
            hidden=("line_items", "shipping_cost.tax_breakdown"),
            indexes={"customer": by("customer")},
        ),
        Kind(
            LINE,
            "tax calculation line item",
            hidden=("tax_breakdown",),
            spans=(Span("performance_location", since="2026-09-30"),),
            indexes={"owner": lambda row: (row.private["owner"],)},
        ),
    ),
    routes=(
        Route("POST", _URL, _create, KIND, "Create a calculation", _CREATE),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a calculation"),
        Route(
            "GET", _URL + "/{id}/line_items", _line_items, LINE, "List a calculation's line items", LIST, listed=True
        ),
    ),
    notes=(
        "There is one rate for a place: a country, a US state, a Canadian province.",
        "Every IP address is taken to be in California.",
        "Calculations work while the settings are pending, with no tax collected; a strict fake refuses them.",
        "There are no shipping rates: the cost of shipping is given as an amount.",
    ),
)
