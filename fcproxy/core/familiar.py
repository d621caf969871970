"""Bodies of a familiar outline: which rules ask for which of their values is known, so that only new values cost time.

An API's messages have few outlines - names, nesting, types of objects - and many values. An outline is learned from a
body that was taken apart (`json_text`, `redact_structure`); the next one like it needs no parser. What is not surely
like it gets none of this: escapes, markers, other white space make another outline, or none.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fcproxy.core import marker
from fcproxy.core.expression import expression
from fcproxy.core.json_text import Document
from fcproxy.core.pick import pick
from fcproxy.core.rules import FieldRule
from fcproxy.core.scope import EVENT, Base, Scope, event_words, route_words, walk

__all__ = ["Applicable", "FormOutlines", "FormPlan", "JsonOutlines", "JsonPlan", "JsonText"]

Applicable = Callable[[str, Scope], tuple[FieldRule, ...] | None]
"""(name, scope) -> the rules that a value there is asked by; None where that depends on the values beside it."""

_MOST = 512
"""How many outlines are remembered."""

_FEW = 16
_SHORT = 1024
"""How many plans of one outline are remembered by what tells them apart, and how long that may be, in characters."""

_SKELETONS = 256
_SHORT_REST = 4 * 1024
"""How many texts without their strings are remembered, and how long the longest of them is, in characters."""

_LARGEST = 64 * 1024
"""Characters of the largest body that is looked at this way: with `_MOST`, it bounds the memory."""

_MAYBE_NUMBER = expression(r"([-0-9][-+.0-9eE]*)")
"""Found twice as quickly as a number, and checked."""

_NUMBER = expression(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class JsonPlan(NamedTuple):
    """Of an outline: which strings are free text, and which strings and numbers are asked by which rules.

    Each is an index among the strings (keys included) or the numbers of the text, in order.
    """

    free: tuple[int, ...]
    gathered: Callable[[Sequence[str]], tuple[str, ...]]
    """The free ones of all strings: those at ``free``."""
    ruled: tuple[tuple[int, str, tuple[FieldRule, ...]], ...]
    asked: Callable[[Sequence[str]], tuple[str, ...]]
    """Those at ``ruled``, of all strings."""
    numbers: tuple[tuple[int, str, tuple[FieldRule, ...]], ...]
    listed: tuple[int, ...]
    """Strings in arrays that another one follows: it may be called so, which is no matter of the outline."""


class FormPlan(NamedTuple):
    """Of a form's outline: which pieces have a value, and the rules that each is asked by."""

    equals: list[bool]
    rules: tuple[tuple[FieldRule, ...], ...]


class _Skeleton(NamedTuple):
    """A JSON text without its strings, cut at its numbers.

    ``frame``: all that is neither string nor number. One frame, one grammar: where one such text is JSON, all are.
    """

    between: list[str]
    numbers: list[str]
    frame: str


def _skeleton(text: str) -> _Skeleton:
    pieces = _MAYBE_NUMBER.split(text)
    between, numbers = pieces[0::2], pieces[1::2]
    good = all(map(_NUMBER.fullmatch, numbers))
    return _Skeleton(between, numbers, ("0" if good else "?").join(between))


class JsonText:
    """A JSON text without escapes, cut at its quotes. ``strings`` and ``numbers`` may be changed, then `joined`."""

    __slots__ = ("_between", "_parts", "frame", "numbers", "recounted", "strings")

    def __init__(self, text: str, skeletons: dict[str, _Skeleton]) -> None:
        """``skeletons`` are remembered there: what differs between texts of one outline is in their strings, often."""
        parts = self._parts = text.split('"')
        self.strings = parts[1::2]
        rest = '"'.join(parts[0::2])
        skeleton = skeletons.get(rest)
        if skeleton is None:
            skeleton = _skeleton(rest)
            if len(rest) <= _SHORT_REST:
                if len(skeletons) >= _SKELETONS:
                    skeletons.clear()
                skeletons[rest] = skeleton
        self._between, numbers, self.frame = skeleton
        self.numbers = numbers.copy()
        self.recounted = False
        """To be set by who changes one of ``numbers``."""

    def joined(self) -> str:
        """The text."""
        parts = self._parts
        parts[1::2] = self.strings
        if self.recounted:
            pieces = [""] * (len(self._between) + len(self.numbers))
            pieces[0::2], pieces[1::2] = self._between, self.numbers
            parts[0::2] = "".join(pieces).split('"')
        return '"'.join(parts)


class _Frame:
    """What a frame tells: which strings are keys. By those, what is an object's type; by these, the plan."""

    __slots__ = ("before_strings", "by_names", "keys", "names")

    def __init__(self, frame: str) -> None:
        behind = [piece.strip(" \t\r\n") for piece in frame.split('"')[1:]]
        self.keys = [at for at, piece in enumerate(behind) if piece.startswith(":")]
        self.names = pick(self.keys)
        """The names among all strings: those at ``keys``."""
        self.before_strings = frozenset(at for at in self.keys if behind[at] == ":")
        self.by_names: dict[tuple[Base, tuple[str, ...]], _Outlines] = {}

    def valued(self, names: tuple[str, ...], wanted: str) -> list[int]:
        """Where the strings stand whose key is ``wanted``; ``names`` are the keys."""
        return [
            at + 1
            for at, name in zip(self.keys, names, strict=True)
            if at in self.before_strings and name.lower() == wanted
        ]


Kinds = tuple[str | frozenset[str], ...]
"""What the values of an outline say of the places in it: the types of objects, the words of lists and of events."""


class _Outlines:
    """Those of one frame and one sequence of names: ``plans`` by what their values say of the places in them."""

    __slots__ = ("_events", "_lists", "_telling", "_types", "_usual", "plans")

    def __init__(self, frame: _Frame, names: tuple[str, ...]) -> None:
        self._types = frame.valued(names, "object")
        self._lists = frame.valued(names, "url")
        self._events = frame.valued(names, "type")
        self._telling = pick((*self._types, *self._lists, *self._events))
        self._usual: dict[tuple[str, ...], JsonPlan | None] = {}
        """Plans by what the strings say themselves, as long as there are few: made of words, kinds take longer."""
        self.plans: dict[Kinds, JsonPlan | None] = {}

    def plan(self, strings: Sequence[str]) -> JsonPlan | None:
        """That of a text with these ``strings``; None where there is none."""
        telling = self._telling(strings)
        plan = self._usual.get(telling)
        if plan is None:
            plan = self.plans.get(self.kinds(strings))
            if plan is not None and len(self._usual) < _FEW and sum(map(len, telling)) < _SHORT:
                self._usual[telling] = plan
        return plan

    def kinds(self, strings: Sequence[str]) -> Kinds:
        """Of one text with these ``strings``."""
        types = tuple([strings[at] for at in self._types])
        lists = tuple([route_words(strings[at]) for at in self._lists])
        if not any(kind.endswith(EVENT) for kind in types):
            return types + lists
        return types + lists + tuple([event_words(strings[at]) for at in self._events])


class JsonOutlines:
    """The outlines of JSON texts. ``applicable`` and ``clean`` say what a plan is made of: see `learn`."""

    def __init__(self, applicable: Applicable, clean: Callable[[str, Scope], bool]) -> None:
        """``clean``: whether a key needs no redaction there."""
        self._applicable = applicable
        self._clean = clean
        self._frames: dict[str, _Frame] = {}
        self._skeletons: dict[str, _Skeleton] = {}
        self._count = 0

    def forget(self) -> None:
        """What was clean may be so no more."""
        self._frames.clear()
        self._count = 0

    def find(self, text: str, base: Base) -> tuple[JsonText, JsonPlan] | None:
        """``text`` cut up, and its plan; None where its outline is not known."""
        cut = self._cut(text)
        frame = self._frames.get(cut.frame) if cut is not None else None
        if cut is None or frame is None:
            return None
        strings = cut.strings
        outlines = frame.by_names.get((base, frame.names(strings)))
        plan = outlines.plan(strings) if outlines is not None else None
        return (cut, plan) if plan is not None else None

    def _cut(self, text: str) -> JsonText | None:
        if len(text) > _LARGEST or "\\" in text or marker.OPEN in text:
            return None
        return JsonText(text, self._skeletons)

    def learn(self, document: Document, base: Base) -> None:
        """Remembers the outline of a text that was read."""
        cut = self._cut(document.text)
        if cut is None:
            return
        if self._count >= _MOST:
            self.forget()
        frame = self._frames.get(cut.frame)
        if frame is None:
            frame = self._frames[cut.frame] = _Frame(cut.frame)
        names = frame.names(cut.strings)
        outlines = frame.by_names.setdefault((base, names), _Outlines(frame, names))
        kinds = outlines.kinds(cut.strings)
        if kinds not in outlines.plans:
            self._count += 1
            outlines.plans[kinds] = self._plan(document, base)

    def _plan(self, document: Document, base: Base) -> JsonPlan | None:
        free: list[int] = []
        ruled: list[tuple[int, str, tuple[FieldRule, ...]]] = []
        numbers: list[tuple[int, str, tuple[FieldRule, ...]]] = []
        listed: list[int] = []
        array: Scope | None = None
        string = number = -1
        for (start, _), (value, name, scope, is_key) in zip(
            document.spans, walk(document.root, Scope.base(base)), strict=True
        ):
            quoted = document.text[start] == '"'
            string += quoted
            if is_key:
                if not self._clean(name, scope):
                    return None
                continue
            if quoted and array is scope:
                listed.append(string - 1)
            array = scope if quoted and scope.is_array else None
            number += not quoted and isinstance(value, str)
            if not isinstance(value, str):
                continue  # null, true, false
            rules = self._applicable(name, scope)
            if rules is None or (name.lower() == "object" and not quoted):
                return None  # it hangs on more than the outline
            if not quoted:
                numbers.append((number, name, rules))
            elif rules:
                ruled.append((string, name, rules))
            else:
                free.append(string)
        asked = pick([at for at, _, _ in ruled])
        return JsonPlan(tuple(free), pick(free), tuple(ruled), asked, tuple(numbers), tuple(listed))


class FormOutlines:
    """The outlines of forms: their keys, as they are written, in order."""

    def __init__(self) -> None:
        self._plans: dict[tuple[Base, tuple[str, ...]], FormPlan] = {}

    def forget(self) -> None:
        """See JsonOutlines."""
        self._plans.clear()

    def find(self, text: str, base: Base) -> tuple[list[str], list[str], FormPlan] | None:
        """Keys and values as they are written, and the rules for each value; None where the outline is not known."""
        pieces = [piece.partition("=") for piece in text.split("&")]
        keys = [piece[0] for piece in pieces]
        plan = self._plans.get((base, tuple(keys)))
        # Without `=` a key is a piece of its own.
        if plan is None or [bool(piece[1]) for piece in pieces] != plan.equals:
            return None
        return keys, [piece[2] for piece in pieces], plan

    def learn(self, text: str, base: Base, rules: Sequence[tuple[FieldRule, ...]]) -> None:
        """Remembers the outline of a form whose keys are clean; ``rules`` are those of its values, in order."""
        if len(text) > _LARGEST:
            return
        if len(self._plans) >= _MOST:
            self.forget()
        pieces = [piece.partition("=") for piece in text.split("&")]
        plan = FormPlan([bool(piece[1]) for piece in pieces], tuple(rules))
        self._plans[base, tuple([piece[0] for piece in pieces])] = plan
