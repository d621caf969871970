"""Climate orders against their table of transitions, their prices, and the clock."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from fcproxy.fake.resources.climate_orders import TRANSITIONS
from tests.fake.support import LIVE_KEY, Caller, Doc

ORDERS = "/v1/climate/orders"
PRODUCT = "climsku_frontier_offtake_portfolio_2027"
LATER = "climsku_frontier_offtake_portfolio_2030"
DAY = 86_400


def buy(call: Caller, more: str = "metric_tons=0.01") -> Doc:
    return call.post(ORDERS, f"product={PRODUCT}&{more}")


@pytest.mark.parametrize(
    ("measure", "tons", "subtotal", "fees"),
    [
        ("metric_tons=0.01", "0.01", 550, 17),
        ("amount=567", "0.01", 550, 17),
        ("metric_tons=2", "2", 110_000, 3300),
        ("amount=1000000", "17.652255", 970_874, 29_126),
    ],
)
def test_prices(measure: str, tons: str, subtotal: int, fees: int) -> None:
    order = buy(Caller(), measure)
    assert (order["metric_tons"], order["amount_subtotal"], order["amount_fees"]) == (tons, subtotal, fees)
    assert order["amount_total"] == subtotal + fees
    assert (order["status"], order["expected_delivery_year"], order["currency"]) == ("open", 2027, "usd")


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        (f"product={PRODUCT}", "parameter_missing", "amount"),
        (f"product={PRODUCT}&amount=5&metric_tons=1", "parameters_exclusive", "metric_tons"),
        (f"product={PRODUCT}&metric_tons=0", None, "metric_tons"),
        (f"product={PRODUCT}&metric_tons=2000000", None, "metric_tons"),
        (f"product={PRODUCT}&amount=5&currency=jpy", None, "currency"),
        ("product=climsku_none&amount=5", "resource_missing", "product"),
        ("amount=5", "parameter_missing", "product"),
    ],
)
def test_orders_that_cannot_be(form: str, code: str | None, param: str) -> None:
    error = Caller().refused("POST", ORDERS, form)
    assert (error["status"], error.get("code"), error["param"]) == (400, code, param)


def test_the_beneficiary_can_be_changed_and_taken_away() -> None:
    call = Caller()
    order = buy(call, "metric_tons=1&beneficiary[public_name]=Ada&metadata[a]=b")
    path = f"{ORDERS}/{order['id']}"
    assert order["beneficiary"] == {"public_name": "Ada"}
    assert call.post(path, "beneficiary[public_name]=Bob")["beneficiary"] == {"public_name": "Bob"}
    changed = call.post(path, "beneficiary=&metadata[c]=d")
    assert "beneficiary" not in changed
    assert changed["metadata"] == {"a": "b", "c": "d"}
    assert call.get(path, "expand[]=product")["product"]["name"] == "Frontier offtake portfolio 2027"


def test_an_order_is_canceled_within_its_window() -> None:
    call = Caller()
    order = buy(call)
    canceled = call.post(f"{ORDERS}/{order['id']}/cancel")
    assert (canceled["status"], canceled["cancellation_reason"]) == ("canceled", "requested")
    assert canceled["canceled_at"] == call.fake.now()
    late = buy(call)
    call.advance(DAY)
    assert call.get(f"{ORDERS}/{late['id']}")["status"] == "confirmed"
    assert call.refused("POST", f"{ORDERS}/{late['id']}/cancel")["status"] == 400
    assert call.events() == ["climate.order.created", "climate.order.canceled", "climate.order.created"]


def test_an_order_is_delivered_when_its_year_ends() -> None:
    call = Caller()
    order = buy(call)
    call.control(f"climate/orders/{order['id']}/delay", {"years": 1})
    call.control("clock", {"to": "2028-01-02"})
    assert call.get(f"{ORDERS}/{order['id']}")["status"] == "confirmed"
    call.control("clock", {"to": "2029-01-01T00:00:00Z"})
    done = call.get(f"{ORDERS}/{order['id']}")
    assert (done["status"], done["delivered_at"]) == ("delivered", call.fake.now())
    assert done["delivery_details"][0]["metric_tons"] == "0.01"
    assert done["delivery_details"][0]["supplier"]["object"] == "climate.supplier"
    assert [name.rpartition(".")[2] for name in call.events()] == ["created", "delayed", "delivered"]


def test_a_substituted_product_brings_its_year() -> None:
    call = Caller()
    order = buy(call)
    changed = call.control(f"climate/orders/{order['id']}/substitute", {"product": LATER})
    assert (changed["product"], changed["expected_delivery_year"]) == (LATER, 2030)
    assert changed["product_substituted_at"] == call.fake.now()
    dropped = call.control(f"climate/orders/{order['id']}/cancel", {"reason": "expired"})
    assert dropped["cancellation_reason"] == "expired"


class Orders(RuleBasedStateMachine):
    """Whatever is tried, an order moves as its table says."""

    orders: Any = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.call = Caller()
        self.status: dict[str, str] = {}

    @rule(target=orders)
    def bought(self) -> str:
        order = buy(self.call)
        self.status[order["id"]] = order["status"]
        return str(order["id"])

    @rule(order=orders, action=st.sampled_from(sorted(TRANSITIONS)))
    def acted(self, order: str, action: str) -> None:
        body = f'{{"product": "{LATER}"}}'.encode() if action == "substitute" else b""
        response = self.call.fake.control("POST", f"climate/orders/{order}/{action}", body)
        sources, target = TRANSITIONS[action]
        assert (response.status == 200) == (self.status[order] in sources)
        if response.status == 200:
            self.status[order] = target or self.status[order]

    @invariant()
    def as_the_table_says(self) -> None:
        for order, status in self.status.items():
            shown = self.call.get(f"{ORDERS}/{order}")
            assert shown["status"] == status
            assert (shown["canceled_at"] is not None) == (status == "canceled")
            assert (shown["delivered_at"] is not None) == bool(shown["delivery_details"]) == (status == "delivered")


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)


def test_the_catalogue_changes_when_told_to() -> None:
    call = Caller()
    old = call.get("/v1/climate/products")["data"]
    sku = old[1]["id"]
    order = call.post("/v1/climate/orders", f"product={sku}&metric_tons=1")
    changed = call.control(f"climate/products/{sku}/reprice", {"price": 60_000})
    assert changed["current_prices_per_metric_ton"]["usd"]["amount_subtotal"] == 60_000
    call.control(f"climate/products/{sku}/reprice", {"price": 60_000, "metric_tons_available": "5"})
    fresh = {"id": "climsku_new", "name": "New", "delivery_year": 2031, "price": 30_000}
    call.control("climate/products", fresh)
    assert call.control_refused("climate/products", fresh)["code"] == "resource_already_exists"
    now = call.get("/v1/climate/products")["data"]
    assert [product["id"] for product in now] == ["climsku_new", *(product["id"] for product in old)]
    assert (now[2]["metric_tons_available"], now[2]["created"]) == ("5", old[1]["created"])
    assert call.get(f"/v1/climate/products/{sku}") == now[2]
    dearer = call.post("/v1/climate/orders", f"product={sku}&metric_tons=1")
    assert (order["amount_subtotal"], dearer["amount_subtotal"]) == (55_000, 60_000)
    assert call.post("/v1/climate/orders", "product=climsku_new&metric_tons=1")["expected_delivery_year"] == 2031
    told = [name for name in call.events() if name.startswith("climate.product")]
    assert told == ["climate.product.pricing_updated", "climate.product.created"]
    assert Caller(call.fake, key=LIVE_KEY).get("/v1/climate/products")["data"][1]["metric_tons_available"] == "1000000"
