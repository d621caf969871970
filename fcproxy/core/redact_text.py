"""Redaction of free text: by shape, by name in text, by learned value, and through every encoding of these."""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from fcproxy.core import encodings, marker, peel
from fcproxy.core.content import Unopenable
from fcproxy.core.expression import expression
from fcproxy.core.ledger import ENCODED, Ledger
from fcproxy.core.rules import RuleBook
from fcproxy.core.surrogates import without_lone
from fcproxy.core.text_rules import counts_in_markup, literals_of, names_in_text, shapes_of

__all__ = ["TextRedactor"]

SEARCHED = 4_000_000
SEARCHED_PER_OCTET = 2
"""Characters, in all readings of a body, that are searched for what it hides: some seconds. A list of 3,000 objects
takes 50,000 of them, a CSV file as many as it has octets; 200 KB of base64 of noise reach the limit."""

_MAX_DECODED = 4
"""How many encodings around one another are opened."""

_MAX_LEVELS = 8
"""How many structures and URLs within one another are read as such; deeper ones are plain text."""

_SHORTEST = 5
"""No rule fits a text of fewer characters."""

_CACHE = 8192
_CACHED_LENGTH = 512
_URL = expression(r"[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s\"'<>\\]+")
_TRIM = ".,;:!?)]}"


_CONTROL = expression(r"[\x00-\x1f]")
_WORD = re.compile(r"[A-Za-z0-9_./-]+")
"""Nothing in it separates a name from a value, nor escapes a character."""


class _Hit(NamedTuple):
    """``text[start:end]`` is a secret of ``kind``, by ``rule``. ``hint`` and ``encoding`` as `Marker` has them."""

    start: int
    end: int
    value: str
    kind: str
    rule: str
    hint: str | None = None
    encoding: str = "0"


class TextRedactor:
    """Applies one rule book to text, with one ledger.

    ``structured`` is asked first for text that may be JSON or a form of its own, ``url`` for URLs: both come from the
    redactor of structures, which in turn uses this one for its leaves. ``contextual`` tells of a text with `=` or
    `{` whether it depends on its place what of it is redacted; such a one is never clean.
    """

    def __init__(self, book: RuleBook, ledger: Ledger) -> None:
        self._book = book
        self._ledger = ledger
        self._shapes, self._strong = shapes_of(book.shapes)
        self._names = names_in_text(book.fields)
        self._literals = literals_of(book) if ledger.comparing else None
        self.clean: set[str] = set()
        """Texts without control characters in which nothing is to be redacted. Whatever is learned takes out those
        that may hold it."""
        self.clean_urls: set[str] = set()
        """URLs in which nothing is to be redacted, likewise."""
        self.met_earlier = False
        """Whether something learned may stand in what was settled (`GramIndex`) before. Whoever reads it resets it."""
        self.on_forget: list[Callable[[], None]] = []
        """Called when what was clean may be so no more."""
        ledger.learned.on_learn.append(self._forget)
        self._left: float = math.inf
        self.structured: Callable[[str], str | None] = lambda text: None
        self.url: Callable[[str], str] = str
        self.contextual: Callable[[str], bool] = lambda text: False
        self._level = 0

    def redact(self, text: str) -> str:
        """``text`` with markers where secrets were."""
        if text in self.clean:
            return text
        if len(text) < _SHORTEST:
            self._clean(text)
            return text
        if _WORD.fullmatch(text) is not None:
            return self._remembered(text, text)  # no structure is made of these characters
        return without_lone(text, self._structures)

    def _structures(self, text: str) -> str:
        if self._level >= _MAX_LEVELS:
            return self.redact_words(text)
        self._level += 1
        try:
            if not text.isalnum() and (structured := self.structured(text)) is not None:
                return structured
            if "://" in text:
                # A learned value may hold what separates a URL's parts.
                return self._remembered(text, marker.outside(self.redact_values(text), self._urls))
        finally:
            self._level -= 1
        return self.redact_words(text)

    def redact_words(self, text: str) -> str:
        """As `redact`, for a text in which no structure is to be looked for."""
        return text if text in self.clean else self._remembered(text, text)

    def _remembered(self, text: str, begun: str) -> str:
        """``text``, of which ``begun`` is what has been done so far, and the memory of what it was."""
        if begun is text and self._surely_nothing(text):
            self._ledger.kept.add(text)
            self._clean(text)
            return text
        views = [begun]
        done = marker.outside(begun, lambda part: self._replaced(part, self._found(part, views)))
        if done != text:
            views[0] = done
        for view in views:
            self._ledger.kept.add(view)
        if done == text and not (("=" in text or "{" in text) and self.contextual(text)):
            self._clean(text)
        return done

    def _clean(self, text: str) -> None:
        if len(text) < _CACHED_LENGTH and (text.isprintable() or _CONTROL.search(text) is None):
            if len(self.clean) >= _CACHE:
                self.clean.clear()
            self.clean.add(text)

    def _surely_nothing(self, text: str) -> bool:
        """Whether no rule fits a text, which is one word or path: most new values are ids; this is all they cost."""
        return (
            _WORD.fullmatch(text) is not None
            and (self._literals is None or not self._literals.may_be_in(text) or not [*self._by_literal(text)])
            and not self._shapes.may_fit(text)
            and not self._ledger.learned.holds(text)
            and next(encodings.runs(text), None) is None
        )

    def _forget(self, value: str) -> None:
        kept = self._ledger.kept
        earlier = kept.earlier(value)
        self.met_earlier = self.met_earlier or earlier
        if earlier or kept.recent((value,)):
            self.clean.clear()
            self.clean_urls.clear()
            for forget in self.on_forget:
                forget()

    def redact_values(self, text: str) -> str:
        """``text``, searched only for what has been learned, as it is written."""
        return self._replaced(text, self._by_value(text)) if self._ledger.learned.holds(text) else text

    def redact_learned(self, text: str) -> str:
        """``text``, searched only for what has been learned, encoded or not."""
        if not len(self._ledger.learned):
            return text
        text = self.redact_values(text)
        return marker.outside(text, lambda part: self._replaced(part, self._hidden(part, 0, [], self._by_value)))

    def redact_separated(self, text: str) -> str:
        """As `redact_learned`, for those values only that a form would take apart."""
        text = self._replaced(text, self._by_separated(text))
        return marker.outside(text, lambda part: self._replaced(part, self._hidden(part, 0, [], self._by_separated)))

    def _urls(self, text: str) -> str:
        def change(found: re.Match[str]) -> str:
            url = found[0].rstrip(_TRIM)
            return self.url(url) + found[0][len(url) :]

        return _URL.sub(change, text)

    def _found(self, text: str, views: list[str]) -> Iterator[_Hit]:
        hits = [*self._open(text), *self._hidden(text, 0, views, self._open)]
        if len(hits) > 1:
            hits.sort(key=lambda hit: (hit.start, -hit.end))
        yield from hits

    def _replaced(self, text: str, hits: Iterator[_Hit]) -> str:
        """``hits`` in order of position. Of those that overlap the first, and so the longer one, says what it is."""
        out: list[str] = []
        last = 0
        for hit in hits:
            if hit.start >= last:
                kind = self._book.kinds[hit.kind]
                mark = self._ledger.marker(kind, hit.value, hit.rule, hint=hit.hint, encoding=hit.encoding)
                out += (text[last : hit.start], mark)
            # What reaches beyond another goes too: it would be a piece of something.
            last = max(last, hit.end)
        return "".join((*out, text[last:])) if out else text

    # -- what is looked for, each in order of position ------------------------------------------------------------

    def _open(self, text: str) -> Iterator[_Hit]:
        """By name, shape and value at once, in a reading of a text."""
        hits = [*self._by_literal(text), *self._by_name(text), *self._by_shape(text), *self._by_value(text)]
        if len(hits) > 1:
            hits.sort(key=lambda hit: (hit.start, -hit.end))
        yield from hits

    def _by_name(self, text: str) -> Iterator[_Hit]:
        for name, start, end in self._names.search(text):
            value = text[start:end]
            rule = next((rule for rule in self._book.field_rules(name) if rule.in_text), None)
            if rule is not None and _like_a_token(value) and value not in self._book.published:
                yield _Hit(start, end, value, rule.kind, rule.id)
        for name, start, end in self._names.in_markup(text):
            value = text[start:end]
            rules = [rule for rule in self._book.field_rules(name) if counts_in_markup(rule)]
            rule = next((one for one in rules if not one.like or re.fullmatch(one.like, value)), None)
            if rule is not None and _like_a_token(value) and value not in self._book.published:
                yield _Hit(start, end, value, rule.kind, rule.id)

    def _by_shape(self, text: str) -> Iterator[_Hit]:
        for start, end, rule in self._shapes.search(text):
            value = text[start:end]
            if value not in self._book.published:
                yield _Hit(start, end, value, rule.kind, rule.id)

    def _by_literal(self, text: str) -> Iterator[_Hit]:
        literals = self._literals
        if literals is None:
            return
        pattern = literals.wanted(text)
        if pattern is None:
            return
        for found in pattern.finditer(text):
            kind = literals.kinds[int((found.lastgroup or "k0")[1:])]
            yield _Hit(found.start(), found.end(), found[0], kind, "literal")

    def _by_value(self, text: str) -> Iterator[_Hit]:
        learned = self._ledger.learned
        for start, end, kind in learned.search(text):
            value = text[start:end]
            yield _Hit(start, end, value, kind, "learned", ENCODED if value in learned.encoded else None)

    def _by_separated(self, text: str) -> Iterator[_Hit]:
        separated = self._ledger.learned.separated
        return (hit for hit in self._by_value(text) if hit.value in separated)

    # -- through encodings ----------------------------------------------------------------------------------------

    def _hidden(
        self, text: str, layers: int, views: list[str], search: Callable[[str], Iterator[_Hit]]
    ) -> Iterator[_Hit]:
        """What ``search`` finds in every other reading of ``text``, by position; the readings go to ``views``."""
        hits = [*self._in_runs(text, layers, views, search)]
        for view in peel.peel(text):
            self._spend(view.text)
            views.append(view.text)
            for one in (*search(view.text), *self._in_runs(view.text, layers, views, search)):
                hit = _over_seams(one, view) if view.seams else one
                if hit is None:
                    continue
                start, end = view.span(hit.start, hit.end)
                if hit.kind == "email" and text[start - 1 : start] == "+":
                    continue  # the plus is part of an address that has been looked at as a whole
                hits.append(_Hit(start, end, hit.value, hit.kind, hit.rule, hit.hint, str(view.percent)))
        yield from sorted(hits, key=lambda hit: (hit.start, -hit.end))

    def _in_runs(
        self, text: str, layers: int, views: list[str], search: Callable[[str], Iterator[_Hit]]
    ) -> Iterator[_Hit]:
        if layers >= _MAX_DECODED:
            return
        done: list[tuple[int, int]] = []
        for run in encodings.runs(text):
            self._spend(run.decoded)
            views.append(run.decoded)
            if any(run.start < start and end == run.end for start, end in done):
                continue  # what stands before the slash does not belong to it
            if self._holds(run, layers, views, search):
                done.append((run.start, run.end))
                encoding = "o" if run.octets else "0"
                yield _Hit(run.start, run.end, text[run.start : run.end], "secret", "encoded", ENCODED, encoding)

    def limit(self, size: float) -> None:
        """From now on what a body of ``size`` octets hides is searched up to a limit, then Unopenable (`search`) is
        raised; for infinite size there is none.

        Text made for it holds something like an encoding at every letter: half a minute of work for a MiB. What is
        searched is counted in characters of all readings, and not in seconds: the same body is always stored, or never.
        """
        self._left = SEARCHED + SEARCHED_PER_OCTET * size

    def _spend(self, text: str) -> None:
        self._left -= len(text)
        if self._left < 0:
            raise Unopenable("search")

    def hides(self, run: encodings.Run) -> bool:
        """Whether what has been decoded holds a secret."""
        views = [run.decoded]
        found = self._holds(run, 0, views, self._open)
        for view in views:
            self._ledger.kept.add(view)
        return found

    def _holds(
        self, run: encodings.Run, layers: int, views: list[str], search: Callable[[str], Iterator[_Hit]]
    ) -> bool:
        if run.decoded in self._book.published:
            return False
        if not run.readable and search == self._open:
            search = self._surely
        if next(search(run.decoded), None) is not None:
            return True
        return next(self._hidden(run.decoded, layers + 1, views, search), None) is not None

    def _surely(self, text: str) -> Iterator[_Hit]:
        """What cannot be chance in decoded bytes that are no text as a whole."""
        for start, end, rule in self._strong.search(text):
            yield _Hit(start, end, text[start:end], rule.kind, rule.id)
        yield from self._by_value(text)


def _over_seams(hit: _Hit, view: peel.Peeled) -> _Hit | None:
    """``hit`` as far as it goes over the ends of lines; by its shape alone only where it goes on as a key does."""
    seams = view.seams[bisect_right(view.seams, hit.start) : bisect_left(view.seams, hit.end)]
    if not seams or hit.rule in ("learned", "encoded"):
        return hit if seams else None
    if hit.kind != "secret":
        return None
    end = seams[0]
    for start, stop in pairwise((*seams, hit.end)):
        if _GOES_ON.fullmatch(view.text, start, stop) is None:
            break
        end = stop
    return hit._replace(end=end, value=view.text[hit.start : end]) if end > seams[0] else None


_GOES_ON = expression(r"(?=.*[0-9].*[A-Za-z]|.*[A-Za-z].*[0-9]|.*[a-z][A-Z])[^_]{4,}")


def _like_a_token(value: str) -> bool:
    """Free text may say `secret: see below`; what a program put there has eight letters or more and a digit."""
    return len(value) >= 8 and any(char.isdigit() for char in value)
