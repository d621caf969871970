"""A bounded memory from a raw request to its canonical form, so that redaction and comparison are paid once."""

from collections.abc import Callable
from operator import itemgetter

from fcproxy.core.canonical import Canonical
from fcproxy.core.match_rules import MatchRules
from fcproxy.core.message import Headers, Request
from fcproxy.core.standins import NOT_STORED

__all__ = ["Memo"]

_ENTRIES = 16_384
_LARGEST = 4 * 1024
_BODIES = 16 * 1024 * 1024


class Memo:
    """Keyed by what can make a difference: never by Idempotency-Key, telemetry or other headers that change each time.

    Requests with bodies beyond 4 KiB are not remembered, and no more than 16 MiB of bodies are.
    """

    def __init__(self, make: Callable[[Request], Canonical], rules: MatchRules, *, entries: int = _ENTRIES) -> None:
        """``make`` computes a form. It is given only the headers that can make a difference."""
        self._make = make
        self._entries = entries
        self._forms: dict[tuple[object, ...], Canonical] = {}
        self._size = 0
        names = [*rules.headers, rules.credential, "Content-Type", "Content-Encoding", NOT_STORED]
        names.extend(name for route in rules.routes for name in route.headers)
        self.wanted = frozenset(name.lower() for name in names)
        """Lower-case names of the headers that a form depends on."""

    def get(self, request: Request, version: int) -> Canonical:
        """The form of ``request``. ``version``: changes whenever another answer would be given to the same request."""
        headers = self.headers(request)
        key = (version, request.method, request.url, request.body, headers)
        form = self._forms.get(key)
        if form is None:
            form = self._make(Request(request.method, request.url, Headers(headers), request.body))
            if len(request.body) <= _LARGEST:
                self._keep(key, form, len(request.body))
        return form

    def bare(self, request: Request) -> Request:
        """``request`` with these headers only: the others are longer, and redacting them would cost more than all the
        rest."""
        return Request(request.method, request.url, Headers(self.headers(request)), request.body)

    def headers(self, request: Request) -> tuple[tuple[str, str], ...]:
        """The fields that a form depends on, names in lower case."""
        wanted = self.wanted
        headers = request.headers
        found = [(name, one[1]) for name, one in zip(headers.names, headers, strict=True) if name in wanted]
        # By name: clients differ in the order of their headers, and only that of repeats means anything.
        return tuple(sorted(found, key=itemgetter(0)))

    def _keep(self, key: tuple[object, ...], form: Canonical, size: int) -> None:
        self._size += size
        if len(self._forms) >= self._entries or self._size > _BODIES:
            self._forms.clear()
            self._size = size
        self._forms[key] = form
