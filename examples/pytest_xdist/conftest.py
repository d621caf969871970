"""A deck for each test: its own cassette, its own marks, so that parallel tests cannot take each other's answers."""

import json
import os
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

# Straight to the proxy on this machine, whatever web proxy the environment names.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def control(method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    """A call of fcproxy's control API."""
    url = f"{os.environ['FCPROXY_URL']}/_fcproxy/{path}"
    data = json.dumps(body).encode() if body is not None else None
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with _opener.open(asked) as answer:
        return json.load(answer)


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[stripe.StripeClient]:
    """A client that talks to this test's own deck. A miss that the test swallows still fails it."""
    # The node id is a good name for the cassette: what a file system refuses in it is replaced.
    deck = control("POST", "decks", {"cassette": request.node.nodeid, "mode": os.environ["FCPROXY_MODE"]})
    yield stripe.StripeClient("sk_test_123", base_addresses={"api": deck["base_url"]})
    verdict = control("DELETE", f"decks/{deck['id']}")
    assert not verdict["missed"], verdict["misses"]
    assert verdict["unused"] <= verdict["spare_polls"], verdict["unused_interactions"]
