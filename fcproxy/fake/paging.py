"""Pages of objects. Source: docs.stripe.com/api/pagination."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from fcproxy.fake.state import Doc, Row
from fcproxy.stripe.envelope import list_envelope

if TYPE_CHECKING:
    from fcproxy.fake.call import Call

__all__ = ["DEFAULT_LIMIT", "created_bounds", "in_range", "page", "page_of"]

DEFAULT_LIMIT = 10


def in_range(value: int, bounds: Mapping[str, int] | None) -> bool:
    """Whether a time lies in a range parameter's bounds (``gt``, ``gte``, ``lt``, ``lte``)."""
    if not bounds:
        return True
    return (
        value > bounds.get("gt", value - 1)
        and value >= bounds.get("gte", value)
        and value < bounds.get("lt", value + 1)
        and value <= bounds.get("lte", value)
    )


def created_bounds(bounds: Mapping[str, int] | None) -> tuple[int | None, int | None]:
    """The first and the last second that a range parameter lets in; None = no bound."""
    bounds = bounds or {}
    low = [*([bounds["gte"]] if "gte" in bounds else []), *([bounds["gt"] + 1] if "gt" in bounds else [])]
    high = [*([bounds["lte"]] if "lte" in bounds else []), *([bounds["lt"] - 1] if "lt" in bounds else [])]
    return max(low, default=None), min(high, default=None)


def page(
    call: "Call",
    kind: str,
    url: str,
    filters: Mapping[str, str],
    where: Callable[[Row], bool] | None,
    *,
    one_of: tuple[str, Sequence[str]] | None = None,
    since: int | None = None,
) -> Doc:
    """The page that the call's ``limit``, ``starting_after``, ``ending_before`` and ``created`` ask for.

    ``one_of`` as for `Table.walk`; objects older than ``since`` (Unix seconds) are not listed any more. Raises
    StripeError (400) for cursors that are unknown or both given.
    """
    call.exclusive(("starting_after", "ending_before"))
    table, limit = call.state.tables[kind], call.params.get("limit", DEFAULT_LIMIT)
    low, high = created_bounds(call.params.get("created"))
    low = max((bound for bound in (low, since) if bound is not None), default=None)
    backwards = "ending_before" in call.params
    between: tuple[int, int | None] = (0, None)
    if backwards:
        between = (call.reference(kind, call.params["ending_before"], "ending_before").number, None)
    elif "starting_after" in call.params:
        between = (0, call.reference(kind, call.params["starting_after"], "starting_after").number)
    rows = table.walk(
        call.scope, filters, one_of=one_of, created=(low, high), between=between, oldest_first=backwards, only_look=True
    )
    found = list(islice((row for row in rows if where is None or where(row)), limit + 1))
    shown = found[:limit][::-1] if backwards else found[:limit]
    return list_envelope([row.doc for row in shown], has_more=len(found) > limit, url=url)


def page_of(call: "Call", kind: str, url: str, docs: Sequence[Doc]) -> Doc:
    """The page that the call's cursors ask for, of a short list, newest first. Raises StripeError (400)."""
    call.exclusive(("starting_after", "ending_before"))
    limit, ids = call.params.get("limit", DEFAULT_LIMIT), [doc["id"] for doc in docs]
    for name in ("starting_after", "ending_before"):
        if name in call.params:
            call.reference(kind, call.params[name], name)
    if "ending_before" in call.params:
        before = docs[: ids.index(call.params["ending_before"])]
        return list_envelope(before[-limit:], has_more=len(before) > limit, url=url)
    after = docs[ids.index(call.params["starting_after"]) + 1 :] if "starting_after" in call.params else docs
    return list_envelope(after[:limit], has_more=len(after) > limit, url=url)
