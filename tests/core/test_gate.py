"""A gate says what its expressions say."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.core.gate import Gate
from fcproxy.core.placeholders import Kind
from fcproxy.stripe.secrets import default_redactor
from fcproxy.stripe.shapes import SHAPES

EXPRESSIONS = [
    "a_b|c[de]_f|_g_|h_?i",
    "(?:tok|pii)_[0-9]{2}|x",
    r"\+1|a\|b|(?:\)|c)d",
    "[|]a|b",
    "k_[a-z]*_?[*.]{3}",
    "ab_+c|d_*e",
]
PIECES = st.sampled_from(
    ["a", "b", "c", "d", "e", "f", "g", "h", "i", "k", "x", "_", "tok_", "12", "+1", "|", ")", "***", "_z_", " "]
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=8).map("".join))
def test_it_opens_where_the_expression_matches(expression: str, text: str) -> None:
    assert Gate([expression]).open(text) == (re.search(expression, text) is not None)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_opens_for_whatever_a_shape_rule_needs(data: st.DataObject) -> None:
    needs = [rule.needs or rule.pattern for rule in SHAPES]
    wanted = data.draw(st.from_regex(data.draw(st.sampled_from([rule.needs for rule in SHAPES if rule.needs]))))
    assert _ALL.open(wanted)
    part = wanted[data.draw(st.integers(0, len(wanted))) :]
    assert _ALL.open(part) == (re.search("|".join(needs), part) is not None)


KINDS = [kind for kind in default_redactor().book.kinds.values() if kind.literal is not None]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_every_placeholder_that_can_be_told_in_text_is(kind: Kind, data: st.DataObject) -> None:
    placeholder = data.draw(st.from_regex(re.compile(kind.literal or "", re.ASCII), fullmatch=True))
    form = COMPARING.marked(f"see {placeholder}")
    assert placeholder not in form
    assert form.startswith("see ")


COMPARING = default_redactor(comparing=True)
_ALL = Gate(rule.needs or rule.pattern for rule in SHAPES)
