"""Search: what queries find, and which are none."""

import pytest

from fcproxy.fake import FIXED_NOW
from tests.fake.support import Caller

SEARCH = "/v1/customers/search"


@pytest.fixture(scope="module")
def call() -> Caller:
    """Three customers: Ada (the oldest), Bob and Zoe."""
    caller = Caller()
    caller.post("/v1/customers", "name=Ada Lovelace&email=ada@example.com&metadata[team]=maths&metadata[a b]=1")
    caller.advance(10)
    caller.post("/v1/customers", "name=Bob&phone=555&metadata[team]=maths")
    caller.advance(10)
    caller.post("/v1/customers", 'name=Zoe "Z" O\'Neil')
    return caller


def found(call: Caller, query: str) -> str:
    """The first letters of those that a query finds."""
    answer = call.get(SEARCH, f"query={query}".replace("+", "%2B").replace("&", "%26"))
    assert (answer["object"], answer["url"], answer["has_more"]) == ("search_result", SEARCH, False)
    return "".join(customer["name"][0] for customer in answer["data"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('name:"Ada Lovelace"', "A"),
        ("name:'ada lovelace'", "A"),
        ('name:"Ada"', ""),
        ('name~"lovel"', "A"),
        ("phone:555", "B"),
        ("email:null", "ZB"),
        ("-email:null", "A"),
        ('metadata["team"]:"maths"', "BA"),
        ("metadata['a b']:'1'", "A"),
        ('metadata["team"]:null', "Z"),
        ('-metadata["team"]:"maths"', "Z"),
        (f"created>{FIXED_NOW}", "ZB"),
        (f"created<={FIXED_NOW}", "A"),
        (f"created>={FIXED_NOW} AND created<{FIXED_NOW + 20}", "BA"),
        (f"created:{FIXED_NOW + 20}", "Z"),
        ('name:"Bob" OR name~"ada"', "BA"),
        ('name:"Bob" AND metadata["team"]:"maths" AND -phone:null', "B"),
        (r'name:"Zoe \"Z\" O\'Neil"', "Z"),
    ],
)
def test_what_a_query_finds(call: Caller, query: str, names: str) -> None:
    assert found(call, query) == names


@pytest.mark.parametrize(
    "query",
    [
        "name",
        "name:",
        'name~"ab"',
        'name>"a"',
        'name:"a" name:"b"',
        'name:"a" AND',
        'AND name:"a"',
        'name:"a" AND name:"b" OR name:"c"',
        'metadata:"a"',
        'name["a"]:"b"',
        'created:"yesterday"',
        'created~"123"',
        'surname:"a"',
        'name:"a',
        " ",
    ],
)
def test_what_is_no_query(call: Caller, query: str) -> None:
    error = call.refused("GET", SEARCH, f"query={query}")
    assert (error["status"], error["param"], error["type"]) == (400, "query", "invalid_request_error")


def test_a_query_is_needed(call: Caller) -> None:
    assert call.refused("GET", SEARCH)["code"] == "parameter_missing"


def test_pages_and_the_count(call: Caller) -> None:
    seen, page = "", ""
    for _ in range(3):
        answer = call.get(SEARCH, f"query=created>0&limit=1&expand[]=total_count{page}")
        assert answer["total_count"] == 3
        seen += answer["data"][0]["name"][0]
        page = f"&page={answer['next_page']}"
    assert (seen, answer["next_page"], answer["has_more"]) == ("ZBA", None, False)
    assert "total_count" not in call.get(SEARCH, "query=created>0")
    assert "tax" in call.get(SEARCH, "query=created>0&expand[]=data.tax")["data"][0]
    assert call.refused("GET", SEARCH, "query=created>0&page=x")["param"] == "page"
    assert call.refused("GET", "/v1/customers", "expand[]=total_count")["param"] == "expand"


def test_products_and_prices(call: Caller) -> None:
    price = "default_price_data[currency]=eur&default_price_data[unit_amount]=5"
    product = call.post("/v1/products", f"name=Gold&active=false&{price}")
    for path, query, name in (
        ("products", 'active:"false" AND name~"old"', product["id"]),
        ("prices", f'currency:"EUR" AND product:"{product["id"]}"', product["default_price"]),
    ):
        assert [one["id"] for one in call.get(f"/v1/{path}/search", f"query={query}")["data"]] == [name]
        assert call.get(f"/v1/{path}/search", 'query=active:"nothing"')["data"] == []
