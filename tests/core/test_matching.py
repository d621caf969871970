"""What a miss says: one text for each reason, word for word, and no secret in any of them."""

import json

import pytest

from fcproxy.core.deck import Refuse
from fcproxy.core.matching import REASONS
from fcproxy.core.message import Headers, Interaction, Response
from fcproxy.stripe.secrets import default_redactor
from tests.core.conversation import KEY, Talk, ask, cassette, recorded

GOLDEN = {
    "no_cassette": """\
fcproxy cannot replay GET /v1/customers: there is no cassette c.yaml.
Record it first: fcproxy record --cassette c.yaml""",
    "no_match": """\
fcproxy cannot replay POST /v1/customers: nothing in c.yaml matches it.
Nearest: interaction 0, POST /v1/customers (unused).
  body.metadata.run: recorded "7", received "8"
  body.phone: recorded nothing, received "<phone>"
  header.Stripe-Version: recorded 2026-01-28, received nothing
Nearest: interaction 1, POST /v1/customers (played).
  body.email: recorded nothing, received "<email>"
  body.metadata.run: recorded nothing, received "8"
  body.phone: recorded nothing, received "<phone>"
  body.tax: recorded "x", received nothing
If the app is right, record again: fcproxy record --cassette c.yaml
If the difference does not matter, ignore the field for this route in the config: docs/matching.md""",
    "exhausted": """\
fcproxy cannot replay POST /v1/customers: c.yaml holds it once and all of that is played.
Nearest: interaction 1, POST /v1/customers (played).
The app sends it more often than when it was recorded. If that is right, record again,
or add what is new: fcproxy auto --cassette c.yaml""",
    "out_of_order": """\
fcproxy cannot replay GET /v1/customers/cus_1: c.yaml holds it, but another interaction comes first (--order strict): \
0 POST /v1/customers.
Nearest: interaction 2, GET /v1/customers/cus_1 (unused).
Send requests in the recorded order, or replay without --order strict.""",
    "wrong_deck": """\
fcproxy cannot replay GET /v1/customers: no deck goes by that name; it would match in 5f3a.
Open the deck first (POST /_fcproxy/decks), or check what names it: base URL, Fcproxy-Deck header or API key.""",
    "expired": """\
fcproxy cannot replay GET /v1/customers/cus_1: c.yaml is older than --max-age allows.
Nearest: interaction 2, GET /v1/customers/cus_1 (unused).
Record it again: fcproxy record --cassette c.yaml""",
    "not_stored": """\
fcproxy cannot replay GET /v1/files/f/contents: c.yaml holds it, but its answer was not stored (coding).
Nearest: interaction 0, GET /v1/files/f/contents (unused).
Bodies that cannot be opened, or are too large, are never stored. Stub this call in the app's test.""",
}

LINES = (
    (ask("POST /v1/customers email=ann@example.org&metadata[run]=7", Stripe_Version="2026-01-28"), 200),
    "POST /v1/customers tax=x",
    "GET /v1/customers/cus_1",
)


def said(reason: str) -> str:
    match reason:
        case "no_cassette":
            return Talk(None).miss("GET /v1/customers")
        case "no_match":
            talk = cassette(*LINES)
            assert talk("POST /v1/customers tax=x") == "1"
            return talk.miss("POST /v1/customers email=bob@example.org&metadata[run]=8&phone=%2B49301234567")
        case "exhausted":
            talk = cassette(*LINES)
            assert talk("POST /v1/customers tax=x") == "1"
            return talk.miss("POST /v1/customers tax=x")
        case "out_of_order":
            return cassette(*LINES, ordered=True).miss("GET /v1/customers/cus_1")
        case "wrong_deck":
            refused = cassette(*LINES).deck.refuse(reason, ask("GET /v1/customers"), detail="; it would match in 5f3a")
            return refused.miss.message
        case "expired":
            return cassette(*LINES, expired=True).miss("GET /v1/customers/cus_1")
        case _:
            redactor = default_redactor()
            coded = Response(200, Headers([("Content-Encoding", "mystery")]), b"abc")
            stored = redactor.settle([redactor.redact(Interaction(ask("GET /v1/files/f/contents"), coded))])
            return Talk(stored).miss("GET /v1/files/f/contents")


def test_every_reason_has_its_text() -> None:
    assert set(GOLDEN) == set(REASONS)


@pytest.mark.parametrize("reason", GOLDEN)
def test_what_is_said(reason: str) -> None:
    assert said(reason) == GOLDEN[reason]


def test_a_misspelt_path_finds_its_neighbours() -> None:
    talk = cassette("GET /v1/customers/cus_1", "GET /v1/accounts", "POST /v1/customer", "GET /v1/a/b/c")
    told = talk.miss("GET /v1/costumers/cus_1")
    assert told.splitlines()[1:3] == [
        "Nearest: interaction 0, GET /v1/customers/cus_1 (unused).",
        "  path: recorded /v1/customers/cus_1, received /v1/costumers/cus_1",
    ]


def test_another_method_is_told() -> None:
    assert "  method: recorded GET, received DELETE" in cassette("GET /v1/customers/cus_1").miss(
        "DELETE /v1/customers/cus_1"
    )


def test_another_credential_is_told_by_family() -> None:
    told = cassette("GET /v1/a").miss("GET /v1/a", auth=None)
    assert "  header.Authorization: recorded sk_test_, received none" in told


def test_another_secret_is_told_without_it() -> None:
    talk = cassette("GET /v1/a?email=ann@example.org", "GET /v1/b?email=bob@example.org")
    told = talk.miss("GET /v1/a?email=redacted-2@example.com")
    assert "  a secret (email): recorded another one, received this one" in told


def test_no_secret_is_in_a_miss_or_a_verdict() -> None:
    canary = "Quentin-" + "Tarantella"
    talk = cassette(*LINES)
    secret = "sk_" + "test_" + "Z9y8X7w6V5u4T3s2R1q0P9o8"
    decision = talk.deck.decide(
        ask(
            f"POST /v1/customers/{secret} name={canary}&email={canary}@example.net&token={secret}"
            "&bank_account[account_number]=000999888777",
            auth=f"Bearer {secret}",
            Stripe_Account=secret,
        )
    )
    assert isinstance(decision, Refuse)
    verdict = talk.deck.verdict()
    everything = json.dumps([decision.miss.message, decision.miss.nearest, verdict.to_json(), verdict.text()])
    for text in (canary, secret, KEY, "000999888777", "\\ue000"):
        assert text not in everything


def test_long_differences_are_cut() -> None:
    fields = "&".join(f"metadata[k{n}]={n}" for n in range(200))
    talk = cassette(f"POST /v1/a {fields}")
    decision = talk.deck.decide(ask("POST /v1/a x=" + "y" * 500))
    assert isinstance(decision, Refuse)
    assert decision.miss.nearest[0]["more"] == 151
    told = decision.miss.message.splitlines()
    assert told[-3] == "  and 193 more"
    assert max(map(len, told)) < 200


@pytest.mark.parametrize("line", ["POST /v1/a x=5000", "POST /v1/b/5000 x=0", "GET /v1/zzz"])
def test_the_nearest_is_found_among_many(line: str) -> None:
    many = recorded(*(f"POST /v1/a x={n}&y=1&n={n}" for n in range(50)), *(f"POST /v1/b/{n}" for n in range(50)))
    decision = Talk(many).deck.decide(ask(line))
    assert isinstance(decision, Refuse)
    assert len(decision.miss.nearest) <= 3


def test_the_likest_comes_first() -> None:
    talk = cassette(*(f"POST /v1/a x={n}&y=1&z={n}" for n in range(9)))
    decision = talk.deck.decide(ask("POST /v1/a x=6&y=1&z=0"))
    assert isinstance(decision, Refuse)
    assert [one["index"] for one in decision.miss.nearest[:2]] == [0, 6]
