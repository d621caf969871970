"""Idempotency as Stripe has it (docs.stripe.com/api/idempotent_requests): in replay, and in what a recording keeps."""

import json
import re
from collections.abc import Sequence
from hashlib import blake2b

from fcproxy.core.canonical import Canonical
from fcproxy.core.cassette import Cassette, is_failure
from fcproxy.core.message import Headers, Interaction, Response

__all__ = ["REUSED_KEY", "Again", "Attempts", "Retries"]

_HEADER = "Idempotency-Key"

REUSED_KEY = Response(
    400,
    Headers([("Content-Type", "application/json"), ("Stripe-Should-Retry", "false")]),
    json.dumps(
        {
            "error": {
                "type": "idempotency_error",
                "message": (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                    "Try using a key other than this one if you meant to execute a different request."
                ),
            }
        },
        indent=2,
    ).encode(),
    "Bad Request",
)
"""Stripe's answer to a key that comes back with other parameters."""


class Again:
    """The answer to a key that was used before. ``index`` is the interaction of its first use.

    ``reused``: with other parameters, so that ``response`` is Stripe's error.
    """

    __slots__ = ("index", "response", "reused")

    def __init__(self, index: int, response: Response, *, reused: bool = False) -> None:
        self.index = index
        self.response = response
        self.reused = reused


class Retries:
    """Which live key was answered by which interaction. Keys are an account's own."""

    def __init__(self, cassette: Cassette) -> None:
        self._cassette = cassette
        self._answered: dict[tuple[str, str], tuple[int, bytes, tuple[tuple[str, str], ...]]] = {}
        """Number, and key and secrets of the form: the form itself would outlive its request."""
        self._again: dict[int, Again] = {}

    def remember(self, key: str, form: Canonical, index: int) -> None:
        """``key`` was answered by interaction ``index``."""
        self._answered[key, form.account] = (index, form.key, form.secrets)

    def answer(self, key: str, form: Canonical, found: int | None) -> Again | None:
        """The answer of the key's first use; None where there was none, or the recording tells what came then.

        ``found`` is the unplayed interaction that answers ``form``, if there is one.
        """
        before = self._answered.get((key, form.account))
        if before is None:
            return None
        index, *first = before
        if [form.key, form.secrets] != first:
            if found is not None and self._has_same_key(found, index) is not False:
                return None
            return Again(index, REUSED_KEY, reused=True)
        if found is not None:
            same = self._has_same_key(found, index)
            # A recording of another tool may hold no keys: then a failure's repetition is taken for its retry.
            if same or (same is None and self._cassette.is_failure(index)):
                return None
        return self._replayed(index)

    def _replayed(self, index: int) -> Again:
        again = self._again.get(index)
        if again is None:
            response = self._cassette.interactions[index].response
            headers = response.headers.replaced("Idempotent-Replayed", "true")
            again = Again(index, Response(response.status, headers, response.body, response.reason))
            self._again[index] = again
        return again

    def _has_same_key(self, one: int, other: int) -> bool | None:
        """Whether two interactions were recorded with one key; None where one of them has none."""
        interactions: Sequence[Interaction] = self._cassette.interactions
        first, second = (interactions[at].request.headers.get(_HEADER) for at in (one, other))
        return first == second if first and second else None


class Attempts:
    """Which interactions of a recording are attempts that were tried again, with the same Idempotency-Key."""

    def __init__(self) -> None:
        self._sequences: list[int] = []
        self._failed: dict[int, bytes] = {}
        self._last: dict[bytes, int] = {}

    def see(self, sequence: int, interaction: Interaction) -> None:
        """The interaction that arrived as number ``sequence``. In any order."""
        self._sequences.append(sequence)
        request = interaction.request
        key = request.headers.get(_HEADER)
        if not key:
            return
        where = "\n".join((key, request.method, re.sub(r"[?#].*", "", request.url)))
        digest = blake2b(where.encode("utf-8", "surrogatepass"), digest_size=12).digest()
        self._last[digest] = max(sequence, self._last.get(digest, sequence))
        if is_failure(interaction.response.status):
            self._failed[sequence] = digest

    def all(self) -> list[int]:
        """Every number, in order."""
        return sorted(self._sequences)

    def kept(self) -> list[int]:
        """Those but for failed attempts that were tried again."""
        failed, last = self._failed, self._last
        return [number for number in self.all() if number not in failed or last[failed[number]] == number]
