"""PaymentMethods, as far as forwarding and account holders refer to them. Source: docs.stripe.com/api/payment_methods.

What the card is stays private to the fake: answers hold its last four digits, forwarding fills in the rest.
"""

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError, refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import ADDRESS, LIST, METADATA, Params, choice, group, integer, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, Row, by

__all__ = ["RESOURCE", "TEST_CARDS", "payment_method"]

KIND = "payment_method"
_URL = "/v1/payment_methods"

TEST_CARDS = {
    "pm_card_visa": ("4242" * 4, "visa"),
    "pm_card_visa_debit": ("4000056655665556", "visa"),
    "pm_card_mastercard": ("5555555555554444", "mastercard"),
    "pm_card_amex": ("378282246310005", "amex"),
    "pm_card_discover": ("6011111111111117", "discover"),
}
"""Stripe's words for test cards -> their public test number and brand. Source: docs.stripe.com/testing."""
_ENDS = (8, 2030)
"""Month and year in which a test card ends."""
_BRANDS = {"4": "visa", "5": "mastercard", "2": "mastercard", "3": "amex", "6": "discover"}
_FILTERS = ("allow_redisplay", "customer", "type")
"""Fields that a list can be filtered by."""
_BAD_NUMBER = ApiError(402, "card_error", "incorrect_number", "Your card number is incorrect.", "card[number]")
_BAD_EXPIRY = ApiError(
    402, "card_error", "invalid_expiry_year", "Your card's expiration year is invalid.", "card[exp_year]"
)

_BILLING: Params = {
    "address": group(ADDRESS, empty=True),
    "email": text("email", empty=True),
    "name": text(empty=True),
    "phone": text(empty=True),
    "tax_id": text(),
}
_REDISPLAY = choice("always", "limited", "unspecified")
_HOLDER_TYPE, _ACCOUNT_TYPE = choice("company", "individual"), choice("checking", "savings")
_CREATE: Params = {
    "type": required(choice("card", "us_bank_account")),
    "allow_redisplay": _REDISPLAY,
    "billing_details": group(_BILLING),
    "card": group(
        {
            "cvc": text(most=4),
            "exp_month": required(integer(least=1, most=12)),
            "exp_year": required(integer()),
            "number": required(text(most=30)),
        }
    ),
    "metadata": METADATA,
    "us_bank_account": group(
        {
            "account_holder_type": _HOLDER_TYPE,
            "account_number": text(),
            "account_type": _ACCOUNT_TYPE,
            "financial_connections_account": text(),
            "routing_number": text(),
        }
    ),
}
_UPDATE: Params = {
    "allow_redisplay": _REDISPLAY,
    "billing_details": group(_BILLING),
    "card": group({"exp_month": integer(least=1, most=12), "exp_year": integer()}),
    "metadata": METADATA,
    "us_bank_account": group({"account_holder_type": _HOLDER_TYPE, "account_type": _ACCOUNT_TYPE}),
}


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def _card(call: Call, given: Doc) -> tuple[Doc, Doc]:
    number = "".join(char for char in given["number"] if char not in " -")
    if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19 and _luhn(number)):
        raise StripeError(_BAD_NUMBER)
    year = given["exp_year"] if given["exp_year"] > 99 else 2000 + given["exp_year"]
    if not 2000 <= year <= 2100:
        raise StripeError(_BAD_EXPIRY)
    private = {"number": number, "cvc": given.get("cvc", ""), "exp_month": given["exp_month"], "exp_year": year}
    brand = _BRANDS.get(number[0], "unknown")
    return _card_doc(call.secret("fingerprint", 16), brand, number[-4:], given["exp_month"], year), private


def _card_doc(fingerprint: str, brand: str, last4: str, month: int, year: int) -> Doc:
    return {
        "brand": brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "unchecked"},
        "country": "US",
        "display_brand": brand if brand != "amex" else "american_express",
        "exp_month": month,
        "exp_year": year,
        "fingerprint": fingerprint,
        "funding": "credit",
        "generated_from": None,
        "last4": last4,
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _bank(call: Call, given: Doc) -> Doc:
    linked = given.get("financial_connections_account")
    name = "us_bank_account[financial_connections_account]"
    account = call.reference("financial_connections.account", linked, name) if linked else None
    if account is None and not given.get("account_number"):
        raise refuse("parameter_missing", param="us_bank_account[account_number]")
    return {
        "account_holder_type": given.get("account_holder_type", "individual"),
        "account_type": given.get("account_type", "checking"),
        "bank_name": account.doc["institution_name"] if account else "STRIPE TEST BANK",
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
    kind = call.params["type"]
    if not call.params.get(kind):
        raise refuse("parameter_missing", param=kind)
    doc = _doc(call.mint(KIND), call.livemode, call.now, kind)
    doc["allow_redisplay"] = call.params.get("allow_redisplay", "unspecified")
    doc["billing_details"] = _billing(call.params.get("billing_details", {}), {})
    doc["metadata"] = merge_metadata({}, call.params.get("metadata"))
    private: Doc = {}
    if kind == "card":
        doc["card"], private = _card(call, call.params["card"])
    else:
        doc["us_bank_account"] = _bank(call, call.params["us_bank_account"])
    return call.add(KIND, doc, private).doc


def payment_method(call: Call, object_id: str, param: str) -> Row:
    """The PaymentMethod with an id, or a new one for one of Stripe's words for test cards.

    Raises StripeError (400) for one that is not there; a well-formed id of one made elsewhere holds a test card.
    """
    number, brand = TEST_CARDS.get(object_id, ("", ""))
    found = call.find(KIND, object_id)
    if found is not None:
        return found
    elsewhere = not call.strict and call.catalogue.may_exist(KIND, object_id)
    if not number and not elsewhere:
        return call.reference(KIND, object_id, param)
    if not number:
        number, brand = TEST_CARDS["pm_card_visa"]
    doc = _doc(object_id if elsewhere else call.mint(KIND), call.livemode, call.now, "card")
    doc["card"] = _card_doc(call.secret("fingerprint", 16), brand, number[-4:], *_ENDS)
    return call.add(KIND, doc, {"number": number, "cvc": "123", "exp_month": _ENDS[0], "exp_year": _ENDS[1]})


def _retrieve(call: Call) -> Doc:
    if call.path["id"] in TEST_CARDS:
        return payment_method(call, call.path["id"], "id").doc
    return call.target(KIND).doc


def _update(call: Call) -> Doc:
    row, changes = call.target(KIND), dict(call.params)
    changes.pop("expand", None)
    for kind in ("card", "us_bank_account"):
        if kind in changes and kind != row.doc["type"]:
            raise refuse("not_allowed", param=kind, why=f"the PaymentMethod is a {row.doc['type']}.")
        if kind in changes:
            changes[kind] = {**row.doc[kind], **changes[kind]}
    if "card" in changes:
        row.private.update({name: changes["card"][name] for name in ("exp_month", "exp_year")})
    if "billing_details" in changes:
        changes["billing_details"] = _billing(changes["billing_details"], row.doc["billing_details"])
    if "metadata" in changes:
        changes["metadata"] = merge_metadata(row.doc["metadata"], changes["metadata"])
    return call.change(row, **changes).doc


def _list(call: Call) -> Doc:
    return call.page(KIND, _URL, filters={name: call.params.get(name) for name in _FILTERS})


def _list_of_customer(call: Call) -> Doc:
    customer = call.target("customer", "customer")
    filters = {name: call.params.get(name) for name in _FILTERS}
    return call.page(KIND, f"/v1/customers/{customer.id}/payment_methods", filters={**filters, "customer": customer.id})


def _retrieve_of_customer(call: Call) -> Doc:
    customer, row = call.target("customer", "customer"), call.target(KIND)
    if row.doc["customer"] != customer.id:
        raise refuse("missing", param="id", words="PaymentMethod", id=row.id, hint="")
    return row.doc


def _attach(call: Call) -> Doc:
    call.known("customer", call.params["customer"], "customer")
    row = payment_method(call, call.path["id"], "id")
    return call.change(row, customer=call.params["customer"]).doc


def _detach(call: Call) -> Doc:
    row = call.target(KIND)
    if row.doc["customer"] is None:
        raise refuse("state", message="The payment method you provided is not attached to a customer.")
    return call.change(row, customer=None).doc


def _stand_in(object_id: str, livemode: bool) -> Doc:
    card = _card_doc(object_id[-16:], "visa", TEST_CARDS["pm_card_visa"][0][-4:], *_ENDS)
    return {**_doc(object_id, livemode, 0, "card"), "card": card}


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
            {**LIST, "allow_redisplay": _REDISPLAY, "customer": text(), "type": text()},
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
            {**LIST, "allow_redisplay": _REDISPLAY, "type": text()},
            listed=True,
        ),
        Route(
            "GET",
            "/v1/customers/{customer}/payment_methods/{id}",
            _retrieve_of_customer,
            KIND,
            "Retrieve a customer's PaymentMethod",
        ),
        Route("POST", _URL + "/{id}/attach", _attach, KIND, "Attach it to a customer", {"customer": required(text())}),
        Route("POST", _URL + "/{id}/detach", _detach, KIND, "Detach it from its customer"),
    ),
    notes=("PaymentMethods are cards and US bank accounts only; pm_card_visa and its like are known.",),
)
