"""Readings of escaped text, and the way back to where each piece stood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.core.peel import MAX_VIEWS, peel

CASES = {
    "%73ecret": "secret",
    "%2573ecret": "secret",
    "%u0073ecret": "secret",
    "caf%C3%A9": "café",
    "\\u0073ecret": "secret",
    "\\\\u0073ecret": "secret",
    "\\u{73}ecret": "secret",
    "\\x73ecret": "secret",
    "\\163ecret": "secret",
    "sec\\/ret": "sec/ret",
    "&#115;ecret": "secret",
    "&#x73;ecret": "secret",
    "&#0000115;ecret": "secret",
    "&amp;#115;ecret": "secret",
    "=73ecret": "secret",
    "sec=\r\nret": "secret",
    "Jenny+Rosen": "Jenny Rosen",
    "sec\u200bret": "secret",
    "sec\n  ret": "secret",
    "sec\r\r\nret": "secret",
    "sec+AHI-et": "secret",
    "sec+AHIAZQB0": "secret",
    '\\\\n\\"': '\\n"',
    "\\u0026#115;ecret": "secret",
}


@pytest.mark.parametrize("text", CASES)
def test_what_it_reads(text: str) -> None:
    assert CASES[text] in [view.text for view in peel(text)]


@pytest.mark.parametrize("text", CASES)
def test_the_way_back_covers_exactly_what_was_read(text: str) -> None:
    framed = f"<<{text}>>"
    view = next(view for view in peel(framed) if view.text == f"<<{CASES[text]}>>")
    start = view.text.index(CASES[text])
    assert view.span(start, start + len(CASES[text])) == (2, 2 + len(text))


def test_percent_layers_are_counted() -> None:
    assert {view.text: view.percent for view in peel("%2573")} == {"%73": 1, "s": 2}


def test_plain_text_has_no_other_reading() -> None:
    assert list(peel("fcsess_1AbCdEfGhIjKlMnOpQrStUvW")) == []


@given(st.text(st.sampled_from('\\\\\\%&#=+-_uUxX{}0147abfnr"/;\n\r \u00e9\u200b'), max_size=40))
def test_any_text_is_taken_and_each_reading_leads_back(text: str) -> None:
    for view in peel(text):
        for at in range(len(view.text)):
            start, end = view.span(at, at + 1)
            assert 0 <= start < end <= len(text)


def test_a_hostile_text_has_a_bounded_number_of_readings() -> None:
    assert len(list(peel("%25&amp;\\u0025=3D+" * 50))) < MAX_VIEWS
