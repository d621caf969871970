"""What of a request is compared: the rules, and a user's exceptions from them for single routes."""

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = ["MatchRules", "RouteRule", "glob_fits"]


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*"), re.DOTALL)


def glob_fits(pattern: str, text: str) -> bool:
    """Whether ``pattern`` stands for ``text``. `*` is any run of characters; brackets are an array's, not a class."""
    return _glob(pattern).fullmatch(text) is not None


class RouteRule(NamedTuple):
    """A user's exception from the matching, for the routes it names.

    ``path`` is a glob over the path, ``method`` a method or `*`. ``ignore``: globs over places (`body.metadata.run_id`,
    `query.*`) that are not compared; ``body=False`` compares no body; ``headers``: compared in addition.
    ``normalise``: place glob -> expression whose matches count as one and the same.
    """

    id: str
    path: str = "*"
    method: str = "*"
    ignore: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    body: bool = True
    normalise: tuple[tuple[str, str], ...] = ()

    def applies(self, method: str, path: str) -> bool:
        """Whether a request is on this rule's route."""
        return self.method.upper() in ("*", method) and glob_fits(self.path, path)

    def drops(self, place: str) -> bool:
        """Whether this rule takes ``place`` out of the comparison."""
        if not self.body and (place == "body" or place.startswith(("body.", "body[", "body:"))):
            return True
        return any(glob_fits(glob, place) for glob in self.ignore)

    def normalised(self, place: str, text: str) -> str | None:
        """``text`` with what its expressions match made one and the same; None where none is for ``place``."""
        changed = None
        for glob, expression in self.normalise:
            if glob_fits(glob, place):
                changed = re.sub(expression, "<normalised>", changed if changed is not None else text)
        return changed


class MatchRules(NamedTuple):
    """What is compared. The default is `fcproxy.stripe.matching.MATCHING`.

    ``headers``: compared as text. ``sets``: query and body fields whose elements have no order. ``credential``: the
    header compared by its secret's family alone. ``dummy``: how a credential begins that fcproxy itself hands out; it
    stands for every family that begins with one of ``dummy_for``. ``routes``: the user's exceptions.
    """

    headers: tuple[str, ...]
    sets: tuple[str, ...]
    credential: str = "Authorization"
    dummy: str = ""
    dummy_for: tuple[str, ...] = ()
    routes: tuple[RouteRule, ...] = ()
