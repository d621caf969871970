"""Every disguise in every place, recognised first and turned up later, the other way round, and by its shape alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from fcproxy.core.message import Interaction
from tests.attacks.disguises import CREDENTIALS_ONLY, DISGUISES, QUOTED_ONLY, TEXT_ONLY
from tests.attacks.hunt import left_of, own_part, record, rng_for
from tests.attacks.places import LINE_PLACES, PLACES
from tests.attacks.prey import PREY, Prey

SHAPED = [prey for prey in PREY if prey.shaped]
TAUGHT = list(PREY)
COMMON = frozenset(list(DISGUISES)[: list(DISGUISES).index("Ascii85")])
NO_CREDENTIALS = {"e-mail", "card", "IBAN", "account number"}
RAW = {"form value, raw"}
"""A place that has a use of its own for some signs and does not quote the text."""


@dataclass(frozen=True)
class Hidden:
    """One secret, disguised, in one place."""

    where: str
    prey: Prey
    value: str
    written: str
    own: str
    interaction: Interaction

    def left(self, kept: Sequence[Interaction]) -> str | None:
        """What of it is left, as a line for people."""
        secret = own_part(self.value, self.prey.make(rng_for("likes", self.where)))
        piece = left_of(secret, kept) or left_of(self.own, kept, window=max(12, len(self.own) // 3))
        return None if piece is None else f"{self.prey.name} in {self.where}: {piece!r}"


def hide(disguise: str, preys: Sequence[Prey], turn: int) -> list[Hidden]:
    """A different secret in each place; the sorts of secrets take turns."""
    places = PLACES if disguise in TEXT_ONLY | QUOTED_ONLY else {**LINE_PLACES, **PLACES}
    if disguise in QUOTED_ONLY:
        places = {where: place for where, place in places.items() if where not in RAW}
    if disguise in CREDENTIALS_ONLY:
        preys = [prey for prey in preys if prey.name not in NO_CREDENTIALS]
    # The many rarer ones take turns in the places, too.
    step = 1 if disguise in COMMON else 5
    hidden = []
    for index, (where, place) in list(enumerate(places.items()))[len(disguise) % step :: step]:
        prey = preys[(index + turn) % len(preys)]
        rng = rng_for(disguise, where, prey.name)
        value, likes = prey.make(rng), prey.make(rng)
        written = DISGUISES[disguise](value)
        own = own_part(written, DISGUISES[disguise](likes))
        hidden.append(Hidden(where, prey, value, written, own, place(written)))
    return hidden


@pytest.mark.parametrize("disguise", DISGUISES)
def test_recognised_then_turned_up(disguise: str) -> None:
    hidden = hide(disguise, TAUGHT, 0)
    kept = record(*(one.prey.teach(one.value) for one in hidden), *(one.interaction for one in hidden))
    assert [line for one in hidden if (line := one.left(kept))] == []


@pytest.mark.parametrize("disguise", DISGUISES)
def test_turned_up_then_recognised(disguise: str) -> None:
    hidden = hide(disguise, TAUGHT, 2)
    kept = record(*(one.interaction for one in hidden), *(one.prey.teach(one.value) for one in hidden))
    assert [line for one in hidden if (line := one.left(kept))] == []


@pytest.mark.parametrize("disguise", DISGUISES)
def test_known_by_shape_alone(disguise: str) -> None:
    hidden = hide(disguise, SHAPED, 0)
    kept = record(*(one.interaction for one in hidden))
    assert [line for one in hidden if (line := one.left(kept))] == []


def test_the_hunt_finds_what_is_there() -> None:
    hidden = hide("base64", TAUGHT, 0)
    missed = [one.where for one in hidden if one.left([one.interaction]) is None]
    assert missed == ["answer JSON, all escaped"]
