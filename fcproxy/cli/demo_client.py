"""What the demo's client does: link a bank account with Financial Connections, as an app would."""

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

__all__ = ["Story", "plain_story", "sdk_story", "storyteller"]

Story = Callable[[str, str], list[dict[str, Any]]]
"""(base URL, API key) -> the objects that Stripe answered, in order."""

_PERMISSIONS = ["balances", "ownership", "payment_method", "transactions"]


def storyteller() -> tuple[str, Story]:
    """The client to use and its name: Stripe's own SDK if it is installed, else plain HTTP."""
    try:
        import stripe
    except ImportError:
        return "plain HTTP (pip install stripe to see it with Stripe's SDK)", plain_story
    return f"Stripe's Python SDK {stripe.VERSION}", sdk_story


def sdk_story(url: str, key: str) -> list[dict[str, Any]]:
    """With Stripe's SDK, unmodified: only the base address is another one."""
    import stripe

    client = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=0)
    connections = client.v1.financial_connections
    customer = client.v1.customers.create({"name": "Jenny Rosen", "email": "jenny.rosen@example.org"})
    session = connections.sessions.create(
        {
            "account_holder": {"type": "customer", "customer": customer.id},
            "permissions": ["balances", "ownership", "payment_method", "transactions"],
        }
    )
    link_accounts(url, session.id)
    linked = connections.sessions.retrieve(session.id)
    accounts = connections.accounts.list({"session": session.id})
    owners = connections.accounts.retrieve(accounts.data[0].id, {"expand": ["ownership"]})
    return [answer.to_dict() for answer in (customer, session, linked, accounts, owners)]


def plain_story(url: str, key: str) -> list[dict[str, Any]]:
    """The same calls with the standard library."""

    def call(method: str, path: str, fields: list[tuple[str, str]]) -> dict[str, Any]:
        form = urlencode(fields)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded"}
        if method == "GET":
            return _asked(url, method, f"{path}?{form}" if form else path, "", headers)
        return _asked(url, method, path, form, headers)

    customer = call("POST", "/v1/customers", [("name", "Jenny Rosen"), ("email", "jenny.rosen@example.org")])
    holder = [("account_holder[type]", "customer"), ("account_holder[customer]", customer["id"])]
    wanted = [("permissions[]", permission) for permission in _PERMISSIONS]
    session = call("POST", "/v1/financial_connections/sessions", holder + wanted)
    link_accounts(url, session["id"])
    linked = call("GET", f"/v1/financial_connections/sessions/{session['id']}", [])
    accounts = call("GET", "/v1/financial_connections/accounts", [("session", session["id"])])
    account = f"/v1/financial_connections/accounts/{accounts['data'][0]['id']}"
    return [customer, session, linked, accounts, call("GET", account, [("expand[]", "ownership")])]


def link_accounts(url: str, session: str) -> None:
    """What the user does in Stripe's modal: chooses a bank and agrees. In replay this does nothing."""
    path = f"/_fcproxy/fake/financial_connections/sessions/{session}/complete"
    _asked(url, "POST", path, "{}", {"Content-Type": "application/json"})


def _asked(url: str, method: str, target: str, body: str, headers: dict[str, str]) -> dict[str, Any]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, target, body or None, headers)
        value = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return value if isinstance(value, dict) else {}
