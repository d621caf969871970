"""Credentials in headers of which nothing is stored, said again in an answer, where nothing tells what they are."""

import json
from base64 import b64encode

import pytest

from fcproxy.core.message import Headers, Interaction, Request, Response
from tests.attacks.hunt import record, rng_for
from tests.attacks.prey import letters

TOKEN = letters(rng_for("echoes"), 40)
BASIC = "Basic " + b64encode(f"someone:{TOKEN}".encode()).decode()

REQUEST = {
    "a cookie": ("Cookie", f"lang=en-US; sid={TOKEN}; seen=1700000000"),
    "a quoted cookie": ("cookie", f'sid="{TOKEN}"'),
    "a proxy's password": ("Proxy-Authorization", BASIC),
    "an API key": ("X-Api-Key", TOKEN),
    "a scheme of its own": ("X-Auth-Token", f"Token {TOKEN}"),
    "a session of a cloud": ("X-Amz-Security-Token", TOKEN),
}


def exchange(sent: Headers, received: Headers, body: bytes) -> Interaction:
    request = Request("GET", "https://api.stripe.com/v1/things", sent)
    return Interaction(request, Response(200, Headers([("Content-Type", "application/json"), *received]), body, "OK"))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("case", REQUEST)
def test_what_a_request_bore_is_found_in_answers(case: str, late: bool) -> None:
    bearing = exchange(Headers([REQUEST[case]]), Headers(), b"{}")
    echo = exchange(
        Headers(), Headers(), json.dumps({"debug": f"x {TOKEN} y", "in": b64encode(TOKEN.encode()).decode()}).encode()
    )
    done = record(*((echo, bearing) if late else (bearing, echo)))
    assert TOKEN not in str(done)
    assert b64encode(TOKEN.encode())[:40].decode() not in str(done)


def test_what_an_answer_set_is_found_in_its_body() -> None:
    body = json.dumps({"session": {"a": TOKEN}}).encode()
    assert TOKEN not in str(record(exchange(Headers(), Headers([("Set-Cookie", f"a={TOKEN}; Path=/; Secure")]), body)))


@pytest.mark.parametrize(
    "value",
    [
        "cus_1AbCdEfGhIjKlMnO",
        "acct_1AbCdEfGhIjKlMnO",
        "2026-10-28T12:00:00Z",
        "17000000001700000000",
        "en-US",
        "financial-connections",
    ],
)
def test_what_people_keep_in_cookies_and_is_no_secret_stays(value: str) -> None:
    body = json.dumps({"id": value}).encode()
    done = record(exchange(Headers([("Cookie", f"last={value}")]), Headers([("Set-Cookie", f"last={value}")]), body))
    assert done[0].response.body == body
