"""Picking several items of a sequence by their places, at the speed of C."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TypeVar

__all__ = ["pick"]

Item = TypeVar("Item")


def pick(places: Sequence[int]) -> Callable[[Sequence[Item]], tuple[Item, ...]]:
    """What gives the items at ``places``, in their order."""
    if len(places) > 1:
        return itemgetter(*places)
    # Of one place itemgetter gives the item itself.
    return lambda items: tuple([items[at] for at in places])
