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
_BRANDS = {"4": "visa", "5": "mastercard", "2": "mastercard", "3": "amex", "6": "discover"}
_BAD_NUMBER = ApiError(402, "card_error", "incorrect_number", "Your card number is incorrect.", "card[number]")
_BAD_EXPIRY = ApiError(
    402, "card_error", "invalid_expiry_year", "Your card's expiration year is invalid.", "card[exp_year]"
)

_BILLING: Params = {
    "address": group(ADDRESS, empty=True),
    "email": text("email", empty=True),
    "name": text(empty=True),
    "phone": text(empty=True),
}
_CREATE: Params = {
    "type": required(choice("card", "us_bank_account")),
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
            "account_holder_type": choice("company", "individual"),
            "account_number": text(),
            "account_type": choice("checking", "savings"),
            "financial_connections_account": text(),
            "routing_number": text(),
        }
    ),
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
    return _card_doc(call, brand, number[-4:], given["exp_month"], year), private


def _card_doc(call: Call, brand: str, last4: str, month: int, year: int) -> Doc:
    return {
        "brand": brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "unchecked"},
        "country": "US",
        "display_brand": brand if brand != "amex" else "american_express",
        "exp_month": month,
        "exp_year": year,
        "fingerprint": call.secret("fingerprint", 16),
        "funding": "credit",
        "generated_from": None,
        "last4": last4,
        "networks": {"available": [brand], "preferred": None},
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


def _doc(call: Call, kind: str, billing: Doc) -> Doc:
    address = billing.get("address")
    return {
        "id": call.mint(KIND),
        "object": KIND,
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": {**dict.fromkeys(ADDRESS), **(address or {})},
            "email": billing.get("email"),
            "name": billing.get("name"),
            "phone": billing.get("phone"),
            "tax_id": None,
        },
        "created": call.now,
        "customer": None,
        "livemode": call.livemode,
        "metadata": {},
        "type": kind,
    }


def _create(call: Call) -> Doc:
    kind = call.params["type"]
    if not call.params.get(kind):
        raise refuse("parameter_missing", param=kind)
    doc = _doc(call, kind, call.params.get("billing_details", {}))
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
    doc = _doc(call, "card", {})
    if elsewhere:
        doc["id"] = object_id
    doc["card"] = _card_doc(call, brand, number[-4:], 8, 2030)
    return call.add(KIND, doc, {"number": number, "cvc": "123", "exp_month": 8, "exp_year": 2030})


def _retrieve(call: Call) -> Doc:
    if call.path["id"] in TEST_CARDS:
        return payment_method(call, call.path["id"], "id").doc
    return call.target(KIND).doc


def _update(call: Call) -> Doc:
    row = call.target(KIND)
    if "metadata" in call.params:
        call.change(row, metadata=merge_metadata(row.doc["metadata"], call.params["metadata"]))
    return row.doc


def _list(call: Call) -> Doc:
    filters = {name: call.params.get(name) for name in ("customer", "type")}
    return call.page(KIND, _URL, filters=filters)


def _attach(call: Call) -> Doc:
    call.known("customer", call.params["customer"], "customer")
    row = payment_method(call, call.path["id"], "id")
    return call.change(row, customer=call.params["customer"]).doc


def _detach(call: Call) -> Doc:
    row = call.target(KIND)
    if row.doc["customer"] is None:
        raise refuse("state", message="The payment method you provided is not attached to a customer.")
    return call.change(row, customer=None).doc


def _stand_in(object_id: str, _livemode: bool) -> Doc:
    return {"id": object_id, "object": KIND}


RESOURCE = Resource(
    name="payment_methods",
    title="PaymentMethods (a small store)",
    kinds=(
        Kind(
            KIND,
            "PaymentMethod",
            expandable={"customer": "customer"},
            indexes={"customer": by("customer"), "type": by("type")},
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
            {**LIST, "customer": text(), "type": text()},
            listed=True,
        ),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a PaymentMethod"),
        Route("POST", _URL + "/{id}", _update, KIND, "Update a PaymentMethod", {"metadata": METADATA}),
        Route("POST", _URL + "/{id}/attach", _attach, KIND, "Attach it to a customer", {"customer": required(text())}),
        Route("POST", _URL + "/{id}/detach", _detach, KIND, "Detach it from its customer"),
    ),
    notes=("PaymentMethods are cards and US bank accounts only; pm_card_visa and its like are known.",),
)
