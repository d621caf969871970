"""Products, as far as tax calculations refer to them. Source: docs.stripe.com/api/products."""

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import CREATED, LIST, METADATA, Params, array, boolean, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, by

__all__ = ["RESOURCE"]

KIND = "product"
_URL = "/v1/products"
_EXISTS = ApiError(400, "invalid_request_error", "resource_already_exists", "Product already exists.", "id")

_FIELDS: Params = {
    "active": boolean(),
    "description": text(most=40_000, empty=True),
    "images": array(text("url"), most=8),
    "metadata": METADATA,
    "name": text(),
    "shippable": boolean(),
    "statement_descriptor": text(most=22),
    "tax_code": text(empty=True),
    "unit_label": text(most=12, empty=True),
    "url": text("url", empty=True),
}


def _doc(call: Call, object_id: str) -> Doc:
    return {
        "id": object_id,
        "object": KIND,
        "active": True,
        "created": call.now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": call.livemode,
        "marketing_features": [],
        "metadata": {},
        "name": "",
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": call.now,
        "url": None,
    }


def _changes(call: Call, doc: Doc) -> Doc:
    changes = {name: value for name, value in call.params.items() if name in _FIELDS}
    if "metadata" in changes:
        changes["metadata"] = merge_metadata(doc["metadata"], changes["metadata"])
    return changes


def _create(call: Call) -> Doc:
    object_id = call.params.get("id") or call.mint(KIND)
    if call.state.tables[KIND].get(object_id) is not None:
        raise StripeError(_EXISTS)
    doc = _doc(call, object_id)
    row = call.add(KIND, {**doc, **_changes(call, doc)})
    call.emit("product.created", row)
    return row.doc


def _retrieve(call: Call) -> Doc:
    return call.target(KIND).doc


def _update(call: Call) -> Doc:
    row = call.target(KIND)
    changes = _changes(call, row.doc)
    previous = {name: row.doc[name] for name, value in changes.items() if row.doc[name] != value}
    if previous:
        call.change(row, **changes, updated=call.now)
        call.emit("product.updated", row, previous)
    return row.doc


def _list(call: Call) -> Doc:
    active = call.params.get("active")
    return call.page(KIND, _URL, filters={"active": None if active is None else str(active)})


def _delete(call: Call) -> Doc:
    row = call.target(KIND)
    call.remove(row)
    call.emit("product.deleted", row)
    return {"id": row.id, "object": KIND, "deleted": True}


RESOURCE = Resource(
    name="products",
    title="Products (a small store)",
    kinds=(
        Kind(
            KIND,
            "product",
            indexes={"active": by("active")},
            stand_in=lambda object_id, livemode: {"id": object_id, "object": KIND, "livemode": livemode},
        ),
    ),
    routes=(
        Route(
            "POST",
            _URL,
            _create,
            KIND,
            "Create a product",
            {**_FIELDS, "id": text(), "name": required(text())},
        ),
        Route("GET", _URL, _list, KIND, "List products", {**LIST, **CREATED, "active": boolean()}, listed=True),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a product"),
        Route("POST", _URL + "/{id}", _update, KIND, "Update a product", _FIELDS),
        Route("DELETE", _URL + "/{id}", _delete, KIND, "Delete a product"),
    ),
    events=("product.created", "product.deleted", "product.updated"),
    notes=("Products have no prices.",),
)
