"""Prices, as far as products have a default one. Source: docs.stripe.com/api/prices."""

from decimal import Decimal

from fcproxy.fake.call import Call
from fcproxy.fake.errors import refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import (
    CREATED,
    LIST,
    METADATA,
    Params,
    array,
    boolean,
    choice,
    decimal,
    group,
    integer,
    required,
    text,
)
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.search import SEARCH, search
from fcproxy.fake.state import Doc, Row, by
from fcproxy.stripe.ids import IdShape, Shape

__all__ = ["PRICE", "RESOURCE", "add_price"]

KIND = "price"
_URL = "/v1/prices"
_INTERVAL = choice("day", "month", "week", "year")
_LONGEST = {"day": 1095, "month": 36, "week": 156, "year": 3}
"""Interval -> how many of them a billing period may have: three years."""
_TYPE = choice("one_time", "recurring")
_AMOUNTS = ("unit_amount", "unit_amount_decimal", "custom_unit_amount")
PRICE: Params = {
    "currency": required(text("currency")),
    "custom_unit_amount": group(
        {
            "enabled": required(boolean()),
            "maximum": integer(least=0),
            "minimum": integer(least=0),
            "preset": integer(least=0),
        }
    ),
    "metadata": METADATA,
    "recurring": group({"interval": required(_INTERVAL), "interval_count": integer(least=1)}),
    "tax_behavior": choice("exclusive", "inclusive", "unspecified"),
    "unit_amount": integer(least=0),
    "unit_amount_decimal": decimal(),
}
"""What a new product says of its default price."""
_FILTERS = ("active", "currency", "product", "type")


def add_price(call: Call, product: str, given: Doc, prefix: str) -> Row:
    """A new price of a product. ``prefix`` is the parameter that ``given`` came in. Raises StripeError (400)."""
    amounts = [name for name in _AMOUNTS if name in given]
    if len(amounts) != 1:
        error, names = ("exclusive", amounts) if amounts else ("one_needed", list(_AMOUNTS))
        raise refuse(error, param=f"{prefix}[{names[-1]}]", names=", ".join(names))
    recurring = _recurring(given.get("recurring"), prefix)
    unit, exact = _amount(given)
    doc = {
        "id": call.mint(KIND),
        "object": KIND,
        "active": True,
        "billing_scheme": "per_unit",
        "created": call.now,
        "currency": given["currency"],
        "custom_unit_amount": _custom(given.get("custom_unit_amount")),
        "livemode": call.livemode,
        "lookup_key": None,
        "metadata": merge_metadata({}, given.get("metadata")),
        "nickname": None,
        "product": product,
        "recurring": recurring,
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": unit,
        "unit_amount_decimal": exact,
    }
    row = call.add(KIND, doc)
    call.emit("price.created", row)
    return row


def _amount(given: Doc) -> tuple[int | None, str | None]:
    """The amount in whole minor units, null where it has parts of them, and as a decimal."""
    exact = given.get("unit_amount_decimal")
    if exact is None:
        unit = given.get("unit_amount")
        return unit, None if unit is None else str(unit)
    value = Decimal(exact)
    return (int(value) if value == int(value) else None), exact


def _custom(given: Doc | None) -> Doc | None:
    if not given or not given["enabled"]:
        return None
    return {name: given.get(name) for name in ("maximum", "minimum", "preset")}


def _recurring(given: Doc | None, prefix: str) -> Doc | None:
    if given is None:
        return None
    interval, count = given["interval"], given.get("interval_count", 1)
    if count > _LONGEST[interval]:
        param = f"{prefix}[recurring][interval_count]"
        raise refuse("state", param=param, message="A billing period is three years at most.")
    return {
        "interval": interval,
        "interval_count": count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def _retrieve(call: Call) -> Doc:
    return call.target(KIND).doc


def _list(call: Call) -> Doc:
    filters = {name: str(call.params[name]) for name in _FILTERS if name in call.params}
    interval = call.params.get("recurring", {}).get("interval")
    usage = call.params.get("recurring", {}).get("usage_type")

    def where(row: Row) -> bool:
        recurring = row.doc["recurring"] or {}
        return interval in (None, recurring.get("interval")) and usage in (None, recurring.get("usage_type"))

    # No price of the fake has a lookup key.
    return call.page(
        KIND, _URL, filters=filters, where=where if not call.params.get("lookup_keys") else lambda _: False
    )


_SEARCHED = {
    "active": "text",
    "currency": "text",
    "lookup_key": "text",
    "metadata": "map",
    "product": "text",
    "type": "text",
}


def _search(call: Call) -> Doc:
    return search(call, KIND, _URL + "/search", _SEARCHED)


RESOURCE = Resource(
    name="prices",
    title="Prices (a small store)",
    kinds=(
        Kind(
            KIND,
            "price",
            expandable={"product": "product"},
            indexes={name: by(name) for name in _FILTERS},
            shape=IdShape("price_", Shape.LONG),
        ),
    ),
    routes=(
        Route("GET", _URL + "/search", _search, KIND, "Search prices", SEARCH, listed=True, searched=True),
        Route(
            "GET",
            _URL,
            _list,
            KIND,
            "List prices",
            {
                **LIST,
                **CREATED,
                "active": boolean(),
                "currency": text("currency"),
                "lookup_keys": array(text(), most=10),
                "product": text(),
                "recurring": group(
                    {"interval": _INTERVAL, "meter": text(), "usage_type": choice("licensed", "metered")}
                ),
                "type": _TYPE,
            },
            listed=True,
        ),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a price"),
    ),
    events=("price.created",),
    notes=("Prices are made with a product only, as its default one, in one currency, without tiers or meters.",),
)
