"""Products, as far as tax calculations refer to them. Source: docs.stripe.com/api/products."""

from dataclasses import replace

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import CREATED, LIST, METADATA, Params, array, boolean, choice, decimal, group, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.resources.prices import PRICE, add_price
from fcproxy.fake.search import SEARCH, search
from fcproxy.fake.state import Doc, Row, by

__all__ = ["RESOURCE"]

KIND = "product"
_URL = "/v1/products"
_FILTERS = ("active", "shippable", "type", "url")
"""Fields that a list can be filtered by."""
_EXISTS = ApiError(400, "invalid_request_error", "resource_already_exists", "Product already exists.", "id")

_SIDES = ("height", "length", "weight", "width")
_TYPE = choice("good", "service")
_FIELDS: Params = {
    "active": boolean(),
    "description": text(most=40_000, empty=True),
    "images": array(text("url"), most=8, empty=True),
    "marketing_features": array(group({"name": required(text(most=80))}), most=15, empty=True),
    "metadata": METADATA,
    "name": text(),
    "package_dimensions": group({side: required(decimal()) for side in _SIDES}, empty=True),
    "shippable": boolean(),
    "statement_descriptor": text(most=22),
    "tax_code": text(empty=True),
    "tax_details": group({"performance_location": text(), "tax_code": text(empty=True)}, empty=True),
    "unit_label": text(most=12, empty=True),
    "url": text("url", empty=True),
}
_CREATE: Params = {
    **{name: replace(param, empty=name == "metadata") for name, param in _FIELDS.items()},
    "default_price_data": group(PRICE),
    "id": text(),
    "name": required(text()),
    "type": _TYPE,
}
"""A new product has nothing yet that a blank value could unset."""
_UPDATE: Params = {**_FIELDS, "default_price": text()}


def _doc(object_id: str, livemode: bool, created: int) -> Doc:
    return {
        "id": object_id,
        "object": KIND,
        "active": True,
        "created": created,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": livemode,
        "marketing_features": [],
        "metadata": {},
        "name": "",
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "tax_details": None,
        "type": "service",
        "unit_label": None,
        "updated": created,
        "url": None,
    }


def _changes(call: Call, doc: Doc) -> Doc:
    changes = {name: value for name, value in call.params.items() if name in (*_FIELDS, "type")}
    for name in ("images", "marketing_features"):
        if name in changes:
            changes[name] = changes[name] or []
    if changes.get("package_dimensions"):
        changes["package_dimensions"] = {side: float(changes["package_dimensions"][side]) for side in _SIDES}
    if changes.get("tax_details"):
        old = doc["tax_details"] or {"performance_location": None, "tax_code": None}
        changes["tax_details"] = {**old, **changes["tax_details"]}
    if "metadata" in changes:
        changes["metadata"] = merge_metadata(doc["metadata"], changes["metadata"])
    return changes


def _create(call: Call) -> Doc:
    object_id = call.params.get("id") or call.mint(KIND)
    if call.state.tables[KIND].get(object_id) is not None:
        raise StripeError(_EXISTS)
    doc = _doc(object_id, call.livemode, call.now)
    doc |= _changes(call, doc)
    if "default_price_data" in call.params:
        doc["default_price"] = add_price(call, object_id, call.params["default_price_data"], "default_price_data").id
    row = call.add(KIND, doc)
    call.emit("product.created", row)
    return row.doc


def _retrieve(call: Call) -> Doc:
    return call.target(KIND).doc


def _update(call: Call) -> Doc:
    row = call.target(KIND)
    changes = _changes(call, row.doc)
    if "default_price" in call.params:
        changes["default_price"] = _own_price(call, row)
    previous = {name: row.doc[name] for name, value in changes.items() if row.doc[name] != value}
    if previous:
        call.change(row, **changes, updated=call.now)
        call.emit("product.updated", row, previous)
    return row.doc


def _own_price(call: Call, row: Row) -> str:
    price = call.reference("price", call.params["default_price"], "default_price")
    if price.doc["product"] != row.id:
        raise call.missing("price", price.id, "default_price", "missing_reference")
    return price.id


def _list(call: Call) -> Doc:
    filters = {name: str(call.params[name]) for name in _FILTERS if name in call.params}
    ids = call.params.get("ids")
    return call.page(KIND, _URL, filters=filters, one_of=("id", ids) if ids else None)


def _elsewhere(object_id: str, livemode: bool) -> Doc:
    return _doc(object_id, livemode, 0)


def _delete(call: Call) -> Doc:
    row = call.target(KIND)
    left = call.remove(row)
    call.emit("product.deleted", row)
    return left


_SEARCHED = {
    "active": "text",
    "created": "number",
    "description": "text",
    "metadata": "map",
    "name": "text",
    "shippable": "text",
    "url": "text",
}


def _search(call: Call) -> Doc:
    return search(call, KIND, _URL + "/search", _SEARCHED)


RESOURCE = Resource(
    name="products",
    title="Products (a small store)",
    kinds=(
        Kind(
            KIND,
            "product",
            expandable={"default_price": "price", "tax_code": "tax_code"},
            indexes={name: by(name) for name in ("id", *_FILTERS)},
            stand_in=_elsewhere,
        ),
    ),
    routes=(
        Route("GET", _URL + "/search", _search, KIND, "Search products", SEARCH, listed=True, searched=True),
        Route(
            "POST",
            _URL,
            _create,
            KIND,
            "Create a product",
            _CREATE,
        ),
        Route(
            "GET",
            _URL,
            _list,
            KIND,
            "List products",
            {
                **LIST,
                **CREATED,
                "active": boolean(),
                "ids": array(text()),
                "shippable": boolean(),
                "type": _TYPE,
                "url": text(),
            },
            listed=True,
        ),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a product"),
        Route("POST", _URL + "/{id}", _update, KIND, "Update a product", _UPDATE),
        Route("DELETE", _URL + "/{id}", _delete, KIND, "Delete a product"),
    ),
    events=("product.created", "product.deleted", "product.updated"),
    notes=("A product's id may be chosen, as at Stripe; features and tax codes are not looked up.",),
)
