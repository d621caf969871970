"""Input of any kind, from Hypothesis and from the seeds: refused or read, never an exception that is not ours."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.seeds import SEEDS
from fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds(name: str) -> None:
    assert len(SEEDS[name]) >= 4
    for seed in SEEDS[name].values():
        TARGETS[name](seed)


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """One seed with a few pieces replaced, by any bytes or by a piece of another seed."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        other = draw(st.sampled_from(seeds))
        cut = draw(st.integers(0, len(other)))
        piece = draw(st.one_of(st.binary(max_size=8), st.just(other[cut : cut + 20])))
        data = data[:start] + piece + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_mutations_of_the_seeds(name: str, data: st.DataObject) -> None:
    seeds = [seed for seed in SEEDS[name].values() if len(seed) < 4000]
    TARGETS[name](data.draw(mutated(seeds)))


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.binary(max_size=200))
def test_any_bytes(name: str, data: bytes) -> None:
    TARGETS[name](data)
