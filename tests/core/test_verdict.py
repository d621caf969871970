"""The verdict in words and as JSON."""

import json

from fcproxy.core.match_rules import RouteRule
from tests.core.conversation import cassette

RULE = RouteRule("run-id", ignore=("body.metadata.run_id",))

WORDS = """\
verdict: c.yaml (replay): 6 interactions, 4 played, 2 unused, 0 recorded, 1 missed, 1 out of order
  rule used: run-id, for 1 of the answers
  unused: 4 GET /v1/a
  unused: 2 GET /v1/a, one poll more of a request that was played
  missed: POST /v1/z (no_match)
    Nearest: interaction 3, POST /v1/b (unused).
      path: recorded /v1/b, received /v1/z
    Nearest: interaction 0, POST /v1/a (played).
      path: recorded /v1/a, received /v1/z
      body:kind: recorded form, received nothing
    Nearest: interaction 5, GET /v1/c (played).
      method: recorded GET, received POST
      path: recorded /v1/c, received /v1/z
    If the app is right, record again: fcproxy record --cassette c.yaml
    If the difference does not matter, ignore the field for this route in the config: docs/matching.md
  note: something to know"""


def test_the_verdict_in_words() -> None:
    talk = cassette(
        "POST /v1/a metadata[run_id]=1",
        "GET /v1/a",
        "GET /v1/a",
        "POST /v1/b",
        "GET /v1/a",
        "GET /v1/c",
        routes=(RULE,),
    )
    for line in ("POST /v1/a metadata[run_id]=2", "GET /v1/a", "GET /v1/c", "POST /v1/z", "POST /v1/b"):
        talk(line)
    talk.deck.note("something to know")
    assert talk.deck.verdict().text() == WORDS


def test_counts_add_up_as_json() -> None:
    talk = cassette("GET /v1/a", "POST /v1/b x=1", "GET /v1/c")
    for line in ("GET /v1/a", "GET /v1/a", "POST /v1/b x=2", "GET /v1/nowhere"):
        talk(line)
    told = talk.deck.verdict().to_json()
    counts = {name: told[name] for name in ("interactions", "played", "unused", "recorded", "missed", "repeated")}
    assert counts == {"interactions": 3, "played": 1, "unused": 2, "recorded": 0, "missed": 2, "repeated": 1}
    assert told["unused_interactions"] == ["1 POST /v1/b", "2 GET /v1/c"]
    misses = told["misses"]
    assert isinstance(misses, list)
    assert [(one["reason"], one["request"]) for one in misses] == [
        ("no_match", "POST /v1/b"),
        ("no_match", "GET /v1/nowhere"),
    ]
    assert json.loads(json.dumps(told)) == told


def test_what_passes() -> None:
    whole = cassette("GET /v1/a", "GET /v1/b")
    assert not whole.deck.verdict().passed()
    assert whole.deck.verdict().passed(allow_unused=True)
    whole("GET /v1/a")
    whole("GET /v1/b")
    assert whole.deck.verdict().passed()
    whole("GET /v1/c")
    assert not whole.deck.verdict().passed()
    assert not whole.deck.verdict().passed(allow_unused=True)


def test_many_misses_are_counted_and_not_all_told() -> None:
    talk = cassette("GET /v1/a", max_misses=3)
    for number in range(10):
        talk(f"GET /v1/x/{number}")
    verdict = talk.deck.verdict()
    assert (verdict.missed, len(verdict.misses)) == (10, 3)
