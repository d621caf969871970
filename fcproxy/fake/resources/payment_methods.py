"""PaymentMethods of every type, as far as forwarding, customers and account holders refer to them.

Source: docs.stripe.com/api/payment_methods. What a type holds stands in `payment_method_types`, a card in
`payment_method_cards`.
"""

from fcproxy.fake.call import Call
from fcproxy.fake.errors import refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import ADDRESS, LIST, METADATA, Params, choice, group, integer, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.resources.payment_method_cards import TEST_CARDS, card, stock_card
from fcproxy.fake.resources.payment_method_types import BANK_NAME, ONLY_HASHES, TYPES, details
from fcproxy.fake.state import Doc, Row, by

__all__ = ["RESOURCE", "payment_method"]

KIND = "payment_method"
_URL = "/v1/payment_methods"
_WORD = "pm_card_"
"""How Stripe's words for test cards begin."""
_FILTERS = ("allow_redisplay", "customer", "customer_account", "type")
"""Fields that a list can be filtered by."""

_BILLING: Params = {
    "address": group(ADDRESS, empty=True),
    "email": text("email", empty=True),
    "name": text(empty=True),
    "phone": text(empty=True),
    "tax_id": text(),
}
_REDISPLAY = choice("always", "limited", "unspecified")
_HOLDER_TYPE, _ACCOUNT_TYPE = choice("company", "individual"), choice("checking", "savings")
_NETWORKS = ("cartes_bancaires", "mastercard", "visa")
_TYPE = choice(*sorted((*TYPES, "card", "us_bank_account")))
_CREATE: Params = {
    "type": _TYPE,
    "allow_redisplay": _REDISPLAY,
    "billing_details": group(_BILLING),
    "card": group(
        {
            "cvc": text(most=4),
            "exp_month": integer(least=1, most=12),
            "exp_year": integer(),
            "networks": group({"preferred": choice(*_NETWORKS)}),
            "number": text(most=30),
            "token": text(),
        }
    ),
    "customer": text(),
    "metadata": METADATA,
    "payment_method": text(),
    "radar_options": group({"session": text()}),
    "us_bank_account": group(
        {
            "account_holder_type": _HOLDER_TYPE,
            "account_number": text(),
            "account_type": _ACCOUNT_TYPE,
            "financial_connections_account": text(),
            "routing_number": text(),
        }
    ),
    **{name: group(row.params) for name, row in TYPES.items()},
    **ONLY_HASHES,
}
_UPDATE: Params = {
    "allow_redisplay": _REDISPLAY,
    "billing_details": group(_BILLING),
    "card": group(
        {
            "exp_month": integer(least=1, most=12),
            "exp_year": integer(),
            "networks": group({"preferred": choice(*_NETWORKS, empty=True)}),
        }
    ),
    "metadata": METADATA,
    "us_bank_account": group({"account_holder_type": _HOLDER_TYPE, "account_type": _ACCOUNT_TYPE}),
}
_OWNER: Params = {"customer": text(), "customer_account": text()}


def _bank(call: Call, given: Doc) -> Doc:
    linked = given.get("financial_connections_account")
    name = "us_bank_account[financial_connections_account]"
    account = call.reference("financial_connections.account", linked, name) if linked else None
    if account is None and not given.get("account_number"):
        raise refuse("parameter_missing", param="us_bank_account[account_number]")
    return {
        "account_holder_type": given.get("account_holder_type", "individual"),
        "account_type": given.get("account_type", "checking"),
        "bank_name": account.doc["institution_name"] if account else BANK_NAME,
        "financial_connections_account": linked,
        "fingerprint": call.secret("fingerprint", 16),
        "last4": account.doc["last4"] if account else given["account_number"][-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": given.get("routing_number", "110000000"),
        "status_details": {},
    }


def _billing(given: Doc, old: Doc) -> Doc:
    """Billing details as they are shown: what is given over what was there."""
    shown = {**dict.fromkeys(_BILLING), **old, **given}
    shown["address"] = {**dict.fromkeys(ADDRESS), **(shown["address"] or {})}
    return shown


def _doc(object_id: str, livemode: bool, created: int, kind: str) -> Doc:
    return {
        "id": object_id,
        "object": KIND,
        "allow_redisplay": "unspecified",
        "billing_details": _billing({}, {}),
        "created": created,
        "customer": None,
        "customer_account": None,
        "livemode": livemode,
        "metadata": {},
        "type": kind,
    }


def _create(call: Call) -> Doc:
    if "payment_method" in call.params:
        return _clone(call)
    if "type" not in call.params:
        raise refuse("parameter_missing", param="type")
    if "customer" in call.params:
        raise refuse("not_allowed", param="customer", why="it goes with `payment_method`, on a connected account.")
    kind = call.params["type"]
    given = call.params.get(kind, {})
    if not given:
        _check_empty(kind)
    doc = _doc(call.mint(KIND), call.livemode, call.now, kind)
    doc["allow_redisplay"] = call.params.get("allow_redisplay", "unspecified")
    doc["billing_details"] = _billing(call.params.get("billing_details", {}), {})
    doc["metadata"] = merge_metadata({}, call.params.get("metadata"))
    private: Doc = {}
    if kind == "card":
        doc["card"], private = card(call, given)
    else:
        doc[kind] = _bank(call, given) if kind == "us_bank_account" else details(call, kind, given)
    if "radar_options" in call.params:
        doc["radar_options"] = call.params["radar_options"]
    return call.add(KIND, doc, private).doc


def _check_empty(kind: str) -> None:
    """Refuses a type whose own hash is missing and needed. Raises StripeError (400)."""
    if kind not in TYPES or any(param.required for param in TYPES[kind].params.values()):
        raise refuse("parameter_missing", param=kind)


def _clone(call: Call) -> Doc:
    """A platform's PaymentMethod made anew on the connected account that is acted upon."""
    platform = f"{call.scope.partition(':')[0]}:{call.state.account()}"
    if call.scope == platform:
        raise refuse("not_allowed", param="payment_method", why="only a connected account can be given a clone.")
    source = call.state.tables[KIND].get(call.params["payment_method"])
    owner = call.params.get("customer")
    if source is None or source.scope != platform or source.doc["customer"] != owner:
        return call.reference(KIND, call.params["payment_method"], "payment_method").doc
    doc = {**source.doc, "id": call.mint(KIND), "created": call.now, "customer": None, "metadata": {}}
    return call.add(KIND, doc, dict(source.private)).doc


def payment_method(call: Call, object_id: str, param: str) -> Row:
    """The PaymentMethod with an id, or a new one for one of Stripe's words for test cards.

    Raises StripeError (400) for one that is not there; a well-formed id of one made elsewhere holds a test card.
    """
    found = call.find(KIND, object_id)
    if found is not None:
        return found
    word = _test_word(object_id)
    elsewhere = not call.strict and call.catalogue.may_exist(KIND, object_id)
    if not word and not elsewhere:
        return call.reference(KIND, object_id, param)
    doc = _doc(object_id if elsewhere else call.mint(KIND), call.livemode, call.now, "card")
    doc["card"], private = stock_card(call.secret("fingerprint", 16), word or "visa")
    return call.add(KIND, doc, private)


def _test_word(object_id: str) -> str:
    word = object_id.removeprefix(_WORD)
    return word if object_id.startswith(_WORD) and word in TEST_CARDS else ""


def _retrieve(call: Call) -> Doc:
    if _test_word(call.path["id"]):
        return payment_method(call, call.path["id"], "id").doc
    return call.target(KIND).doc


def _update(call: Call) -> Doc:
    row, changes = call.target(KIND), dict(call.params)
    changes.pop("expand", None)
    for kind in ("card", "us_bank_account"):
        if kind in changes and kind != row.doc["type"]:
            raise refuse("not_allowed", param=kind, why=f"the PaymentMethod is a {row.doc['type']}.")
    if "card" in changes:
        changes["card"] = _changed_card(row.doc["card"], changes["card"])
        row.private.update({name: changes["card"][name] for name in ("exp_month", "exp_year")})
    if "us_bank_account" in changes:
        changes["us_bank_account"] = {**row.doc["us_bank_account"], **changes["us_bank_account"]}
    if "billing_details" in changes:
        changes["billing_details"] = _billing(changes["billing_details"], row.doc["billing_details"])
    if "metadata" in changes:
        changes["metadata"] = merge_metadata(row.doc["metadata"], changes["metadata"])
    return _changed(call, row, "payment_method.updated", changes)


def _changed_card(old: Doc, given: Doc) -> Doc:
    new = {**old, **given}
    new["networks"] = {**old["networks"], **given.get("networks", {})}
    return new


def _changed(call: Call, row: Row, event: str, changes: Doc) -> Doc:
    """Changes a PaymentMethod and tells of it, where anything differs."""
    previous = {name: row.doc[name] for name, value in changes.items() if row.doc[name] != value}
    if previous:
        call.emit(event, call.change(row, **changes), previous)
    return row.doc


def _list(call: Call) -> Doc:
    return call.page(KIND, _URL, filters={name: call.params.get(name) for name in _FILTERS})


def _list_of_customer(call: Call) -> Doc:
    customer = call.target("customer", "customer")
    filters = {name: call.params.get(name) for name in _FILTERS}
    return call.page(KIND, f"/v1/customers/{customer.id}/payment_methods", filters={**filters, "customer": customer.id})


def _retrieve_of_customer(call: Call) -> Doc:
    return call.target_of("customer", KIND).doc


def _attach(call: Call) -> Doc:
    call.exclusive(tuple(_OWNER))
    if not call.params.keys() & _OWNER.keys():
        raise refuse("parameter_missing", param="customer")
    if "customer" in call.params:
        call.known("customer", call.params["customer"], "customer")
    row = payment_method(call, call.path["id"], "id")
    changes = {name: call.params[name] for name in _OWNER if name in call.params}
    return _changed(call, row, "payment_method.attached", changes)


def _detach(call: Call) -> Doc:
    row = call.target(KIND)
    if row.doc["customer"] is None and row.doc["customer_account"] is None:
        raise refuse("state", message="The payment method you provided is not attached to a customer.")
    return _changed(call, row, "payment_method.detached", {"customer": None, "customer_account": None})


def _stand_in(object_id: str, livemode: bool) -> Doc:
    shown, _ = stock_card(object_id[-16:], "visa")
    return {**_doc(object_id, livemode, 0, "card"), "card": shown}


RESOURCE = Resource(
    name="payment_methods",
    title="PaymentMethods (a small store)",
    kinds=(
        Kind(
            KIND,
            "PaymentMethod",
            expandable={"customer": "customer"},
            indexes={name: by(name) for name in _FILTERS},
            stand_in=_stand_in,
        ),
    ),
    routes=(
        Route("POST", _URL, _create, KIND, "Create a PaymentMethod", _CREATE),
        Route(
            "GET",
            _URL,
            _list,
            KIND,
            "List PaymentMethods",
            {**LIST, **_OWNER, "allow_redisplay": _REDISPLAY, "type": _TYPE},
            listed=True,
        ),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a PaymentMethod"),
        Route("POST", _URL + "/{id}", _update, KIND, "Update a PaymentMethod", _UPDATE),
        Route(
            "GET",
            "/v1/customers/{customer}/payment_methods",
            _list_of_customer,
            KIND,
            "List a customer's PaymentMethods",
            {**LIST, "allow_redisplay": _REDISPLAY, "type": _TYPE},
            listed=True,
        ),
        Route(
            "GET",
            "/v1/customers/{customer}/payment_methods/{id}",
            _retrieve_of_customer,
            KIND,
            "Retrieve a customer's PaymentMethod",
        ),
        Route("POST", _URL + "/{id}/attach", _attach, KIND, "Attach it to a customer", _OWNER),
        Route("POST", _URL + "/{id}/detach", _detach, KIND, "Detach it from its customer"),
    ),
    events=("payment_method.attached", "payment_method.detached", "payment_method.updated"),
    notes=("Nothing can be charged to a PaymentMethod; of tokens tok_visa and its like are known.",),
)
