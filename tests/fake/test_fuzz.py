"""Requests made out of the parameter tables, right and wrong: every one is answered, and never with a failure."""

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcproxy.core.form import encode_pairs, join_key
from fcproxy.core.message import Headers, Request
from fcproxy.fake import Fake
from fcproxy.fake.catalogue import Catalogue
from fcproxy.fake.params import Param, Params, Type
from fcproxy.fake.resource import Action, Route
from fcproxy.fake.resources import all_resources
from tests.fake.support import CUSTOMER, ENDIVE, FORM, TEST_KEY

CATALOGUE = Catalogue(all_resources())
ROUTES = [route for resource in CATALOGUE.resources for route in resource.routes]
ACTIONS = [action for resource in CATALOGUE.resources for action in resource.actions]
WORDS = (
    "a", "", "0", "-1", "1", "100", "99999999999999999999", "0.01", "-0.5", "1e9", "NaN", "true", "now", "null",
    CUSTOMER, "pm_card_visa", "US", "us", "usd", "de", "a@b.co", "https://example.com/x", "https://echo.fcproxy.test/",
    "txcd_10000000", "climsku_frontier_offtake_portfolio_2027", "1793188800", "94080",
    "1.2.3.4", "é\u2028\x00", "x" * 600,
    "usdc", "ethereum", "\udcff",
)  # fmt: skip


class Maker:
    """Makes parameters, mostly of the right kind."""

    def __init__(self, chance: random.Random, ids: list[str]) -> None:
        self.chance = chance
        self.ids = ids

    def word(self) -> str:
        return self.chance.choice((*WORDS, *self.ids))

    def scalar(self, param: Param) -> str:
        if self.chance.random() < 0.04:
            return self.word()
        match param.type:
            case Type.CHOICE:
                return self.chance.choice(param.choices)
            case Type.INTEGER | Type.TIME:
                low = param.least if param.least is not None else -1000
                high = param.most if param.most is not None else 10_000
                return str(self.chance.randint(low, high)) if not param.words else param.words[0]
            case Type.BOOLEAN:
                return self.chance.choice(("true", "false"))
            case Type.DECIMAL:
                return self.chance.choice(("0.01", "25", "100.5"))
            case _:
                return {"country": "US", "currency": "usd", "web": "https://echo.fcproxy.test/p"}.get(
                    param.format, self.word()
                )

    def pairs(self, params: Params, path: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for name, param in params.items():
            if self.chance.random() < (0.95 if param.required else 0.35):
                found += self.param(param, (*path, name))
        if self.chance.random() < 0.03:
            found.append((join_key((*path, "surprise")) if path else "surprise", self.word()))
        return found

    def param(self, param: Param, path: tuple[str, ...]) -> list[tuple[str, str]]:
        if self.chance.random() < 0.02:
            return [(join_key(path), self.word())]
        if param.type is Type.GROUP:
            return self.pairs(param.fields, path)
        if param.type is Type.METADATA:
            return [(join_key((*path, self.chance.choice(("a", "7", "b")))), self.word())]
        if param.type is Type.RANGE:
            return [(join_key((*path, self.chance.choice(("gt", "gte", "lt", "lte")))), "1793188800")]
        if param.type is Type.ARRAY and param.item is not None:
            count = self.chance.randint(1, 3)
            return [pair for at in range(count) for pair in self.param(param.item, (*path, str(at)))]
        return [(join_key(path), self.scalar(param))]


def _as_json(pairs: list[tuple[str, str]]) -> bytes:
    from fcproxy.fake.validate import form_tree

    return json.dumps(form_tree(pairs)).encode()


class Wanderer:
    """Makes requests at random, and remembers the ids that it saw."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.fake = Fake()
        self.ids: list[str] = []

    def step(self) -> int:
        maker = Maker(self.chance, self.ids[-40:])
        if self.chance.random() < 0.2:
            return self.act(maker, self.chance.choice(ACTIONS))
        return self.ask(maker, self.chance.choice(ROUTES))

    def path(self, template: str, kind: str) -> str:
        while "{" in template:
            head, _, tail = template.partition("{")
            fitting = [row.id for row in list(self.fake.state.tables[kind])[-5:]] or [self.chance.choice(WORDS) or "x"]
            template = head + self.chance.choice(fitting) + tail.partition("}")[2]
        return template

    def ask(self, maker: Maker, route: Route) -> int:
        kind = route.returns
        path = self.path(route.path, kind if kind in self.fake.state.tables else "customer")
        form = encode_pairs(maker.pairs(route.params))
        headers = [("Authorization", f"Bearer {TEST_KEY}")]
        if self.chance.random() < 0.5:
            headers.append(("Stripe-Version", ENDIVE))
        if self.chance.random() < 0.1:
            headers.append(("Idempotency-Key", self.chance.choice("abc")))
        body = b""
        if route.method == "POST":
            headers.append(("Content-Type", FORM))
            body = form.encode("utf-8", "surrogateescape")
        else:
            path += f"?{form}"
        response = self.fake.handle(Request(route.method, f"https://api.stripe.com{path}", Headers(headers), body))
        doc: dict[str, Any] = json.loads(response.body)
        assert ("error" in doc) == (response.status >= 400)
        if isinstance(doc.get("id"), str):
            self.ids.append(doc["id"])
        return response.status

    def act(self, maker: Maker, action: Action) -> int:
        body = _as_json([pair for pair in maker.pairs(action.params) if "\udcff" not in pair[1]])
        response = self.fake.control("POST", self.path(action.path, action.kind), body)
        json.loads(response.body)
        return response.status


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_every_request_is_answered(seed: int) -> None:
    wanderer = Wanderer(seed)
    statuses = {wanderer.step() for _ in range(150)}
    assert max(statuses) < 500
    assert 200 in statuses
    json.dumps(wanderer.fake.dump())


@pytest.mark.parametrize("seed", range(3))
def test_a_walk_is_the_same_every_time(seed: int) -> None:
    first, second = Wanderer(seed), Wanderer(seed)
    assert [first.step() for _ in range(100)] == [second.step() for _ in range(100)]
    assert first.fake.dump() == second.fake.dump()
