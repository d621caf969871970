"""Customers, as far as the products here refer to them. Source: docs.stripe.com/api/customers.

Also the stand-ins for objects that an app made elsewhere: a customer or a connected account that the fake never saw.
"""

from collections.abc import Mapping

from fcproxy.fake.call import Call
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import ADDRESS, CREATED, LIST, METADATA, Params, array, choice, group, integer, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.resources.payment_methods import payment_method
from fcproxy.fake.state import Doc, Row, by

__all__ = ["RESOURCE"]

_SHIPPING: Params = {"address": required(group(ADDRESS)), "name": required(text()), "phone": text()}
_INVOICES: Params = {
    "custom_fields": array(
        group({"name": required(text(most=40)), "value": required(text(most=140))}), most=4, empty=True
    ),
    "default_payment_method": text(),
    "footer": text(),
    "rendering_options": group(
        {"amount_tax_display": choice("exclude_tax", "include_inclusive_tax", empty=True), "template": text()},
        empty=True,
    ),
}
_FIELDS: Params = {
    "address": group(ADDRESS, empty=True),
    "balance": integer(),
    "business_name": text(most=150, empty=True),
    "description": text(empty=True),
    "email": text("email", most=512, empty=True),
    "individual_name": text(most=150, empty=True),
    "invoice_prefix": text(most=12),
    "invoice_settings": group(_INVOICES),
    "metadata": METADATA,
    "name": text(most=256, empty=True),
    "next_invoice_sequence": integer(least=1),
    "phone": text(most=20, empty=True),
    "preferred_locales": array(text()),
    "shipping": group(_SHIPPING, empty=True),
    "tax": group(
        {
            "ip_address": text(empty=True),
            "validate_location": choice("auto", "deferred", "immediately"),
        }
    ),
    "tax_exempt": choice("exempt", "none", "reverse", empty=True),
}
_ABSENT = ("business_name", "individual_name")
"""Fields that are not there until they are set."""
_URL = "/v1/customers"


def _doc(object_id: str, livemode: bool, created: int) -> Doc:
    return {
        "id": object_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": created,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": object_id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": livemode,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax": {
            "automatic_tax": "unrecognized_location",
            "ip_address": None,
            "location": None,
            "provider": "stripe",
        },
        "tax_exempt": "none",
        "test_clock": None,
    }


def _customer_elsewhere(object_id: str, livemode: bool) -> Doc:
    return _doc(object_id, livemode, 0)


def _account_elsewhere(object_id: str, _livemode: bool) -> Doc:
    return {
        "id": object_id,
        "object": "account",
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


def _create(call: Call) -> Doc:
    doc = _doc(call.mint("customer"), call.livemode, call.now)
    method = _method(call)
    fields = {name: value for name, value in _changes(call, doc).items() if name not in _ABSENT or value is not None}
    row = call.add("customer", {**doc, **fields})
    if method is not None:
        call.change(method, customer=row.id)
    call.emit("customer.created", row)
    return row.doc


def _method(call: Call) -> Row | None:
    """The payment method that a new customer is given, None where it has none. Raises StripeError (400)."""
    if "payment_method" not in call.params:
        return None
    return payment_method(call, call.params["payment_method"], "payment_method")


def _full(address: Mapping[str, str]) -> Doc:
    return {**dict.fromkeys(ADDRESS), **address}


def _changes(call: Call, doc: Doc) -> Doc:
    changes = {name: value for name, value in call.params.items() if name in _FIELDS}
    if changes.get("address"):
        changes["address"] = _full(changes["address"])
    if changes.get("shipping"):
        given = changes["shipping"]
        changes["shipping"] = {"address": _full(given["address"]), "name": given["name"], "phone": given.get("phone")}
    if "metadata" in changes:
        changes["metadata"] = merge_metadata(doc["metadata"], changes["metadata"])
    if "invoice_settings" in changes:
        changes["invoice_settings"] = _invoices(call, doc["invoice_settings"], changes["invoice_settings"])
    if "tax_exempt" in changes:
        changes["tax_exempt"] = changes["tax_exempt"] or "none"
    changes["tax"] = _tax({**doc, **changes}, doc["tax"], call.params.get("tax", {}))
    return changes


def _invoices(call: Call, old: Doc, given: Doc) -> Doc:
    if "default_payment_method" in given:
        param = "invoice_settings[default_payment_method]"
        call.known("payment_method", given["default_payment_method"], param)
    if given.get("rendering_options"):
        given = {
            **given,
            "rendering_options": {"amount_tax_display": None, "template": None, **given["rendering_options"]},
        }
    return {**old, **given}


def _tax(customer: Doc, old: Doc, given: Doc) -> Doc:
    """Where the customer is taxed: shipping goes before billing."""
    shipping = (customer["shipping"] or {}).get("address") or {}
    places = (("shipping_destination", shipping), ("billing_address", customer["address"] or {}))
    known = next(((source, place) for source, place in places if place.get("country")), None)
    location = known and {"country": known[1]["country"], "source": known[0], "state": known[1]["state"]}
    found = "supported" if location else "unrecognized_location"
    return {
        **old,
        "automatic_tax": found,
        "ip_address": given.get("ip_address", old["ip_address"]),
        "location": location,
    }


def _retrieve(call: Call) -> Doc:
    return call.target("customer").doc


def _update(call: Call) -> Doc:
    row = call.target("customer")
    changes = _changes(call, row.doc)
    previous = {name: row.doc.get(name) for name, value in changes.items() if row.doc.get(name) != value}
    previous.pop("tax", None)
    call.change(row, **changes)
    for name in _ABSENT:
        if row.doc.get(name, "") is None:
            del row.doc[name]
    if previous:
        call.emit("customer.updated", row, previous)
    return row.doc


def _list(call: Call) -> Doc:
    return call.page("customer", _URL, filters={"email": call.params.get("email")})


def _delete(call: Call) -> Doc:
    row = call.target("customer")
    call.remove(row)
    call.emit("customer.deleted", row)
    return {"id": row.id, "object": "customer", "deleted": True}


RESOURCE = Resource(
    name="customers",
    title="Customers (a small store)",
    kinds=(
        Kind(
            "customer",
            "customer",
            expandable={"invoice_settings.default_payment_method": "payment_method"},
            hidden=("tax",),
            indexes={"email": by("email")},
            stand_in=_customer_elsewhere,
        ),
        Kind("account", "account", stand_in=_account_elsewhere),
    ),
    routes=(
        Route("POST", _URL, _create, "customer", "Create a customer", {**_FIELDS, "payment_method": text()}),
        Route("GET", _URL, _list, "customer", "List customers", {**LIST, **CREATED, "email": text()}, listed=True),
        Route("GET", _URL + "/{id}", _retrieve, "customer", "Retrieve a customer"),
        Route("POST", _URL + "/{id}", _update, "customer", "Update a customer", _FIELDS),
        Route("DELETE", _URL + "/{id}", _delete, "customer", "Delete a customer"),
    ),
    events=("customer.created", "customer.deleted", "customer.updated"),
    notes=(
        "Customers are stored and referred to; nothing can be charged to them, and they have no sources or tax ids.",
    ),
)
