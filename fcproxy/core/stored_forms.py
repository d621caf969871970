"""Forms that the cassette's own requests have, for live requests that are the same octets but for their credential.

A test suite sends most requests once, so a memory of live ones alone helps it little; what it sends is in the cassette.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from fcproxy.core.canonical import Canonical
from fcproxy.core.match_rules import MatchRules
from fcproxy.core.memo import Memo
from fcproxy.core.message import Headers, Interaction, Request

__all__ = ["StoredForms"]

_CREDENTIALS = 256
_BLANK = "https://api.invalid/"


class StoredForms:
    """``memo`` is the one that the cassette's requests went through when they were filed."""

    def __init__(
        self, memo: Memo, interactions: Sequence[Interaction], rules: MatchRules, live: Callable[[Request], Canonical]
    ) -> None:
        """``live`` computes the form of a live request."""
        self._memo = memo
        self._name = rules.credential
        self._live = live
        stored = {one.request.headers.get(self._name) for one in interactions}
        # With several the right one cannot be told from the octets: then every request goes through the matcher.
        self._stored = next(iter(stored)) if len(stored) == 1 else None
        self._credentials: dict[str, tuple[str, str]] = {}

    def form(self, request: Request) -> Canonical | None:
        """The form of a live request; None where it must be computed."""
        value = request.headers.get(self._name)
        if self._stored is None or value is None:
            return None
        stored = Request(request.method, request.url, request.headers.replaced(self._name, self._stored), request.body)
        form = self._memo.known(stored, 0)
        if form is None or form.secrets or form.loosened:
            # A secret means what the live ledger says of it.
            return None
        family, credential = self._credential(value)
        return replace(form, family=family, credential=credential)

    def _credential(self, value: str) -> tuple[str, str]:
        known = self._credentials.get(value)
        if known is None:
            form = self._live(Request("GET", _BLANK, Headers([(self._name, value)])))
            known = (form.family, form.credential)
            if len(self._credentials) >= _CREDENTIALS:
                self._credentials.clear()
            self._credentials[value] = known
        return known
