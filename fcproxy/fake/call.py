"""What the rules of a resource are given: one request, or one job, with the state and the clock it happens in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fcproxy.fake.catalogue import Catalogue
from fcproxy.fake.errors import StripeError, refuse
from fcproxy.fake.events import make_event
from fcproxy.fake.mint import number_between
from fcproxy.fake.options import Options
from fcproxy.fake.paging import page, page_of
from fcproxy.fake.resource import Outcome
from fcproxy.fake.state import Doc, Row, State
from fcproxy.fake.versions import Version

__all__ = ["Call"]


@dataclass(slots=True)
class Call:
    """One piece of work. ``scope`` is ``test:acct_...`` or ``live:acct_...``; times are Unix seconds."""

    state: State
    catalogue: Catalogue
    now: int
    scope: str
    version: Version
    params: dict[str, Any]
    path: Mapping[str, str]
    request_id: str | None = None
    idempotency_key: str | None = None
    options: Options = field(default_factory=Options)
    outcome: Outcome | None = None
    """What came of the call that the rules asked for."""

    @property
    def strict(self) -> bool:
        """Whether references to objects that the fake never made are refused."""
        return self.options.strict

    @property
    def livemode(self) -> bool:
        """Whether real money would move."""
        return self.scope.startswith("live:")

    @property
    def account(self) -> str:
        """The account acted upon."""
        return self.scope.partition(":")[2]

    def mint(self, kind: str) -> str:
        """A new id."""
        known = self.catalogue.kinds.get(kind)
        return self.state.mint(kind, self.now, self.account, known.shape if known else None)

    def secret(self, word: str, length: int) -> str:
        """A new secret's characters."""
        return self.state.chance(word, length)

    def pick(self, word: str, low: int, high: int) -> int:
        """A number between two others, a new one each time."""
        return number_between(self.state.seed, word, self.state.next(f"pick {word}"), low, high)

    def add(self, kind: str, doc: Doc, private: Doc | None = None) -> Row:
        """Stores a new object under the id that it holds."""
        return self.state.add(kind, self.scope, doc["id"], doc, private)

    def change(self, row: Row, **fields: Any) -> Row:
        """Changes fields of an object."""
        self.state.tables[row.kind].change(row, fields)
        return row

    def remove(self, row: Row) -> Doc:
        """Deletes an object; what is left of it is remembered, and is the answer to its deletion."""
        self.state.tables[row.kind].remove(row)
        left: Doc = {"id": row.id, "object": row.kind, "deleted": True}
        return self.state.deleted.setdefault(f"{row.scope} {row.id}", left)

    def deleted(self, kind: str, object_id: str) -> Doc | None:
        """What is left of an object that was deleted; None where none was."""
        left = self.state.deleted.get(f"{self.scope} {object_id}")
        return left if left is not None and left["object"] == kind else None

    def find(self, kind: str, object_id: str) -> Row | None:
        """The object of this account and mode with the id, or None."""
        row = self.state.tables[kind].get(object_id)
        if row is not None and row.scope == self.scope:
            return row
        found = (doc for doc in self._constants(kind) if doc["id"] == object_id)
        return next((Row(object_id, kind, self.scope, 0, doc) for doc in found), None)

    def _constants(self, kind: str) -> Sequence[Doc]:
        """The objects that are always there, as they are by now, behind those that came to be; newest first."""
        constants = self.catalogue.kinds[kind].constants
        always = constants(self.livemode) if constants else ()
        stored = {row.id: row.doc for row in self.state.tables[kind].walk(self.scope, {})} if constants else {}
        now = [stored.pop(doc["id"], doc) for doc in always]
        return [*stored.values(), *now]

    def target(self, kind: str, name: str = "id") -> Row:
        """The object that the path names. Raises StripeError (404)."""
        return self._existing(kind, self.path[name], "missing", name)

    def target_of(self, owner: str, kind: str) -> Row:
        """The object that the path names below one of kind ``owner``, whose it must be. Raises StripeError (404)."""
        above, row = self.target(owner, owner), self.target(kind)
        if row.doc[owner] != above.id:
            raise self.missing(kind, row.id, "id")
        return row

    def reference(self, kind: str, object_id: str, param: str) -> Row:
        """The object that a parameter names. Raises StripeError (400)."""
        return self._existing(kind, object_id, "missing_reference", param)

    def _existing(self, kind: str, object_id: str, error: str, param: str) -> Row:
        row = self.find(kind, object_id)
        if row is None:
            raise self.missing(kind, object_id, param, error)
        return row

    def missing(self, kind: str, object_id: str, param: str, error: str = "missing") -> StripeError:
        """The error that says that there is no such object; ``error`` is a row of errors.ERRORS."""
        words = self.catalogue.kinds[kind].words
        return refuse(error, param=param, words=words, id=object_id, hint=self._elsewhere(kind, object_id))

    def _elsewhere(self, kind: str, object_id: str) -> str:
        row = self.state.tables[kind].get(object_id)
        other, own = ("test", "live") if self.livemode else ("live", "test")
        if row is None or not row.scope.startswith(f"{other}:"):
            return ""
        return f"; a similar object exists in {other} mode, but a {own} mode key was used to make this request."

    def known(self, kind: str, object_id: str, param: str) -> None:
        """Accepts an id given as a parameter when it is stored, or may be outside the fake's own stores.

        Raises StripeError (400).
        """
        if self.find(kind, object_id) is not None:
            return
        if self.strict or self.deleted(kind, object_id) or not self.catalogue.may_exist(kind, object_id):
            self.reference(kind, object_id, param)

    def page(
        self,
        kind: str,
        url: str,
        *,
        filters: Mapping[str, str | None] | None = None,
        where: Callable[[Row], bool] | None = None,
        one_of: tuple[str, Sequence[str]] | None = None,
        since: int | None = None,
    ) -> Doc:
        """A page as the request's limit, cursors and ``created`` ask for it, newest first. See `paging.page`."""
        chosen = {name: value for name, value in (filters or {}).items() if value is not None}
        return page(self, kind, url, chosen, where, one_of=one_of, since=since)

    def page_of_constants(self, kind: str, url: str) -> Doc:
        """A page of the objects that are always there."""
        return page_of(self, kind, url, self._constants(kind))

    def emit(self, event: str, row: Row, previous: Mapping[str, Any] | None = None) -> Row:
        """Makes an event out of an object as it is now; ``previous`` holds the former values of changed fields."""
        return make_event(self, event, row, previous)

    def later(self, seconds: int, job: str, **data: Any) -> None:
        """Puts work on the clock, ``seconds`` from now."""
        self.state.schedule(self.now + seconds, job, self.scope, data)

    def settings(self, name: str, initial: Doc) -> Doc:
        """A singleton of this account and mode, made on first use."""
        return self.state.settings.setdefault(f"{self.scope} {name}", initial)

    def exclusive(self, names: Sequence[str], prefix: str = "") -> None:
        """Raises StripeError (400) when more than one of these parameters is given."""
        given = [name for name in names if self.params.get(name) is not None]
        if len(given) > 1:
            raise refuse("exclusive", param=prefix + given[1], names=", ".join(names))
