"""A body made to be searched for ever is not stored: what cannot be searched to its end may hold anything."""

import json
import random
import string

import pytest

from fcproxy.codings import DECODERS
from fcproxy.core import redact_text
from fcproxy.core.body import BodyKind, open_body
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction, Redactor
from fcproxy.stripe.secrets import default_redactor

LETTERS = string.ascii_letters + string.digits


def dense(size: int) -> str:
    return "".join(random.Random(1).choices(LETTERS, k=size))


def answered(body: str, kind: str, redactor: Redactor | None = None) -> RedactedInteraction:
    redactor = redactor or default_redactor(DECODERS)
    request = Request("GET", "https://api.stripe.com/v1/x", Headers())
    answer = Response(200, Headers([("Content-Type", kind)]), body.encode())
    return redactor.settle([redactor.redact(Interaction(request, answer))])[0]


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_a_body_beyond_the_limit_is_a_stand_in_that_says_so(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact_text, "SEARCHED", 10_000)
    text = dense(3000)
    body = json.dumps({"note": text}) if kind == "application/json" else text
    redactor = default_redactor(DECODERS)
    for _ in range(2):  # the second time its outline is known
        done = answered(body, kind, redactor)
        assert done.response.body == b""
        assert done.response.headers.get("Fcproxy-Body") == f"not-stored; reason=search; bytes={len(body)}"
    assert redactor.not_stored == 2
    assert answered("short and plain", "text/plain", redactor).response.body == b"short and plain"


def test_the_limit_holds_for_one_body_and_not_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact_text, "SEARCHED", 60_000)
    redactor = default_redactor(DECODERS)
    for number in range(20):
        body = dense(1000) + str(number)
        assert answered(body, "text/plain", redactor).response.body == body.encode()


def test_ordinary_bodies_are_far_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact_text, "SEARCHED", 100_000)
    rows = [{"id": f"txn_{dense(24)}", "amount": n, "note": f"invoice {n} & more"} for n in range(400)]
    body = json.dumps({"object": "list", "data": rows}, indent=2)
    assert answered(body, "application/json").response.body == body.encode()
    assert open_body(Headers(), body.encode(), DECODERS).kind is BodyKind.JSON
    table = "\n".join(f"{n},ch_{dense(24)},{n}.00,usd" for n in range(400))
    assert answered(table, "text/csv").response.body == table.encode()


@pytest.mark.timeout(20)
def test_an_address_a_line_costs_no_more_for_the_lines_before_it() -> None:
    text = "M\na@b.co " * 15_000
    done = answered(text, "text/plain")
    assert b"a@b.co" not in done.response.body
    assert len(done.response.body.split(b"redacted-1@example.com")) == 15_001
