"""One text against all shapes: first a cheap test for the literals that each needs, then expressions."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fcproxy.core.audit_codings import Decoder
from fcproxy.core.audit_marks import MARK, mark
from fcproxy.core.audit_rules import Detectors, Shape, normalised
from fcproxy.core.audit_tree import NameIndex
from fcproxy.core.entropy import entropy

__all__ = ["Found", "Scanner", "words_of"]

_WORD = re.compile(r"[A-Za-z0-9_+/=~-]{10,}")


def _masked(byte: int) -> int:
    char = chr(byte)
    kinds = (("0", char.isdigit()), ("A", "A" <= char <= "Z"), ("a", "a" <= char <= "z"), (char, char in " -_"))
    return ord(next((mask for mask, applies in kinds if applies), ","))


_TABLE = bytes(_masked(byte) if byte < 128 else ord(",") for byte in range(256))
_ASSIGNMENT = re.compile(
    r"[A-Za-z0-9_-]{0,16}[\"'\]]{0,3}\s{0,8}(?:[:=]>?|>)\s{0,8}\\{0,3}[\"']?"
    r"((?:[Bb]earer |[Bb]asic )?[^\s\"'<>&,;{}\\()\[\]#]{6,512}(?<!\.))"
)
_ASSIGNED = (
    ("secret", ""),
    ("password", ""),
    ("passwd", ""),
    ("token", r"(?:access|refresh|auth|device|session|id|bearer|csrf)[_-]?$"),
    ("authorization", ""),
    ("cookie", ""),
    ("key", r"(?:api|secret|private|signing|access|encryption)[_-]?$"),
)
"""Words that name a credential in free text, and what must stand before them (lower case)."""

_BEFORE = {word: re.compile(before) for word, before in _ASSIGNED if before}
_ESCAPE = re.compile(r"^(?:25)?(?:[0-9A-F]{2}|[nrt])")
"""What `%3A`, `%253A` or `\\n` before a mark leaves in its word."""

_TOKEN = re.compile(r"[A-Za-z0-9+/=_.-]{20,512}")
_DATE_LIKE = re.compile(r"[0-9T:.+Z -]+")
MIN_ENTROPY = 3.5
"""Bits per character above which a token is no word; a random base62 string of 24 has about 4.2."""


def words_of(text: str) -> set[str]:
    """The words of ``text`` that are long enough to be a token or an encoding of something."""
    return set(_WORD.findall(text))


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a text and the rule that knew it."""

    rule: str
    value: str
    credential: bool = False


class Scanner:
    """The rows, compiled."""

    def __init__(self, detectors: Detectors, decoders: Mapping[str, Decoder]) -> None:
        self.detectors = detectors
        self.decoders = decoders
        self.index = NameIndex(detectors)
        self._rows = [(shape, re.compile(shape.pattern)) for shape in detectors.shapes]
        self._in_words = _by_literal(shape if shape.token else None for shape in detectors.shapes)
        self._in_text = _by_literal(None if shape.token else shape for shape in detectors.shapes)
        self._masked = [(mask, shape.joined, n) for n, shape in enumerate(detectors.shapes) for mask in shape.mask]

    def shapes(self, text: str, words: Iterable[str] | None = None) -> list[Found]:
        """Every value in ``text`` that a shape knows, false marks and named credentials among them.

        ``words``: those of `words_of(text)` that are not yet known to hold nothing.
        """
        fresh = "\n".join(sorted(words_of(text) if words is None else words))
        found: list[Found] = []
        for rows, where in ((self._in_words, fresh), (self._in_text, text)):
            wanted = {number for literal, numbers in rows if literal in where for number in numbers}
            if where is text:
                wanted |= self._by_mask(text)
            for number in sorted(wanted):
                found += _matches(*self._rows[number], where)
        if MARK in fresh:
            found += _false_marks(fresh)
        found += self._assigned(text)
        return found

    def words(self, words: str) -> list[Found]:
        """What `shapes` finds in words alone."""
        wanted = {number for literal, numbers in self._in_words if literal in words for number in numbers}
        return [found for number in sorted(wanted) for found in _matches(*self._rows[number], words)]

    def _by_mask(self, text: str) -> set[int]:
        if len(text) < 11:
            return set()
        plain = text.encode("utf-8", "replace").translate(_TABLE)
        joined = plain.translate(None, b" -")
        start = b"," + plain[:5]
        return {
            n for mask, join, n in self._masked if mask in (joined if join else plain) or (not join and mask in start)
        }

    def _assigned(self, text: str) -> Iterator[Found]:
        lower = text.lower()
        if len(lower) != len(text):
            return
        for word, _ in _ASSIGNED:
            at = lower.find(word)
            while at >= 0:
                before = _BEFORE.get(word)
                match = _ASSIGNMENT.match(text, at + len(word))
                if match and (before is None or before.search(lower[max(0, at - 12) : at])):
                    name = text[max(0, at - 24) : at] + text[at : at + len(word)]
                    if not self._cleared(re.split(r"[^A-Za-z0-9_-]", name)[-1], match[1]):
                        yield Found("named-credential", match[1], credential=True)
                at = lower.find(word, at + len(word))

    def _cleared(self, name: str, value: str) -> bool:
        rule = self.index.header(name) or next(iter(self.index.rules(name)), None)
        word = value.rsplit(" ", maxsplit=1)[-1]
        if self.detectors.placeholder(word) or (rule and rule.accept and rule.accept(value)):
            return True
        # In prose and code a word or an expression follows `password:`; a secret has a digit beside letters.
        return not (re.search(r"[0-9]", word) and re.search(r"[A-Za-z]", word)) or self.detectors.random_ok(word)

    def unknown_tokens(self, text: str) -> Iterator[Found]:
        """Random-looking tokens, for places where credentials stand."""
        if len(text) < 20:
            return
        for token in set(_TOKEN.findall(text)):
            if self._random(token):
                yield Found("unknown-token", token, credential=True)

    def _random(self, token: str) -> bool:
        if self.detectors.random_ok(token) or MARK in token or _DATE_LIKE.fullmatch(token):
            return False
        mixed = bool(re.search(r"[0-9]", token)) and bool(re.search(r"[A-Za-z]", token))
        wordy = max(map(len, re.split(r"[^A-Za-z0-9]+", token))) < 16 or normalised(token).isalpha()
        return mixed and not wordy and entropy(token) >= MIN_ENTROPY


def _by_literal(shapes: Iterable[Shape | None]) -> list[tuple[str, list[int]]]:
    rows: dict[str, list[int]] = {}
    for number, shape in enumerate(shapes):
        for literal in shape.literals if shape else ():
            rows.setdefault(literal, []).append(number)
    return list(rows.items())


def _matches(shape: Shape, pattern: re.Pattern[str], text: str) -> Iterator[Found]:
    group: str | int = "v" if "v" in pattern.groupindex else 0
    for value in {match[group] for match in pattern.finditer(text)}:
        if shape.accept is None or not shape.accept(value):
            yield Found(shape.rule, value, shape.credential)


def _false_marks(words: str) -> Iterator[Found]:
    for token in set(re.split(r"[\n/=+]", words)):
        bare = token.strip("-")
        # `%7E1` may follow in place of `~1`: some clients write forms so (WHATWG URL standard).
        if MARK in token and not any(mark(form) for form in (_ESCAPE.sub("", bare), bare, f"{bare}~1")):
            yield Found("false-mark", token)
