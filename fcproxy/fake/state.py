"""What the fake remembers: objects with their indexes, counters, idempotency records, work to come. Plain data."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from fcproxy.fake.mint import chance, mint
from fcproxy.stripe.ids import IdShape

__all__ = ["Doc", "Extractor", "Job", "Row", "State", "Table", "at_path", "by"]

Doc = dict[str, Any]
"""A JSON object."""

STATE_VERSION = 1


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

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._by_id.values())

    def get(self, object_id: str) -> Row | None:
        """The object with this id, whatever its scope."""
        return self._by_id.get(object_id)

    def add(self, row: Row) -> None:
        """Takes a new object in."""
        self._by_id[row.id] = row
        self._by_number[row.number] = row
        for key in self._keys(row):
            self._enter(key, row.number)

    def change(self, row: Row, fields: Mapping[str, Any]) -> None:
        """Replaces top-level fields of an object and keeps the indexes true."""
        before = self._keys(row)
        row.doc.update(fields)
        after = self._keys(row)
        for key in before - after:
            self._leave(key, row.number)
        for key in after - before:
            self._enter(key, row.number)

    def remove(self, row: Row) -> None:
        """Forgets an object."""
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

    def at(self, number: int) -> Row:
        """The object with this number."""
        return self._by_number[number]

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
        self._indexes = indexes
        self.clear()

    def clear(self) -> None:
        """Forgets everything but the seed."""
        self.offset = 0
        self._account = mint(self.seed, "account", 0, 0, "")
        self.counters: dict[str, int] = {}
        self.tables = {kind: Table(indexes) for kind, indexes in self._indexes.items()}
        self.idempotency: dict[str, Doc] = {}
        self.settings: dict[str, Doc] = {}
        self.jobs: list[Job] = []
        self.outbox: dict[str, Doc] = {}
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

    def take_due(self, now: int) -> Job | None:
        """The earliest job that is due, taken off the list."""
        return self.jobs.pop(0) if self.jobs and self.jobs[0].due <= now else None

    def mark(self) -> tuple[int, ...]:
        """Differs from an earlier one where objects or work came or went; what changed in place does not show."""
        made = (self.counters.get(word, 0) for word in ("row", "job", "delivery"))
        held = map(len, (self.idempotency, self.jobs, self.outbox, self.deleted))
        return (self.offset, *made, *held)

    def to_json(self) -> Doc:
        """Everything as JSON-ready data, for keeping it over a restart. Not a copy: it changes with the state."""
        return {
            "version": STATE_VERSION,
            "seed": self.seed,
            "offset": self.offset,
            "counters": self.counters,
            "settings": self.settings,
            "idempotency": self.idempotency,
            "outbox": self.outbox,
            "deleted": self.deleted,
            "jobs": [[job.due, job.number, job.name, job.scope, job.data] for job in self.jobs],
            "objects": [
                [row.id, row.kind, row.scope, row.number, row.doc, row.private]
                for table in self.tables.values()
                for row in table
            ],
        }

    def load(self, data: Mapping[str, Any]) -> None:
        """Takes up what `to_json` gave. Raises ValueError for data that is not such a state."""
        if data.get("version") != STATE_VERSION:
            raise ValueError(f"a state of version {STATE_VERSION} is needed")
        data = deepcopy(dict(data))
        try:
            rows = [Row(*item) for item in data["objects"]]
            jobs = sorted(Job(*item) for item in data["jobs"])
            settings, idempotency, outbox = data["settings"], data["idempotency"], data["outbox"]
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
        self.idempotency.update(idempotency)
        # What was being sent when the state was kept is sent again: an event may come twice, but not never.
        self.outbox.update({token: {**entry, "taken": False} for token, entry in outbox.items()})
        self.deleted.update(deleted)
        self.jobs = jobs
        for row in rows:
            self.tables[row.kind].add(row)
