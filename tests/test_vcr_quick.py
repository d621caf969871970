"""The straight road through a cassette file reads exactly what the YAML reader reads, in spoilt files too."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from vcr.serializers import yamlserializer

from fcproxy.codings import DECODERS
from fcproxy.core.errors import CassetteUnreadable
from fcproxy.core.message import Interaction
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.vcr_format import STYLES, Provenance, parse, render
from fcproxy.vcr_format.document import read_document
from fcproxy.vcr_format.native import interactions_of
from fcproxy.vcr_format.quick import quick_items
from tests.test_vcr_format import PRETTY, interaction, interactions


def outcome(read: Callable[[], list[Interaction]]) -> list[Interaction] | None:
    try:
        return read()
    except CassetteUnreadable:
        return None


@st.composite
def spoilt_files(draw: st.DrawFn) -> bytes:
    """Cassettes with a piece taken out, put in or repeated."""
    shown = draw(st.lists(st.one_of(interactions, st.just(interaction(PRETTY, headers=[("A", "b")]))), max_size=3))
    style = draw(st.sampled_from(["readable", "compact", "vcrpy"]))
    redacted = [RedactedInteraction(each) for each in shown]
    text = render(redacted, style="compact" if style == "compact" else "readable").decode()
    if style == "vcrpy":
        text = yamlserializer.serialize(yamlserializer.deserialize(text))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 12))
        piece = draw(
            st.one_of(
                st.text(alphabet="'\"\n :-#|>&*!{}[],?~%@`\\+2axnul\t", max_size=6),
                st.sampled_from(["\n", "    ", "\n- request:\n", "      - x\n", "null", ": ", " #", "true", "1e5"]),
                st.just(text[start : end + 30] * 2),
            )
        )
        text = text[:start] + piece + text[end:]
    return text.encode("utf-8")


@given(spoilt_files())
@settings(deadline=None)
def test_the_straight_road_reads_what_the_yaml_reader_reads(data: bytes) -> None:
    slow = outcome(lambda: interactions_of(read_document(data, "c"), "c", DECODERS))
    assert outcome(lambda: parse(data, "c", DECODERS).interactions) == slow


def test_the_straight_road_is_taken() -> None:
    for style in STYLES:
        shown = [interaction(PRETTY, sent=b"a=b", method="POST", headers=[("A", "b c")]), interaction(b'{"a":[1]}')]
        data = render(shown, Provenance(rules="1"), style=style)
        begins = [number for number, line in enumerate(data.splitlines(), 1) if line.startswith(b"- ")]
        items = list(quick_items(data.decode()))
        assert [line for line, _ in items] == begins
        assert all(isinstance(item, Interaction) for _, item in items)
