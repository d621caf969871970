"""Conversations with a deck."""

import random

import pytest

from fcproxy.core.deck import Deck, Forward, Replay
from fcproxy.core.errors import RecordingRefused
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.message import Headers, Response
from fcproxy.core.modes import ALIASES, DECISIONS, Action, Lookup, Mode
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
from tests.core.conversation import KEY, Talk, ask, cassette, recorded, written

LIVE_KEY = "sk_" + "live_" + "a1B2c3D4e5F6g7H8i9J0k1L2"

# -- modes -----------------------------------------------------------------------------------------------------


def test_the_table_of_decisions_is_total() -> None:
    assert set(DECISIONS) == {(mode, lookup) for mode in Mode for lookup in Lookup}
    assert set(ALIASES) >= {mode.value for mode in Mode}


@pytest.mark.parametrize(("mode", "lookup"), DECISIONS)
def test_a_deck_does_what_the_table_says(mode: Mode, lookup: Lookup) -> None:
    talk = Talk(recorded("GET /v1/a"), mode)
    says = talk("GET /v1/a" if lookup is Lookup.HIT else "GET /v1/b")
    expected = {
        Action.REPLAY: "0",
        Action.REFUSE: "no_match",
        Action.FORWARD: "forward",
        Action.FORWARD_AND_RECORD: "record",
    }
    assert says == expected[DECISIONS[mode, lookup]]


@pytest.mark.parametrize(
    "line", ["GET /v1/a", "POST /v1/a x=1", "DELETE /v1/a", "PATCH /v1/a", "HEAD /v1/a", "OPTIONS *"]
)
def test_replay_never_forwards(line: str) -> None:
    for interactions in (None, [], recorded("GET /v1/z")):
        deck = Talk(interactions).deck
        assert not isinstance(deck.decide(ask(line)), Forward)


def test_auto_forwards_what_is_new_and_what_is_used_up() -> None:
    talk = Talk(recorded("GET /v1/a", "POST /v1/b x=1"), Mode.AUTO)
    assert [talk("GET /v1/a"), talk("GET /v1/a"), talk("GET /v1/c")] == ["0", "0", "record"]
    assert [talk("POST /v1/b x=1"), talk("POST /v1/b x=1")] == ["1", "record"]
    assert talk.deck.verdict().missed == 0


def test_arrivals_are_numbered() -> None:
    deck = Talk(None, Mode.RECORD).deck
    assert [d.sequence for d in (deck.decide(ask(f"GET /{n}")) for n in "abc") if isinstance(d, Forward)] == [0, 1, 2]


# -- order and state -------------------------------------------------------------------------------------------


def test_polling_ends_with_the_last_answer() -> None:
    talk = cassette("POST /v1/s a=1", "GET /v1/s/1", "GET /v1/s/1", "GET /v1/s/1")
    assert talk("POST /v1/s a=1") == "0"
    assert [talk("GET /v1/s/1") for _ in range(13)] == ["1", "2", "3", *["3"] * 10]
    verdict = talk.deck.verdict()
    assert (verdict.played, verdict.unused, verdict.repeated, verdict.missed) == (4, 0, 10, 0)
    assert verdict.passed()


def test_read_modify_read() -> None:
    talk = cassette("GET /v1/c/1", "POST /v1/c/1 name=x", "GET /v1/c/1")
    assert [talk("GET /v1/c/1"), talk("POST /v1/c/1 name=x"), talk("GET /v1/c/1")] == ["0", "1", "2"]


def test_one_poll_more_or_less_shifts_nothing() -> None:
    def talk() -> Talk:
        return cassette("GET /v1/c", "GET /v1/c", "POST /v1/c a=1", "GET /v1/c", "DELETE /v1/c", "GET /v1/c")

    more = talk()
    assert [more("GET /v1/c") for _ in range(3)] == ["0", "1", "1"]
    assert [more("POST /v1/c a=1"), more("GET /v1/c"), more("GET /v1/c")] == ["2", "3", "3"]
    assert [more("DELETE /v1/c"), more("GET /v1/c")] == ["4", "5"]
    fewer = talk()
    assert [fewer("GET /v1/c"), fewer("POST /v1/c a=1"), fewer("GET /v1/c")] == ["0", "2", "3"]
    assert [fewer("DELETE /v1/c"), fewer("GET /v1/c")] == ["4", "5"]
    verdict = fewer.deck.verdict()
    assert (verdict.unused, verdict.spare_polls, verdict.passed()) == (1, 1, True)


def test_a_read_after_a_change_is_no_spare_poll() -> None:
    talk = cassette("GET /v1/c", "POST /v1/c a=1", "GET /v1/c")
    assert [talk("GET /v1/c"), talk("POST /v1/c a=1")] == ["0", "1"]
    verdict = talk.deck.verdict()
    assert (verdict.unused_list, verdict.spare_polls, verdict.passed()) == (("2 GET /v1/c",), 0, False)
    assert verdict.passed(allow_unused=True)


def test_tests_of_one_suite_in_another_order() -> None:
    talk = cassette("POST /v1/a n=1", "GET /v1/list", "POST /v1/b n=1", "GET /v1/list")
    assert [talk("POST /v1/b n=1"), talk("GET /v1/list")] == ["2", "3"]
    assert [talk("POST /v1/a n=1"), talk("GET /v1/list")] == ["0", "1"]
    verdict = talk.deck.verdict()
    assert (verdict.unused, verdict.out_of_order) == (0, 2)


def test_posts_are_played_once_each_in_order() -> None:
    talk = cassette("POST /v1/a x=1", "POST /v1/a x=2", "POST /v1/a x=1")
    said = [talk("POST /v1/a x=1"), talk("POST /v1/a x=1"), talk("POST /v1/a x=1"), talk("POST /v1/a x=2")]
    assert said == ["0", "2", "exhausted", "1"]
    assert talk.deck.verdict().missed == 1


def test_strict_order_plays_the_recorded_sequence_only() -> None:
    talk = cassette("GET /v1/a", "POST /v1/b x=1", "GET /v1/a", ordered=True)
    assert talk("POST /v1/b x=1") == "out_of_order"
    assert [talk("GET /v1/a"), talk("GET /v1/a")] == ["0", "out_of_order"]
    assert [talk("POST /v1/b x=1"), talk("GET /v1/a"), talk("GET /v1/a")] == ["1", "2", "exhausted"]


# -- idempotency -----------------------------------------------------------------------------------------------


def test_the_same_key_gets_the_same_answer_and_moves_no_mark() -> None:
    talk = cassette("POST /v1/a x=1", "POST /v1/a x=1")
    said = [talk("POST /v1/a x=1", key="k1"), talk("POST /v1/a x=1", key="k1"), talk("POST /v1/a x=1", key="k2")]
    assert said == ["0", "0 again", "1"]
    assert talk("POST /v1/a x=1", key="k3") == "exhausted"
    assert talk("POST /v1/a x=1", key="k2") == "1 again"


def test_an_idempotent_answer_is_the_first_but_for_the_marker() -> None:
    talk = cassette(("POST /v1/a x=1", '{"id": "a_1"}'))
    first, second = (talk.deck.decide(ask("POST /v1/a x=1", key="k")) for _ in range(2))
    assert isinstance(first, Replay)
    assert isinstance(second, Replay)
    assert (first.response.body, first.response.status) == (second.response.body, second.response.status)
    assert list(second.response.headers.without("Idempotent-Replayed")) == list(first.response.headers)


@pytest.mark.parametrize("other", ["POST /v1/a x=2", "POST /v1/b x=1", "POST /v1/a x=1&y=2"])
def test_the_same_key_with_other_parameters_is_stripes_error(other: str) -> None:
    talk = cassette("POST /v1/a x=1")
    assert [talk("POST /v1/a x=1", key="k"), talk(other, key="k")] == ["0", "idempotency error"]
    assert any("Idempotency-Key" in note for note in talk.deck.verdict().notes)


def test_the_same_key_with_another_secret_is_stripes_error_too() -> None:
    talk = cassette("POST /v1/a email=ann@example.org")
    assert talk("POST /v1/a email=ann@example.org", key="k") == "0"
    assert talk("POST /v1/a email=bob@example.org", key="k") == "idempotency error"


def test_a_key_used_for_two_recorded_requests_is_an_error_unless_recorded_so() -> None:
    apart = cassette((ask("POST /v1/a x=1", key="r1"), 200), (ask("POST /v1/a x=2", key="r2"), 200))
    assert [apart("POST /v1/a x=1", key="k"), apart("POST /v1/a x=2", key="k")] == ["0", "idempotency error"]
    once = cassette((ask("POST /v1/a x=1", key="r1"), 200), (ask("POST /v1/a x=2", key="r1"), 400))
    assert [once("POST /v1/a x=1", key="k"), once("POST /v1/a x=2", key="k")] == ["0", "1"]


def test_keys_are_an_accounts_own() -> None:
    talk = cassette(
        (ask("POST /v1/a x=1", Stripe_Account="acct_1a"), 200), (ask("POST /v1/a x=1", Stripe_Account="acct_1b"), 200)
    )
    assert talk("POST /v1/a x=1", key="k", Stripe_Account="acct_1a") == "0"
    assert talk("POST /v1/a x=1", key="k", Stripe_Account="acct_1b") == "1"


@pytest.mark.parametrize("status", [409, 429, 500, 503])
@pytest.mark.parametrize("stored_key", ["r1", None])
def test_a_recorded_retry_is_played(status: int, stored_key: str | None) -> None:
    talk = cassette((ask("POST /v1/a x=1", key=stored_key), status), (ask("POST /v1/a x=1", key=stored_key), 200))
    said = [talk("POST /v1/a x=1", key="k") for _ in range(3)]
    assert said == ["0", "1", "1 again"]


def test_reads_have_no_idempotency() -> None:
    talk = cassette("GET /v1/a", "GET /v1/a")
    assert [talk("GET /v1/a", key="k") for _ in range(3)] == ["0", "1", "1"]


# -- secrets ---------------------------------------------------------------------------------------------------

ANN, BOB, EVE = "email=ann@example.org", "email=bob@example.org", "email=eve@example.org"


def test_originals_and_placeholders_both_hit() -> None:
    lines = (f"POST /v1/c {ANN}", f"POST /v1/c {BOB}")
    originals = cassette(*lines)
    assert [originals(f"POST /v1/c {BOB}"), originals(f"POST /v1/c {ANN}")] == ["0", "1"]
    placeholders = cassette(*lines)
    says = [placeholders(f"POST /v1/c email=redacted-{number}@example.com") for number in (2, 1, 2)]
    assert says == ["1", "0", "exhausted"]


def test_an_original_keeps_meaning_the_same_placeholder() -> None:
    talk = cassette(f"POST /v1/c {ANN}", f"POST /v1/c {BOB}", f"GET /v1/c?{BOB}", f"GET /v1/c?{ANN}")
    assert [talk(f"POST /v1/c {EVE}"), talk("POST /v1/c email=joe@example.org")] == ["0", "1"]
    assert [talk("GET /v1/c?email=joe@example.org"), talk(f"GET /v1/c?{EVE}")] == ["2", "3"]


def test_a_placeholder_that_the_cassette_knows_means_itself() -> None:
    talk = cassette(f"GET /v1/c?{ANN}", f"POST /v1/d {BOB}")
    assert talk("GET /v1/c?email=redacted-2@example.com") == "no_match"
    assert talk("GET /v1/c?email=redacted-1@example.com") == "0"


def test_a_secret_that_only_a_later_answer_tells() -> None:
    talk = cassette(
        "GET /v1/search?query=orders+of+Jonathan+Livingston+Seagull&limit=3",
        ("GET /v1/p", '{"shipping": {"name": "Jonathan Livingston Seagull"}, "object": "customer"}'),
    )
    assert talk("GET /v1/search?query=orders+of+Jonathan+Livingston+Seagull&limit=3") == "0"
    assert talk("GET /v1/search?query=orders+of+Jonathan+Livingston+Seagull&limit=4") == "no_match"


def test_a_dummy_key_stands_for_a_real_one() -> None:
    restricted = "Bearer rk_" + "test_" + "a1B2c3D4e5F6g7H8i9J0k1L2"
    talk = cassette((ask("GET /v1/a", auth=restricted), 200))
    dummy = "Bearer sk_" + "test_" + "fcproxy"
    assert [talk("GET /v1/a", auth=auth) for auth in (dummy, dummy + "_0a1b2c3d4e5f6a7b", restricted)] == ["0"] * 3
    assert [talk("GET /v1/a", auth=auth) for auth in (f"Bearer {KEY}", None)] == ["no_match"] * 2


def test_a_dummy_key_is_no_publishable_key() -> None:
    talk = cassette((ask("GET /v1/a", auth="Bearer pk_" + "test_" + "a1B2c3D4e5F6g7H8i9J0k1L2"), 200))
    assert talk("GET /v1/a", auth="Bearer sk_" + "test_" + "fcproxy") == "no_match"


@pytest.mark.parametrize("stored", [None, "Bearer DUMMY", "FILTERED"])
def test_a_recording_without_credentials_says_nothing_of_them(stored: str | None) -> None:
    assert cassette((ask("GET /v1/a", auth=stored), 200))("GET /v1/a") == "0"


def test_no_credential_is_told_from_one() -> None:
    talk = cassette((ask("GET /v1/a", auth=None), 401), "GET /v1/a")
    assert [talk("GET /v1/a"), talk("GET /v1/a", auth=None)] == ["1", "0"]


def test_two_accounts_keys_are_kept_apart_as_long_as_that_works() -> None:
    other = "Bearer sk_" + "test_" + "Z9y8X7w6V5u4T3s2R1q0P9o8"
    talk = cassette("GET /v1/balance", (ask("GET /v1/balance", auth=other), 200))
    mine, theirs = ("Bearer sk_" + "test_" + tail for tail in ("0000000000000000aaaa", "0000000000000000bbbb"))
    assert [talk("GET /v1/balance", auth=auth) for auth in (mine, theirs, mine, theirs)] == ["0", "1", "0", "1"]
    single = cassette("POST /v1/x a=1", (ask("POST /v1/x a=1", auth=other), 200))
    assert [single("POST /v1/x a=1", auth=mine) for _ in range(2)] == ["0", "1"]


# -- route rules -----------------------------------------------------------------------------------------------


def test_a_field_ignored_on_its_route() -> None:
    rule = RouteRule("run-id", path="/v1/c*", method="POST", ignore=("body.metadata.run_id",))
    talk = cassette("POST /v1/c a=1&metadata[run_id]=7", "POST /v1/d metadata[run_id]=7", routes=(rule,))
    assert talk("POST /v1/c a=2&metadata[run_id]=8") == "no_match"
    assert talk("POST /v1/c a=1&metadata[run_id]=8") == "0"
    assert talk("POST /v1/d metadata[run_id]=8") == "no_match"
    assert talk.deck.verdict().rules_used == {"run-id": 1}


def test_a_rule_that_made_no_difference_is_not_named() -> None:
    rule = RouteRule("run-id", ignore=("body.metadata.run_id",))
    talk = cassette("POST /v1/c a=1&metadata[run_id]=7", routes=(rule,))
    assert talk("POST /v1/c a=1&metadata[run_id]=7") == "0"
    assert talk.deck.verdict().rules_used == {}


def test_a_field_normalised() -> None:
    rule = RouteRule("dates", normalise=(("query.created.*", "[0-9]+"),))
    talk = cassette("GET /v1/c?created[gt]=1700000000&limit=3", routes=(rule,))
    assert talk("GET /v1/c?created[gt]=1800000000&limit=3") == "0"
    assert talk("GET /v1/c?created[gt]=now&limit=3") == "no_match"
    assert talk("GET /v1/c?created[gt]=1800000000&limit=4") == "no_match"
    assert talk.deck.verdict().rules_used == {"dates": 1}


def test_a_body_dropped() -> None:
    talk = cassette("POST /v1/c a=1", routes=(RouteRule("any-body", body=False),))
    assert talk("POST /v1/c?q=1 b=2") == "no_match"
    assert talk("POST /v1/c b[c]=2") == "0"


def test_an_element_of_an_array_is_no_character_class() -> None:
    rule = RouteRule("first", ignore=("body.items[0].*",))
    talk = cassette("POST /v1/c items[0][a]=1&items[1][a]=1", routes=(rule,))
    assert talk("POST /v1/c items[0][a]=2&items[1][a]=2") == "no_match"
    assert talk("POST /v1/c items[0][a]=2&items[1][a]=1") == "0"


# -- what cannot be played ---------------------------------------------------------------------------------------


def test_an_answer_that_was_not_stored_is_refused_with_its_reason() -> None:
    redactor = default_redactor()
    from fcproxy.core.message import Interaction

    response = Response(200, Headers([("Content-Encoding", "mystery")]), b"abc")
    (one,) = redactor.settle([redactor.redact(Interaction(ask("GET /v1/f"), response))])
    talk = Talk([one])
    assert "coding" in talk.miss("GET /v1/f")
    assert talk("GET /v1/f") == "not_stored"


def test_expired_and_absent_cassettes() -> None:
    assert cassette("GET /v1/a", expired=True)("GET /v1/a") == "expired"
    assert Talk(None)("GET /v1/a") == "no_cassette"
    assert Talk(None, Mode.AUTO)("GET /v1/a") == "record"


# -- recording -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.RECORD, Mode.AUTO])
def test_live_mode_stops_a_recording(mode: Mode) -> None:
    with pytest.raises(RecordingRefused, match="allow-live"):
        Talk(None, mode)("GET /v1/a", auth=f"Bearer {LIVE_KEY}")
    talk = Talk(None, mode)
    decision = talk.deck.decide(ask("GET /v1/a"))
    assert isinstance(decision, Forward)
    with pytest.raises(RecordingRefused):
        talk.deck.record(decision, ask("GET /v1/a"), Response(200, Headers(), b'{"livemode": true}'))
    assert Talk(None, mode, allow_live=True)("GET /v1/a", auth=f"Bearer {LIVE_KEY}") == "record"
    assert Talk(None, Mode.PASSTHROUGH)("GET /v1/a", auth=f"Bearer {LIVE_KEY}") == "forward"


def settled(deck: Deck, count: int, order: list[int]) -> list[bytes]:
    """``count`` different requests arrive together and end in ``order``."""
    requests = [ask(f"POST /v1/c email=p{n}@example.org&n={n}") for n in range(count)]
    decisions = [deck.decide(request) for request in requests]
    journal = []
    for n in order:
        decision = decisions[n]
        assert isinstance(decision, Forward)
        answer = Response(200, Headers(), f'{{"email": "p{n}@example.org"}}'.encode())
        journal.append((decision.sequence, deck.record(decision, requests[n], answer)))
    return [one.request.body + one.response.body for one in written(deck, journal)]


def test_fifty_at_once_give_the_same_recording_in_whatever_order_they_end() -> None:
    straight = settled(Talk(None, Mode.RECORD).deck, 50, list(range(50)))
    for seed in range(5):
        order = random.Random(seed).sample(range(50), 50)
        assert settled(Talk(None, Mode.RECORD).deck, 50, order) == straight


def test_a_recording_plays_under_any_interleaving() -> None:
    lines = [f"POST /v1/c n={n}" if n % 2 else f"GET /v1/c/{n}" for n in range(50)]
    interactions = recorded(*lines)
    for seed in range(5):
        talk = Talk(interactions)
        order = random.Random(seed).sample(range(50), 50)
        assert [talk(lines[n]) for n in order] == list(map(str, order))
        assert talk.deck.verdict().passed()


def attempts(keep: bool, *lines: tuple[str, str | None, int]) -> list[tuple[bytes, int]]:
    deck = Talk(None, Mode.RECORD, keep_retries=keep).deck
    journal = []
    for line, key, status in lines:
        request = ask(line, key=key)
        decision = deck.decide(request)
        assert isinstance(decision, Forward)
        journal.append((decision.sequence, deck.record(decision, request, Response(status, Headers(), b""))))
    return [(one.request.body, one.response.status) for one in written(deck, journal)]


def test_superseded_attempts_are_dropped_unless_kept() -> None:
    lines = (
        ("POST /v1/a x=1", "k", 500), ("POST /v1/a x=1", "k", 429), ("POST /v1/a x=2", "other", 409),
        ("POST /v1/a x=1", "k", 200), ("POST /v1/a x=3", None, 500), ("POST /v1/a x=3", None, 200),
        ("POST /v1/a x=4", "z", 402), ("POST /v1/a x=4", "z", 200),
    )  # fmt: skip
    assert attempts(True, *lines) == [(line.rpartition(" ")[2].encode(), status) for line, _, status in lines]
    assert attempts(False, *lines) == [
        (b"x=2", 409), (b"x=1", 200), (b"x=3", 500), (b"x=3", 200), (b"x=4", 402), (b"x=4", 200)
    ]  # fmt: skip


def test_the_last_attempt_stays_even_if_it_failed() -> None:
    assert attempts(False, ("POST /v1/a x=1", "k", 500), ("POST /v1/a x=1", "k", 503)) == [(b"x=1", 503)]


def test_auto_does_not_give_out_a_placeholder_twice() -> None:
    old = recorded(f"POST /v1/c {ANN}")
    deck = stripe_deck(Mode.AUTO, default_redactor(), old, cassette="c.yaml")
    request = ask(f"POST /v1/d {BOB}")
    decision = deck.decide(request)
    assert isinstance(decision, Forward)
    (new,) = written(deck, [(decision.sequence, deck.record(decision, request, Response(200, Headers())))])
    assert new.request.body == b"email=redacted-2%40example.com"


# -- knowing -----------------------------------------------------------------------------------------------------


def test_knowing_and_explaining_move_nothing() -> None:
    talk = cassette("POST /v1/a x=1")
    for _ in range(3):
        assert talk.deck.knows(ask("POST /v1/a x=1"))
        assert not talk.deck.knows(ask("POST /v1/a x=2"))
        assert talk.deck.explain(ask("POST /v1/a x=1")) == 0
    assert talk("POST /v1/a x=1") == "0"
    assert talk.deck.verdict().missed == 0
