"""Customers, as far as the products here refer to them. Source: docs.stripe.com/api/customers.

Also the stand-ins for objects that an app made elsewhere: a customer or a connected account that the fake never saw.
"""

from fcproxy.fake.call import Call
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import ADDRESS, CREATED, LIST, METADATA, group, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, by

__all__ = ["RESOURCE"]

_FIELDS = {
    "address": group(ADDRESS, empty=True),
    "description": text(empty=True),
    "email": text("email", most=512, empty=True),
    "metadata": METADATA,
    "name": text(most=256, empty=True),
    "phone": text(most=20, empty=True),
}
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
        "tax_exempt": "none",
        "test_clock": None,
    }


def _customer_elsewhere(object_id: str, livemode: bool) -> Doc:
    return _doc(object_id, livemode, 0)


def _account_elsewhere(object_id: str, _livemode: bool) -> Doc:
    return {"id": object_id, "object": "account", "type": "standard", "metadata": {}}


def _create(call: Call) -> Doc:
    doc = _doc(call.mint("customer"), call.livemode, call.now)
    row = call.add("customer", {**doc, **_changes(call, doc)})
    call.emit("customer.created", row)
    return row.doc


def _changes(call: Call, doc: Doc) -> Doc:
    changes = {name: value for name, value in call.params.items() if name in _FIELDS}
    if changes.get("address"):
        changes["address"] = {**dict.fromkeys(ADDRESS), **changes["address"]}
    if "metadata" in changes:
        changes["metadata"] = merge_metadata(doc["metadata"], changes["metadata"])
    return changes


def _retrieve(call: Call) -> Doc:
    return call.target("customer").doc


def _update(call: Call) -> Doc:
    row = call.target("customer")
    changes = _changes(call, row.doc)
    previous = {name: row.doc[name] for name, value in changes.items() if row.doc[name] != value}
    call.change(row, **changes)
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
        Kind("customer", "customer", indexes={"email": by("email")}, stand_in=_customer_elsewhere),
        Kind("account", "account", stand_in=_account_elsewhere),
    ),
    routes=(
        Route("POST", _URL, _create, "customer", "Create a customer", _FIELDS),
        Route("GET", _URL, _list, "customer", "List customers", {**LIST, **CREATED, "email": text()}, listed=True),
        Route("GET", _URL + "/{id}", _retrieve, "customer", "Retrieve a customer"),
        Route("POST", _URL + "/{id}", _update, "customer", "Update a customer", _FIELDS),
        Route("DELETE", _URL + "/{id}", _delete, "customer", "Delete a customer"),
    ),
    events=("customer.created", "customer.deleted", "customer.updated"),
    notes=("Customers have address, description, email, metadata, name and phone; nothing can be charged to them.",),
)
