"""The deck: plays or records one cassette in one mode. Everything that depends on the mode is decided here, once.

`decide` and `record` are synchronous, so atomic on an event loop. No I/O, no clock.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fcproxy.core.canonical import Canonical, shown
from fcproxy.core.cassette import SAFE_METHODS, Cassette
from fcproxy.core.errors import RecordingRefused
from fcproxy.core.match_rules import MatchRules
from fcproxy.core.matching import Mismatch, explain
from fcproxy.core.memo import Memo
from fcproxy.core.message import Interaction, Request, Response
from fcproxy.core.modes import DECISIONS, Action, Lookup, Mode
from fcproxy.core.outlined import Outlined
from fcproxy.core.redaction import RedactedInteraction, Redactor
from fcproxy.core.retries import Retries
from fcproxy.core.standins import is_standin, reason_of
from fcproxy.core.stored_forms import Begun, StoredForms

if TYPE_CHECKING:
    from fcproxy.core.draft import Draft
    from fcproxy.core.verdict import Verdict

__all__ = ["Decision", "Deck", "Forward", "Guard", "Options", "Refuse", "Replay"]


class Replay:
    """Answer with ``response``, which is interaction number ``index`` (from 0) of the cassette. ``again``: it was
    given before. ``settled``: equal requests will be answered so as long as the deck's version stays: see `repeat`."""

    __match_args__ = ("index", "response")
    __slots__ = ("again", "index", "response", "settled")

    def __init__(self, index: int, response: Response, again: bool, settled: bool = False) -> None:
        self.index = index
        self.response = response
        self.again = again
        self.settled = settled


class Forward(NamedTuple):
    """Send on to the upstream; ``record`` says whether to keep the interaction. ``sequence`` numbers arrivals."""

    record: bool
    sequence: int


class Refuse(NamedTuple):
    """Answer with the miss."""

    miss: Mismatch


Decision = Replay | Forward | Refuse


class Guard(Protocol):
    """Says by rule id why something must not be recorded, or None."""

    def request(self, request: Request) -> str | None: ...

    def response(self, response: Response) -> str | None: ...


class Options(NamedTuple):
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
        self._learned = self._live.ledger.learned.latest
        """Kept for its length, which is looked at with each request: by way of the redactor that is four lookups."""
        self._outlined = Outlined(rules, self._live)
        self._memo = Memo(self._outlined.form, rules)
        self._sequence = 0
        self._recorded = 0
        self._not_recorded = 0
        self._missed = 0
        self._repeated = 0
        self._misses: list[Mismatch] = []
        self._rules_used: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._cassette = None
        self._stored: StoredForms | None = None
        if interactions is not None and mode in (Mode.REPLAY, Mode.AUTO):
            self._cassette, self._stored = _in_play(interactions, rules, redactor.comparing(), self._outlined.form)
            self._retries = Retries(self._cassette)

    # -- a request's way ---------------------------------------------------------------------------------------

    def decide(self, request: Request) -> Decision:
        """What to do with ``request``. Raises RecordingRefused where a recording may not see it (a live key)."""
        sequence, self._sequence = self._sequence, self._sequence + 1
        if self.mode in (Mode.RECORD, Mode.AUTO) and self._guard is not None and not self.options.allow_live:
            self._refuse_live(self._guard.request(request))
        if self.mode in (Mode.RECORD, Mode.PASSTHROUGH):
            return Forward(DECISIONS[self.mode, Lookup.MISS] is Action.FORWARD_AND_RECORD, sequence)
        form = self.canonical(request)
        outcome = self._look_up(form, request.headers.get("Idempotency-Key"))
        lookup = Lookup.HIT if isinstance(outcome, Replay) else Lookup.MISS
        action = DECISIONS[self.mode, lookup]
        if isinstance(outcome, Replay):
            return outcome
        if action is Action.REFUSE:
            return self._refused(outcome, form)
        return Forward(action is Action.FORWARD_AND_RECORD, sequence)

    def replay(self, form: Canonical, key: str | None) -> Replay | Refuse:
        """What `decide` does in mode replay, for a request whose form is known. ``key`` is its Idempotency-Key."""
        self._sequence += 1
        outcome = self._look_up(form, key)
        return outcome if isinstance(outcome, Replay) else self._refused(outcome, form)

    def repeat(self, index: int, version: int) -> bool:
        """Counts what `replay` would do for a request whose answer is settled; False where that was in another
        ``version``, and nothing is counted."""
        if len(self._learned) != version:
            return False
        self._sequence += 1
        self._repeated += 1
        if self._cassette is not None:
            self._cassette.played[index] += 1
        return True

    @property
    def arrivals(self) -> int:
        """How many requests there have been."""
        return self._sequence

    @property
    def header_names(self) -> frozenset[str]:
        """Lower-case names of the request headers that a canonical form depends on."""
        return self._memo.wanted

    @property
    def version(self) -> int:
        """Changes whenever `canonical` may give another form for a request than before."""
        return len(self._learned)

    def canonical(self, request: Request) -> Canonical:
        """The canonical form of a live request, remembered for the next one like it."""
        stored = self._stored.form(request) if self._stored is not None else None
        return stored or self._memo.get(request, self.version)

    def begun(self, request: Request) -> Begun | None:
        """What leads to the forms of recorded requests that differ from ``request`` in their body only."""
        return self._stored.begun(request) if self._stored is not None else None

    def knows(self, request: Request) -> bool:
        """Whether this deck's cassette holds the request, played or not. Moves nothing."""
        return self._cassette is not None and self._cassette.find(self.canonical(request)).reason != "no_match"

    def explain(self, request: Request) -> Mismatch | int:
        """What replay would make of ``request`` now: the interaction that answers it, or the miss. Moves nothing."""
        form = self.canonical(request)
        if self._cassette is None:
            return explain("no_cassette", form, None, name=self.name)
        found = self._cassette.find(form, ordered=self.options.ordered)
        if found.index is not None:
            return found.index
        return self._told(_Miss(found.reason, found.near), form)

    def compared(self, request: Request) -> dict[str, str]:
        """What of ``request`` is compared, in words that may be shown."""
        form = self.canonical(request)
        told = {"method": form.method, "path": shown(form.path), "credential": form.family}
        return {**told, **{shown(place): shown(form.fields[place]) for place in sorted(form.fields)}}

    def _look_up(self, form: Canonical, key: str | None) -> "Replay | _Miss":
        cassette = self._cassette
        if cassette is None:
            return _Miss("no_cassette")
        if self.options.expired:
            return _Miss("expired")
        found = cassette.find(form, ordered=self.options.ordered)
        index = found.index
        if key and form.method in SAFE_METHODS:
            key = None
        again = self._retries.answer(key, form, index) if key else None
        if again is not None:
            self._repeated += not again.reused
            if again.reused:
                self._notes[f"{_named(form)}: Idempotency-Key used again with other parameters; Stripe's error"] += 1
            return Replay(again.index, again.response, again=True)
        if index is None:
            return _Miss(found.reason, found.near)
        response = cassette.interactions[index].response
        if index in cassette.not_stored:
            return _Miss("not_stored", (index,), reason_of(response.headers))
        cassette.play(index, form)
        self._repeated += found.repeated
        if form.loosened:
            self._note_rules(cassette.index.canonical(index), form)
        if key:
            self._retries.remember(key, form, index)
        return Replay(index, response, found.repeated, found.settled and not form.loosened)

    def _note_rules(self, recorded: Canonical, form: Canonical) -> None:
        """Counts the route rules without which this hit would have been a miss."""
        used = set()
        for place in form.loosened.keys() | recorded.loosened.keys():
            mine, theirs = form.loosened.get(place), recorded.loosened.get(place)
            if mine != theirs:
                used.add((mine or theirs or ("",))[0])
        self._rules_used.update(used)

    def _refused(self, miss: "_Miss", form: Canonical) -> Refuse:
        return self._missing(self._told(miss, form))

    def _told(self, miss: "_Miss", form: Canonical) -> Mismatch:
        detail = miss.detail
        if miss.reason == "out_of_order" and self._cassette is not None:
            expected = self._cassette.expected()
            detail = "" if expected is None else f"{expected} {_route(self._cassette, expected)}"
        return explain(miss.reason, form, self._cassette, name=self.name, first=miss.near, detail=detail)

    def _missing(self, told: Mismatch) -> Refuse:
        self._missed += 1
        if len(self._misses) < self.options.max_misses:
            self._misses.append(told)
        return Refuse(told)

    def refuse(self, reason: str, request: Request, *, detail: str = "") -> Refuse:
        """A miss that somebody else found (an unknown deck), counted here."""
        return self._missing(explain(reason, self.canonical(request), None, name=self.name, detail=detail))

    # -- recording ---------------------------------------------------------------------------------------------

    def record(self, forward: Forward, request: Request, response: Response) -> RedactedInteraction:
        """The interaction as it may be stored. Raises RecordingRefused for an answer from live mode."""
        del forward
        if self._guard is not None and not self.options.allow_live:
            self._refuse_live(self._guard.response(response))
        redacted = self.redactor.redact(Interaction(request, response))
        self._recorded += 1
        if large := is_standin(request.headers) + is_standin(response.headers):
            self.redactor.not_stored += large
            self.note("a body larger than --max-body is not stored; an answer without its body is refused in replay")
        return redacted

    def lost(self) -> None:
        """What `record` gave last could not be stored; it is abandoned, too."""
        self._recorded -= 1

    def abandon(self, forward: Forward) -> None:
        """The upstream failed, or somebody went away before the end: nothing is recorded."""
        self._not_recorded += forward.record

    def _refuse_live(self, rule: str | None) -> None:
        if rule is not None:
            raise RecordingRefused(
                rule,
                "live mode: this recording would hold real customers' data. Use a test key, or say --allow-live.",
            )

    def draft(self) -> "Draft":
        """For what goes into the file. In mode auto those are the new interactions only."""
        from fcproxy.core.draft import Draft  # deferred, as below: a replay starts without it

        reserved = self._cassette.interactions if self._cassette is not None else ()
        return Draft(self.redactor, reserved, keep_retries=self.options.keep_retries)

    def note_failures(self, statuses: Mapping[int, int]) -> None:
        """Recorded answers that tell of the moment, by status. A cassette plays them for ever: they should be meant."""
        for status, count in statuses.items():
            advice = "record again, slower (--rate)" if status == 429 else "record again unless they are meant"
            self.note(f"recorded answers of status {status}: {count}; they will be played for ever: {advice}")

    # -- the end -----------------------------------------------------------------------------------------------

    def note(self, text: str) -> None:
        """Something that the verdict should say."""
        self._notes[text] += 1

    def verdict(self) -> "Verdict":
        """What this deck says of itself so far."""
        from fcproxy.core.verdict import Verdict

        cassette = self._cassette
        unused = cassette.unused() if cassette else []
        spare = {index for index in unused if cassette.is_spare_poll(index)} if cassette else set()
        total = len(cassette.played) if cassette else 0
        # Those that fail a strict run come first: the list may be cut.
        listed = sorted(unused, key=lambda index: (index in spare, index))[: self.options.max_misses]
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
            spare_polls=len(spare),
            not_stored=self.redactor.not_stored,
            misses=tuple(self._misses),
            unused_list=tuple(_unused(cassette, index, index in spare) for index in listed) if cassette else (),
            rules_used=dict(self._rules_used),
            redactions=dict(self.redactor.ledger.hits) if self._recorded else {},
            disabled=self.redactor.book.disabled,
            notes=tuple(note if count == 1 else f"{note} ({count} times)" for note, count in self._notes.items()),
        )


class _Miss(NamedTuple):
    """A miss before it is told: telling costs a search for look-alikes, which mode auto has no use for."""

    reason: str
    near: Sequence[int] = ()
    detail: str = ""


def _unused(cassette: Cassette, index: int, spare: bool) -> str:
    return f"{index} {_route(cassette, index)}" + (", one poll more of a request that was played" if spare else "")


def _route(cassette: Cassette, index: int) -> str:
    method, path = cassette.index.routes[index]
    return f"{method} {shown(path)}"


def _named(form: Canonical) -> str:
    return f"{form.method} {shown(form.path)}"


def _in_play(
    interactions: Sequence[Interaction], rules: MatchRules, stored: Redactor, live: Callable[[Request], Canonical]
) -> tuple[Cassette, StoredForms]:
    """``stored`` is a comparing redactor of the cassette's own: what it learns of the recording is no client's."""
    # Bounded: the forms of a large cassette would outweigh it. Those of a known outline are made anew at less cost.
    outlined = Outlined(rules, stored)
    memo = Memo(outlined.form, rules)

    def form(index: int) -> Canonical:
        request = interactions[index].request
        return outlined.quick(memo.bare(request)) or memo.get(request, 0)

    cassette = Cassette(interactions, form, rules)
    return cassette, StoredForms(memo, cassette.index, interactions, rules, live)
