"""What the fake remembers: objects with their indexes, counters, idempotency records, work to come. Plain data."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Any

from fcproxy.fake.mint import chance, mint
from fcproxy.stripe.ids import IdShape

__all__ = ["RECORDS", "Doc", "Extractor", "Job", "Row", "State", "Table", "at_path", "by"]

Doc = dict[str, Any]
"""A JSON object."""

STATE_VERSION = 2
RECORDS = "idempotency_record"
"""The table of idempotency keys, beside those of the kinds."""


@dataclass(slots=True)
class Row:
    """An object and what only the fake may see of it. ``scope`` is mode and account; ``number`` orders creation."""

    id: str
    kind: str
    scope: str
    number: int
    doc: Doc
    private: Doc = field(default_factory=dict)

    @property
    def created(self) -> int:
        """When it was made, in Unix seconds."""
        moment: int = self.private.get("created") or self.doc.get("created") or 0
        return moment

    def to_json(self) -> list[Any]:
        """As JSON-ready data; the objects in it are not copies."""
        return [self.id, self.kind, self.scope, self.number, self.doc, self.private]


Extractor = Callable[[Row], Iterable[str]]


def at_path(doc: Any, path: str) -> Any:
    """The value under a dotted path; None where there is none."""
    for name in path.split("."):
        doc = doc.get(name) if isinstance(doc, dict) else None
    return doc


def by(path: str) -> Extractor:
    """An index over the value under a dotted path of the object."""

    def extract(row: Row) -> Iterable[str]:
        value = at_path(row.doc, path)
        return () if value is None else (str(value),)

    return extract


IndexKey = tuple[str, str, str]


class Table:
    """The objects of one kind, newest last, found by id or through an index without looking at the others."""

    def __init__(self, indexes: Mapping[str, Extractor]) -> None:
        self._extractors = indexes
        self._by_id: dict[str, Row] = {}
        self._by_number: dict[int, Row] = {}
        self._index: dict[IndexKey, list[int]] = {}
        self.touched: set[int] = set()
        """The numbers of the objects that came, went, or were handed out and so may have changed."""

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Row]:
        self.touched.update(self._by_number)
        return iter(self._by_id.values())

    def get(self, object_id: str) -> Row | None:
        """The object with this id, whatever its scope."""
        row = self._by_id.get(object_id)
        if row is not None:
            self.touched.add(row.number)
        return row

    def add(self, row: Row) -> None:
        """Takes a new object in."""
        self._by_id[row.id] = row
        self._by_number[row.number] = row
        self.touched.add(row.number)
        for key in self._keys(row):
            self._enter(key, row.number)

    def change(self, row: Row, fields: Mapping[str, Any]) -> None:
        """Replaces top-level fields of an object and keeps the indexes true."""
        self.touched.add(row.number)
        before = self._keys(row)
        row.doc.update(fields)
        after = self._keys(row)
        for key in before - after:
            self._leave(key, row.number)
        for key in after - before:
            self._enter(key, row.number)

    def remove(self, row: Row) -> None:
        """Forgets an object."""
        self.touched.add(row.number)
        for key in self._keys(row):
            self._leave(key, row.number)
        del self._by_id[row.id], self._by_number[row.number]

    def numbers(self, scope: str, filters: Mapping[str, str]) -> list[int]:
        """The shortest index that holds everything under ``filters``; a superset where there are several filters."""
        found = [self._index.get((scope, name, value), []) for name, value in filters.items()]
        return min(found, key=len) if found else self._index.get((scope, "", ""), [])

    def matches(self, row: Row, filters: Mapping[str, str]) -> bool:
        """Whether a row lies in all of the named indexes."""
        return all(value in self._extractors[name](row) for name, value in filters.items())

    def walk(
        self,
        scope: str,
        filters: Mapping[str, str],
        *,
        one_of: tuple[str, Iterable[str]] | None = None,
        created: tuple[int | None, int | None] = (None, None),
        between: tuple[int, int | None] = (0, None),
        oldest_first: bool = False,
        only_look: bool = False,
    ) -> Iterator[Row]:
        """The objects that lie in all of the indexes ``filters``, newest first.

        ``one_of`` names an index and the values of which one has to be an object's. ``created`` are bounds in seconds,
        both included; ``between`` are numbers of objects, both excluded. Who will ``only_look`` changes none of them.
        """
        runs, wanted = [self.numbers(scope, filters)], frozenset(one_of[1]) if one_of else frozenset()
        if one_of:
            chosen = [self._index.get((scope, one_of[0], value), []) for value in wanted]
            if not filters or sum(map(len, chosen)) < len(runs[0]):
                runs = chosen
        spans = [self._span(run, created, between, oldest_first=oldest_first) for run in runs]
        last = 0
        for number in spans[0] if len(spans) == 1 else merge(*spans, reverse=not oldest_first):
            if number == last:
                continue
            last, row = number, self._by_number[number]
            if self.matches(row, filters) and (
                one_of is None or not wanted.isdisjoint(self._extractors[one_of[0]](row))
            ):
                if not only_look:
                    self.touched.add(number)
                yield row

    def _span(
        self,
        numbers: list[int],
        created: tuple[int | None, int | None],
        between: tuple[int, int | None],
        *,
        oldest_first: bool,
    ) -> Iterator[int]:
        first, end = self.between(numbers, *created)
        first = max(first, bisect_right(numbers, between[0]))
        if between[1] is not None:
            end = min(end, bisect_left(numbers, between[1]))
        positions = range(first, end) if oldest_first else range(end - 1, first - 1, -1)
        return (numbers[position] for position in positions)

    def at(self, number: int) -> Row:
        """The object with this number."""
        self.touched.add(number)
        return self._by_number[number]

    def take_touched(self, most: int) -> list[tuple[int, Row | None]]:
        """At most so many of the objects in ``touched``, taken out of it: their numbers, and None for what is gone."""
        taken = list(islice(self.touched, most))
        self.touched.difference_update(taken)
        return [(number, self._by_number.get(number)) for number in taken]

    def between(self, numbers: list[int], low: int | None, high: int | None) -> tuple[int, int]:
        """The slice of ``numbers`` whose objects were created from ``low`` to ``high`` (seconds, both included)."""

        def created(number: int) -> int:
            return self._by_number[number].created

        first = 0 if low is None else bisect_left(numbers, low, key=created)
        return first, len(numbers) if high is None else bisect_right(numbers, high, key=created)

    def _keys(self, row: Row) -> set[IndexKey]:
        keys = {(row.scope, name, value) for name, extract in self._extractors.items() for value in extract(row)}
        keys.add((row.scope, "", ""))
        return keys

    def _enter(self, key: IndexKey, number: int) -> None:
        numbers = self._index.setdefault(key, [])
        if not numbers or numbers[-1] < number:
            numbers.append(number)
        else:
            insort(numbers, number)

    def _leave(self, key: IndexKey, number: int) -> None:
        numbers = self._index[key]
        del numbers[bisect_left(numbers, number)]
        if not numbers:
            del self._index[key]


@dataclass(frozen=True, slots=True, order=True)
class Job:
    """Work that falls due on the clock: ``name`` is a row of a resource's jobs, ``data`` what it needs."""

    due: int
    number: int
    name: str
    scope: str
    data: Doc = field(default_factory=dict, compare=False)


class State:
    """All that one fake remembers. ``indexes`` names, by kind, the indexes of its table."""

    def __init__(self, seed: str, indexes: Mapping[str, Mapping[str, Extractor]]) -> None:
        self.seed = seed
        self._indexes = {**indexes, RECORDS: {}}
        self.clear()

    def clear(self) -> None:
        """Forgets everything but the seed."""
        self.offset = 0
        self._account = mint(self.seed, "account", 0, 0, "")
        self.counters: dict[str, int] = {}
        self.tables = {kind: Table(indexes) for kind, indexes in self._indexes.items()}
        self.settings: dict[str, Doc] = {}
        self.jobs: list[Job] = []
        self.outbox: dict[str, Doc] = {}
        """Deliveries to come and under way; those to come are in ``queue``, too, by when they are due."""
        self.queue: list[tuple[int, int]] = []
        self.deleted: dict[str, Doc] = {}
        """Scope and id -> what is left of an object that was deleted."""

    def next(self, word: str) -> int:
        """The next number of a counter, from 1."""
        self.counters[word] = self.counters.get(word, 0) + 1
        return self.counters[word]

    def mint(self, kind: str, now: int, account: str, shape: IdShape | None = None) -> str:
        """A new id of ``kind``, in the shape of its row in IDS where no other is given."""
        return mint(self.seed, kind, self.next(kind), now, account, shape=shape)

    def account(self) -> str:
        """The id of the account that every key of this fake belongs to."""
        return self._account

    def chance(self, word: str, length: int) -> str:
        """Characters for a secret."""
        return chance(self.seed, word, self.next(word), length)

    def add(self, kind: str, scope: str, object_id: str, doc: Doc, private: Doc | None = None) -> Row:
        """Stores a new object."""
        row = Row(object_id, kind, scope, self.next("row"), doc, private or {})
        self.tables[kind].add(row)
        return row

    def schedule(self, due: int, name: str, scope: str, data: Doc) -> None:
        """Puts work on the clock."""
        insort(self.jobs, Job(due, self.next("job"), name, scope, data))

    def post(self, number: int, entry: Doc) -> None:
        """Puts a delivery on the list, for when it is ``due``."""
        self.outbox[str(number)] = entry
        insort(self.queue, (entry["due"], number))

    def take_post(self, now: int) -> str | None:
        """The number of the earliest delivery that is due, taken off the queue and left in ``outbox``."""
        return str(self.queue.pop(0)[1]) if self.queue and self.queue[0][0] <= now else None

    def take_due(self, now: int) -> Job | None:
        """The earliest job that is due, taken off the list."""
        return self.jobs.pop(0) if self.jobs and self.jobs[0].due <= now else None

    def mark(self) -> tuple[int, ...]:
        """Differs from an earlier one where objects or work came or went; what changed in place does not show."""
        made = (self.counters.get(word, 0) for word in ("row", "job", "delivery"))
        held = map(len, (self.jobs, self.outbox, self.deleted))
        return (self.offset, *made, *held)

    def take_touched(self, most: int) -> list[tuple[int, list[Any] | None]]:
        """At most so many objects that may have changed since they were last taken here.

        Their numbers and JSON-ready forms; None for those that are gone.
        """
        found: list[tuple[int, list[Any] | None]] = []
        for table in self.tables.values():
            taken = table.take_touched(most - len(found))
            found += [(number, None if row is None else row.to_json()) for number, row in taken]
        return found

    def rest_to_json(self) -> Doc:
        """Everything but the objects as JSON-ready data. Not a copy: it changes with the state."""
        return {
            "version": STATE_VERSION,
            "seed": self.seed,
            "offset": self.offset,
            "counters": self.counters,
            "settings": self.settings,
            "outbox": self.outbox,
            "deleted": self.deleted,
            "jobs": [[job.due, job.number, job.name, job.scope, job.data] for job in self.jobs],
        }

    def to_json(self) -> Doc:
        """Everything as JSON-ready data, for keeping it over a restart. Not a copy: it changes with the state."""
        return {**self.rest_to_json(), "objects": [row.to_json() for table in self.tables.values() for row in table]}

    def load(self, data: Mapping[str, Any]) -> None:
        """Takes up what `to_json` gave, which is its own from then on. Raises ValueError for data that is no state."""
        if data.get("version") != STATE_VERSION:
            raise ValueError(f"a state of version {STATE_VERSION} is needed")
        try:
            rows = sorted((Row(*item) for item in data["objects"]), key=lambda row: row.number)
            jobs = sorted(Job(*item) for item in data["jobs"])
            settings, outbox = data["settings"], data["outbox"]
            deleted = dict(data.get("deleted", {}))
            seed, offset, counters = str(data["seed"]), int(data["offset"]), dict(data["counters"])
            unknown = sorted({row.kind for row in rows} - set(self.tables))
        except (KeyError, TypeError) as error:
            raise ValueError("the state is not complete") from error
        if unknown:
            raise ValueError(f"the state holds objects of unknown kinds: {', '.join(unknown)}")
        self.seed = seed
        self.clear()
        self.offset, self.counters = offset, counters
        self.settings.update(settings)
        # What was being sent when the state was kept is sent again: an event may come twice, but not never.
        self.outbox.update({token: {**entry, "taken": False} for token, entry in outbox.items()})
        self.queue = sorted((entry["due"], int(token)) for token, entry in outbox.items())
        self.deleted.update(deleted)
        self.jobs = jobs
        for row in rows:
            self.tables[row.kind].add(row)
