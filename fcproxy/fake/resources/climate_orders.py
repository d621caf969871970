"""Climate Orders. Source: docs.stripe.com/api/climate/order, docs.stripe.com/climate/orders."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from fcproxy.fake.call import Call
from fcproxy.fake.errors import refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import LIST, METADATA, Params, choice, decimal, group, integer, required, text
from fcproxy.fake.resource import Action, Kind, Resource, Route
from fcproxy.fake.resources.climate_catalogue import FEE_PERCENT, fees_on
from fcproxy.fake.state import Doc, Row

__all__ = ["RESOURCE", "TRANSITIONS"]

KIND = "climate.order"
PRODUCT = "climate.product"
_URL = "/v1/climate/orders"
FRESH = "open"
"""The status of a new order; Stripe's samples show open and confirmed."""
CANCEL_SECONDS = 86_400
"""How long an order can be canceled by its buyer; afterwards it is confirmed."""
SMALLEST = Decimal("0.000001")

TRANSITIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "await_funds": (("open",), "awaiting_funds"),
    "fund": (("awaiting_funds",), "open"),
    "confirm": (("open",), "confirmed"),
    "deliver": (("open", "confirmed"), "delivered"),
    "delay": (("open", "confirmed"), ""),
    "substitute": (("open", "confirmed"), ""),
    "cancel": (("awaiting_funds", "open", "confirmed"), "canceled"),
}
"""What can be done -> from which statuses, and the status afterwards (empty: the same)."""

_CREATE: Params = {
    "amount": integer(least=1),
    "beneficiary": group({"public_name": required(text())}),
    "currency": text("currency"),
    "metadata": METADATA,
    "metric_tons": decimal(),
    "product": required(text()),
}
_UPDATE: Params = {
    "beneficiary": group({"public_name": required(text(empty=True))}, empty=True),
    "metadata": METADATA,
}


def _plain(tons: Decimal) -> str:
    return f"{tons.normalize():f}"


def _price(product: Doc, currency: str) -> int:
    prices = product["current_prices_per_metric_ton"]
    if currency not in prices:
        message = f"This product cannot be bought in {currency}, only in: {', '.join(prices)}."
        raise refuse("state", param="currency", message=message)
    return int(prices[currency]["amount_subtotal"])


def _amounts(call: Call, price: int) -> tuple[Decimal, int, int]:
    """Metric tons, subtotal and fees of an order, from either of its two measures."""
    amount, tons = call.params.get("amount"), call.params.get("metric_tons")
    call.exclusive(("amount", "metric_tons"))
    if amount is None and tons is None:
        raise refuse("one_needed", param="amount", names="amount, metric_tons")
    if amount is not None:
        subtotal = int((Decimal(amount) * 100 / (100 + FEE_PERCENT)).quantize(Decimal(1), ROUND_HALF_UP))
        bought = (Decimal(subtotal) / price).quantize(SMALLEST, ROUND_HALF_UP)
        fees = amount - subtotal
    else:
        bought = Decimal(str(tons))
        if bought <= 0:
            raise refuse("state", param="metric_tons", message="`metric_tons` must be more than 0.")
        subtotal = int((bought * price).quantize(Decimal(1), ROUND_HALF_UP))
        fees = fees_on(subtotal)
    if subtotal < 1 or bought <= 0:
        raise refuse("state", param="amount", message="The order is too small.")
    return bought, subtotal, fees


def _create(call: Call) -> Doc:
    product = call.reference(PRODUCT, call.params["product"], "product").doc
    currency = call.params.get("currency", "usd")
    tons, subtotal, fees = _amounts(call, _price(product, currency))
    if tons > Decimal(product["metric_tons_available"]):
        raise refuse("state", param="metric_tons", message="There are not so many metric tons available.")
    object_id = call.mint(KIND)
    doc: Doc = {
        "id": object_id,
        "object": KIND,
        "amount_fees": fees,
        "amount_subtotal": subtotal,
        "amount_total": subtotal + fees,
        "canceled_at": None,
        "cancellation_reason": None,
        "certificate": "https://climate.stripe.com/orders/" + call.secret("certificate", 22),
        "confirmed_at": None,
        "created": call.now,
        "currency": currency,
        "delayed_at": None,
        "delivered_at": None,
        "delivery_details": [],
        "expected_delivery_year": product["delivery_year"],
        "livemode": call.livemode,
        "metadata": merge_metadata({}, call.params.get("metadata")),
        "metric_tons": _plain(tons),
        "product": product["id"],
        "product_substituted_at": None,
        "status": FRESH,
    }
    if "beneficiary" in call.params:
        doc["beneficiary"] = call.params["beneficiary"]
    row = call.add(KIND, doc)
    call.later(CANCEL_SECONDS, "climate.confirm", order=row.id)
    _watch_delivery(call, row)
    call.emit("climate.order.created", row)
    return row.doc


def _watch_delivery(call: Call, row: Row) -> None:
    """An order is delivered when its year ends."""
    year = row.doc["expected_delivery_year"]
    due = int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp())
    call.later(max(due - call.now, CANCEL_SECONDS + 1), "climate.deliver", order=row.id, year=year)


def _may(call: Call, action: str) -> Row:
    row = call.target(KIND)
    allowed, _ = TRANSITIONS[action]
    if row.doc["status"] not in allowed:
        message = f"The order is {row.doc['status']}: it must be one of {', '.join(allowed)} to {action} it."
        raise refuse("state", message=message)
    return row


def _move(call: Call, row: Row, action: str, event: str = "", **fields: object) -> Doc:
    call.change(row, status=TRANSITIONS[action][1] or row.doc["status"], **fields)
    if event:
        call.emit(f"climate.order.{event}", row)
    return row.doc


def _retrieve(call: Call) -> Doc:
    return call.target(KIND).doc


def _list(call: Call) -> Doc:
    return call.page(KIND, _URL)


def _update(call: Call) -> Doc:
    row = call.target(KIND)
    if "metadata" in call.params:
        call.change(row, metadata=merge_metadata(row.doc["metadata"], call.params["metadata"]))
    if "beneficiary" in call.params:
        beneficiary = call.params["beneficiary"]
        row.doc.pop("beneficiary", None)
        if beneficiary and beneficiary["public_name"] is not None:
            call.change(row, beneficiary=beneficiary)
    return row.doc


def _cancel(call: Call) -> Doc:
    row = _may(call, "cancel")
    if call.now >= row.doc["created"] + CANCEL_SECONDS:
        raise refuse("state", message="This order cannot be canceled any more: its cancellation window has ended.")
    return _move(call, row, "cancel", "canceled", canceled_at=call.now, cancellation_reason="requested")


def _drop(call: Call) -> Doc:
    row = _may(call, "cancel")
    reason = call.params.get("reason", "product_unavailable")
    return _move(call, row, "cancel", "canceled", canceled_at=call.now, cancellation_reason=reason)


def _await_funds(call: Call) -> Doc:
    return _move(call, _may(call, "await_funds"), "await_funds")


def _fund(call: Call) -> Doc:
    row = _may(call, "fund")
    # The moment at which an order is confirmed may have gone by while its money was awaited.
    call.later(max(row.doc["created"] + CANCEL_SECONDS - call.now, 0), "climate.confirm", order=row.id)
    return _move(call, row, "fund")


def _confirm(call: Call) -> Doc:
    return _move(call, _may(call, "confirm"), "confirm", confirmed_at=call.now)


def _deliver(call: Call) -> Doc:
    return _delivered(call, _may(call, "deliver"))


def _delivered(call: Call, row: Row) -> Doc:
    product = call.reference(PRODUCT, row.doc["product"], "product").doc
    supplier = product["suppliers"][0]
    delivery = {
        "delivered_at": call.now,
        "location": supplier["locations"][0],
        "metric_tons": row.doc["metric_tons"],
        "registry_url": "https://registry.example.com/" + row.id,
        "supplier": supplier,
    }
    confirmed = row.doc["confirmed_at"] or call.now
    fields = {"confirmed_at": confirmed, "delivered_at": call.now, "delivery_details": [delivery]}
    return _move(call, row, "deliver", "delivered", **fields)


def _delay(call: Call) -> Doc:
    row = _may(call, "delay")
    year = row.doc["expected_delivery_year"] + call.params.get("years", 1)
    _move(call, row, "delay", "delayed", delayed_at=call.now, expected_delivery_year=year)
    _watch_delivery(call, row)
    return row.doc


def _substitute(call: Call) -> Doc:
    row = _may(call, "substitute")
    product = call.reference(PRODUCT, call.params["product"], "product").doc
    year = product["delivery_year"]
    fields = {"product": product["id"], "product_substituted_at": call.now, "expected_delivery_year": year}
    _move(call, row, "substitute", "product_substituted", **fields)
    _watch_delivery(call, row)
    return row.doc


def _job_confirm(call: Call, data: Doc) -> None:
    row = call.find(KIND, data["order"])
    if row is not None and row.doc["status"] in TRANSITIONS["confirm"][0]:
        _move(call, row, "confirm", confirmed_at=call.now)


def _job_deliver(call: Call, data: Doc) -> None:
    row = call.find(KIND, data["order"])
    if row is None or row.doc["expected_delivery_year"] != data["year"]:
        return
    if row.doc["status"] in TRANSITIONS["deliver"][0]:
        _delivered(call, row)


_CONTROL = "climate/orders/{id}/"

RESOURCE = Resource(
    name="climate.orders",
    title="Climate Orders",
    kinds=(Kind(KIND, "climate order", expandable={"product": PRODUCT}),),
    routes=(
        Route("POST", _URL, _create, KIND, "Create an order", _CREATE),
        Route("GET", _URL, _list, KIND, "List orders", LIST, listed=True),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve an order"),
        Route("POST", _URL + "/{id}", _update, KIND, "Update an order", _UPDATE),
        Route("POST", _URL + "/{id}/cancel", _cancel, KIND, "Cancel an order"),
    ),
    actions=(
        Action(_CONTROL + "await_funds", _await_funds, KIND, "waits for the money"),
        Action(_CONTROL + "fund", _fund, KIND, "the money has come"),
        Action(_CONTROL + "confirm", _confirm, KIND, "confirms the order"),
        Action(_CONTROL + "deliver", _deliver, KIND, "delivers the order"),
        Action(_CONTROL + "delay", _delay, KIND, "delays delivery by years", {"years": integer(least=1, most=50)}),
        Action(_CONTROL + "substitute", _substitute, KIND, "replaces the product", {"product": required(text())}),
        Action(
            _CONTROL + "cancel",
            _drop,
            KIND,
            "cancels the order, as Stripe may",
            {"reason": choice("expired", "product_unavailable", "requested")},
        ),
    ),
    jobs={"climate.confirm": _job_confirm, "climate.deliver": _job_deliver},
    events=tuple(
        f"climate.order.{word}" for word in ("canceled", "created", "delayed", "delivered", "product_substituted")
    ),
    notes=(
        "A new order is open, is confirmed after a day, and is delivered when its year ends.",
        "An order's amount includes the fees.",
    ),
)
