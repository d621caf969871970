"""Sources of customers: the older way to keep a card. Source: docs.stripe.com/api/cards.

Only Stripe's tokens of test cards (``tok_visa``) can be kept: what any other token holds is known to Stripe alone.
"""

from fcproxy.fake.call import Call
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import LIST, METADATA, Params, boolean, choice, integer, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.resources.payment_method_cards import stock_card, token_card
from fcproxy.fake.state import Doc, Row
from fcproxy.stripe.envelope import list_envelope
from fcproxy.stripe.ids import IdShape, Shape

__all__ = ["RESOURCE", "add_source", "sources_of"]

KIND = "card"
_URL = "/v1/customers/{customer}/sources"
_BRANDS = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "mastercard": "MasterCard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}
"""A card's brand -> how a source spells it."""
_UPDATE: Params = {
    **{f"address_{part}": text() for part in ("city", "country", "line1", "line2", "state", "zip")},
    "exp_month": integer(least=1, most=12),
    "exp_year": integer(least=2000, most=2100),
    "metadata": METADATA,
    "name": text(),
}
_ADDRESS = ("city", "country", "line1", "line1_check", "line2", "state", "zip", "zip_check")


def add_source(call: Call, customer_id: str, token: str, param: str, metadata: Doc | None = None) -> Row:
    """The card of a token, as a source of a customer. Raises StripeError (400) for a token that is not known."""
    word, _ = token_card(token, param)
    card, private = stock_card(call.secret("fingerprint", 16), word)
    doc = {
        "id": call.mint(KIND),
        "object": KIND,
        **{f"address_{part}": None for part in _ADDRESS},
        "allow_redisplay": "unspecified",
        "brand": _BRANDS[card["brand"]],
        "country": card["country"],
        "customer": customer_id,
        "cvc_check": None,
        "dynamic_last4": None,
        **{name: card[name] for name in ("exp_month", "exp_year", "fingerprint", "funding", "last4")},
        "metadata": merge_metadata({}, metadata),
        "name": None,
        "regulated_status": card["regulated_status"],
        "tokenization_method": None,
    }
    row = call.add(KIND, doc, {**private, "created": call.now})
    call.emit("customer.source.created", row)
    return row


def sources_of(call: Call, customer_id: str) -> Doc:
    """The list of a customer's sources that is embedded in the customer: ids, newest first."""
    table = call.state.tables[KIND]
    numbers = table.numbers(call.scope, {"customer": customer_id})
    ids = [table.at(number).id for number in reversed(numbers)]
    return list_envelope(ids[:10], has_more=len(ids) > 10, url=_URL.replace("{customer}", customer_id))


def _customer(call: Call) -> Row:
    return call.target("customer", "customer")


def _create(call: Call) -> Doc:
    customer = _customer(call)
    row = add_source(call, customer.id, call.params["source"], "source", call.params.get("metadata"))
    default = customer.doc["default_source"] or row.id
    call.change(customer, sources=sources_of(call, customer.id), default_source=default)
    return row.doc


def _list(call: Call) -> Doc:
    customer = _customer(call)
    url = _URL.replace("{customer}", customer.id)
    # What is no card is nothing that the fake could hold.
    wanted = call.params.get("object", KIND) == KIND
    return call.page(KIND, url, filters={"customer": customer.id}, where=lambda _row: wanted)


def _retrieve(call: Call) -> Doc:
    return call.target_of("customer", KIND).doc


def _update(call: Call) -> Doc:
    row = call.target_of("customer", KIND)
    changes: Doc = {name: call.params[name] for name in _UPDATE if name in call.params and name != "metadata"}
    if "metadata" in call.params:
        changes["metadata"] = merge_metadata(row.doc["metadata"], call.params["metadata"])
    previous = {name: row.doc[name] for name, value in changes.items() if row.doc[name] != value}
    if previous:
        call.emit("customer.source.updated", call.change(row, **changes), previous)
    return row.doc


def _delete(call: Call) -> Doc:
    row = call.target_of("customer", KIND)
    left = call.remove(row)
    call.emit("customer.source.deleted", row)
    customer, sources = _customer(call), sources_of(call, row.doc["customer"])
    default = customer.doc["default_source"]
    if default == row.id:
        default = next(iter(sources["data"]), None)
    call.change(customer, sources=sources, default_source=default)
    return left


RESOURCE = Resource(
    name="customers.sources",
    title="Sources of customers",
    kinds=(
        Kind(
            KIND,
            "source",
            expandable={"customer": "customer"},
            indexes={"customer": lambda row: (row.doc["customer"],)},
            shape=IdShape("card_", Shape.LONG),
        ),
    ),
    routes=(
        Route(
            "POST",
            _URL,
            _create,
            KIND,
            "Add a card",
            {"metadata": METADATA, "source": required(text()), "validate": boolean()},
        ),
        Route(
            "GET",
            _URL,
            _list,
            KIND,
            "List a customer's sources",
            {**LIST, "object": choice("bank_account", "card", "source")},
            listed=True,
        ),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a source"),
        Route("POST", _URL + "/{id}", _update, KIND, "Update a source", _UPDATE),
        Route("DELETE", _URL + "/{id}", _delete, KIND, "Delete a source"),
    ),
    events=("customer.source.created", "customer.source.deleted", "customer.source.updated"),
    notes=("Sources are cards out of tok_visa and its like.",),
)
