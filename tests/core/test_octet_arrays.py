"""Texts that stand in JSON as arrays of octets: found, replaced as such arrays, and left alone where they hold none."""

import gzip
import json
import secrets

import pytest

from fcproxy.core.canonical import canonical
from fcproxy.core.message import Headers, Request, Response
from fcproxy.stripe.matching import MATCHING
from fcproxy.stripe.secrets import default_redactor
from tests.attacks.hunt import record
from tests.attacks.places import interaction

KEY = "sk_" + "test_" + "A1b" + secrets.token_hex(12)
TOKEN = "aB3" + secrets.token_hex(12)


def kept(document: object, *others: object, indent: int | None = None) -> Response:
    """What is kept of an answer, ``others`` recorded after it."""
    answers = [interaction(received=json.dumps(one, indent=indent).encode()) for one in (document, *others)]
    return record(*answers)[0].response


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("around", ["{}", "see {} there", "{}\n"])
def test_a_key_in_an_array_becomes_a_placeholder_in_an_array(around: str, indent: int | None) -> None:
    done = json.loads(kept({"note": list(around.format(KEY).encode()), "x": 1}, indent=indent).body)
    assert done["x"] == 1
    assert bytes(done["note"]).decode() == around.format("sk_test_REDACTED~1")


def test_a_buffer_goes_by_the_field_that_it_stands_in() -> None:
    done = json.loads(kept({"password": {"type": "Buffer", "data": list(b"correct-horse-7")}}).body)
    assert done["password"]["type"] == "Buffer"
    assert bytes(done["password"]["data"]) == b"REDACTED~1"
    plain = {"note": {"type": "Buffer", "data": list(b"correct-horse-7")}}
    assert json.loads(kept(plain).body) == plain


@pytest.mark.parametrize(
    "data",
    [gzip.compress(KEY.encode(), mtime=0), b"\xff\xfe\x01" + KEY.encode() + b"\x80\x81"],
    ids=["packed", "other octets"],
)
def test_what_is_no_text_goes_as_a_whole(data: bytes) -> None:
    done = json.loads(kept([{"a": list(data)}]).body)
    assert bytes(done[0]["a"]) == b"encoded_REDACTED~1"


@pytest.mark.parametrize("indent", [None, 2])
def test_what_is_recognised_later_goes_too(indent: int | None) -> None:
    done = json.loads(kept({"note": list(f"so {TOKEN}!".encode())}, {"access_token": TOKEN}, indent=indent).body)
    assert TOKEN.encode() not in bytes(done["note"])
    assert b"REDACTED~" in bytes(done["note"])


@pytest.mark.parametrize(
    "array",
    [
        [1, 2, 3, 4, 5, 6, 7, 8],
        [1700000000, 2, 3, 4, 5, 6, 7, 8],
        [115.5] * 8,
        list(b"plain words only"),
        list(b"\x00" * 20),
        [-5, 107, 95, 116, 101, 115, 116, 95],
        "[115, 107, 95, 116, 101, 115, 116, 95]",
    ],
)
def test_other_arrays_stay(array: object) -> None:
    body = json.dumps({"a": array, "b": [array]}).encode()
    answer = interaction(received=body)
    assert record(answer)[0].response.body == body


def test_an_outline_with_an_array_is_never_taken_for_known() -> None:
    plain = {"a": list(b"correct horse battery staple......."[: len(KEY)])}
    answers = [interaction(received=json.dumps(one).encode()) for one in (plain, {"a": [300] * len(KEY)})]
    done = record(*answers, interaction(received=json.dumps({"a": list(KEY.encode())}).encode()))
    assert bytes(json.loads(done[2].response.body)["a"]) == b"sk_test_REDACTED~1"


def test_originals_and_placeholders_have_one_canonical_form_and_numbers_are_not_given_out_twice() -> None:
    body = json.dumps({"note": list(f"so {KEY}!".encode())}).encode()
    live = Request("POST", "https://api.stripe.com/v1/x", Headers([("Content-Type", "application/json")]), body)
    stored = record(interaction(sent=body, sent_type="application/json"))[0]
    forms = [
        canonical(Request("POST", live.url, live.headers, sent), MATCHING, default_redactor(comparing=True)).key
        for sent in (body, stored.request.body)
    ]
    assert forms[0] == forms[1]
    again = record(stored, interaction(received=json.dumps({"note": "rk_" + KEY[3:]}).encode()))
    assert again[0].request.body == stored.request.body
    more = record(stored, interaction(received=json.dumps({"note": KEY[:-1] + "Z"}).encode()))
    assert json.loads(more[1].response.body) == {"note": "sk_test_REDACTED~2"}
