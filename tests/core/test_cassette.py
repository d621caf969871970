"""The cassette's own ways, and that it stays quick and lean when it is large."""

import sys
from array import array
from typing import SupportsIndex, overload

import pytest

from fcproxy.core.canonical import Canonical
from fcproxy.core.cassette import Cassette
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.stripe.matching import MATCHING

SECRETS = (("email", "a"),)


def form(key: int, *, method: str = "POST", secrets: tuple[tuple[str, str], ...] = ()) -> Canonical:
    fields = {"body.n": str(key), "body.kind": "form"}
    return Canonical(method, "/v1/x", fields, key.to_bytes(4, "big"), secrets, "sk_test_", "key")


class Counted:
    """Forms by number; counts how often one is computed."""

    def __init__(self, forms: list[Canonical]) -> None:
        self.forms = forms
        self.calls = 0

    def __call__(self, index: int) -> Canonical:
        self.calls += 1
        return self.forms[index]


def cassette(forms: list[Canonical]) -> tuple[Cassette, Counted]:
    counted = Counted(forms)
    interactions = [
        Interaction(Request(one.method, "https://api.stripe.com/v1/x", Headers()), Response(200, Headers()))
        for one in forms
    ]
    made = Cassette(interactions, counted, MATCHING)
    counted.calls = 0
    return made, counted


def test_a_hit_computes_no_form() -> None:
    forms = [form(n) for n in range(500)]
    played, counted = cassette(forms)
    for number in reversed(range(500)):
        assert played.find(forms[number]).index == number
        played.play(number, forms[number])
    assert played.unused() == []
    assert counted.calls == 0


def test_a_miss_computes_few_forms() -> None:
    from fcproxy.core.matching import explain

    played, counted = cassette([form(n) for n in range(500)])
    assert explain("no_match", form(1000), played, name="c").nearest
    assert counted.calls <= 3


class Watched(list[int]):
    """Counts how often a mark is looked at."""

    looks = 0

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> int: ...

    @overload
    def __getitem__(self, index: slice, /) -> list[int]: ...

    def __getitem__(self, index: SupportsIndex | slice, /) -> int | list[int]:
        self.looks += 1
        return super().__getitem__(index)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("secret", [True, False])
def test_repeats_are_not_searched_from_the_beginning_each_time(method: str, secret: bool) -> None:
    count = 300
    forms = [form(1, method=method, secrets=(("email", f"p{n}"),) if secret else ()) for n in range(count)]
    played, _ = cassette(forms)
    played.played = watched = Watched(played.played)
    for number in range(count):
        asked = form(1, method=method, secrets=(("email", f"live{number}"),) if secret and method == "POST" else ())
        asked = forms[number] if secret and method == "GET" else asked
        assert played.find(asked).index == number
        played.play(number, asked)
    assert watched.looks < 10 * count


def test_what_is_kept_of_an_interaction_is_small() -> None:
    played, _ = cassette([form(n, secrets=(("email", f"p{n}"),)) for n in range(2000)])
    index = played.index
    fixed = sum(
        sys.getsizeof(part) for part in (index.secrets, index.credentials, index.routes, index.alike, played.played)
    )
    assert fixed / 2000 < 60
    numbers = index.lookalikes
    assert [isinstance(part, array) for part in (numbers._prints, numbers._ends, numbers._postings)] == [True] * 3
    assert not numbers._segments
    assert len({id(route) for route in index.routes}) == 1


def test_an_unbound_secret_takes_the_next_placeholder_and_keeps_it() -> None:
    forms = [form(1, secrets=(("email", f"p{n}"),)) for n in range(3)]
    played, _ = cassette(forms)
    ann, bob = (form(1, secrets=(("email", name),)) for name in ("ann", "bob"))
    found = []
    for one in (ann, bob, ann):
        index = played.find(one).index
        found.append(index)
        if index is not None:
            played.play(index, one)
    assert found == [0, 1, None]
    assert played.find(ann).reason == "exhausted"
