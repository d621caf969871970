"""What of live mode is noticed before it is recorded, and what only looks like it."""

import gzip
from base64 import b64encode
from functools import partial

import pytest

from fcproxy.codings import DECODERS
from fcproxy.core.message import Headers, Request, Response
from fcproxy.stripe.live import LiveGuard
from tests.attacks.hunt import rng_for
from tests.attacks.prey import letters

zipped = partial(gzip.compress, mtime=0)
"""The same octets at any time: they name tests."""

TAIL = letters(rng_for("live"), 24)
KEY, RESTRICTED, TEST = (f"{head}_{mode}_{TAIL}" for head, mode in (("sk", "live"), ("rk", "live"), ("sk", "test")))
URL = "https://api.stripe.com/v1/things"
GUARD = LiveGuard(DECODERS)


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "said"),
    [
        (f"Bearer {KEY}", "live-key"),
        (f"bearer  {RESTRICTED}", "live-key"),
        (KEY, "live-key"),
        (f"Bearer sk_org_live_{TAIL}", "live-key"),
        (basic(f"{KEY}:"), "live-key"),
        (basic(f"me:{KEY}"), "live-key"),
        (basic(KEY).rstrip("="), "live-key"),
        (f"Bearer {TEST}", None),
        (f"Bearer pk_live_{TAIL}", None),
        (f"Bearer task_live_{TAIL}", None),
        ("Bearer", None),
        ("Basic !!!", None),
        ("", None),
    ],
)
def test_keys_in_the_authorization(authorization: str, said: str | None) -> None:
    assert GUARD.request(Request("GET", URL, Headers([("Authorization", authorization)]))) == said


@pytest.mark.parametrize(
    ("url", "body", "said"),
    [
        (f"{URL}?key={KEY}", b"", "live-key"),
        (f"{URL}?a=1&key=pk_live_{TAIL}", b"", "live-key"),
        (f"{URL}?key=pk%5Flive%5f{TAIL}", b"", "live-key"),
        (URL, f"key={RESTRICTED}&a=1".encode(), "live-key"),
        (URL, f"a={'x' * 100_000}&key={KEY}".encode(), "live-key"),
        (URL, b"\xff&key=" + KEY.encode(), "live-key"),
        (f"{URL}?key={TEST}", b"", None),
        (f"{URL}?monkey={KEY}", b"", None),
        (f"{URL}?q=live_and_let", b"name=live_", None),
    ],
)
def test_keys_in_parameters(url: str, body: bytes, said: str | None) -> None:
    assert GUARD.request(Request("POST", url, Headers(), body)) == said


@pytest.mark.parametrize(("value", "said"), [("true", "live-key"), (" True ", "live-key"), ("false", None), ("", None)])
def test_the_livemode_header(value: str, said: str | None) -> None:
    assert GUARD.request(Request("GET", URL, Headers([("Stripe-Livemode", value)]))) == said


@pytest.mark.parametrize(
    ("body", "coding", "said"),
    [
        (b'{"livemode": true}', "", "livemode"),
        (b'{"a": [{"livemode"\n:\ttrue}]}', "", "livemode"),
        (b'{"payload": "{\\"livemode\\": true}"}', "", "livemode"),
        (zipped(b'{"livemode":true}'), "gzip", "livemode"),
        (b'{"livemode": false}', "", None),
        (b'{"livemode": "true"}', "", None),
        (b'{"note": "livemode: true"}', "", None),
        (b"", "", None),
        (zipped(b'{"livemode":true}')[:-9], "gzip", None),  # what cannot be opened is not stored either
        (b'{"livemode": true}', "rot13", None),
    ],
)
def test_what_an_answer_says(body: bytes, coding: str, said: str | None) -> None:
    headers = Headers([("Content-Encoding", coding)] if coding else [])
    assert GUARD.response(Response(200, headers, body)) == said
