"""One conversation, told by the clients people use; and one request that no recording knows.

Each teller takes (base URL, API key, story) and gives what it received: ids, lists of ids, {"error"} or {"miss"}.
"""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import stripe

from tests.cli.processes import clean_environment

__all__ = ["VERSION", "Seen", "Teller", "with_async_python", "with_curl", "with_node", "with_python"]

Seen = list[Any]
Teller = Callable[[str, str, str], Seen]

VERSION = stripe.api_version
CUSTOMER: Any = {"description": "somebody", "metadata": {"one": "1", "t w o": "ü & ="}}
NOBODY = "cus_" + "0" * 14


def session_of(customer: str) -> Any:
    return {
        "account_holder": {"type": "customer", "customer": customer},
        "permissions": ["balances", "ownership"],
        "expand": ["account_holder.customer", "accounts.data.ownership"],
    }


def _short(answer: Any) -> Any:
    return [one["id"] for one in answer["data"]] if "data" in answer and "id" not in answer else answer["id"]


def _failed(error: stripe.StripeError) -> dict[str, Any]:
    body: Any = error.json_body
    kind = body["error"]["type"]
    return {"miss" if kind == "fcproxy_miss" else "error": body["error"].get("code")}


def with_python(url: str, key: str, story: str) -> Seen:
    client = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=4 if story == "miss" else 0)
    seen: Seen = []

    def keep(call: Callable[[], Any]) -> Any:
        try:
            answer = call()
        except stripe.StripeError as error:
            seen.append(_failed(error))
            return None
        seen.append(_short(answer))
        return answer

    if story == "miss":
        keep(lambda: client.v1.customers.create({"description": "somebody else"}))
        return seen
    customer = keep(lambda: client.v1.customers.create(CUSTOMER))
    session = keep(lambda: client.v1.financial_connections.sessions.create(session_of(customer.id)))
    keep(lambda: client.v1.financial_connections.sessions.retrieve(session.id))
    keep(lambda: client.v1.customers.retrieve(NOBODY))
    keep(lambda: client.v1.customers.update(customer.id, {"description": ""}))
    keep(lambda: client.v1.customers.list({"limit": 3}))
    return seen


def with_async_python(url: str, key: str, story: str) -> Seen:
    return asyncio.run(_async_story(url, key, story))


async def _async_story(url: str, key: str, story: str) -> Seen:
    http: Any = stripe.HTTPXClient()
    client = stripe.StripeClient(
        key, base_addresses={"api": url}, max_network_retries=4 if story == "miss" else 0, http_client=http
    )
    seen: Seen = []

    async def keep(call: Awaitable[Any]) -> Any:
        try:
            answer = await call
        except stripe.StripeError as error:
            seen.append(_failed(error))
            return None
        seen.append(_short(answer))
        return answer

    try:
        if story == "miss":
            await keep(client.v1.customers.create_async({"description": "somebody else"}))
            return seen
        customer = await keep(client.v1.customers.create_async(CUSTOMER))
        sessions = client.v1.financial_connections.sessions
        session = await keep(sessions.create_async(session_of(customer.id)))
        await keep(sessions.retrieve_async(session.id))
        await keep(client.v1.customers.retrieve_async(NOBODY))
        await keep(client.v1.customers.update_async(customer.id, {"description": ""}))
        await keep(client.v1.customers.list_async({"limit": 3}))
    finally:
        await http.close_async()
    return seen


def with_curl(url: str, key: str, story: str) -> Seen:
    """The same fields, spelled as people type them: no numbers in brackets, another order, Basic auth."""
    seen: Seen = []

    def keep(method: str, path: str, *fields: str, encode: str = "-d") -> Any:
        data = [part for one in fields for part in (encode, one)]
        done = subprocess.run(
            [
                "curl",
                "-sS",
                "--retry",
                "3",
                "-X",
                method,
                url + path,
                "-u",
                f"{key}:",
                "-H",
                f"Stripe-Version: {VERSION}",
                *data,
            ],
            env=clean_environment(),
            capture_output=True,
            check=True,
            timeout=30,
        )
        answer = json.loads(done.stdout)
        if "error" in answer:
            kind = "miss" if answer["error"]["type"] == "fcproxy_miss" else "error"
            seen.append({kind: answer["error"]["code"]})
        else:
            seen.append(_short(answer))
        return answer

    if story == "miss":
        keep("POST", "/v1/customers", "description=somebody else")
        return seen
    customer = keep(
        "POST", "/v1/customers", "metadata[t w o]=ü & =", "metadata[one]=1", "description=somebody",
        encode="--data-urlencode",
    )  # fmt: skip
    session = keep(
        "POST", "/v1/financial_connections/sessions",
        "permissions[]=balances", "permissions[]=ownership", "expand[]=accounts.data.ownership",
        "expand[]=account_holder.customer",
        f"account_holder[customer]={customer['id']}", "account_holder[type]=customer",
    )  # fmt: skip
    keep("GET", f"/v1/financial_connections/sessions/{session['id']}")
    keep("GET", f"/v1/customers/{NOBODY}")
    keep("POST", f"/v1/customers/{customer['id']}", "description=")
    keep("GET", "/v1/customers?limit=3")
    return seen


def with_node(folder: Path) -> Teller:
    """``folder`` is where node finds the SDK."""
    script = folder / "story.mjs"
    shutil.copy(Path(__file__).with_name("story.mjs"), script)

    def tell(url: str, key: str, story: str) -> Seen:
        done = subprocess.run(
            ["node", str(script), url, key, VERSION, story],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert isinstance(seen, list)
        return seen

    return tell
