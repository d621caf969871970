"""A cassette in play: interactions in recorded order, their played marks, and the lookup of the next answer.

The one mutable object of a deck. No I/O: loading and keeping are the store's.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from fcproxy.core.bindings import Bindings, is_template_of
from fcproxy.core.canonical import ANY_FAMILY, NO_FAMILY, UNKNOWN_FAMILY, Canonical
from fcproxy.core.index import Filed, Index
from fcproxy.core.match_rules import MatchRules
from fcproxy.core.message import Interaction
from fcproxy.core.standins import is_standin

__all__ = ["SAFE_METHODS", "Cassette", "Found", "is_failure", "is_overload"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""RFC 9110 section 9.2.1: they change nothing, so their last answer keeps standing until something else changes."""

_FAILURES = frozenset({409, 429})


class Found:
    """A lookup's result. ``index`` is None on a miss, then ``reason`` says why and ``near`` are look-alikes.

    ``repeated``: the answer was given before (a sticky GET). ``settled``: whatever is played in between, an equal
    request gets the same one again, and all that there is to do about it is to count.
    """

    __slots__ = ("index", "near", "reason", "repeated", "settled")

    def __init__(
        self,
        index: int | None,
        reason: str = "",
        near: Sequence[int] = (),
        *,
        repeated: bool = False,
        settled: bool = False,
    ) -> None:
        self.index = index
        self.reason = reason
        self.near = near
        self.repeated = repeated
        self.settled = settled


class Cassette:
    """Interactions with their marks. ``canonical`` computes the form of the stored request with a given number."""

    def __init__(
        self, interactions: Sequence[Interaction], canonical: Callable[[int], Canonical], rules: MatchRules
    ) -> None:
        self.interactions = interactions
        self.played = [0] * len(interactions)
        """How often each interaction was played."""
        self.out_of_order = 0
        """How many were played after one that was recorded later."""
        self.last_change = -1
        """Index of the last mutating interaction played: GETs are answered from the state after it."""
        self.not_stored = {at for at, one in enumerate(interactions) if is_standin(one.response.headers)}
        """Those whose answer was not stored: they can be found and not played."""
        self.index = Index(canonical)
        self._rules = rules
        self._epochs: list[int] = []
        self._highest = -1
        self._next = 0
        self._accepted: dict[str, tuple[str, ...]] = {}
        epoch = -1
        for number, interaction in enumerate(interactions):
            self.index.add()
            self._epochs.append(epoch)
            if interaction.request.method.upper() not in SAFE_METHODS:
                epoch = number
        self.index.lookalikes.close()
        self._bindings = Bindings(self.index)

    # -- lookup ------------------------------------------------------------------------------------------------

    def find(self, form: Canonical, *, ordered: bool = False) -> Found:
        """The interaction that answers ``form`` now. Marks nothing: `play` does."""
        family = form.family
        keyed = self.index.keyed(form.key, self._accepted.get(family) or self.accepts(family))
        fitting = self._by_secrets(keyed, form) if keyed and form.secrets else keyed
        if not fitting:
            fitting = self._by_template(form)
        if not fitting:
            return Found(None, "no_match", keyed)
        if len(fitting) > 1 and self._bindings.many_credentials:
            fitting = self._by_credential(fitting, form)
        if ordered:
            return self._in_sequence(fitting)
        if len(fitting) == 1 and not self.played[fitting[0]]:
            return Found(fitting[0])  # nothing to be kept in mind: most requests are sent once
        if form.method in SAFE_METHODS:
            if len(fitting) > 1:
                return self._safe(fitting)
            settled = fitting is keyed and not form.secrets and not self._bindings.many_credentials
            return Found(fitting[0], repeated=True, settled=settled)
        fresh = self._first_fresh(fitting, 0, len(fitting))
        return Found(fresh) if fresh is not None else Found(None, "exhausted", fitting)

    def accepts(self, family: str) -> tuple[str, ...]:
        """The recorded credentials' families that a live credential's is as good as.

        A recording whose credentials were all filtered out, or replaced by some word, says nothing of them: vcrpy's
        `filter_headers` does that. fcproxy's own dummy key stands for any secret key.
        """
        accepted = self._accepted.get(family)
        if accepted is None:
            known = self.index.families
            if family == NO_FAMILY or not known.keys() - {NO_FAMILY}:
                accepted = (NO_FAMILY,)
            elif family == ANY_FAMILY:
                stands_for = (*self._rules.dummy_for, UNKNOWN_FAMILY)
                accepted = tuple(one for one in known if one.startswith(stands_for))
            else:
                accepted = tuple(one for one in known if one in (family, UNKNOWN_FAMILY))
            self._accepted[family] = accepted
        return accepted

    def _by_secrets(self, keyed: Sequence[int], form: Canonical) -> Sequence[int]:
        """Those whose secrets ``form`` may mean, the consistent ones before all others."""
        exact = self.index.exact(form.key, self._bindings.resolved(form.secrets))
        if exact:
            return exact if len(self.index.families) == 1 else [one for one in exact if _holds(keyed, one)]
        stored = self.index.secrets
        if form.method not in SAFE_METHODS:
            # In recorded order the very next one fits, as a rule: large cassettes need not be searched through.
            low = self._start(keyed, 0, len(keyed))
            for at in range(low, len(keyed)):
                index = keyed[at]
                if not self.played[index] and self._bindings.is_consistent(form.secrets, stored[index]):
                    return (index,)
        consistent = [one for one in keyed if self._bindings.is_consistent(form.secrets, stored[one])]
        return consistent or [one for one in keyed if self._bindings.may_be(form.secrets, stored[one])]

    def _by_credential(self, fitting: Sequence[int], form: Canonical) -> Sequence[int]:
        """Those recorded with the same account's key, where there are any left: a preference, not a condition."""
        same = self._bindings.same_credential(fitting, form.credential)
        if form.method in SAFE_METHODS:
            return same or fitting
        return same if any(not self.played[one] for one in same) else fitting

    def _by_template(self, form: Canonical) -> list[int]:
        """Those that hold a secret in the middle of a text which nothing has yet told to be one.

        A recording learns a name from any answer and blanks it everywhere, also before; a replay has seen no answer.
        """
        if not self.index.templates:
            return []
        accepted = self.accepts(form.family)
        found = []
        alike = self.likest(form, 8 * _TEMPLATES)
        for index in [one for one in alike if one in self.index.templates][:_TEMPLATES]:
            stored = self.index.canonical(index)
            if stored.family in accepted and is_template_of(stored.fields, form.fields):
                found.append(index)
        return sorted(found)

    def likest(self, form: Canonical, count: int) -> list[int]:
        """The interactions of the same route that share most fields with ``form``, best first."""
        pool = self.index.on_route(form.method, form.path)
        return self.index.lookalikes.likest(form, pool, self._highest, count)

    def _in_sequence(self, fitting: Sequence[int]) -> Found:
        while self._next < len(self.played) and self.played[self._next]:
            self._next += 1
        if _holds(fitting, self._next):
            return Found(self._next)
        unplayed = any(not self.played[index] for index in fitting)
        return Found(None, "out_of_order" if unplayed else "exhausted", fitting)

    def expected(self) -> int | None:
        """The first unplayed interaction, None when all are played."""
        return next((index for index, count in enumerate(self.played) if not count), None)

    def _safe(self, fitting: Sequence[int]) -> Found:
        """Answers that were recorded after the same change come first; then those of the nearest change before it."""
        reached = bisect_right(fitting, self.last_change, key=self._epochs.__getitem__)
        low, high = self._epoch_of(fitting, fitting[max(reached - 1, 0)])
        fresh = self._first_fresh(fitting, low, high)
        return Found(fresh) if fresh is not None else Found(fitting[high - 1], repeated=True)

    def _epoch_of(self, fitting: Sequence[int], index: int) -> tuple[int, int]:
        """From where to where in ``fitting`` the interactions of the same epoch as ``index`` are."""
        epoch, key = self._epochs[index], self._epochs.__getitem__
        return bisect_left(fitting, epoch, key=key), bisect_right(fitting, epoch, key=key)

    def _first_fresh(self, fitting: Sequence[int], low: int, high: int) -> int | None:
        at = self._start(fitting, low, high)
        return fitting[at] if at < high else None

    def _start(self, fitting: Sequence[int], low: int, high: int) -> int:
        """Where in ``fitting[low:high]`` the first unplayed one is."""
        if not isinstance(fitting, Filed):
            return self._unplayed(fitting, low, high)
        if fitting.starts is None:
            fitting.starts = {}  # most are asked for once: of 100,000 empty ones the memory would be felt
        at = fitting.starts[low] = self._unplayed(fitting, fitting.starts.get(low, low), high)
        return at

    def _unplayed(self, fitting: Sequence[int], at: int, high: int) -> int:
        while at < high and self.played[fitting[at]]:
            at += 1
        return at

    # -- marks -------------------------------------------------------------------------------------------------

    def play(self, index: int, form: Canonical) -> None:
        """Marks ``index`` as played for ``form``."""
        if not self.played[index]:
            self.out_of_order += index < self._highest
            self._highest = max(self._highest, index)
        self.played[index] += 1
        if form.method not in SAFE_METHODS:
            self.last_change = index
        if form.secrets or self._bindings.many_credentials:
            self._bindings.bind(form, index)

    def is_failure(self, index: int) -> bool:
        """Whether ``index`` answered what an SDK tries again: conflict, rate limit, or a fault of the server's."""
        return is_failure(self.interactions[index].response.status)

    def unused(self) -> list[int]:
        """Indexes never played."""
        return [index for index, count in enumerate(self.played) if not count]

    def is_spare_poll(self, index: int) -> bool:
        """Whether an unused GET is only one more poll of a request that was played after the same change."""
        if self.index.routes[index][0] not in SAFE_METHODS:
            return False
        alike, secrets = self.index.alike[index], self.index.secrets
        low, high = self._epoch_of(alike, index)
        return any(self.played[one] and secrets[one] == secrets[index] for one in alike[low:high])


_TEMPLATES = 8
"""How many texts with secrets in the middle are looked at closely: keeps a miss quick."""


def is_failure(status: int) -> bool:
    """Whether an SDK tries again after such an answer: a conflict, a rate limit, a fault of the server's."""
    return status in _FAILURES or status >= 500


def is_overload(status: int) -> bool:
    """Whether such an answer tells of the moment and not of the request: a rate limit, a fault of the server's."""
    return status == 429 or status >= 500


def _holds(indexes: Sequence[int], index: int) -> bool:
    at = bisect_left(indexes, index)
    return at < len(indexes) and indexes[at] == index
