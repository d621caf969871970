"""Which original a client means by which placeholder: found out while a cassette is played, one secret at a time."""

from collections.abc import Mapping, Sequence

from fcproxy.core.canonical import BLANK, Canonical
from fcproxy.core.index import Index

__all__ = ["Bindings", "is_template_of"]

Secrets = Sequence[tuple[str, str]]


class Bindings:
    """A client may send placeholders, which mean themselves, or originals of its own.

    The first use of an original binds it to the placeholder that stood in its place, and that placeholder to it.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._bound: dict[tuple[str, str], str] = {}
        self._taken: set[tuple[str, str]] = set()
        self._credentials: dict[str, str] = {}
        self._recorded = {one for one in index.credentials if one}
        self.many_credentials = len(self._recorded) > 1

    def resolved(self, live: Secrets) -> tuple[tuple[str, str], ...]:
        """``live`` with each original replaced by its placeholder, "" where it has none yet."""
        known = self._index.known
        return tuple((kind, value if value in known else self._bound.get((kind, value), "")) for kind, value in live)

    def may_be(self, live: Secrets, stored: Secrets) -> bool:
        """Secrets that the cassette knows compare as they are; others by kind, which the key has compared already."""
        known = self._index.known
        return all(mine[1] == theirs[1] or mine[1] not in known for mine, theirs in zip(live, stored, strict=True))

    def is_consistent(self, live: Secrets, stored: Secrets) -> bool:
        """Whether they may be the same, and no original would mean two placeholders, nor two originals one."""
        for mine, theirs in zip(live, stored, strict=True):
            if mine[1] == theirs[1]:
                continue
            bound = self._bound.get(mine)
            if mine[1] in self._index.known or (theirs in self._taken if bound is None else bound != theirs[1]):
                return False
        return True

    def same_credential(self, indexes: Sequence[int], live: str) -> list[int]:
        """Those that were recorded with the credential that ``live`` means, or may mean."""
        recorded = self._index.credentials
        wanted = live if live in self._recorded else self._credentials.get(live)
        if wanted is not None:
            return [one for one in indexes if recorded[one] == wanted]
        taken = set(self._credentials.values())
        return [one for one in indexes if recorded[one] not in taken]

    def bind(self, form: Canonical, index: int) -> None:
        """``form`` was answered by interaction ``index``."""
        stored = self._index.secrets[index]
        if [kind for kind, _ in form.secrets] == [kind for kind, _ in stored]:
            for mine, theirs in zip(form.secrets, stored, strict=True):
                if mine[1] != theirs[1]:
                    self._bound.setdefault(mine, theirs[1])
                    self._taken.add(theirs)
        if self.many_credentials and form.credential and form.credential not in self._recorded:
            self._credentials.setdefault(form.credential, self._index.credentials[index])


def is_template_of(stored: Mapping[str, str], live: Mapping[str, str]) -> bool:
    """Whether the live fields are the stored ones with any text where these have a secret."""
    return stored.keys() == live.keys() and all(
        text == live[place] or _fits(text, live[place]) for place, text in stored.items()
    )


def _fits(template: str, text: str) -> bool:
    # Leftmost search decides this exactly, and in linear time, which an expression with several gaps would not.
    head, *gaps = _literals(template)
    if not gaps or not text.startswith(head):
        return False
    at = len(head)
    for literal in gaps[:-1]:
        at = text.find(literal, at + 1)
        if at < 0:
            return False
        at += len(literal)
    return text.endswith(gaps[-1]) and len(text) - len(gaps[-1]) > at


def _literals(template: str) -> list[str]:
    """What stands around the blanks."""
    out, last = [], 0
    for found in BLANK.finditer(template):
        out.append(template[last : found.start()])
        last = found.end()
    return [*out, template[last:]]
