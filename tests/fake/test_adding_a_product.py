"""The worked example of docs/adding-a-product.md: one file, and everything knows it."""

import json
import re
from pathlib import Path
from types import ModuleType

from fcproxy.fake import Fake
from fcproxy.fake.resource import Resource
from fcproxy.fake.resources import all_resources
from tests.fake.support import Caller

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-product.md"


def example() -> Resource:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r"<!-- example: gift_cards.py -->\n\n```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    module = ModuleType("gift_cards")
    exec(compile(found[1], "gift_cards.py", "exec"), module.__dict__)
    resource = module.__dict__["RESOURCE"]
    assert isinstance(resource, Resource)
    return resource


def test_the_example_works() -> None:
    fake = Fake(resources=(*all_resources(), example()))
    call = Caller(fake)
    customer = call.post("/v1/customers", "name=Ada")["id"]
    card = call.post(
        "/v1/gift_cards", f"amount=500&currency=usd&customer={customer}&metadata[a]=b", Idempotency_Key="k"
    )
    assert card["id"].startswith("gift_1")
    assert (
        call.post("/v1/gift_cards", f"amount=500&currency=usd&customer={customer}&metadata[a]=b", Idempotency_Key="k")
        == card
    )
    shown = call.get(f"/v1/gift_cards/{card['id']}", "expand[]=customer")
    assert shown["customer"]["name"] == "Ada"
    other = call.post("/v1/gift_cards", "amount=1&currency=eur")
    assert call.control(f"gift_cards/{other['id']}/redeem")["status"] == "redeemed"
    assert call.control_refused(f"gift_cards/{other['id']}/redeem")["status"] == 400
    call.advance(366 * 86_400)
    assert [item["id"] for item in call.get("/v1/gift_cards", "status=expired")["data"]] == [card["id"]]
    assert call.events()[-1] == "gift_card.expired"
    assert call.refused("POST", "/v1/gift_cards", "amount=0&currency=usd")["param"] == "amount"
    assert call.refused("GET", "/v1/gift_cards/gift_x")["message"] == "No such gift card: 'gift_x'"
    assert "/v1/gift_cards" in json.loads(fake.openapi())["paths"]


def test_a_fake_without_it_does_not_know_it() -> None:
    assert Caller().refused("POST", "/v1/gift_cards")["status"] == 404
