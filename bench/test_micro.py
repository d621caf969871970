"""Processor time of canonical form, redaction, form codec, files, load and hot path, each by itself.

``python -m bench.micro`` runs it; it is no part of the suite, and asserts no time.
"""

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench import cassettes, traffic
from bench.hot_path import HotPath
from fcproxy.codings import DECODERS
from fcproxy.core import form
from fcproxy.core.canonical import canonical
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.matching import MATCHING
from fcproxy.stripe.secrets import default_redactor
from fcproxy.vcr_format import parse, render

POSTS = [cassettes.interaction("POST", number) for number in range(200)]
"""All distinct: what a part remembers of one does not spare it the next."""


def _recorded() -> list[RedactedInteraction]:
    redactor = default_redactor(DECODERS)
    return redactor.settle([redactor.redact(one) for one in POSTS])


def test_form_codec_reading(benchmark: BenchmarkFixture) -> None:
    text = traffic.form(1)
    assert benchmark(lambda: form.tree(form.parse_pairs(text)))


def test_form_codec_writing(benchmark: BenchmarkFixture) -> None:
    pairs = list(form.parse_pairs(traffic.form(1)))
    assert form.parse_pairs(benchmark(lambda: form.encode_pairs(pairs))) == pairs


def test_canonical_form_of_200_requests(benchmark: BenchmarkFixture) -> None:
    comparing = default_redactor(DECODERS).comparing()
    forms = benchmark(lambda: [canonical(one.request, MATCHING, comparing) for one in POSTS])
    assert forms[0] != forms[1]


def test_redaction_of_200_interactions(benchmark: BenchmarkFixture) -> None:
    redactor = default_redactor(DECODERS)
    assert len(benchmark(lambda: [redactor.redact(one) for one in POSTS])) == len(POSTS)


def test_settling_of_200_interactions(benchmark: BenchmarkFixture) -> None:
    redactor = default_redactor(DECODERS)
    done = [redactor.redact(one) for one in POSTS]
    assert len(benchmark(lambda: redactor.settle(done))) == len(POSTS)


def test_writing_200_interactions(benchmark: BenchmarkFixture) -> None:
    recorded = _recorded()
    assert benchmark(lambda: render(recorded))


def test_reading_200_interactions(benchmark: BenchmarkFixture) -> None:
    file = render(_recorded())
    assert len(benchmark(lambda: parse(file, "bench", decoders=DECODERS)).interactions) == len(POSTS)


def test_load_of_200_interactions_into_a_deck(benchmark: BenchmarkFixture) -> None:
    file = render(_recorded())

    def load() -> int:
        interactions = parse(file, "bench", decoders=DECODERS).interactions
        stripe_deck(Mode.REPLAY, default_redactor(DECODERS), interactions, cassette="bench")
        return len(interactions)

    assert benchmark(load) == len(POSTS)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_100_hot_replays_without_a_socket(method: str, benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    with HotPath(tmp_path, method) as path:

        def replay() -> None:
            for number in range(100):
                path.send(number)

        benchmark(replay)
