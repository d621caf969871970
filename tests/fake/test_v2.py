"""The v2 API: event destinations, thin events; and what a listening CLI is told."""

import json
from typing import Any

import pytest
import stripe

from fcproxy.core.message import Headers, Request, Response
from fcproxy.fake import Fake, Options
from fcproxy.stripe.signature import SIGNATURE_HEADER, verify
from tests.fake.conformance import faults
from tests.fake.support import ENDIVE, TEST_KEY, Caller, Doc, sdk

URL = "/v2/core/event_destinations"
HOOK = "http://127.0.0.1:9/thin"


class V2:
    """Makes JSON requests by hand."""

    def __init__(self, fake: Fake | None = None) -> None:
        self.fake = fake or Fake()
        self.response = Response(0, Headers())

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Doc:
        items = [("Authorization", f"Bearer {TEST_KEY}"), ("Stripe-Version", ENDIVE)]
        items += [(name.replace("_", "-"), value) for name, value in headers.items()]
        content = b""
        if body is not None:
            items.append(("Content-Type", "application/json"))
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.response = self.fake.handle(Request(method, f"https://api.stripe.com{path}", Headers(items), content))
        doc: Doc = json.loads(self.response.body)
        return doc


def destination(call: V2, payload: str = "thin", events: str = "v1.customer.created", **more: Any) -> Doc:
    body = {
        "name": "mine",
        "type": "webhook_endpoint",
        "event_payload": payload,
        "enabled_events": [events],
        "webhook_endpoint": {"url": HOOK},
        "include": ["webhook_endpoint.signing_secret", "webhook_endpoint.url"],
        **more,
    }
    made = call("POST", URL, body)
    assert call.response.status == 200, made
    return made


def test_a_destination_through_the_sdk() -> None:
    client = sdk(Fake())
    made = client.v2.core.event_destinations.create(
        {
            "name": "mine",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v1.customer.created"],
            "webhook_endpoint": {"url": HOOK},
            "metadata": {"7": "x"},
            "include": ["webhook_endpoint.signing_secret"],
        }
    )
    assert made.webhook_endpoint is not None
    assert (made.webhook_endpoint.signing_secret or "").startswith("whsec_")
    assert (made.created, made.status) == ("2026-10-28T12:00:00.000Z", "enabled")
    assert made.metadata is not None
    assert made.metadata["7"] == "x"
    service = client.v2.core.event_destinations
    assert service.update(made.id, {"name": "yours"}).name == "yours"
    assert service.disable(made.id).status == "disabled"
    assert service.enable(made.id).status == "enabled"
    assert service.retrieve(made.id).webhook_endpoint is None
    assert [item.id for item in service.list().data] == [made.id]
    assert service.ping(made.id).type == "v2.core.event_destination.ping"
    service.delete(made.id)
    assert service.list().data == []


def test_answers_are_instances_of_the_sdk_classes() -> None:
    call = V2()
    made = destination(call)
    assert list(faults(made, stripe.v2.core.EventDestination)) == []
    Caller(call.fake).post("/v1/customers")
    event = call("GET", "/v2/core/events")["data"][0]
    assert [fault for fault in faults(event, stripe.v2.core.Event) if "related_object" not in fault] == []


def test_a_thin_event_is_delivered() -> None:
    call = V2()
    secret = destination(call)["webhook_endpoint"]["signing_secret"]
    customer = Caller(call.fake).post("/v1/customers", Idempotency_Key="k")
    (delivery,) = call.fake.due()
    assert delivery.request.url == HOOK
    signature = delivery.request.headers.get(SIGNATURE_HEADER) or ""
    assert verify(signature, secret, delivery.request.body, call.fake.now())
    event = json.loads(delivery.request.body)
    assert (event["object"], event["type"]) == ("v2.core.event", "v1.customer.created")
    url = f"/v1/customers/{customer['id']}"
    assert event["related_object"] == {"id": customer["id"], "type": "customer", "url": url}
    assert event["reason"]["request"]["idempotency_key"] == "k"
    assert call("GET", f"/v2/core/events/{event['id']}") == event
    assert call("GET", f"/v1/events/{event['snapshot_event']}")["data"]["object"]["id"] == customer["id"]


def test_a_snapshot_destination_gets_the_snapshot() -> None:
    call = V2()
    destination(call, "snapshot", "customer.created", snapshot_api_version="2023-10-16")
    destination(call, "thin", "v1.customer.deleted")
    Caller(call.fake).post("/v1/customers")
    (delivery,) = call.fake.due()
    event = json.loads(delivery.request.body)
    assert (event["object"], event["api_version"], event["pending_webhooks"]) == ("event", "2023-10-16", 1)


def test_thin_events_are_paged_and_filtered() -> None:
    call = V2()
    made = [Caller(call.fake).post("/v1/customers")["id"] for _ in range(5)]
    seen, url = [], "/v2/core/events?limit=2"
    while url:
        page = call("GET", url)
        seen += [event["related_object"]["id"] for event in page["data"]]
        url = page["next_page_url"]
    assert seen == made[::-1]
    assert page["previous_page_url"]
    assert len(call("GET", f"/v2/core/events?object_id={made[0]}")["data"]) == 1
    assert call("GET", "/v2/core/events?types[]=v1.customer.deleted")["data"] == []
    assert call("GET", "/v2/core/events?created[gt]=2026-10-28T12:00:00Z")["data"] == []
    assert len(call("GET", "/v2/core/events?created[gte]=2026-10-28T12:00:00Z")["data"]) == 5


def test_pages_go_on_with_the_same_question_and_back_again_whatever_comes_meanwhile() -> None:
    call = V2()
    made = [Caller(call.fake).post("/v1/customers")["id"] for _ in range(5)]
    query = "types[]=v1.customer.created&types[]=v1.customer.deleted&created[gte]=2026-10-28T12:00:00%2B00:00&limit=2"
    seen, url = [], f"/v2/core/events?{query}"
    while url:
        Caller(call.fake).post("/v1/products", "name=another")
        page = call("GET", url)
        ids = [event["related_object"]["id"] for event in page["data"]]
        seen.append((ids, page["next_page_url"], page["previous_page_url"]))
        url = page["next_page_url"]
    assert [ids for ids, _, _ in seen] == [made[:2:-1], made[2:0:-1], made[:1]]
    back = call("GET", seen[2][2])
    assert [event["related_object"]["id"] for event in back["data"]] == seen[1][0]
    first = call("GET", back["previous_page_url"])
    assert [event["related_object"]["id"] for event in first["data"]] == seen[0][0]
    assert (first["previous_page_url"], bool(first["next_page_url"])) == (None, True)


@pytest.mark.parametrize(
    "query", ["page=nonsense", "page=%FF", "limit=0", "created[gt]=soon", "created[around]=2026-10-28", "expand[]=data"]
)
def test_queries_that_cannot_be(query: str) -> None:
    call = V2()
    call("GET", f"/v2/core/events?{query}")
    assert call.response.status == 400


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000, {}, {"surprise": 1}, {"name": {"a": 1}}])
def test_bodies_that_cannot_be(body: Any) -> None:
    call = V2()
    call("POST", URL, body)
    assert call.response.status == 400


def test_v2_wants_a_version_and_json() -> None:
    assert Caller().refused("GET", "/v2/core/events")["status"] == 400
    assert Caller(version=ENDIVE).refused("POST", URL, "name=a")["status"] == 400


def test_a_deletion_may_be_repeated_under_its_key() -> None:
    call = V2()
    made = destination(call)
    answers = [call("DELETE", f"{URL}/{made['id']}", Idempotency_Key="k") for _ in range(2)]
    assert answers == [{"id": made["id"], "object": "v2.core.event_destination"}] * 2
    assert call.response.headers.get("Idempotent-Replayed") == "true"


def listen(fake: Fake, *features: str) -> Doc:
    form = "device_name=here&" + "&".join(f"websocket_features[]={feature}" for feature in features)
    return Caller(fake).post("/v1/stripecli/sessions", form)


def messages(fake: Fake, session: Doc) -> list[Doc]:
    return [json.loads(text) for text in iter(lambda: fake.cli_message(session["websocket_id"]), None)]


def test_a_listening_cli_gets_signed_events() -> None:
    fake = Fake(options=Options(websocket_base="ws://127.0.0.1:7/cli"))
    session = listen(fake, "webhooks")
    assert session["websocket_url"] == f"ws://127.0.0.1:7/cli/{session['websocket_id']}"
    assert len(session["secret"]) == len("whsec_") + 64
    customer = Caller(fake).post("/v1/customers")
    (message,) = messages(fake, session)
    body = message["event_payload"]
    assert verify(message["http_headers"][SIGNATURE_HEADER], session["secret"], body.encode(), fake.now())
    event = json.loads(body)
    assert (message["type"], event["data"]["object"]["id"]) == ("webhook_event", customer["id"])
    assert messages(fake, session) == []
    Caller(fake).post(f"/v1/events/{event['id']}/retry", "for_stripecli=true")
    assert json.loads(messages(fake, session)[0]["event_payload"])["id"] == event["id"]


def test_a_listening_cli_gets_thin_events_and_logs() -> None:
    fake = Fake()
    thin, logs = listen(fake, "v2_events"), listen(fake, "request_logs")
    messages(fake, logs)
    Caller(fake).post("/v1/customers")
    Caller(fake).refused("GET", "/v1/customers/cus_x")
    (message,) = messages(fake, thin)
    assert (message["type"], json.loads(message["payload"])["type"]) == ("v2_event", "v1.customer.created")
    lines = [json.loads(message["event_payload"]) for message in messages(fake, logs)]
    assert [(line["method"], line["status"], line["error"]["code"]) for line in lines] == [
        ("POST", 200, ""),
        ("GET", 404, "resource_missing"),
    ]


def test_a_session_that_is_not_there() -> None:
    assert Fake().cli_message("cliws_x") is None
