"""Climate Products and Suppliers: a catalogue that the control API may change.

Source: docs.stripe.com/api/climate/product, /supplier.

Names and places are those of Stripe's published samples and of the suppliers themselves; prices are our own choice
but for the first product's, which is the sample's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError
from fcproxy.fake.params import LIST, array, choice, decimal, integer, required, text
from fcproxy.fake.resource import Action, Kind, Resource, Route
from fcproxy.fake.state import Doc

__all__ = ["FEE_PERCENT", "PRODUCTS", "RATES", "RESOURCE", "Offer", "fees_on"]

PRODUCT = "climate.product"
_EXISTS = ApiError(400, "invalid_request_error", "resource_already_exists", "Product already exists.", "id")
FEE_PERCENT = 3
_CREATED = 1_700_000_000
RATES = {"usd": Decimal(1), "eur": Decimal("0.92"), "gbp": Decimal("0.79")}
"""Currency -> units of it for one US dollar."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A product: its price is in US cents for a metric ton."""

    id: str
    name: str
    year: int
    price: int
    suppliers: tuple[str, ...]


PRODUCTS: tuple[Offer, ...] = (
    Offer(
        "climsku_frontier_offtake_portfolio_2030",
        "Frontier offtake portfolio 2030",
        2030,
        45_000,
        ("climsup_heirloom", "climsup_lithos"),
    ),
    Offer(
        "climsku_frontier_offtake_portfolio_2027",
        "Frontier offtake portfolio 2027",
        2027,
        55_000,
        ("climsup_charm_industrial", "climsup_heirloom"),
    ),
    Offer("climsku_frontier_prepurchase_2026", "Frontier prepurchase 2026", 2026, 80_000, ("climsup_ebb_carbon",)),
)
"""Newest first."""

_SUPPLIERS: dict[str, tuple[str, str, str, Doc]] = {
    "climsup_lithos": (
        "Lithos",
        "https://frontierclimate.com/portfolio/lithos",
        "enhanced_weathering",
        {"city": "Seattle", "country": "US", "latitude": 47.6, "longitude": -122.33, "region": "WA"},
    ),
    "climsup_heirloom": (
        "Heirloom",
        "https://frontierclimate.com/portfolio/heirloom",
        "direct_air_capture",
        {"city": "Brisbane", "country": "US", "latitude": 37.68, "longitude": -122.4, "region": "CA"},
    ),
    "climsup_ebb_carbon": (
        "Ebb Carbon",
        "https://frontierclimate.com/portfolio/ebb-carbon",
        "marine_carbon_removal",
        {"city": "Sequim", "country": "US", "latitude": 48.08, "longitude": -123.05, "region": "WA"},
    ),
    "climsup_charm_industrial": (
        "Charm Industrial",
        "https://frontierclimate.com/portfolio/charm",
        "biomass_carbon_removal_and_storage",
        {"city": None, "country": "US", "latitude": None, "longitude": None, "region": "KS"},
    ),
}
"""Id -> name, page, pathway, location; newest first."""


def fees_on(subtotal: int) -> int:
    """Stripe's fees on an amount in minor units."""
    return int((Decimal(subtotal) * FEE_PERCENT / 100).quantize(Decimal(1), ROUND_HALF_UP))


def supplier(supplier_id: str, livemode: bool) -> Doc:
    """A supplier as it is shown."""
    name, page, pathway, location = _SUPPLIERS[supplier_id]
    return {
        "id": supplier_id,
        "object": "climate.supplier",
        "info_url": page,
        "livemode": livemode,
        "locations": [location],
        "name": name,
        "removal_pathway": pathway,
    }


def _prices(cents: int) -> Doc:
    prices = {}
    for currency, rate in RATES.items():
        subtotal = int(cents * rate)
        fees = fees_on(subtotal)
        prices[currency] = {"amount_fees": fees, "amount_subtotal": subtotal, "amount_total": subtotal + fees}
    return prices


def _product(offer: Offer, livemode: bool, created: int = _CREATED) -> Doc:
    return {
        "id": offer.id,
        "object": "climate.product",
        "created": created,
        "current_prices_per_metric_ton": _prices(offer.price),
        "delivery_year": offer.year,
        "livemode": livemode,
        "metric_tons_available": "1000000",
        "name": offer.name,
        "suppliers": [supplier(name, livemode) for name in offer.suppliers],
    }


def _products(livemode: bool) -> Sequence[Doc]:
    return [_product(offer, livemode) for offer in PRODUCTS]


def _suppliers(livemode: bool) -> Sequence[Doc]:
    return [supplier(name, livemode) for name in _SUPPLIERS]


def _list_products(call: Call) -> Doc:
    return call.page_of_constants(PRODUCT, "/v1/climate/products")


def _list_suppliers(call: Call) -> Doc:
    return call.page_of_constants("climate.supplier", "/v1/climate/suppliers")


def _retrieve_product(call: Call) -> Doc:
    return call.target(PRODUCT).doc


def _retrieve_supplier(call: Call) -> Doc:
    return call.target("climate.supplier").doc


def _launch(call: Call) -> Doc:
    """A new product. Raises StripeError (400) where there is one with its id."""
    given = call.params
    if call.find(PRODUCT, given["id"]) is not None:
        raise StripeError(_EXISTS)
    suppliers = tuple(given.get("suppliers", ("climsup_heirloom",)))
    offer = Offer(given["id"], given["name"], given["delivery_year"], given["price"], suppliers)
    row = call.add(PRODUCT, _product(offer, call.livemode, call.now))
    call.emit("climate.product.created", row)
    return row.doc


def _reprice(call: Call) -> Doc:
    row = call.target(PRODUCT)
    if call.state.tables[PRODUCT].get(row.id) is None:
        row = call.add(PRODUCT, row.doc)
    changes: Doc = {"current_prices_per_metric_ton": _prices(call.params["price"])}
    if "metric_tons_available" in call.params:
        changes["metric_tons_available"] = call.params["metric_tons_available"]
    previous = {name: row.doc[name] for name, value in changes.items() if row.doc[name] != value}
    call.change(row, **changes)
    if "current_prices_per_metric_ton" in previous:
        call.emit("climate.product.pricing_updated", row, previous)
    return row.doc


RESOURCE = Resource(
    name="climate.catalogue",
    title="Climate Products and Suppliers",
    kinds=(
        Kind(PRODUCT, "climate product", constants=_products),
        Kind("climate.supplier", "climate supplier", constants=_suppliers),
    ),
    routes=(
        Route("GET", "/v1/climate/products", _list_products, PRODUCT, "List products", LIST, listed=True),
        Route("GET", "/v1/climate/products/{id}", _retrieve_product, PRODUCT, "Retrieve a product"),
        Route("GET", "/v1/climate/suppliers", _list_suppliers, "climate.supplier", "List suppliers", LIST, listed=True),
        Route("GET", "/v1/climate/suppliers/{id}", _retrieve_supplier, "climate.supplier", "Retrieve a supplier"),
    ),
    actions=(
        Action(
            "climate/products",
            _launch,
            PRODUCT,
            "offers a new product",
            {
                "delivery_year": required(integer(least=2024, most=2100)),
                "id": required(text()),
                "name": required(text()),
                "price": required(integer(least=100)),
                "suppliers": array(choice(*_SUPPLIERS)),
            },
        ),
        Action(
            "climate/products/{id}/reprice",
            _reprice,
            PRODUCT,
            "changes a product's price (US cents for a metric ton)",
            {"metric_tons_available": decimal(), "price": required(integer(least=100))},
        ),
    ),
    events=("climate.product.created", "climate.product.pricing_updated"),
    notes=("The catalogue changes only when the control API says so.",),
)
