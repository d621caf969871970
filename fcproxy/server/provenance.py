"""Where a cassette comes from: what its interactions themselves tell, and the recorder's version."""

from collections.abc import Collection
from email.utils import parsedate_to_datetime
from functools import lru_cache

from fcproxy import __version__
from fcproxy.core.expression import expression
from fcproxy.core.redaction import Redactor
from fcproxy.vcr_format import Provenance

__all__ = ["client_name", "provenance_of"]


def provenance_of(
    versions: Collection[str],
    redactor: Redactor,
    first_date: str | None,
    clients: Collection[str] = (),
) -> Provenance:
    """No clock is read: ``first_date`` is the first answer's Date field, so that equal recordings are equal files.

    ``versions``: the Stripe-Versions of the answers. ``clients`` are names that `client_name` gave.
    """
    return Provenance(
        recorder=f"fcproxy {__version__}",
        rules=redactor.book.version,
        hits=dict(redactor.ledger.hits),
        stripe_versions=tuple(sorted(versions)),
        clients=tuple(sorted(clients)),
        recorded_at=_iso(first_date),
        disabled=redactor.book.disabled,
    )


_PRODUCT = expression(r"(?<![^ ])[A-Za-z][A-Za-z-]{0,23}/v?[0-9]{1,4}(?:[.-][0-9A-Za-z]{1,8}){0,4}(?![^ ])")


@lru_cache(64)
def client_name(agent: str | None) -> str | None:
    """Products and versions of a User-Agent field, such as `Stripe/v1 PythonBindings/16.1.0`; None where it has none.

    Only what has this form is taken: the rest of the field may hold names of machines and people.
    """
    return " ".join(_PRODUCT.findall(agent or "")[:3]) or None


def _iso(date: str | None) -> str | None:
    try:
        return parsedate_to_datetime(date or "").isoformat()
    except ValueError:
        return None
