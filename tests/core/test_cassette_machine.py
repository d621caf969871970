"""Deck and cassette against a model that does everything the slow and obvious way."""

from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fcproxy.core.redaction import RedactedInteraction
from tests.core.conversation import Talk, ask, recorded

LINES = ["GET /v1/a", "GET /v1/b?x=1", "POST /v1/a x=1", "POST /v1/a x=2", "DELETE /v1/a"]
KEYS = ["k1", "k2"]

_RECORDINGS: dict[tuple[str, ...], Sequence[RedactedInteraction]] = {}


class Model:
    """What the documents say of repeats, state and idempotency, with nothing remembered but lists."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)
        self.played: list[int] = []
        self.changed = -1
        self.keys: dict[str, int] = {}
        self.missed = 0

    def epoch(self, index: int) -> int:
        return max((at for at in range(index) if not self.lines[at].startswith("GET")), default=-1)

    def get(self, line: str) -> str:
        own = [at for at, one in enumerate(self.lines) if one == line]
        if not own:
            return self.miss("no_match")
        epochs = [self.epoch(at) for at in own]
        reached = [epoch for epoch in epochs if epoch <= self.changed]
        state = max(reached) if reached else min(epochs)
        group = [at for at in own if self.epoch(at) == state]
        fresh = [at for at in group if at not in self.played]
        return self.play(fresh[0] if fresh else group[-1])

    def change(self, line: str, key: str | None) -> str:
        own = [at for at, one in enumerate(self.lines) if one == line]
        if key in self.keys:
            first = self.keys[key]
            if self.lines[first] == line:
                return f"{first} again"
            if not any(at not in self.played for at in own):
                return "idempotency error"
        fresh = [at for at in own if at not in self.played]
        if not fresh:
            return self.miss("exhausted" if own else "no_match")
        self.changed = fresh[0]
        if key is not None:
            self.keys[key] = fresh[0]
        return self.play(fresh[0])

    def play(self, index: int) -> str:
        self.played.append(index)
        return str(index)

    def miss(self, reason: str) -> str:
        self.missed += 1
        return reason


class DeckMachine(RuleBasedStateMachine):
    """A client that sends whatever it likes, over and over."""

    talk: Talk | None = None

    @initialize(lines=st.lists(st.sampled_from(LINES), max_size=8))
    def open(self, lines: list[str]) -> None:
        interactions = _RECORDINGS.get(tuple(lines))
        if interactions is None:
            interactions = _RECORDINGS[tuple(lines)] = recorded(*lines)
        self.talk = Talk(interactions)
        self.model = Model(lines)

    @precondition(lambda self: self.talk)
    @rule(line=st.sampled_from([line for line in LINES if line.startswith("GET")]), times=st.integers(1, 3))
    def read(self, line: str, times: int) -> None:
        assert self.talk
        for _ in range(times):
            assert self.talk(line) == self.model.get(line)

    @precondition(lambda self: self.talk)
    @rule(
        line=st.sampled_from([line for line in LINES if not line.startswith("GET")]),
        key=st.none() | st.sampled_from(KEYS),
    )
    def change(self, line: str, key: str | None) -> None:
        assert self.talk
        assert self.talk(line, key=key) == self.model.change(line, key)

    @precondition(lambda self: self.talk)
    @rule(line=st.sampled_from([*LINES, "GET /v1/never", "POST /v1/a x=3"]))
    def ask_only(self, line: str) -> None:
        assert self.talk
        assert self.talk.deck.knows(ask(line)) is (line in self.model.lines)

    @invariant()
    def the_verdict_counts(self) -> None:
        if self.talk:
            verdict = self.talk.deck.verdict()
            played = len(set(self.model.played))
            assert (verdict.interactions, verdict.played) == (len(self.model.lines), played)
            assert verdict.unused == verdict.interactions - played
            assert verdict.missed == self.model.missed


TestDeck = pytest.mark.filterwarnings("default")(DeckMachine.TestCase)
TestDeck.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
