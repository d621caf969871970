"""Real clients against real processes: Stripe's SDK, curl, and what another tool recorded."""

import asyncio
import json
import shutil
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
import vcr

from fcproxy.server.store import load
from tests.cli.processes import Served, clean_environment, fcproxy, rig
from tests.server.harness import KEY

CUSTOMER: Any = {"description": "somebody"}


def session_of(customer: str) -> Any:
    """A session's parameters."""
    return {
        "account_holder": {"type": "customer", "customer": customer},
        "permissions": ["balances", "ownership"],
        "filters": {"account_subcategories": ["checking"]},
    }


@pytest.fixture(autouse=True)
def straight_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No web proxy of the machine's stands between."""
    monkeypatch.setenv("NO_PROXY", "*")


def complete(url: str, session: str) -> None:
    """What the user does in Stripe's modal."""
    path = f"/_fcproxy/fake/financial_connections/sessions/{session}/complete"
    requests.post(url + path, json={}, timeout=30).raise_for_status()


def with_sdk(url: str) -> list[dict[str, Any]]:
    client = stripe.StripeClient(KEY, base_addresses={"api": url}, max_network_retries=0)
    customer = client.v1.customers.create(CUSTOMER)
    wanted = session_of(customer.id)
    session = client.v1.financial_connections.sessions.create(wanted)
    complete(url, session.id)
    done = client.v1.financial_connections.sessions.retrieve(session.id)
    accounts = client.v1.financial_connections.accounts.list({"session": session.id, "limit": 2})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.retrieve("cus_" + "0" * 14)
    return [one.to_dict() for one in (customer, session, done, accounts)]


async def with_async_sdk(url: str) -> list[dict[str, Any]]:
    http: Any = stripe.HTTPXClient()
    client = stripe.StripeClient(KEY, base_addresses={"api": url}, max_network_retries=0, http_client=http)
    try:
        customer = await client.v1.customers.create_async(CUSTOMER)
        wanted = session_of(customer.id)
        session = await client.v1.financial_connections.sessions.create_async(wanted)
        await asyncio.to_thread(complete, url, session.id)
        done = await client.v1.financial_connections.sessions.retrieve_async(session.id)
        accounts = await client.v1.financial_connections.accounts.list_async({"session": session.id, "limit": 2})
    finally:
        await http.close_async()
    return [one.to_dict() for one in (customer, session, done, accounts)]


def ids(answers: list[dict[str, Any]]) -> list[list[str]]:
    """The objects' ids, those in lists too."""
    return [[one["id"]] if "id" in one else [item["id"] for item in one["data"]] for one in answers]


def recorded_and_replayed(story: Callable[[str], list[dict[str, Any]]], folder: Path) -> None:
    with rig(folder) as served:
        received = story(served.url)
        assert served.stop() == 0, served.errors
    secret = received[1]["client_secret"]
    assert secret.startswith("fcsess_client_secret_")
    for path in folder.iterdir():
        assert secret not in path.read_text()
        assert KEY not in path.read_text()
    with Served("replay", "--cassette", "c.yaml", folder=folder) as served:
        replayed = story(served.url)
        assert served.stop() == 0, served.output + served.errors
    assert ids(replayed) == ids(received)
    assert len(ids(received)[3]) >= 1
    assert fcproxy("audit", "c.yaml", folder=folder).returncode == 0


def test_stripes_sdk(tmp_path: Path) -> None:
    recorded_and_replayed(with_sdk, tmp_path)


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the SDK's own call of httpx
def test_stripes_sdk_asynchronously(tmp_path: Path) -> None:
    recorded_and_replayed(lambda url: asyncio.run(with_async_sdk(url)), tmp_path)


def test_stripes_sdk_raises_at_once_on_a_miss(tmp_path: Path) -> None:
    with rig(tmp_path, "-q") as served:
        with_sdk(served.url)
        assert served.stop() == 0
    with Served("replay", "--cassette", "c.yaml", folder=tmp_path) as served:
        client = stripe.StripeClient(KEY, base_addresses={"api": served.url}, max_network_retries=4)
        with pytest.raises(stripe.StripeError) as caught:
            client.v1.customers.create({"description": "somebody else"})
        answer: Any = caught.value.json_body
        assert answer["error"]["code"] == "no_match"
        assert "body.description" in str(caught.value)
        assert served.stop() == 1
        assert len(served.errors.splitlines()) == 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_with_basic_auth_and_an_empty_password(tmp_path: Path) -> None:
    def curl(url: str) -> dict[str, Any]:
        fields = [
            "account_holder[type]=customer",
            "account_holder[customer]=cus_" + "A1b2C3d4E5f6G7",
            "permissions[]=balances",
            "permissions[]=ownership",
            "filters[countries][]=US",
        ]
        data = [part for one in fields for part in ("-d", one)]
        done = subprocess.run(
            ["curl", "-sS", f"{url}/v1/financial_connections/sessions", "-u", f"{KEY}:", *data],
            env=clean_environment(),
            capture_output=True,
            check=True,
            timeout=30,
        )
        value = json.loads(done.stdout)
        assert isinstance(value, dict)
        return value

    with rig(tmp_path) as served:
        session = curl(served.url)
        assert served.stop() == 0
    assert session["object"] == "financial_connections.session", session
    with Served("replay", "--cassette", "c.yaml", folder=tmp_path) as served:
        assert curl(served.url)["id"] == session["id"]
        assert served.stop() == 0
    assert KEY not in (tmp_path / "c.yaml").read_text()
    assert session["client_secret"] not in (tmp_path / "c.yaml").read_text()


def test_a_recording_through_a_second_process_replays_for_other_clients(tmp_path: Path) -> None:
    with Served("fake", folder=tmp_path) as upstream:
        with rig(tmp_path, "--upstream", upstream.url) as served:
            client = stripe.StripeClient(KEY, base_addresses={"api": served.url})
            customer = client.v1.customers.create(CUSTOMER)
            assert served.stop() == 0
        assert upstream.stop() == 0
    parsed = load(tmp_path / "c.yaml")
    assert parsed is not None
    assert [one.request.url for one in parsed.interactions] == ["https://api.stripe.com/v1/customers"]
    with Served("replay", "--cassette", "c.yaml", folder=tmp_path) as served:
        version = {"Stripe-Version": stripe.api_version}
        answer = requests.post(f"{served.url}/v1/customers", CUSTOMER, auth=(KEY, ""), headers=version, timeout=30)
        assert answer.json()["id"] == customer.id
        assert answer.headers["Fcproxy-Hit"] == "0"
        assert served.stop() == 0


def test_the_same_conversation_twice_is_the_same_file(tmp_path: Path) -> None:
    for name, extra in (("one", ["-q"]), ("two", ["--log-format", "json"])):
        (tmp_path / name).mkdir()
        with rig(tmp_path / name, *extra) as served:
            with_sdk(served.url)
            assert served.stop() == 0
    one, two = ((tmp_path / name / "c.yaml").read_bytes() for name in ("one", "two"))
    assert one == two
    assert b"127.0.0.1" not in one


def test_a_cassette_that_vcrpy_recorded_is_replayed(tmp_path: Path) -> None:
    with Served("fake", folder=tmp_path) as upstream:
        path = "/v1/customers"
        with vcr.VCR(filter_headers=["authorization"]).use_cassette(str(tmp_path / "c.yaml")):
            made = requests.post(upstream.url + path, CUSTOMER, auth=(KEY, ""), timeout=30)
            seen = requests.get(f"{upstream.url}{path}/{made.json()['id']}", auth=(KEY, ""), timeout=30)
        assert upstream.stop() == 0
    with Served("replay", "--cassette", "c.yaml", folder=tmp_path) as served:
        again = requests.post(served.url + path, CUSTOMER, auth=(KEY, ""), timeout=30)
        assert again.content == made.content, again.text
        assert (
            requests.get(f"{served.url}{path}/{made.json()['id']}", auth=(KEY, ""), timeout=30).content == seen.content
        )
        assert served.stop() == 0, served.output


def test_a_deck_is_chosen_by_the_key_that_an_sdk_sends(tmp_path: Path) -> None:
    with Served("replay", "--cassette", "c.yaml", "--no-strict", folder=tmp_path) as served:
        asked = {"cassette": str(uuid.UUID(int=1)), "mode": "record", "upstream": "fake"}
        deck = requests.post(f"{served.url}/_fcproxy/decks", json=asked, timeout=30).json()
        client = stripe.StripeClient(deck["api_key"], base_addresses={"api": served.url})
        assert client.v1.customers.create(CUSTOMER).id.startswith("cus_")
        ended = requests.delete(f"{served.url}/_fcproxy/decks/{deck['id']}", timeout=30).json()
        assert ended["recorded"] == 1
        assert served.stop() == 0
    assert (tmp_path / f"{uuid.UUID(int=1)}.yaml").is_file()
