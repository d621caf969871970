"""Tax Transactions and their reversals. Source: docs.stripe.com/api/tax/transactions."""

from collections.abc import Sequence

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError, refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import LIST, METADATA, Params, array, choice, group, integer, required, text, time
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.resources.tax_calculations import SHOWN, usable_calculation
from fcproxy.fake.state import Doc, Row, by
from fcproxy.stripe.envelope import list_envelope

__all__ = ["RESOURCE", "commit", "reverse"]

KIND = "tax.transaction"
LINE = "tax.transaction_line_item"
CALCULATED = "tax.calculation_line_item"
_URL = "/v1/tax/transactions"

_EXISTS = ApiError(
    400,
    "invalid_request_error",
    "resource_already_exists",
    "There is already a tax transaction with this reference.",
    "reference",
)
_CREATE: Params = {
    "calculation": required(text()),
    "metadata": METADATA,
    "posted_at": time(),
    "reference": required(text(most=500)),
}
_REVERSED_LINE: Params = {
    "amount": required(integer(most=0)),
    "amount_tax": required(integer(most=0)),
    "metadata": METADATA,
    "original_line_item": required(text()),
    "quantity": integer(least=1),
    "reference": required(text(most=500)),
}
_REVERSE: Params = {
    "flat_amount": integer(most=-1),
    "line_items": array(group(_REVERSED_LINE), most=100),
    "metadata": METADATA,
    "mode": required(choice("full", "partial")),
    "original_transaction": required(text()),
    "reference": required(text(most=500)),
    "shipping_cost": group({"amount": required(integer(most=0)), "amount_tax": required(integer(most=0))}),
}


def _fresh_reference(call: Call) -> str:
    reference = str(call.params["reference"])
    if call.state.tables[KIND].numbers(call.scope, {"reference": reference}):
        raise StripeError(_EXISTS)
    return reference


def _metadata(given: Doc | None) -> Doc | None:
    return merge_metadata({}, given) if given else None


def _store(call: Call, doc: Doc, lines: Sequence[Doc], private: Doc) -> Row:
    items = [line["id"] for line in lines]
    url = f"{_URL}/{doc['id']}/line_items"
    doc["line_items"] = list_envelope(items[:SHOWN], has_more=len(items) > SHOWN, url=url)
    row = call.add(KIND, doc, {**private, "lines": items})
    for line in reversed(lines):
        call.add(LINE, line, {"created": call.now, "owner": doc["id"]})
    return row


def _line(call: Call, base: Doc, **fields: object) -> Doc:
    return {
        "id": call.mint(LINE),
        "object": LINE,
        "amount": base["amount"],
        "amount_tax": base["amount_tax"],
        "livemode": call.livemode,
        "metadata": base["metadata"],
        "product": base["product"],
        "quantity": base["quantity"],
        "reference": base["reference"],
        "reversal": None,
        "tax_behavior": base["tax_behavior"],
        "tax_code": base["tax_code"],
        "type": "transaction",
        **fields,
    }


def _shipping(cost: Doc | None) -> Doc | None:
    return None if cost is None else {name: value for name, value in cost.items() if name != "tax_breakdown"}


def commit(call: Call) -> Doc:
    """A transaction out of the parameters of create_from_calculation. Raises StripeError (400)."""
    calculation = usable_calculation(call, call.params["calculation"], "calculation")
    reference = _fresh_reference(call)
    source = calculation.doc
    doc = {
        "id": call.mint(KIND),
        "object": KIND,
        "created": call.now,
        "currency": source["currency"],
        "customer": source["customer"],
        "customer_details": source["customer_details"],
        "line_items": None,
        "livemode": call.livemode,
        "metadata": _metadata(call.params.get("metadata")),
        "posted_at": call.params.get("posted_at", call.now),
        "reference": reference,
        "reversal": None,
        "ship_from_details": source["ship_from_details"],
        "shipping_cost": _shipping(source["shipping_cost"]),
        "tax_date": source["tax_date"],
        "type": "transaction",
    }
    table = call.state.tables[CALCULATED]
    rows = [table.get(object_id) for object_id in calculation.private["lines"]]
    lines = [_line(call, row.doc) for row in rows if row is not None]
    return _store(call, doc, lines, {"reversed": {}}).doc


def _left(original: Row, name: str, amount: int, tax: int) -> tuple[int, int]:
    """What of an amount and its tax is not reversed yet."""
    gone = original.private["reversed"].get(name, [0, 0])
    return amount + gone[0], tax + gone[1]


def _take(original: Row, name: str, amount: int, tax: int) -> None:
    gone = original.private["reversed"].get(name, [0, 0])
    original.private["reversed"][name] = [gone[0] + amount, gone[1] + tax]


Share = tuple[str, int, int, Doc]
"""What to reverse of a line: its id, amount and tax (both not above zero), and the parameters given for it."""


def _lines_of(call: Call, original: Row) -> list[Row]:
    rows = (call.find(LINE, object_id) for object_id in original.private["lines"])
    return [row for row in rows if row is not None]


def _all_left(call: Call, original: Row) -> list[Share]:
    shares: list[Share] = []
    for row in _lines_of(call, original):
        amount, tax = _left(original, row.id, row.doc["amount"], row.doc["amount_tax"])
        shares.append((row.id, -amount, -tax, {}))
    return shares


def _chosen(call: Call, original: Row) -> list[Share]:
    shares: list[Share] = []
    for position, given in enumerate(call.params["line_items"]):
        name = f"line_items[{position}][original_line_item]"
        row = call.find(LINE, given["original_line_item"])
        if row is None or row.id not in original.private["lines"]:
            raise refuse(
                "missing_reference", param=name, words="tax line item", id=given["original_line_item"], hint=""
            )
        shares.append((row.id, given["amount"], given["amount_tax"], given))
    return shares


def _flat(call: Call, original: Row, flat: int) -> list[Share]:
    """Spreads an amount over the lines by what they have left; the last one takes what rounding leaves."""
    left = [(name, -amount, -tax) for name, amount, tax, _ in _all_left(call, original)]
    whole = sum(amount + tax for _, amount, tax in left)
    if -flat > whole:
        raise refuse("state", param="flat_amount", message="`flat_amount` is more than what is left to reverse.")
    shares: list[Share] = []
    rest = -flat
    for position, (name, amount, tax) in enumerate(left):
        part = rest if position == len(left) - 1 else -flat * (amount + tax) // whole
        rest -= part
        taken = part * tax // (amount + tax) if amount + tax else 0
        shares.append((name, taken - part, -taken, {}))
    return shares


def _shares(call: Call, original: Row) -> list[Share]:
    given = [name for name in ("flat_amount", "line_items", "shipping_cost") if call.params.get(name) is not None]
    if call.params["mode"] == "full":
        if given:
            raise refuse("not_allowed", param=given[0], why="`mode` is `full`.")
        return _all_left(call, original)
    if not given:
        raise refuse("one_needed", param="line_items", names="flat_amount, line_items, shipping_cost")
    if "flat_amount" in given:
        call.exclusive(("flat_amount", "line_items"))
        call.exclusive(("flat_amount", "shipping_cost"))
        return _flat(call, original, call.params["flat_amount"])
    return _chosen(call, original) if "line_items" in given else []


def _reversed_shipping(call: Call, original: Row) -> Doc | None:
    cost = original.doc["shipping_cost"]
    given = call.params.get("shipping_cost")
    if given is not None and cost is None:
        raise refuse("not_allowed", param="shipping_cost", why="the original transaction has no shipping cost.")
    if cost is None or (given is None and call.params["mode"] == "partial"):
        return None
    amount, tax = _left(original, "shipping", cost["amount"], cost["amount_tax"])
    if given is None:
        given = {"amount": -amount, "amount_tax": -tax}
    if -given["amount"] > amount or -given["amount_tax"] > tax:
        raise refuse("state", param="shipping_cost", message="This is more than what is left of the shipping cost.")
    return {**cost, "amount": given["amount"], "amount_tax": given["amount_tax"]}


def _check_left(call: Call, original: Row, shares: Sequence[Share]) -> None:
    wanted: dict[str, tuple[int, int]] = {}
    for name, amount, tax, _ in shares:
        before = wanted.get(name, (0, 0))
        wanted[name] = (before[0] + amount, before[1] + tax)
    for row in _lines_of(call, original):
        amount, tax = wanted.get(row.id, (0, 0))
        left = _left(original, row.id, row.doc["amount"], row.doc["amount_tax"])
        if -amount > max(left[0], 0) or -tax > max(left[1], 0):
            message = f"This reverses more of {row.id} than what is left of it."
            raise refuse("state", param="line_items", message=message)


def reverse(call: Call) -> Doc:
    """A reversal out of the parameters of create_reversal. Raises StripeError (400)."""
    original = call.reference(KIND, call.params["original_transaction"], "original_transaction")
    if original.doc["type"] == "reversal":
        raise refuse("state", param="original_transaction", message="A reversal cannot be reversed.")
    reference = _fresh_reference(call)
    shares, shipping = _shares(call, original), _reversed_shipping(call, original)
    _check_left(call, original, shares)
    nothing = all(amount == 0 and tax == 0 for _, amount, tax, _ in shares)
    if call.params["mode"] == "full" and nothing and original.private["reversed"]:
        raise refuse("state", param="original_transaction", message="This transaction is already reversed in full.")
    for name, amount, tax, _ in shares:
        _take(original, name, amount, tax)
    if shipping is not None:
        _take(original, "shipping", shipping["amount"], shipping["amount_tax"])
    doc = {
        **original.doc,
        "id": call.mint(KIND),
        "created": call.now,
        "metadata": _metadata(call.params.get("metadata")),
        "posted_at": call.now,
        "reference": reference,
        "reversal": {"original_transaction": original.id},
        "shipping_cost": shipping,
        "type": "reversal",
    }
    return _store(call, doc, [_reversed_line(call, share) for share in shares], {}).doc


def _reversed_line(call: Call, share: Share) -> Doc:
    name, amount, tax, given = share
    return _line(
        call,
        call.reference(LINE, name, "line_items").doc,
        amount=amount,
        amount_tax=tax,
        metadata=_metadata(given.get("metadata")),
        reversal={"original_line_item": name},
        type="reversal",
        **{field: given[field] for field in ("quantity", "reference") if field in given},
    )


def _retrieve(call: Call) -> Doc:
    return call.target(KIND).doc


def _line_items(call: Call) -> Doc:
    row = call.target(KIND)
    return call.page(LINE, f"{_URL}/{row.id}/line_items", filters={"owner": row.id})


RESOURCE = Resource(
    name="tax.transactions",
    title="Tax Transactions",
    kinds=(
        Kind(KIND, "tax transaction", lists={"line_items": LINE}, indexes={"reference": by("reference")}),
        Kind(LINE, "tax transaction line item", indexes={"owner": lambda row: (row.private["owner"],)}),
    ),
    routes=(
        Route("POST", _URL + "/create_from_calculation", commit, KIND, "Create a transaction", _CREATE),
        Route("POST", _URL + "/create_reversal", reverse, KIND, "Reverse a transaction", _REVERSE),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a transaction"),
        Route(
            "GET", _URL + "/{id}/line_items", _line_items, LINE, "List a transaction's line items", LIST, listed=True
        ),
    ),
)
