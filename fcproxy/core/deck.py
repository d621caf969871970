"""The deck: plays or records one cassette in one mode. Everything that depends on the mode is decided here, once.

`decide` and `record` are synchronous, so atomic on an event loop. No I/O, no clock.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fcproxy.core.canonical import Canonical, MatchRules, canonical
from fcproxy.core.cassette import SAFE_METHODS, Cassette, Found
from fcproxy.core.errors import RecordingRefused
from fcproxy.core.matching import Mismatch, explain
from fcproxy.core.memo import Memo
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.modes import DECISIONS, Action, Lookup, Mode
from fcproxy.core.redaction import RedactedInteraction, Redactor
from fcproxy.core.standins import is_standin, reason_of
from fcproxy.core.verdict import Verdict

__all__ = ["Deck", "Decision", "Forward", "Guard", "Options", "Refuse", "Replay"]


@dataclass(frozen=True, slots=True)
class Replay:
    """Answer with ``response``, which is interaction number ``index`` (from 0) of the cassette."""

    index: int
    response: Response


@dataclass(frozen=True, slots=True)
class Forward:
    """Send on to the upstream; ``record`` says whether to keep the interaction. ``sequence`` numbers arrivals."""

    record: bool
    sequence: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with the miss."""

    miss: Mismatch


Decision = Replay | Forward | Refuse


class Guard(Protocol):
    """Says by rule id why something must not be recorded, or None."""

    def request(self, request: Request) -> str | None: ...

    def response(self, response: Response) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Options:
    """How a deck behaves within its mode.

    ``ordered``: only the recorded sequence is played. ``keep_retries``: failed attempts that were repeated with the
    same Idempotency-Key stay in the recording. ``expired``: the cassette is too old to be played. ``allow_live``: the
    guard is not asked. ``max_misses``: how many misses the verdict tells in full.
    """

    ordered: bool = False
    keep_retries: bool = False
    expired: bool = False
    allow_live: bool = False
    max_misses: int = 50


class Deck:
    """One cassette in one mode. ``interactions`` is None where there is no cassette file."""

    def __init__(
        self,
        mode: Mode,
        redactor: Redactor,
        interactions: Sequence[Interaction] | None,
        *,
        cassette: str,
        rules: MatchRules,
        guard: Guard | None = None,
        options: Options | None = None,
    ) -> None:
        self.mode = mode
        self.name = cassette
        self.options = options or Options()
        self.redactor = redactor
        """For what is recorded, and for everything that is shown."""
        self._rules = rules
        self._guard = guard
        self._live = redactor.comparing()
        self._memo = Memo()
        self._sequence = 0
        self._recorded = 0
        self._not_recorded = 0
        self._missed = 0
        self._repeated = 0
        self._misses: list[Mismatch] = []
        self._rules_used: Counter[str] = Counter()
        self._answered: dict[tuple[str, str], tuple[int, str]] = {}
        self._notes: list[str] = []
        self._cassette = self._open(interactions, redactor.comparing()) if mode in (Mode.REPLAY, Mode.AUTO) else None

    def _open(self, interactions: Sequence[Interaction] | None, stored: Redactor) -> Cassette | None:
        if interactions is None:
            return None
        forms = Memo()
        requests = [interaction.request for interaction in interactions]

        def form(index: int) -> Canonical:
            return forms.get(requests[index], 0, lambda request: canonical(request, self._rules, stored), self._rules)

        return Cassette(interactions, form)

    # -- a request's way ---------------------------------------------------------------------------------------

    def decide(self, request: Request) -> Decision:
        """What to do with ``request``. Raises RecordingRefused where a recording may not see it (a live key)."""
        sequence, self._sequence = self._sequence, self._sequence + 1
        if self.mode in (Mode.RECORD, Mode.AUTO) and self._guard is not None and not self.options.allow_live:
            self._refuse_live(self._guard.request(request))
        if self.mode in (Mode.RECORD, Mode.PASSTHROUGH):
            return Forward(DECISIONS[self.mode, Lookup.MISS] is Action.FORWARD_AND_RECORD, sequence)
        form = self.canonical(request)
        outcome = self._look_up(request, form)
        lookup = Lookup.HIT if isinstance(outcome, Replay) else Lookup.MISS
        action = DECISIONS[self.mode, lookup]
        if isinstance(outcome, Replay) and action is Action.REPLAY:
            return outcome
        if action is Action.REFUSE and isinstance(outcome, Mismatch):
            self._miss(outcome)
            return Refuse(outcome)
        return Forward(action is Action.FORWARD_AND_RECORD, sequence)

    def canonical(self, request: Request) -> Canonical:
        """The canonical form of a live request, remembered for the next one like it."""
        version = len(self._live.ledger.learned)
        return self._memo.get(request, version, lambda one: canonical(one, self._rules, self._live), self._rules)

    def knows(self, request: Request) -> bool:
        """Whether this deck's cassette holds the request, played or not. Moves nothing."""
        return self._cassette is not None and self._cassette.find(self.canonical(request)).reason != "no_match"

    def _look_up(self, request: Request, form: Canonical) -> Replay | Mismatch:
        if self._cassette is None:
            return explain("no_cassette", form, None, name=self.name)
        if self.options.expired:
            return explain("expired", form, self._cassette, name=self.name)
        found = self._cassette.find(form, ordered=self.options.ordered)
        key = request.headers.get("Idempotency-Key")
        if key and form.method not in SAFE_METHODS:
            retry = self._retry(key, form, found)
            if retry is not None:
                return retry
        if found.index is None:
            return explain(found.reason, form, self._cassette, name=self.name, first=found.near)
        return self._play(found.index, form, key, repeated=found.repeated)

    def _play(self, index: int, form: Canonical, key: str | None, *, repeated: bool) -> Replay | Mismatch:
        cassette = self._cassette
        assert cassette is not None
        response = cassette.interactions[index].response
        if is_standin(response.headers):
            return explain(
                "not_stored", form, cassette, name=self.name, first=(index,), detail=reason_of(response.headers)
            )
        cassette.play(index, form)
        self._repeated += repeated
        self._note_rules(index, form)
        if key:
            self._answered[key, form.fields.get("header.Stripe-Account", "")] = (index, form.key)
        return Replay(index, response)

    def _retry(self, key: str, form: Canonical, found: Found) -> Replay | None:
        """Stripe's idempotency (docs.stripe.com/api/idempotent_requests): the first answer again, or its error."""
        cassette = self._cassette
        assert cassette is not None
        before = self._answered.get((key, form.fields.get("header.Stripe-Account", "")))
        if before is None:
            return None
        index, first = before
        if form.key != first:
            return None if found.index is not None else Replay(index, _REUSED_KEY)
        if found.index is not None and self._same_key(found.index, index):
            return None  # the recording holds this very retry
        self._repeated += 1
        response = cassette.interactions[index].response
        headers = response.headers.replaced("Idempotent-Replayed", "true")
        return Replay(index, Response(response.status, headers, response.body, response.reason))

    def _same_key(self, one: int, other: int) -> bool:
        assert self._cassette is not None
        first, second = (self._cassette.interactions[at].request.headers.get("Idempotency-Key") for at in (one, other))
        # A recording of another tool may hold no keys: then a failure's repetition is taken for its retry.
        return first == second if first and second else self._cassette.is_failure(other)

    def _note_rules(self, index: int, form: Canonical) -> None:
        """Counts the route rules without which this hit would have been a miss."""
        if not form.loosened or self._cassette is None:
            return
        stored = self._cassette.canonical(index).loosened
        for place in form.loosened.keys() | stored.keys():
            mine, theirs = form.loosened.get(place), stored.get(place)
            if mine != theirs:
                self._rules_used[(mine or theirs or ("", ""))[0]] += 1

    def _miss(self, miss: Mismatch) -> None:
        self._missed += 1
        if len(self._misses) < self.options.max_misses:
            self._misses.append(miss)

    def refuse(self, reason: str, request: Request, *, detail: str = "") -> Refuse:
        """A miss that somebody else found (an unknown deck), counted here."""
        miss = explain(reason, self.canonical(request), None, name=self.name, detail=detail)
        self._miss(miss)
        return Refuse(miss)

    # -- recording ---------------------------------------------------------------------------------------------

    def record(self, forward: Forward, request: Request, response: Response) -> RedactedInteraction:
        """The interaction as it may be stored. Raises RecordingRefused for an answer from live mode."""
        del forward
        if self._guard is not None and not self.options.allow_live:
            self._refuse_live(self._guard.response(response))
        self._recorded += 1
        return self.redactor.redact(Interaction(request, response))

    def abandon(self, forward: Forward) -> None:
        """The upstream failed, or somebody went away before the end: nothing is recorded."""
        self._not_recorded += forward.record

    def _refuse_live(self, rule: str | None) -> None:
        if rule is not None:
            raise RecordingRefused(
                rule,
                "live mode: this recording would hold real customers' data. Use a test key, or say --allow-live.",
            )

    def settle(self, interactions: Iterable[tuple[int, RedactedInteraction]]) -> list[RedactedInteraction]:
        """What goes into the file, of (sequence, interaction) from the journal: by arrival, placeholders drawn.

        In mode auto these are the new ones only; numbers of the old ones' placeholders are not given out again.
        """
        arrived = [one for _, one in sorted(interactions, key=lambda pair: pair[0])]
        kept = arrived if self.options.keep_retries else _without_superseded(arrived)
        reserved = self._cassette.interactions if self._cassette is not None else ()
        return self.redactor.settle(kept, reserved)

    # -- the end -----------------------------------------------------------------------------------------------

    def note(self, text: str) -> None:
        """Something that the verdict should say."""
        self._notes.append(text)

    def verdict(self) -> Verdict:
        """What this deck says of itself so far."""
        cassette = self._cassette
        unused = cassette.unused() if cassette else []
        total = len(cassette.played) if cassette else 0
        return Verdict(
            mode=self.mode,
            cassette=self.name,
            interactions=total,
            played=total - len(unused),
            unused=len(unused),
            recorded=self._recorded,
            missed=self._missed,
            not_recorded=self._not_recorded,
            repeated=self._repeated,
            out_of_order=cassette.out_of_order if cassette else 0,
            spare_polls=sum(map(cassette.is_spare_poll, unused)) if cassette else 0,
            not_stored=self.redactor.not_stored,
            misses=tuple(self._misses),
            unused_list=tuple(self._describe(index) for index in unused[: self.options.max_misses]),
            rules_used=dict(self._rules_used),
            redactions=dict(self.redactor.ledger.hits) if self._recorded else {},
            disabled=self.redactor.book.disabled,
            notes=tuple(self._notes),
        )

    def _describe(self, index: int) -> str:
        assert self._cassette is not None
        form = self._cassette.canonical(index)
        return f"{index} {form.method} {form.path}"


def _without_superseded(interactions: list[RedactedInteraction]) -> list[RedactedInteraction]:
    """Drops failed attempts that were tried again with the same Idempotency-Key."""
    last: dict[tuple[str, str, str], int] = {}
    keys = []
    for at, one in enumerate(interactions):
        request = one.request
        key = request.headers.get("Idempotency-Key")
        where = (key or "", request.method, re.sub(r"[?#].*", "", request.url))
        keys.append(where)
        last[where] = at
    return [
        one
        for at, one in enumerate(interactions)
        if not keys[at][0] or last[keys[at]] == at or not _failed(one.response.status)
    ]


def _failed(status: int) -> bool:
    return status in (409, 429) or status >= 500


_REUSED_KEY = Response(
    400,
    Headers([("Content-Type", "application/json"), ("Stripe-Should-Retry", "false")]),
    json.dumps(
        {
            "error": {
                "type": "idempotency_error",
                "message": "Keys for idempotent requests can only be used with the same parameters they were first used "
                "with. Try using a key other than this one if you meant to execute a different request.",
            }
        },
        indent=2,
    ).encode(),
    "Bad Request",
)
