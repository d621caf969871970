"""Where a cassette comes from: what its interactions themselves tell, and the recorder's version."""

from collections.abc import Sequence
from email.utils import parsedate_to_datetime

from fcproxy import __version__
from fcproxy.core.message import Headers
from fcproxy.core.redaction import RedactedInteraction, Redactor
from fcproxy.vcr_format import Provenance

__all__ = ["provenance_of"]


def provenance_of(
    interactions: Sequence[RedactedInteraction], redactor: Redactor, first_date: str | None
) -> Provenance:
    """No clock is read: ``first_date`` is the first answer's Date field, so that equal recordings are equal files."""
    responses = [interaction.response.headers for interaction in interactions]
    requests = [interaction.request.headers for interaction in interactions]
    return Provenance(
        recorder=f"fcproxy {__version__}",
        rules=redactor.book.version,
        hits=dict(redactor.ledger.hits),
        stripe_versions=_distinct(responses, "Stripe-Version"),
        clients=_distinct(requests, "User-Agent"),
        recorded_at=_iso(first_date),
        disabled=redactor.book.disabled,
    )


def _distinct(headers: Sequence[Headers], name: str) -> tuple[str, ...]:
    return tuple(sorted({value for fields in headers if (value := fields.get(name))}))


def _iso(date: str | None) -> str | None:
    try:
        return parsedate_to_datetime(date or "").isoformat()
    except ValueError:
        return None
