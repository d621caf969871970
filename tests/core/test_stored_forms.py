"""A live request that is the recorded one, octet for octet but for its credential: its form is the computed one."""

import pytest

from fcproxy.core.canonical import canonical
from fcproxy.core.deck import Deck, Refuse, Replay
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.modes import Mode
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.matching import MATCHING
from fcproxy.stripe.secrets import default_redactor

KEY = "sk_" + "test_" + "a1B2c3D4e5F6g7H8i9J0k1L2"
OTHER = "rk_" + "test_" + "z9Y8x7W6v5U4t3S2r1Q0p9O8"
BASE = "https://api.stripe.com/v1/"


def asked(body: str, key: str | None = KEY, **more: str) -> Request:
    fields = [("Content-Type", "application/x-www-form-urlencoded"), ("Stripe-Version", "2026-10-28.clover")]
    if key is not None:
        fields.insert(0, ("Authorization", f"Bearer {key}"))
    return Request("POST", f"{BASE}customers", Headers([*fields, *more.items()]), body.encode())


def deck(*requests: Request) -> Deck:
    redactor = default_redactor()
    answer = Response(200, Headers([("Content-Type", "application/json")]), b'{"object": "customer"}')
    done = redactor.settle([redactor.redact(Interaction(one, answer)) for one in requests])
    return stripe_deck(Mode.REPLAY, default_redactor(), done, cassette="c")


BODIES = ("metadata[n]=1", "metadata[n]=2&expand[]=x", "email=jane.roe@example.com", "a[]=1&a[]=2", "")


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("key", [KEY, OTHER, None])
def test_the_form_is_the_one_that_would_be_computed(body: str, key: str | None) -> None:
    played = deck(*(asked(one) for one in BODIES))
    live = asked(body, key, User_Agent="another")
    assert played.canonical(live) == canonical(live, MATCHING, default_redactor(comparing=True))


@pytest.mark.parametrize("key", [KEY, OTHER])
def test_what_differs_in_its_body_only_is_found_by_that(key: str) -> None:
    played = deck(*(asked(one) for one in BODIES))
    begun = played.begun(asked(BODIES[0], key, User_Agent="another"))
    assert begun is not None
    for body in BODIES[1:]:
        form = begun.form(body.encode())
        computed = canonical(asked(body, key), MATCHING, default_redactor(comparing=True))
        assert form == (None if computed.secrets else computed)
    assert begun.form(b"metadata[n]=3") is None


def test_without_a_credential_there_is_no_beginning() -> None:
    assert deck(asked("")).begun(asked("", None)) is None


def test_a_differing_value_is_still_a_miss() -> None:
    played = deck(asked("metadata[n]=1"))
    assert isinstance(played.decide(asked("metadata[n]=3")), Refuse)
    assert isinstance(played.decide(asked("metadata[n]=1")), Replay)


def test_the_credentials_family_counts() -> None:
    played = deck(asked("metadata[n]=1"))
    assert played.canonical(asked("metadata[n]=1", OTHER)).family != played.canonical(asked("metadata[n]=1")).family
    assert isinstance(played.decide(asked("metadata[n]=1", OTHER)), Refuse)
