"""Expressions that are compiled when they are first used."""

import pickle
import re
from typing import Any

import pytest

from fcproxy.core.expression import expression


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is compiled from now on."""
    calls: list[tuple[Any, ...]] = []
    real = re.compile

    def compile_(*arguments: Any) -> Any:
        calls.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(re, "compile", compile_)
    return calls


def test_nothing_is_compiled_before_the_first_use_and_once_at_it(compiled: list[tuple[Any, ...]]) -> None:
    one = expression("[a-z]+", re.IGNORECASE)
    assert (one.pattern, compiled) == ("[a-z]+", [])
    for _ in range(3):
        assert one.search("1Ab2")
        assert one.sub("x", "1Ab2") == "1x2"
    assert compiled == [("[a-z]+", re.IGNORECASE)]


def test_it_answers_as_the_compiled_expression_does() -> None:
    for one, text in ((expression(r"(?P<first>a)b*"), "abbab"), (expression(rb"(?P<first>a)b*"), b"abbab")):
        real: Any = re.compile(one.pattern)
        lazy: Any = one
        for method in ("match", "search", "fullmatch"):
            mine, theirs = getattr(lazy, method)(text), getattr(real, method)(text)
            assert (mine and mine.span()) == (theirs and theirs.span())
        assert lazy.findall(text) == real.findall(text)
        assert [found.span() for found in lazy.finditer(text)] == [found.span() for found in real.finditer(text)]
        assert lazy.split(text) == real.split(text)
        assert lazy.subn(text[:1], text) == real.subn(text[:1], text)
        assert (lazy.groups, lazy.groupindex, lazy.flags) == (real.groups, real.groupindex, real.flags)


def test_what_a_pattern_lacks_it_lacks_too() -> None:
    with pytest.raises(AttributeError, match="serach"):
        _ = expression("a").serach  # type: ignore[attr-defined]


def test_equal_ones_are_equal_and_can_be_sent_to_another_process() -> None:
    one = expression("a", re.DOTALL)
    assert one == expression("a", re.DOTALL)
    assert hash(one) == hash(expression("a", re.DOTALL))
    assert one not in {expression("a"), expression("b", re.DOTALL), "a"}
    assert one.search("a")
    assert pickle.loads(pickle.dumps(one)) == one
    assert repr(one) == "expression('a')"
