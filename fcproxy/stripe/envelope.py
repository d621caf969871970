"""The envelopes that Stripe's v1 API puts around errors and lists.

Source: docs.stripe.com/api, "Errors" and "Pagination".
"""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["DOC_URL", "LOG_URL", "error_envelope", "list_envelope"]

DOC_URL = "https://stripe.com/docs/error-codes/{code}"
"""Where an error code is explained; the code is written with dashes."""
LOG_URL = "https://dashboard.stripe.com/{mode}logs/{request_id}?t={now}"
"""Where a request is shown; ``mode`` is ``test/`` or empty."""


def error_envelope(
    kind: str,
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The body of an error answer. ``kind`` is Stripe's word for ``type``; fields that do not apply are absent."""
    error: dict[str, Any] = {}
    if code is not None:
        error["code"] = code
        error["doc_url"] = DOC_URL.format(code=code.replace("_", "-"))
    error["message"] = message
    if param is not None:
        error["param"] = param
    error.update(extra or {})
    error["type"] = kind
    return {"error": error}


def list_envelope(data: Sequence[Any], *, has_more: bool, url: str, total_count: int | None = None) -> dict[str, Any]:
    """A page of objects. ``url`` is the path that the next page is asked from, without a query."""
    page: dict[str, Any] = {"object": "list", "data": list(data), "has_more": has_more}
    if total_count is not None:
        page["total_count"] = total_count
    page["url"] = url
    return page
