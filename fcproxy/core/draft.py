"""A recording before it is written: what has to be known of all its interactions before the first can be drawn.

They are seen one by one in the order in which they ended, and drawn one by one in the order in which they arrived. None
is held meanwhile: what stays of each is its number and a digest, so that a recording's length costs next to no memory.
"""

from collections import Counter
from collections.abc import Sequence

from fcproxy.core import marker
from fcproxy.core.cassette import is_overload
from fcproxy.core.message import Interaction
from fcproxy.core.redaction import RedactedInteraction, Redactor
from fcproxy.core.retries import Attempts
from fcproxy.core.settling import Settling

__all__ = ["Draft"]


class Draft:
    """See the module. ``keep_retries``: failed attempts that were tried again stay too.

    Placeholders that stand in ``reserved`` are not given out again.
    """

    def __init__(self, redactor: Redactor, reserved: Sequence[Interaction], *, keep_retries: bool) -> None:
        self._redactor = redactor
        self._settling = Settling(redactor.book)
        for interaction in reserved:
            self._settling.reserve(interaction)
        self._keep_retries = keep_retries
        self._attempts = Attempts()
        self._overloads: dict[int, int] = {}
        self.versions: set[str] = set()
        """The Stripe-Versions of the answers."""

    def see(self, sequence: int, interaction: RedactedInteraction) -> None:
        """The interaction that arrived as number ``sequence``."""
        self._settling.reserve(interaction)
        self._attempts.see(sequence, interaction)
        status = interaction.response.status
        if is_overload(status):
            self._overloads[sequence] = status
        version = interaction.response.headers.get("Stripe-Version")
        if version and marker.OPEN not in version:
            self.versions.add(version)

    def order(self) -> list[int]:
        """The numbers of those that go into the cassette, in its order."""
        return self._attempts.all() if self._keep_retries else self._attempts.kept()

    def overloads(self) -> dict[int, int]:
        """How many of those answers tell of the moment, by status, in order."""
        found = Counter(self._overloads[sequence] for sequence in self.order() if sequence in self._overloads)
        return dict(sorted(found.items()))

    def draw(self, interaction: RedactedInteraction) -> RedactedInteraction:
        """The interaction as it is written, once all have been seen. To be called in order: it numbers placeholders."""
        return self._redactor.settle_one(interaction, self._settling)
