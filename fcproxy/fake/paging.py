"""Pages of objects. Source: docs.stripe.com/api/pagination."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from fcproxy.fake.state import Doc, Row
from fcproxy.stripe.envelope import list_envelope

if TYPE_CHECKING:
    from fcproxy.fake.call import Call

__all__ = ["DEFAULT_LIMIT", "in_range", "page", "page_of"]

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


def _created(bounds: Mapping[str, int] | None) -> tuple[int | None, int | None]:
    bounds = bounds or {}
    low = [*([bounds["gte"]] if "gte" in bounds else []), *([bounds["gt"] + 1] if "gt" in bounds else [])]
    high = [*([bounds["lte"]] if "lte" in bounds else []), *([bounds["lt"] - 1] if "lt" in bounds else [])]
    return max(low, default=None), min(high, default=None)


def page(call: "Call", kind: str, url: str, filters: Mapping[str, str], where: Callable[[Row], bool] | None) -> Doc:
    """The page that the call's ``limit``, ``starting_after``, ``ending_before`` and ``created`` ask for.

    Raises StripeError (400) for cursors that are unknown or both given.
    """
    call.exclusive(("starting_after", "ending_before"))
    table, limit = call.state.tables[kind], call.params.get("limit", DEFAULT_LIMIT)
    numbers = table.numbers(call.scope, filters)
    first, end = table.between(numbers, *_created(call.params.get("created")))
    backwards = "ending_before" in call.params
    if backwards:
        after = call.reference(kind, call.params["ending_before"], "ending_before").number
        positions = range(max(first, bisect_right(numbers, after)), end)
    else:
        if "starting_after" in call.params:
            before = call.reference(kind, call.params["starting_after"], "starting_after").number
            end = min(end, bisect_left(numbers, before))
        positions = range(end - 1, first - 1, -1)
    found: list[Row] = []
    for position in positions:
        row = table.at(numbers[position])
        if table.matches(row, filters) and (where is None or where(row)):
            found.append(row)
            if len(found) > limit:
                break
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
