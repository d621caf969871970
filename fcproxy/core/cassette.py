"""A cassette in play: interactions in recorded order, their played marks, and the lookup of the next answer.

The one mutable object of a deck. No I/O: loading and keeping are the store's.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fcproxy.core.canonical import Canonical
from fcproxy.core.message import Interaction

__all__ = ["SAFE_METHODS", "Cassette", "Found"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""RFC 9110 section 9.2.1: they change nothing, so their last answer keeps standing until something else changes."""

_FAILURES = frozenset({409, 429})


@dataclass(frozen=True, slots=True)
class Found:
    """A lookup's result. ``index`` is None on a miss, then ``reason`` says why and ``near`` are look-alikes.

    ``repeated``: the answer was given before (a sticky GET, an idempotent retry).
    """

    index: int | None
    reason: str = ""
    near: tuple[int, ...] = ()
    repeated: bool = False


class Cassette:
    """Interactions by canonical key. ``canonical`` computes the form of a stored request."""

    def __init__(self, interactions: Sequence[Interaction], canonical: Callable[[int], Canonical]) -> None:
        self.interactions = list(interactions)
        self.played: list[int] = []
        """How often each interaction was played."""
        self.out_of_order = 0
        self.last_change = -1
        """Index of the last mutating interaction played: GETs are answered from the state after it."""
        self._canonical = canonical
        self._by_key: dict[str, list[int]] = {}
        self._by_path: dict[tuple[str, str], list[int]] = {}
        self._secrets: list[tuple[tuple[str, str], ...]] = []
        self._known: set[str] = set()
        self._bound: dict[tuple[str, str], str] = {}
        self._epochs: list[int] = []
        self._next = 0
        for index in range(len(self.interactions)):
            self._file(index)

    def _file(self, index: int) -> None:
        form = self._canonical(index)
        self._by_key.setdefault(form.key, []).append(index)
        self._by_path.setdefault((form.method, form.path), []).append(index)
        self._secrets.append(form.secrets)
        self._known.update(value for _, value in form.secrets)
        previous = self._epochs[-1] if self._epochs else -1
        before = index - 1
        changed = before >= 0 and self.interactions[before].request.method.upper() not in SAFE_METHODS
        self._epochs.append(before if changed else previous)
        self.played.append(0)

    # -- lookup ------------------------------------------------------------------------------------------------

    def find(self, form: Canonical, *, ordered: bool = False) -> Found:
        """The interaction that answers ``form`` now. Marks nothing: `play` does."""
        bucket = self._by_key.get(form.key, [])
        fitting = self._fitting(bucket, form) if form.secrets else bucket
        if not fitting:
            return Found(None, "no_match", tuple(bucket))
        if ordered:
            return self._in_sequence(fitting)
        if form.method in SAFE_METHODS:
            return self._safe(fitting)
        fresh = next((index for index in fitting if not self.played[index]), None)
        return Found(fresh) if fresh is not None else Found(None, "exhausted", tuple(fitting))

    def _in_sequence(self, fitting: Sequence[int]) -> Found:
        while self._next < len(self.played) and self.played[self._next]:
            self._next += 1
        if self._next in fitting:
            return Found(self._next)
        unplayed = any(not self.played[index] for index in fitting)
        return Found(None, "out_of_order" if unplayed else "exhausted", tuple(fitting))

    def _safe(self, fitting: Sequence[int]) -> Found:
        """Answers that were recorded after the same change come first; then those of the nearest change before it."""
        epochs = sorted({self._epochs[index] for index in fitting})
        reached = [epoch for epoch in epochs if epoch <= self.last_change]
        epoch = reached[-1] if reached else epochs[0]
        group = [index for index in fitting if self._epochs[index] == epoch]
        fresh = next((index for index in group if not self.played[index]), None)
        return Found(fresh) if fresh is not None else Found(group[-1], repeated=True)

    def _fitting(self, bucket: Iterable[int], form: Canonical) -> list[int]:
        possible = [index for index in bucket if self._may_be(form.secrets, self._secrets[index])]
        consistent = [index for index in possible if self._is_consistent(form.secrets, self._secrets[index])]
        fresh = [index for index in consistent if not self.played[index]]
        return consistent if fresh or len(consistent) == len(possible) else consistent or possible

    def _may_be(self, live: Sequence[tuple[str, str]], stored: Sequence[tuple[str, str]]) -> bool:
        """Secrets that the cassette knows compare as they are; others by kind, which the key has compared already."""
        return all(
            mine[1] == theirs[1] or mine[1] not in self._known for mine, theirs in zip(live, stored, strict=True)
        )

    def _is_consistent(self, live: Sequence[tuple[str, str]], stored: Sequence[tuple[str, str]]) -> bool:
        """Whether no original would stand for two placeholders, or two originals for one."""
        for mine, theirs in zip(live, stored, strict=True):
            if mine[1] == theirs[1]:
                continue
            bound = self._bound.get(mine)
            if bound is not None and bound != theirs[1]:
                return False
            if bound is None and theirs[1] in self._bound.values():
                return False
        return True

    # -- marks -------------------------------------------------------------------------------------------------

    def play(self, index: int, form: Canonical) -> None:
        """Marks ``index`` as played for ``form``."""
        if not self.played[index] and any(not count for count in self.played[self._next : index]):
            self.out_of_order += 1
        while self._next < len(self.played) and self.played[self._next]:
            self._next += 1
        self.played[index] += 1
        if form.method not in SAFE_METHODS:
            self.last_change = index
        for mine, theirs in zip(form.secrets, self._secrets[index], strict=True):
            if mine[1] != theirs[1]:
                self._bound.setdefault(mine, theirs[1])

    def is_failure(self, index: int) -> bool:
        """Whether ``index`` answered what an SDK tries again: conflict, rate limit, or a fault of the server's."""
        status = self.interactions[index].response.status
        return status in _FAILURES or status >= 500

    def unused(self) -> list[int]:
        """Indexes never played."""
        return [index for index, count in enumerate(self.played) if not count]

    def is_spare_poll(self, index: int) -> bool:
        """Whether an unused GET is only one more poll of a request that was played: one poll less shifts nothing."""
        if self.interactions[index].request.method.upper() not in SAFE_METHODS:
            return False
        return any(self.played[other] for other in self._by_key[self._canonical(index).key])

    def on_path(self, method: str, path: str) -> list[int]:
        """Indexes of one method and path."""
        return self._by_path.get((method, path), [])

    def paths(self) -> Iterable[tuple[str, str]]:
        """Every (method, path) there is."""
        return self._by_path

    def canonical(self, index: int) -> Canonical:
        """The canonical form of a stored request."""
        return self._canonical(index)
