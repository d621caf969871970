"""What a detector is: rows of a literal table, and the few words about a value that every row may use.

The audit shares nothing with the redactor, on purpose: a mistake in one must not blind the other.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Detectors", "HeaderRule", "NameRule", "Shape", "normalised"]

_PUNCTUATION = str.maketrans("", "", "_-. []\t")


def normalised(name: str) -> str:
    """A field name as it compares: lower case, without `_ - . space [ ]` (`clientSecret` = `Client-Secret`)."""
    return name.translate(_PUNCTUATION).lower()


@dataclass(frozen=True, slots=True)
class Shape:
    """A value recognised by its own form, anywhere in text.

    ``pattern`` has the value in group ``v``, or is the value. ``literals``: the pattern cannot match a text that
    holds none of them (case counts). ``mask`` takes their place: what must occur in the text once digits are written 0,
    capitals A, small letters a, and everything but these and blank, dash and `_` as a comma; with ``joined`` blanks and
    dashes are left out. ``token``: a match lies in one word of letters, digits and `_ + / = -`. ``accept`` clears a
    match: the agreed placeholder, a published test value, or what only looks alike. ``credential``: copies of it are
    looked for everywhere else.
    """

    rule: str
    what: str
    source: str
    pattern: str
    literals: tuple[str, ...] = ()
    mask: tuple[bytes, ...] = ()
    joined: bool = False
    token: bool = False
    accept: Callable[[str], bool] | None = None
    credential: bool = False


@dataclass(frozen=True, slots=True)
class NameRule:
    """A value recognised by the name it stands under (last segment; normalised), in JSON, forms, queries and parts.

    ``suffix``: names that end so count too. ``within``: only below one of these names, or inside an object of one of
    ``objects``; empty = anywhere. ``accept`` clears a value.
    """

    rule: str
    what: str
    source: str
    names: frozenset[str]
    suffixes: tuple[str, ...] = ()
    within: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    accept: Callable[[str], bool] | None = None
    credential: bool = False


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """A header that must not be stored with a value at all. ``accept`` clears a value that holds nothing."""

    rule: str
    what: str
    source: str
    names: frozenset[str]
    accept: Callable[[str], bool]
    credential: bool = False


@dataclass(frozen=True, slots=True)
class Detectors:
    """All rows, and what the engine has to know of the traffic's vocabulary.

    ``version`` names this rule set. ``objects`` maps the value of an object's ``object`` field to the name under which
    rules may ask for it. ``plain_headers``: headers whose values are never tokens. ``opaque``: names whose text values
    are searched for unknown random tokens; below ``free`` ones, where users keep ids of their own, that is a warning
    unless the value's own name is opaque or ends as one of ``telling``. ``random_ok`` clears what is random but known:
    ids, hashes, versions.
    """

    version: str
    shapes: tuple[Shape, ...]
    names: tuple[NameRule, ...]
    headers: tuple[HeaderRule, ...]
    plain_headers: frozenset[str]
    opaque: frozenset[str]
    random_ok: Callable[[str], bool]
    placeholder: Callable[[str], bool]
    roots: tuple[tuple[re.Pattern[str], str], ...] = ()
    """(path pattern, name): a request or response body of such a path reads as if it stood below that name."""
    free: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    """Those of ``opaque`` below which keys are searched, too; in an array they are names for what follows them."""
    telling: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further rule ids of the engine itself -> what they say (for reports)."""

    def described(self) -> dict[str, str]:
        """Rule id -> one line of explanation, for reports."""
        rows: list[Shape | NameRule | HeaderRule] = [*self.shapes, *self.names, *self.headers]
        return {**{row.rule: row.what for row in reversed(rows)}, **self.extra}
