"""Climate Products and Suppliers: a fixed catalogue. Source: docs.stripe.com/api/climate/product, /supplier.

Names and places are those of Stripe's published samples and of the suppliers themselves; prices are our own choice
but for the first product's, which is the sample's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from fcproxy.fake.call import Call
from fcproxy.fake.params import LIST
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc

__all__ = ["FEE_PERCENT", "PRODUCTS", "RATES", "RESOURCE", "Offer", "fees_on"]

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


def _prices(offer: Offer) -> Doc:
    prices = {}
    for currency, rate in RATES.items():
        subtotal = int(offer.price * rate)
        fees = fees_on(subtotal)
        prices[currency] = {"amount_fees": fees, "amount_subtotal": subtotal, "amount_total": subtotal + fees}
    return prices


def _product(offer: Offer, livemode: bool) -> Doc:
    return {
        "id": offer.id,
        "object": "climate.product",
        "created": _CREATED,
        "current_prices_per_metric_ton": _prices(offer),
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
    return call.page_of_constants("climate.product", "/v1/climate/products")


def _list_suppliers(call: Call) -> Doc:
    return call.page_of_constants("climate.supplier", "/v1/climate/suppliers")


def _retrieve_product(call: Call) -> Doc:
    return call.target("climate.product").doc


def _retrieve_supplier(call: Call) -> Doc:
    return call.target("climate.supplier").doc


RESOURCE = Resource(
    name="climate.catalogue",
    title="Climate Products and Suppliers",
    kinds=(
        Kind("climate.product", "climate product", constants=_products),
        Kind("climate.supplier", "climate supplier", constants=_suppliers),
    ),
    routes=(
        Route("GET", "/v1/climate/products", _list_products, "climate.product", "List products", LIST, listed=True),
        Route("GET", "/v1/climate/products/{id}", _retrieve_product, "climate.product", "Retrieve a product"),
        Route("GET", "/v1/climate/suppliers", _list_suppliers, "climate.supplier", "List suppliers", LIST, listed=True),
        Route("GET", "/v1/climate/suppliers/{id}", _retrieve_supplier, "climate.supplier", "Retrieve a supplier"),
    ),
    notes=("The catalogue never changes, so that no product events come.",),
)
