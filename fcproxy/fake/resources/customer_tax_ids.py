"""Tax ids of customers, and their checks.

Source: docs.stripe.com/api/tax_ids, docs.stripe.com/billing/customer/tax-ids.
"""

from collections.abc import Sequence

from fcproxy.fake.call import Call
from fcproxy.fake.params import LIST, Params, choice, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, Row
from fcproxy.stripe.envelope import list_envelope
from fcproxy.stripe.ids import IdShape, Shape
from fcproxy.stripe.tax_ids import TAX_ID_TYPES

__all__ = ["RESOURCE", "TAX_ID", "add_tax_id", "tax_ids_of"]

KIND = "tax_id"
_URL = "/v1/customers/{customer}/tax_ids"
TAX_ID: Params = {"type": required(choice(*TAX_ID_TYPES)), "value": required(text())}
CHECK_SECONDS = 5
_CHECKED = ("au_abn", "eu_vat", "gb_vat")
"""Types that Stripe looks up in a government's register, after the answer."""
_OUTCOMES = {"111111111": "unverified", "222222222": "pending"}
"""Published test values -> how their check ends; every other value is found to be right."""
_NOWHERE = ("eu_oss_vat",)
_PLACES = {"eu": "", "ic": "ES"}
"""First part of a type -> the country, where it is not the country's own code; empty = the value begins with it."""


def _country(kind: str, value: str) -> str | None:
    if kind in _NOWHERE:
        return None
    first = kind.partition("_")[0]
    return _PLACES.get(first, first.upper()) or value[:2].upper()


def add_tax_id(call: Call, customer: Row, given: Doc) -> Row:
    """A new tax id of a customer, out of the parameters ``type`` and ``value``."""
    kind, value = given["type"], given["value"]
    checked = kind in _CHECKED
    doc = {
        "id": call.mint(KIND),
        "object": KIND,
        "country": _country(kind, value),
        "created": call.now,
        "customer": customer.id,
        "customer_account": None,
        "livemode": call.livemode,
        "owner": {"customer": customer.id, "customer_account": None, "type": "customer"},
        "type": kind,
        "value": value,
        "verification": {
            "status": "pending" if checked else "unavailable",
            "verified_address": None,
            "verified_name": None,
        },
    }
    row = call.add(KIND, doc)
    call.emit("customer.tax_id.created", row)
    if checked:
        call.later(CHECK_SECONDS, "tax_id.check", tax_id=row.id)
    return row


def _check(call: Call, data: Doc) -> None:
    row = call.find(KIND, data["tax_id"])
    outcome = _OUTCOMES.get(row.doc["value"].removeprefix(row.doc["country"]), "verified") if row else "pending"
    if row is None or outcome == "pending":
        return
    previous = {"verification": row.doc["verification"]}
    call.change(row, verification={**row.doc["verification"], "status": outcome})
    call.emit("customer.tax_id.updated", row, previous)


def tax_ids_of(call: Call, customer_id: str) -> Doc:
    """The list of a customer's tax ids that is embedded in the customer: ids, newest first."""
    return _embedded(customer_id, _rows(call, customer_id))


def _rows(call: Call, customer_id: str) -> Sequence[Row]:
    table = call.state.tables[KIND]
    return [table.at(number) for number in reversed(table.numbers(call.scope, {"customer": customer_id}))]


def _embedded(customer_id: str, rows: Sequence[Row]) -> Doc:
    url = _URL.replace("{customer}", customer_id)
    return list_envelope([row.id for row in rows[:10]], has_more=len(rows) > 10, url=url)


def _customer(call: Call) -> Row:
    return call.target("customer", "customer")


def _create(call: Call) -> Doc:
    customer = _customer(call)
    row = add_tax_id(call, customer, call.params)
    call.change(customer, tax_ids=tax_ids_of(call, customer.id))
    return row.doc


def _list(call: Call) -> Doc:
    customer = _customer(call)
    return call.page(KIND, _URL.replace("{customer}", customer.id), filters={"customer": customer.id})


def _retrieve(call: Call) -> Doc:
    return call.target_of("customer", KIND).doc


def _delete(call: Call) -> Doc:
    row = call.target_of("customer", KIND)
    left = call.remove(row)
    call.emit("customer.tax_id.deleted", row)
    call.change(_customer(call), tax_ids=tax_ids_of(call, row.doc["customer"]))
    return left


RESOURCE = Resource(
    name="customers.tax_ids",
    title="Tax ids of customers",
    kinds=(
        Kind(
            KIND,
            "tax id",
            expandable={"customer": "customer", "owner.customer": "customer"},
            indexes={"customer": lambda row: (row.doc["customer"],)},
            shape=IdShape("txi_", Shape.LONG),
        ),
    ),
    routes=(
        Route("POST", _URL, _create, KIND, "Create a tax id", TAX_ID),
        Route("GET", _URL, _list, KIND, "List a customer's tax ids", LIST, listed=True),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a tax id"),
        Route("DELETE", _URL + "/{id}", _delete, KIND, "Delete a tax id"),
    ),
    jobs={"tax_id.check": _check},
    events=("customer.tax_id.created", "customer.tax_id.deleted", "customer.tax_id.updated"),
    notes=(
        "Values are not held against their countries' formats; a check ends after some seconds of the fake's clock.",
    ),
)
