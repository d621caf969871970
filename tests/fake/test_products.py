"""Products and the prices that come with them."""

import pytest

from tests.fake.support import Caller

PRODUCTS = "/v1/products"
PRICE = "default_price_data"


@pytest.fixture
def call() -> Caller:
    return Caller()


@pytest.mark.parametrize(
    ("form", "unit", "exact", "kind"),
    [
        ("unit_amount]=500", 500, "500", "one_time"),
        ("unit_amount_decimal]=0.5", None, "0.5", "one_time"),
        (f"unit_amount_decimal]=12.0&{PRICE}[recurring][interval]=year", 12, "12.0", "recurring"),
        ("custom_unit_amount][enabled]=true", None, None, "one_time"),
    ],
)
def test_a_product_comes_with_its_price(
    call: Caller, form: str, unit: int | None, exact: str | None, kind: str
) -> None:
    product = call.post(PRODUCTS, f"name=Gold&{PRICE}[currency]=usd&{PRICE}[{form}&expand[]=default_price")
    price = product["default_price"]
    assert (price["unit_amount"], price["unit_amount_decimal"], price["type"]) == (unit, exact, kind)
    assert price["product"] == product["id"]
    assert call.events() == ["price.created", "product.created"]
    assert [one["id"] for one in call.get("/v1/prices", f"type={kind}&currency=usd")["data"]] == [price["id"]]
    assert call.get("/v1/prices", "lookup_keys[]=a")["data"] == []


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ("", None, f"{PRICE}[custom_unit_amount]"),
        (
            f"&{PRICE}[unit_amount]=1&{PRICE}[unit_amount_decimal]=1",
            "parameters_exclusive",
            f"{PRICE}[unit_amount_decimal]",
        ),
        (f"&{PRICE}[unit_amount]=-1", None, f"{PRICE}[unit_amount]"),
        (
            f"&{PRICE}[unit_amount]=1&{PRICE}[recurring][interval]=year&{PRICE}[recurring][interval_count]=4",
            None,
            f"{PRICE}[recurring][interval_count]",
        ),
        ("&description=", "parameter_invalid_empty", "description"),
    ],
)
def test_what_is_refused_of_a_new_product(call: Caller, form: str, code: str | None, param: str) -> None:
    error = call.refused("POST", PRODUCTS, f"name=Gold&{PRICE}[currency]=usd{form}")
    assert (error["status"], error["param"]) == (400, param)
    if code:
        assert error["code"] == code


def test_a_refused_price_leaves_no_product(call: Caller) -> None:
    call.refused("POST", PRODUCTS, f"name=Gold&{PRICE}[currency]=usd")
    assert call.get(PRODUCTS)["data"] == []


def test_only_its_own_price_is_a_products_default(call: Caller) -> None:
    form = f"name=Gold&{PRICE}[currency]=usd&{PRICE}[unit_amount]="
    first, second = call.post(PRODUCTS, f"{form}1"), call.post(PRODUCTS, f"{form}2")
    for price in (second["default_price"], "price_1"):
        error = call.refused("POST", f"{PRODUCTS}/{first['id']}", f"default_price={price}")
        assert (error["code"], error["param"]) == ("resource_missing", "default_price")
    same = call.post(f"{PRODUCTS}/{first['id']}", f"default_price={first['default_price']}&description=x")
    assert (same["default_price"], same["description"]) == (first["default_price"], "x")
    assert call.post(f"{PRODUCTS}/{first['id']}", "description=")["description"] is None


def test_what_a_product_is_for_tax(call: Caller) -> None:
    for code, name in (("txcd_99999999", "General - Tangible Goods"), ("txcd_20060058", "txcd_20060058")):
        shown = call.post(PRODUCTS, f"name=Gold&tax_code={code}&expand[]=tax_code")["tax_code"]
        assert (shown["id"], shown["name"], shown["requirements"]) == (code, name, None)
    listed = call.get("/v1/tax_codes", "limit=2")
    assert (len(listed["data"]), listed["has_more"], listed["url"]) == (2, True, "/v1/tax_codes")
    assert call.get(f"/v1/tax_codes/{listed['data'][1]['id']}") == listed["data"][1]
    assert call.refused("GET", "/v1/tax_codes/txcd_1")["status"] == 404


def test_prices_by_how_often_they_recur(call: Caller) -> None:
    form = f"name=Gold&{PRICE}[currency]=usd&{PRICE}[unit_amount]=1"
    call.post(PRODUCTS, form)
    monthly = call.post(PRODUCTS, f"{form}&{PRICE}[recurring][interval]=month")["default_price"]
    assert [one["id"] for one in call.get("/v1/prices", "recurring[interval]=month")["data"]] == [monthly]
    assert call.get("/v1/prices", "recurring[usage_type]=metered")["data"] == []
