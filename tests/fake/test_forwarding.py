"""Forwarding: what goes out, what is kept, what may go wrong."""

import json
from urllib.parse import quote

import pytest

from fcproxy.core.message import Headers, Request, Response
from fcproxy.fake import Fake, Options, Outbound, Outcome
from tests.fake.support import FORM, TEST_KEY, Caller, Doc

REQUESTS = "/v1/forwarding/requests"
NUMBER = "4242" * 4
ECHO = "https://echo.fcproxy.test/pay"


def form(url: str = ECHO, body: str = '{"card":{"number":"","cvc":"","exp":""},"name":"x"}', more: str = "") -> str:
    names = ("card_number", "card_cvc", "card_expiry", "cardholder_name")
    replacements = "".join(f"&replacements[]={name}" for name in names)
    return f"payment_method=pm_card_visa&url={quote(url)}&request[body]={quote(body)}{replacements}{more}"


def test_the_echo_shows_what_was_sent_without_the_card() -> None:
    call = Caller()
    headers = "&request[headers][0][name]=X-Api-Key&request[headers][0][value]=hidden"
    made = call.post(REQUESTS, form(more=headers))
    assert json.loads(made["request_details"]["body"]) == {
        "card": {"number": "*" * 12 + "4242", "cvc": "***", "exp": "08/2030"},
        "name": "x",
    }
    assert made["request_details"]["headers"][0] == {"name": "X-Api-Key", "value": "****"}
    assert made["response_details"]["status"] == 200
    assert NUMBER not in call.response.body.decode()
    assert call.get(f"{REQUESTS}/{made['id']}") == made
    assert call.get(REQUESTS)["data"] == [made]
    call.advance(30 * 86_400)
    assert call.refused("GET", f"{REQUESTS}/{made['id']}")["status"] == 404
    assert call.get(REQUESTS)["data"] == []


@pytest.mark.parametrize(
    "url", ["https://example.com/", "https://echo.fcproxy.test:8443/", "https://echo.fcproxy.test.example.com/"]
)
def test_no_other_host_is_called_unless_it_was_allowed(url: str) -> None:
    error = Caller().refused("POST", REQUESTS, form(url))
    assert (error["status"], error["code"], error["param"]) == (400, "forwarding_api_invalid_parameter", "url")


class Sender:
    """A fake that may call one host, and what it wants to send there."""

    def __init__(self) -> None:
        self.fake = Fake(options=Options(forward_hosts=frozenset({"127.0.0.1:8000"})))

    def begin(self, content: str, key: str = "") -> Outbound:
        headers = [("Authorization", f"Bearer {TEST_KEY}"), ("Content-Type", FORM)]
        if key:
            headers.append(("Idempotency-Key", key))
        request = Request("POST", f"https://api.stripe.com{REQUESTS}", Headers(headers), content.encode())
        started = self.fake.begin(request)
        assert isinstance(started, Outbound)
        return started

    def finish(self, outbound: Outbound, outcome: Outcome) -> Doc:
        response = self.fake.finish(outbound, outcome)
        doc: Doc = json.loads(response.body)
        return {"status": response.status, **doc.get("error", doc)}


def test_the_real_card_goes_out_and_is_not_kept() -> None:
    sender = Sender()
    outbound = sender.begin(form("http://127.0.0.1:8000/charge"))
    assert (outbound.request.method, outbound.request.url) == ("POST", "http://127.0.0.1:8000/charge")
    assert json.loads(outbound.request.body)["card"] == {"number": NUMBER, "cvc": "123", "exp": "08/2030"}
    answer = Response(402, Headers([("Set-Cookie", "a=b"), ("X-Id", "7")]), f'{{"seen": "{NUMBER}"}}'.encode())
    made = sender.finish(outbound, Outcome(answer, address="192.0.2.1", milliseconds=42))
    assert made["status"] == 200
    assert made["response_details"] == {
        "body": f'{{"seen": "{"*" * 12}4242"}}',
        "headers": [{"name": "Set-Cookie", "value": "****"}, {"name": "X-Id", "value": "7"}],
        "status": 402,
    }
    assert made["request_context"] == {"destination_duration": 42, "destination_ip_address": "192.0.2.1"}
    kept = list(sender.fake.state.tables["payment_method"])
    assert [row.id for row in kept] == [made["payment_method"]]


def test_a_form_is_filled_too() -> None:
    content = form("http://127.0.0.1:8000/", "card[number]=&card[exp_month]=&note=") + (
        "&request[headers][0][name]=Content-Type&request[headers][0][value]=application/x-www-form-urlencoded"
    )
    assert Sender().begin(content).request.body == f"card[number]={NUMBER}&card[exp_month]=08&note=".encode()


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ("connection", "forwarding_api_upstream_connection_error"),
        ("timeout", "forwarding_api_upstream_connection_timeout"),
    ],
)
def test_trouble_on_the_way(failure: str, code: str) -> None:
    sender = Sender()
    error = sender.finish(sender.begin(form("http://127.0.0.1:8000/")), Outcome(None, failure))
    assert (error["status"], error["code"]) == (424, code)
    assert list(sender.fake.state.tables["forwarding.request"]) == []


@pytest.mark.parametrize(
    ("content", "param"),
    [
        (form().replace("pm_card_visa", "pm_none"), "payment_method"),
        (form("ftp://echo.fcproxy.test/"), "url"),
        (form(more="&request[headers][0][name]=Bad Name&request[headers][0][value]=x"), "request[headers]"),
        (form(more="&request[headers][0][name]=A&request[headers][0][value]=x%0d%0aB: y"), "request[headers]"),
        (form(more="&replacements[]=everything"), "replacements[4]"),
    ],
)
def test_refused(content: str, param: str) -> None:
    error = Caller().refused("POST", REQUESTS, content)
    assert (error["status"], error["param"]) == (400, param)


def test_a_request_without_a_body() -> None:
    made = Caller().post(
        REQUESTS, "payment_method=pm_card_visa&url=https://echo.fcproxy.test/&replacements[]=card_number"
    )
    assert made["request_details"]["body"] == ""
    assert made["response_details"]["status"] == 200
