"""Tax Locations: where a service is performed or an event takes place. Source: docs.stripe.com/api/tax/location."""

from fcproxy.fake.call import Call
from fcproxy.fake.params import ADDRESS, EMPTIABLE_ADDRESS, LIST, Params, choice, group, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, by
from fcproxy.stripe.ids import IdShape, Shape

__all__ = ["LOCATION", "RESOURCE"]

LOCATION = "tax.location"
_URL = "/v1/tax/locations"
_TYPE = choice("performance")
_CREATE: Params = {
    "address": required(group(EMPTIABLE_ADDRESS)),
    "description": text(),
    "type": required(_TYPE),
}


def _create(call: Call) -> Doc:
    doc = {
        "id": call.mint(LOCATION),
        "object": LOCATION,
        "address": {**dict.fromkeys(ADDRESS), **call.params["address"]},
        "description": call.params.get("description"),
        "livemode": call.livemode,
        "type": call.params["type"],
    }
    return call.add(LOCATION, doc, {"created": call.now}).doc


def _retrieve(call: Call) -> Doc:
    return call.target(LOCATION).doc


def _list(call: Call) -> Doc:
    return call.page(LOCATION, _URL, filters={"type": call.params["type"]})


RESOURCE = Resource(
    name="tax.locations",
    title="Tax Locations",
    kinds=(Kind(LOCATION, "tax location", indexes={"type": by("type")}, shape=IdShape("taxloc_", Shape.LONG)),),
    routes=(
        Route("POST", _URL, _create, LOCATION, "Create a location", _CREATE),
        Route("GET", _URL, _list, LOCATION, "List locations", {**LIST, "type": required(_TYPE)}, listed=True),
        Route("GET", _URL + "/{id}", _retrieve, LOCATION, "Retrieve a location"),
    ),
    notes=("A line item that names a location is taxed where the location is.",),
)
