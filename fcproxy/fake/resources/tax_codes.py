"""Tax codes: what a product is, for tax. Source: docs.stripe.com/tax/tax-codes; texts of the others are our own."""

from collections.abc import Sequence

from fcproxy.fake.call import Call
from fcproxy.fake.params import LIST
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc

__all__ = ["RESOURCE"]

KIND = "tax_code"
_URL = "/v1/tax_codes"
_CODES = {
    "txcd_99999999": ("General - Tangible Goods", "Any tangible or physical good."),
    "txcd_92010001": ("Shipping", "The cost of shipping goods."),
    "txcd_20030000": ("General - Services", "A service, performed for a person or a business."),
    "txcd_10000000": ("General - Electronically Supplied Services", "A service delivered by electronic means."),
    "txcd_00000000": ("Nontaxable", "Nothing that tax is due on."),
}
"""Code -> name and description."""


def _code(code: str, _livemode: bool) -> Doc:
    name, description = _CODES.get(code, (code, "A tax code that only Stripe knows."))
    return {"id": code, "object": KIND, "description": description, "name": name, "requirements": None}


def _codes(livemode: bool) -> Sequence[Doc]:
    return [_code(code, livemode) for code in _CODES]


def _list(call: Call) -> Doc:
    return call.page_of_constants(KIND, _URL)


def _retrieve(call: Call) -> Doc:
    return call.target(KIND).doc


RESOURCE = Resource(
    name="tax.codes",
    title="Tax codes",
    kinds=(Kind(KIND, "tax code", constants=_codes, stand_in=_code),),
    routes=(
        Route("GET", _URL, _list, KIND, "List tax codes", LIST, listed=True),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a tax code"),
    ),
    notes=("The general codes only; any other of the right shape is taken where a code is named.",),
)
