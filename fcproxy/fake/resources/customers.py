"""Customers, as far as the products here refer to them. Source: docs.stripe.com/api/customers.

Also the stand-ins for objects that an app made elsewhere: a customer or a connected account that the fake never saw.
"""

from collections.abc import Mapping

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import (
    ADDRESS,
    CREATED,
    LIST,
    METADATA,
    Params,
    array,
    boolean,
    choice,
    group,
    integer,
    required,
    text,
)
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.resources.customer_sources import add_source, sources_of
from fcproxy.fake.resources.customer_tax_ids import TAX_ID, add_tax_id, tax_ids_of
from fcproxy.fake.resources.payment_method_cards import token_card
from fcproxy.fake.resources.payment_methods import payment_method
from fcproxy.fake.search import SEARCH, search
from fcproxy.fake.state import Doc, Row, by
from fcproxy.stripe.envelope import list_envelope

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
_CASH: Params = {"settings": group({"reconciliation_mode": choice("automatic", "manual", "merchant_default")})}
_FIELDS: Params = {
    "address": group(ADDRESS, empty=True),
    "balance": integer(),
    "business_name": text(most=150, empty=True),
    "cash_balance": group(_CASH),
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
    "source": text(),
    "tax_exempt": choice("exempt", "none", "reverse", empty=True),
    "validate": boolean(),
}
_IP: Params = {"ip_address": text(empty=True)}
_CREATE: Params = {
    **_FIELDS,
    "payment_method": text(),
    "tax": group({**_IP, "validate_location": choice("deferred", "immediately")}),
    "tax_id_data": array(group(TAX_ID), most=5),
    "test_clock": text(),
}
_UPDATE: Params = {
    **_FIELDS,
    "default_source": text(),
    "tax": group({**_IP, "validate_location": choice("auto", "deferred", "immediately")}),
}
_KEPT = frozenset(_FIELDS) - {"cash_balance", "source", "validate"}
"""Parameters that are fields of the customer, or change one of the same name."""
_NOWHERE = ApiError(
    400,
    "invalid_request_error",
    "customer_tax_location_invalid",
    "We could not determine the customer's tax location based on the provided customer address.",
    "address",
)
_ABSENT = ("business_name", "individual_name")
"""Fields that are not there until they are set."""
_URL = "/v1/customers"
CLOCK = "test_helpers.test_clock"
_HIDDEN = ("cash_balance", "invoice_credit_balance", "sources", "subscriptions", "tax", "tax_ids")
"""Fields that are absent until they are expanded."""


def _doc(object_id: str, livemode: bool, created: int) -> Doc:
    return {
        "id": object_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "cash_balance": {
            "object": "cash_balance",
            "available": None,
            "customer": object_id,
            "customer_account": None,
            "livemode": livemode,
            "settings": {"reconciliation_mode": "automatic", "using_merchant_default": True},
        },
        "created": created,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_credit_balance": {},
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
        "sources": list_envelope([], has_more=False, url=f"{_URL}/{object_id}/sources"),
        "subscriptions": list_envelope([], has_more=False, url=f"{_URL}/{object_id}/subscriptions"),
        "tax": {
            "automatic_tax": "unrecognized_location",
            "ip_address": None,
            "location": None,
            "provider": "stripe",
        },
        "tax_exempt": "none",
        "tax_ids": list_envelope([], has_more=False, url=f"{_URL}/{object_id}/tax_ids"),
        "test_clock": None,
    }


def _clock_elsewhere(object_id: str, livemode: bool) -> Doc:
    return {
        "id": object_id,
        "object": CLOCK,
        "created": 0,
        "deletes_after": 0,
        "frozen_time": 0,
        "livemode": livemode,
        "name": None,
        "status": "ready",
        "status_details": {},
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
    if "source" in call.params:
        token_card(call.params["source"], "source")
    doc = _doc(call.mint("customer"), call.livemode, call.now)
    method = _method(call)
    if "test_clock" in call.params:
        call.known(CLOCK, call.params["test_clock"], "test_clock")
        doc["test_clock"] = call.params["test_clock"]
    fields = {name: value for name, value in _changes(call, doc).items() if name not in _ABSENT or value is not None}
    row = call.add("customer", {**doc, **fields})
    if method is not None:
        call.change(method, customer=row.id)
    _add_source(call, row)
    call.emit("customer.created", row)
    for given in call.params.get("tax_id_data", []):
        add_tax_id(call, row, given)
    return call.change(row, tax_ids=tax_ids_of(call, row.id)).doc


def _add_source(call: Call, row: Row) -> None:
    """Takes the card of ``source`` in, and makes it the default one. Raises StripeError (400)."""
    if "source" in call.params:
        card = add_source(call, row.id, call.params["source"], "source")
        call.change(row, sources=sources_of(call, row.id), default_source=card.id)


def _method(call: Call) -> Row | None:
    """The payment method that a new customer is given, None where it has none. Raises StripeError (400)."""
    if "payment_method" not in call.params:
        return None
    return payment_method(call, call.params["payment_method"], "payment_method")


def _full(address: Mapping[str, str]) -> Doc:
    return {**dict.fromkeys(ADDRESS), **address}


def _changes(call: Call, doc: Doc) -> Doc:
    changes = {name: value for name, value in call.params.items() if name in _KEPT}
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
    mode = call.params.get("cash_balance", {}).get("settings", {}).get("reconciliation_mode")
    if mode is not None:
        changes["cash_balance"] = _reconciled(doc["cash_balance"], mode)
    return changes


def _reconciled(cash: Doc, mode: str) -> Doc:
    default = mode == "merchant_default"
    settings = {"reconciliation_mode": "automatic" if default else mode, "using_merchant_default": default}
    return {**cash, "settings": settings}


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
    if location is None and given.get("validate_location") == "immediately":
        raise StripeError(_NOWHERE)
    found = "supported" if location else "unrecognized_location"
    return {
        **old,
        "automatic_tax": found,
        "ip_address": given.get("ip_address", old["ip_address"]),
        "location": location,
    }


def _retrieve(call: Call) -> Doc:
    return call.deleted("customer", call.path["id"]) or call.target("customer").doc


def _update(call: Call) -> Doc:
    row = call.target("customer")
    changes = _changes(call, row.doc)
    if "default_source" in call.params:
        changes["default_source"] = _own_source(call, row, call.params["default_source"])
    old = row.doc["default_source"]
    _add_source(call, row)
    previous = {name: row.doc.get(name) for name, value in changes.items() if row.doc.get(name) != value}
    for name in _HIDDEN:
        previous.pop(name, None)
    if row.doc["default_source"] != old:
        previous["default_source"] = old
    call.change(row, **changes)
    for name in _ABSENT:
        if row.doc.get(name, "") is None:
            del row.doc[name]
    if previous:
        call.emit("customer.updated", row, previous)
    return row.doc


def _own_source(call: Call, row: Row, source: str) -> str:
    found = call.reference("card", source, "default_source")
    if found.doc["customer"] != row.id:
        raise call.missing("card", source, "default_source", "missing_reference")
    return source


def _list(call: Call) -> Doc:
    return call.page("customer", _URL, filters={name: call.params.get(name) for name in ("email", "test_clock")})


def _delete(call: Call) -> Doc:
    row = call.target("customer")
    left = call.remove(row)
    methods = call.state.tables["payment_method"]
    for number in list(methods.numbers(call.scope, {"customer": row.id})):
        call.change(methods.at(number), customer=None)
    call.emit("customer.deleted", row)
    return left


def _cash(call: Call) -> Doc:
    cash: Doc = call.target("customer").doc["cash_balance"]
    return cash


def _change_cash(call: Call) -> Doc:
    row = call.target("customer")
    mode = call.params.get("settings", {}).get("reconciliation_mode")
    if mode is not None:
        call.change(row, cash_balance=_reconciled(row.doc["cash_balance"], mode))
    return _cash(call)


_SEARCHED = {"created": "number", "email": "text", "metadata": "map", "name": "text", "phone": "text"}


def _search(call: Call) -> Doc:
    return search(call, "customer", _URL + "/search", _SEARCHED)


RESOURCE = Resource(
    name="customers",
    title="Customers (a small store)",
    kinds=(
        Kind(
            "customer",
            "customer",
            expandable={
                "default_source": "card",
                "invoice_settings.default_payment_method": "payment_method",
                "test_clock": CLOCK,
            },
            lists={"sources": "card", "tax_ids": "tax_id"},
            hidden=_HIDDEN,
            indexes={"email": by("email"), "test_clock": by("test_clock")},
            stand_in=_customer_elsewhere,
        ),
        Kind("cash_balance", "cash balance"),
        Kind("search_result", "search result", hidden=("total_count",)),
        Kind(CLOCK, "test clock", stand_in=_clock_elsewhere),
        Kind("account", "account", stand_in=_account_elsewhere),
    ),
    routes=(
        Route("GET", _URL + "/search", _search, "customer", "Search customers", SEARCH, listed=True, searched=True),
        Route("POST", _URL, _create, "customer", "Create a customer", _CREATE),
        Route(
            "GET",
            _URL,
            _list,
            "customer",
            "List customers",
            {**LIST, **CREATED, "email": text(most=512), "test_clock": text()},
            listed=True,
        ),
        Route("GET", _URL + "/{id}", _retrieve, "customer", "Retrieve a customer"),
        Route("POST", _URL + "/{id}", _update, "customer", "Update a customer", _UPDATE),
        Route("DELETE", _URL + "/{id}", _delete, "customer", "Delete a customer"),
        Route("GET", _URL + "/{id}/cash_balance", _cash, "cash_balance", "Retrieve a customer's cash balance"),
        Route("POST", _URL + "/{id}/cash_balance", _change_cash, "cash_balance", "Change how it is reconciled", _CASH),
    ),
    events=("customer.created", "customer.deleted", "customer.updated"),
    notes=(
        "Customers are stored and referred to; nothing can be charged to them, and they have no subscriptions or cash.",
        "A test clock is named, and never made or moved.",
        "A search sees changes at once, and looks at every object.",
    ),
)
