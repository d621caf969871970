"""The envelopes of errors and lists, and webhook signatures."""

import hmac

import pytest

from fcproxy.stripe.envelope import error_envelope, list_envelope
from fcproxy.stripe.signature import sign, verify

SECRET = "whsec_" + "test"
BODY = b'{"id": "evt_1"}'
NOW = 1_793_188_800


def test_an_error_holds_what_applies() -> None:
    assert error_envelope("api_error", "Sorry") == {"error": {"message": "Sorry", "type": "api_error"}}
    assert error_envelope("x", "m", code="a_b", param="p", extra={"more": 1}) == {
        "error": {
            "code": "a_b",
            "doc_url": "https://stripe.com/docs/error-codes/a-b",
            "message": "m",
            "param": "p",
            "more": 1,
            "type": "x",
        }
    }


def test_a_list_counts_only_where_it_is_said() -> None:
    assert list_envelope([1], has_more=True, url="/v1/x") == {
        "object": "list",
        "data": [1],
        "has_more": True,
        "url": "/v1/x",
    }
    assert list_envelope([], has_more=False, url="/v1/x", total_count=0)["total_count"] == 0


def test_a_known_signature() -> None:
    expected = hmac.new(SECRET.encode(), b"1.{}", "sha256").hexdigest()
    assert sign([SECRET], 1, b"{}") == f"t=1,v1={expected}"


def test_a_signature_is_verified() -> None:
    header = sign(["whsec_" + "old", SECRET], NOW, BODY)
    assert header.count("v1=") == 2
    assert verify(header, SECRET, BODY, NOW + 300)
    assert not verify(header, SECRET, BODY, NOW + 301)
    assert verify(header, SECRET, BODY, NOW + 10**6, tolerance=0)
    assert not verify(header, SECRET, BODY + b" ", NOW)
    assert not verify(header, "whsec_" + "another", BODY, NOW)


@pytest.mark.parametrize("header", ["", "v1=abc", "t=x,v1=abc", f"t={NOW}", "t=1,v0=abc"])
def test_headers_that_sign_nothing(header: str) -> None:
    assert not verify(header, SECRET, BODY, NOW, tolerance=0)
