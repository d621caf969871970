"""JSON as text: what is read, where each scalar stands, and what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.core.json_text import MAX_DEPTH, decode_string, empty_containers, leaves, looks_like_json, read, relayout

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 0, 3]), st.booleans())
def test_each_scalar_and_key_stands_where_it_is_said_to(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document = read(text)
    for start, end in document.spans:
        json.loads(text[start:end])
    assert text == relayout(relayout(text, indent=2, colon=": ", comma=", "), indent=None, colon=":", comma=",") or (
        json.loads(relayout(text, indent=2, colon=": ", comma=", ")) == value
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1, "a": 2}', [(("a",), "1"), (("a",), "2")]),
        ('{"a": 1.0, "b": 1e5, "c": -0}', [(("a",), "1.0"), (("b",), "1e5"), (("c",), "-0")]),
        ('[null, [true, {"": "x"}]]', [((0,), "null"), ((1, 0), "true"), ((1, 1, ""), '"x"')]),
        ('\ufeff {"a": "b"} ', [(("a",), '"b"')]),
        ('"lone"', [((), '"lone"')]),
        ("12345678901234567890", [((), "12345678901234567890")]),
        ('{"a": "tab\tin"}', [(("a",), '"tab\tin"')]),
        ('{"\\u0061": "\\ud83d\\ude00"}', [(("a",), '"\\ud83d\\ude00"')]),
        ('{"a": "\\ud83d"}', [(("a",), '"\\ud83d"')]),
        ('{"a": \ue000secret\ue0011\ue001\ue0010\ue002}', [(("a",), "\ue000secret\ue0011\ue001\ue0010\ue002")]),
    ],
)
def test_leaves(text: str, found: list[tuple[tuple[str | int, ...], str]]) -> None:
    assert [(leaf.path, text[leaf.start : leaf.end]) for leaf in leaves(text) if not leaf.is_key] == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        '{"a": 1,}',
        "{'a': 1}",
        '{"a": 1} x',
        '{"a": 1}{"b": 2}',
        "[1 2]",
        "[01]",
        "[1.]",
        "[NaN]",
        "[Infinity]",
        '["\\x41"]',
        '{"a" 1}',
        "\ufeff\ufeff1",
        "// 1",
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "[" * 100_000,
    ],
)
def test_what_is_refused_and_quotes_nothing(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(?:not JSON|too deep)$"):
        read(text)


def test_the_deepest_that_is_read() -> None:
    assert len(leaves("[" * MAX_DEPTH + "7" + "]" * MAX_DEPTH)[0].path) == MAX_DEPTH


def test_empty_containers() -> None:
    assert empty_containers('{"a": {}, "b": [[], {"c": [ ]}]}') == [
        (("a",), "{}"),
        (("b", 0), "[]"),
        (("b", 1, "c"), "[]"),
    ]


@pytest.mark.parametrize(
    ("text", "does"),
    [("{", True), ("\r\n\t [", True), ("\ufeff{", True), ("", False), ('"a"', False), ("1", False), ("<{", False)],
)
def test_what_looks_like_json(text: str, does: bool) -> None:
    assert looks_like_json(text) is does


@pytest.mark.parametrize(
    ("token", "value"), [('"a"', "a"), ('"\\u0041\\n"', "A\n"), ('"\\/"', "/"), ('"a\tb"', "a\tb")]
)
def test_strings(token: str, value: str) -> None:
    assert decode_string(token) == value


@pytest.mark.parametrize(
    ("text", "indented", "line"),
    [
        ('{"a":[1,{}],"b":""}', '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": ""\n}', '{"a": [1, {}], "b": ""}'),
        ("[ ]", "[]", "[]"),
        ('{"a" : 1e5 , "a":":,"}', '{\n  "a": 1e5,\n  "a": ":,"\n}', '{"a": 1e5, "a": ":,"}'),
    ],
)
def test_white_space_is_laid_out_and_nothing_else(text: str, indented: str, line: str) -> None:
    assert relayout(text, indent=2, colon=": ", comma=", ") == indented
    assert relayout(text, indent=None, colon=": ", comma=", ") == line
