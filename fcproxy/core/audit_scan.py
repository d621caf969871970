"""One text against all shapes: first a cheap test for the literals that each needs, then expressions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fcproxy.core.audit_codings import Decoder
from fcproxy.core.audit_marks import MARK, mark
from fcproxy.core.audit_rules import Detectors, Shape, entropy, normalised
from fcproxy.core.audit_tree import NameIndex

__all__ = ["Found", "Scanner"]

_MASK = bytes.maketrans(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0" * 10 + b"A" * 26)
_MARKED = re.compile(rf"[A-Za-z0-9_+-]*{MARK}[A-Za-z0-9_+-]*")
_ASSIGNED = re.compile(
    r"(?<![A-Za-z])((?:[A-Za-z0-9]{1,20}[_-]){0,3}"
    r"(?:client[_-]?secret|api[_-]?key|secret[_-]?key|signing[_-]?secret|access[_-]?token|refresh[_-]?token|auth[_-]?token"
    r"|private[_-]?key|password|passwd|authorization|set-cookie|cookie|webhook[_-]?secret|device[_-]?token))"
    r"[\"'\]]{0,3}\s{0,8}(?:[:=]>?|>)\s{0,8}[\"']?((?:bearer |basic )?[^\s\"'<>&,;{}\\()\[\]]{6,512})",
    re.IGNORECASE,
)
_ASSIGNED_LITERALS = ("secret", "key", "token", "password", "passwd", "authorization", "cookie")
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.-]{20,512}")
_DATE_LIKE = re.compile(r"[0-9T:.+Z -]+")
MIN_ENTROPY = 3.5
"""Bits per character above which a token is no word; a random base62 string of 24 has about 4.2."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a text and the rule that knew it."""

    rule: str
    value: str
    credential: bool = False


class Scanner:
    """The rows, compiled, with a memo of short texts: header values and URLs repeat endlessly."""

    def __init__(self, detectors: Detectors, decoders: Mapping[str, Decoder]) -> None:
        self.detectors = detectors
        self.decoders = decoders
        self.index = NameIndex(detectors)
        self._rows = [(shape, re.compile(shape.pattern)) for shape in detectors.shapes]
        self._by_literal: dict[str, list[int]] = {}
        self._by_mask: list[tuple[bytes, int]] = []
        for number, (shape, _) in enumerate(self._rows):
            for literal in shape.literals:
                self._by_literal.setdefault(literal, []).append(number)
            if shape.mask:
                self._by_mask.append((shape.mask, number))
        self._memo: dict[str, tuple[Found, ...]] = {}

    def shapes(self, text: str) -> tuple[Found, ...]:
        """Every value in ``text`` that a shape knows, false marks and named credentials among them."""
        if len(text) > 256:
            return tuple(self._shapes(text))
        known = self._memo.get(text)
        if known is None:
            known = tuple(self._shapes(text))
            if len(self._memo) < 50_000:
                self._memo[text] = known
        return known

    def _shapes(self, text: str) -> Iterator[Found]:
        wanted = {number for literal, numbers in self._by_literal.items() if literal in text for number in numbers}
        masked = text.encode("utf-8", "replace").translate(_MASK, b" ") if len(text) >= 11 else b""
        for mask, number in self._by_mask:
            if mask in masked or (b"-" in masked and mask in masked.replace(b"-", b"")):
                wanted.add(number)
        for number in sorted(wanted):
            shape, pattern = self._rows[number]
            yield from _matches(shape, pattern, text)
        if MARK in text:
            for token in set(_MARKED.findall(text)):
                if not mark(token.strip("-+")):
                    yield Found("false-mark", token)
        yield from self._assigned(text)

    def _assigned(self, text: str) -> Iterator[Found]:
        lower = text.lower()
        if not any(literal in lower for literal in _ASSIGNED_LITERALS):
            return
        for name, value in _ASSIGNED.findall(text):
            if not self._cleared(name, value):
                yield Found("named-credential", value, credential=True)

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


def _matches(shape: Shape, pattern: re.Pattern[str], text: str) -> Iterator[Found]:
    group: str | int = "v" if "v" in pattern.groupindex else 0
    for value in {match[group] for match in pattern.finditer(text)}:
        if shape.accept is None or not shape.accept(value):
            yield Found(shape.rule, value, shape.credential)
