"""Forms that the cassette's own requests have, for live requests that are the same octets but for their credential.

A test suite sends most requests once, so a memory of live ones alone helps it little; what it sends is in the cassette.
Of each only a digest of its head and a reference to its body are kept: whole forms would be larger than the cassette.
A hit needs no more; a miss pays.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b

from fcproxy.core.canonical import Canonical, account_of
from fcproxy.core.index import Index
from fcproxy.core.match_rules import MatchRules
from fcproxy.core.memo import Memo
from fcproxy.core.message import Headers, Interaction, Request

__all__ = ["Begun", "StoredForms"]

_CREDENTIALS = 256
_NOTHING: Mapping[str, tuple[str, str]] = {}
_BLANK = "https://api.invalid/"


class StoredForms:
    """The requests of a cassette by their octets. ``memo`` computes their forms."""

    def __init__(
        self,
        memo: Memo,
        index: Index,
        interactions: Sequence[Interaction],
        rules: MatchRules,
        live: Callable[[Request], Canonical],
    ) -> None:
        """``live`` computes the form of a live request."""
        self._memo = memo
        self._index = index
        self._interactions = interactions
        self._name = rules.credential.lower()
        self._live = live
        self._credentials: dict[str, tuple[str, str]] = {}
        stored = {one.request.headers.get(self._name) for one in interactions}
        # With several the right one cannot be told from the octets: then every request goes through the matcher.
        self._stored = next(iter(stored)) if len(stored) == 1 else None
        self._numbers: dict[tuple[bytes, bytes] | bytes, int] = {}
        """By head and body; where there is no body, by head: most GETs have one of their own."""
        heads: dict[bytes, bytes] = {}
        if self._stored is not None:
            for number, one in enumerate(interactions):
                # A secret means what the live ledger says of it.
                if not index.secrets[number] and not index.loosened[number]:
                    head = self._begun(one.request)
                    if one.request.body:
                        head = heads.setdefault(head, head)
                        self._numbers.setdefault((head, one.request.body), number)
                    else:
                        self._numbers.setdefault(head, number)

    def form(self, request: Request) -> Canonical | None:
        """The form of a live request; None where it must be computed."""
        begun = self.begun(request)
        return begun.form(request.body) if begun is not None else None

    def begun(self, request: Request) -> "Begun | None":
        """What is the same for all requests that differ from ``request`` in their body only; None where there are no
        forms for them."""
        value = request.headers.get(self._name)
        if self._stored is None or value is None:
            return None
        return Begun(self, self._begun(request), (*self._credential(value), account_of(request.headers)))

    def of(self, head: bytes, body: bytes, about: tuple[str, str, str]) -> Canonical | None:
        """The form of the recorded request with that head and body; ``about``: family, credential, account of the live
        one."""
        number = self._numbers.get((head, body) if body else head)
        if number is None:
            return None
        method, path = self._index.routes[number]
        fields = _Later(self, number)
        family, credential, account = about
        # As the class would be called, in a third of the time: each form that is asked for once comes by here.
        return tuple.__new__(
            Canonical, (method, path, fields, self._index.keys[number], (), family, credential, _NOTHING, account)
        )

    def fields(self, number: int) -> Mapping[str, str]:
        """Those of the recorded request's form."""
        return self._memo.get(self._interactions[number].request, 0).fields

    def _begun(self, request: Request) -> bytes:
        """A digest of all that makes a difference but credential and body; equal ones are equal octets, as far as
        anybody knows."""
        lines = [f"{name}:{value}" for name, value in self._memo.headers(request) if name != self._name]
        text = "\n".join((request.method, request.url, *lines, "", ""))
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _credential(self, value: str) -> tuple[str, str]:
        known = self._credentials.get(value)
        if known is None:
            form = self._live(Request("GET", _BLANK, Headers([(self._name, value)])))
            known = (form.family, form.credential)
            if len(self._credentials) >= _CREDENTIALS:
                self._credentials.clear()
            self._credentials[value] = known
        return known


class Begun:
    """All but a request's body. Most POSTs of a test suite go to few routes with the same headers."""

    __slots__ = ("_about", "_forms", "_head")

    def __init__(self, forms: StoredForms, head: bytes, about: tuple[str, str, str]) -> None:
        self._forms = forms
        self._head = head
        self._about = about

    def form(self, body: bytes) -> Canonical | None:
        """The form of the request with this body; None where it must be computed."""
        return self._forms.of(self._head, body, self._about)


class _Later(Mapping[str, str]):
    """Fields that are computed when somebody asks for one."""

    __slots__ = ("_forms", "_number")

    def __init__(self, forms: StoredForms, number: int) -> None:
        self._forms = forms
        self._number = number

    def __getitem__(self, place: str) -> str:
        return self._forms.fields(self._number)[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms.fields(self._number))

    def __len__(self) -> int:
        return len(self._forms.fields(self._number))
