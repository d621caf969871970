"""The cassette file: what goes in comes out, what is broken is named, what is hostile is refused."""

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from vcr.serialize import deserialize
from vcr.serializers import yamlserializer

from fcproxy.codings import DECODERS
from fcproxy.core.errors import CassetteUnreadable
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.vcr_format import STYLES, Provenance, parse, render, yaml_events
from fcproxy.vcr_format.document import read_document
from fcproxy.vcr_format.native import interactions_of

URL = "https://api.stripe.com/v1/financial_connections/sessions"
PRETTY = b'{\n  "id": "fcsess_1",\n  "accounts": [\n    1.0,\n    2\n  ],\n  "note": ""\n}\n'


def interaction(
    body: bytes = b"{}",
    *,
    sent: bytes = b"",
    method: str = "GET",
    status: int = 200,
    headers: list[tuple[str, str]] | None = None,
    sent_headers: list[tuple[str, str]] | None = None,
) -> RedactedInteraction:
    return RedactedInteraction(
        Interaction(
            Request(method, URL, Headers(sent_headers or []), sent),
            Response(status, Headers(headers or []), body, "OK"),
        )
    )


def cassette(response: str, request: str = "{body: null, headers: {}, method: GET, uri: 'https://x.test/'}") -> bytes:
    return f"interactions:\n- request: {request}\n  response: {response}\nversion: 1\n".encode()


def one(data: bytes) -> Interaction:
    (only,) = parse(data, "c.yaml", DECODERS).interactions
    return only


def refusal(data: bytes) -> str:
    """What the reader says; its name alone where it reads the file."""
    try:
        parse(data, "c.yaml")
    except CassetteUnreadable as error:
        return str(error)
    return "c.yaml:"


octets = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
    st.text(alphabet="ab \n\t:#'\"\\-|>{}[],&*!%@`\r\x85\u2028\x00\ufeff\xe9\U0001f600", max_size=30).map(str.encode),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
        max_leaves=8,
    ).flatmap(
        lambda value: st.sampled_from(
            [
                json.dumps(value).encode(),
                json.dumps(value, separators=(",", ":")).encode(),
                json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
                json.dumps(value, indent=2).encode() + b"\n",
            ]
        )
    ),
)
words = octets.map(lambda raw: raw.decode("utf-8", "surrogateescape"))
header_lists = st.lists(
    st.tuples(st.one_of(words, st.sampled_from(["Set-Cookie", "set-cookie", "Date", "yes", "1"])), words), max_size=6
).map(Headers)
urls = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=20).map((URL + "/").__add__)
interactions = st.builds(
    Interaction,
    st.builds(Request, words, urls, header_lists, octets),
    st.builds(Response, st.integers(100, 999), header_lists, octets, words),
)


@given(st.lists(interactions, max_size=3), st.sampled_from([*STYLES, "json"]))
@settings(deadline=None)
def test_what_is_rendered_is_parsed_the_same(given_interactions: list[Interaction], style: str) -> None:
    data = render([RedactedInteraction(each) for each in given_interactions], style=style)
    assert data.isascii()
    assert b"\r" not in data
    again = parse(data, "c.yaml").interactions
    assert again == given_interactions
    assert render([RedactedInteraction(each) for each in again], style=style) == data


@given(st.lists(interactions, min_size=1, max_size=2), st.sampled_from(STYLES))
@settings(deadline=None)
def test_vcrpy_reads_the_same_bytes(given_interactions: list[Interaction], style: str) -> None:
    data = render([RedactedInteraction(each) for each in given_interactions], style=style)
    requests, responses, *_ = deserialize(data.decode(), yamlserializer)
    for each, request, response in zip(given_interactions, requests, responses, strict=True):
        assert (request.body or b"") == each.request.body
        laid_out = "fcproxy" in response and "layout" in response["fcproxy"]
        if laid_out:
            assert json.loads(response["body"]["string"]) == json.loads(each.response.body)
        else:
            assert response["body"]["string"] == each.response.body
        assert response["status"]["code"] == each.response.status
        values = [text for _, texts in response["headers"].items() for text in texts]
        assert sorted(text if isinstance(text, bytes) else text.encode() for text in values) == sorted(
            value.encode("utf-8", "surrogateescape") for _, value in each.response.headers
        )


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_name(data: bytes) -> None:
    assert refusal(data).startswith("c.yaml:")


@given(st.text(alphabet="interactions:versio1-?{}[]&*!|>'\"#<\n \t", max_size=80))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    assert refusal(text.encode()).startswith("c.yaml:")


def test_the_file_is_laid_out_as_vcrpy_lays_it_out() -> None:
    sent = b"account_holder[type]=customer&permissions[]=balances"
    data = render([interaction(PRETTY, sent=sent, method="POST", headers=[("Request-Id", "req_1")])])
    assert data.decode() == (
        "interactions:\n"
        "- request:\n"
        "    body: account_holder[type]=customer&permissions[]=balances\n"
        "    headers: {}\n"
        "    method: POST\n"
        f"    uri: {URL}\n"
        "  response:\n"
        "    body:\n"
        "      string: |\n"
        "        {\n"
        '          "id": "fcsess_1",\n'
        '          "accounts": [\n'
        "            1.0,\n"
        "            2\n"
        "          ],\n"
        '          "note": ""\n'
        "        }\n"
        "    headers:\n"
        "      Request-Id:\n"
        "      - req_1\n"
        "    status:\n"
        "      code: 200\n"
        "      message: OK\n"
        "version: 1\n"
    )


def test_the_compact_style_is_one_line_an_interaction() -> None:
    shown = [interaction(PRETTY), interaction(b"\xff\x00"), interaction("\U0001f600 \x7f".encode())]
    data = render(shown, style="compact")
    head, json_line, binary_line, odd_line, end = data.decode().splitlines()
    assert (head, end) == ("interactions:", "version: 1")
    assert json.loads(json_line.removeprefix("- "))["response"]["body"]["string"] == PRETTY.decode()
    assert '!!binary "/wA="' in binary_line
    assert odd_line.startswith("- {")
    assert parse(data, "c.yaml").interactions == shown
    assert parse(data, "c.yaml").style == "compact"
    assert parse(GOOD, "c.yaml").style == "readable"


@pytest.mark.parametrize(
    ("spoil", "line", "words"),
    [
        (lambda text: text.replace('"code": 200', '"code": 200, "code": 201', 1), 3, "same key twice"),
        (lambda text: text.replace('"code": 200', '"code": "x"', 1), 3, "three-digit"),
        (lambda text: text.replace("}\nversion", "\nversion"), 4, "not valid YAML"),
        (lambda text: text.replace("version: 1\n", ""), None, "cut short"),
    ],
)
def test_a_spoilt_compact_file_is_named(spoil: Callable[[str], str], line: int | None, words: str) -> None:
    text = render([interaction(PRETTY)], Provenance(rules="1"), style="compact").decode()
    with pytest.raises(CassetteUnreadable, match=words) as caught:
        parse(spoil(text).encode(), "c.yaml")
    assert caught.value.line == line


def test_an_empty_recording() -> None:
    assert parse(render([]), "c.yaml").interactions == []


class TestLayout:
    @pytest.mark.parametrize(
        "body",
        [
            b'{"id":"x","amount":1.50,"big":1e400,"u":"\\u00e9\\/","dup":1,"dup":2,"empty":{},"none":[]}',
            b'{"id": "x", "list": [1, 2, {"a": "b: , c"}]}\n',
            b"[1,2]",
        ],
    )
    def test_one_line_of_json_is_a_line_a_member_and_comes_back_the_same(self, body: bytes) -> None:
        data = render([interaction(body)])
        assert b"layout: " in data
        assert max(len(line) for line in data.splitlines()) < len(URL) + 12
        assert one(data).response.body == body

    @pytest.mark.parametrize(
        "body", [b'{"a":1, "b":2}', b'{ "a":1}', b"{}", b'{"a":}', b"[" * 200 + b"]" * 200, b'{"a":1', b"a,b"]
    )
    def test_what_would_not_come_back_the_same_stays_as_it_is(self, body: bytes) -> None:
        data = render([interaction(body)])
        assert b"layout" not in data
        assert one(data).response.body == body

    def test_requests_are_never_laid_out(self) -> None:
        # vcrpy compares request bodies as bytes, and crashes on a key it does not know there.
        data = render([interaction(sent=b'{"a":1,"b":2}', method="POST")])
        assert b'\'{"a":1,"b":2}\'' in data

    def test_a_body_edited_by_hand_is_taken_as_edited(self) -> None:
        data = render([interaction(b'{"a":1,"b":2}')])
        assert one(data.replace(b'"b": 2', b'"b": 3, "c": 4')).response.body == b'{"a":1,"b":3,"c":4}'
        assert one(data.replace(b'"b": 2', b'"b": "oops')).response.body.endswith(b'"oops\n}')

    def test_lengths_fit_the_body_in_the_file_for_others_and_ours_for_us(self) -> None:
        body = b'{"a":1,"b":2}'
        data = render([interaction(body, headers=[("Content-Length", str(len(body)))])])
        _, (stored,), *_ = deserialize(data.decode(), yamlserializer)
        assert stored["headers"]["Content-Length"] == [str(len(stored["body"]["string"]))]
        assert one(data).response.headers.get("Content-Length") == str(len(body))

    @pytest.mark.parametrize(
        "hint", ["layout: nonsense", "layout: [compact]", "order: [a, b]", "order: compact", "x: 1"]
    )
    def test_odd_hints_are_passed_over(self, hint: str) -> None:
        found = one(cassette(f"{{body: {{string: '[1, 2]'}}, fcproxy: {{{hint}}}, headers: {{A: [b]}}, status: 200}}"))
        assert found.response.body == b"[1, 2]"
        assert list(found.response.headers) == [("A", "b")]


class TestHeaders:
    def test_repeats_between_others_keep_their_place(self) -> None:
        items = [("Set-Cookie", "a"), ("Date", "b"), ("Set-Cookie", "c"), ("set-cookie", "d")]
        found = one(render([interaction(headers=items, sent_headers=items)]))
        assert list(found.response.headers) == items
        assert list(found.request.headers) == items

    def test_values_that_are_no_lists_or_no_text(self) -> None:
        found = one(
            cassette("{body: {string: ''}, headers: {A: b, N: [1], T: [2020-01-01], E: [], Z: null}, status: 200}")
        )
        assert list(found.response.headers) == [("A", "b"), ("N", "1"), ("T", "2020-01-01")]


def test_urls_are_ascii_in_the_file() -> None:
    asked = Request("GET", URL + "/caf\xe9\udcff", Headers())
    data = render([RedactedInteraction(Interaction(asked, Response(200, Headers())))])
    assert one(data).request.url == URL + "/caf%C3%A9%FF"


class TestVcrpysFiles:
    """Its traps: decoded bodies under the headers of compressed ones, bodies that are no text."""

    @pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "x-gzip", "gzip, br", "identity"])
    def test_a_coding_that_was_undone_before_is_dropped(self, coding: str) -> None:
        headers = f"{{Content-Encoding: ['{coding}'], Content-Length: ['7'], X: [y]}}"
        found = one(cassette(f"{{body: {{string: '{{\"a\": [1, 2]}}'}}, headers: {headers}, status: {{code: 200}}}}"))
        assert found.response.body == b'{"a": [1, 2]}'
        assert list(found.response.headers) == [("Content-Length", "13"), ("X", "y")]

    def test_a_coded_body_is_decoded(self) -> None:
        for coding, coded in (("gzip", gzip.compress(PRETTY)), ("deflate", zlib.compress(PRETTY))):
            found = one(render([interaction(coded, headers=[("content-encoding", coding), ("Content-Length", "1")])]))
            assert found.response.body == PRETTY
            assert list(found.response.headers) == [("Content-Length", str(len(PRETTY)))]

    def test_a_coded_body_that_cannot_be_opened_keeps_its_label(self) -> None:
        damaged = gzip.compress(PRETTY)[:-9]
        headers = [("Content-Encoding", "gzip"), ("Content-Length", str(len(damaged)))]
        found = one(render([interaction(damaged, headers=headers)]))
        assert found.response.body == damaged
        assert list(found.response.headers) == headers

    def test_an_unknown_coding_keeps_its_label(self) -> None:
        found = one(render([interaction(b"abc", headers=[("Content-Encoding", "aws-chunked")])]))
        assert "Content-Encoding" in found.response.headers

    @pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304)])
    def test_answers_without_a_body_keep_the_length_they_name(self, method: str, status: int) -> None:
        found = one(render([interaction(b"", method=method, status=status, headers=[("Content-Length", "77")])]))
        assert found.response.headers.get("Content-Length") == "77"

    @pytest.mark.parametrize(
        ("body", "headers", "sent"),
        [
            ("{amount: 100, name: 'a b'}", "{}", b"amount=100&name=a+b"),
            ("{'a[]': [x, y]}", "{}", b"a[]=x&a[]=y"),
            (
                "{amount: 100, on: true, s: '1'}",
                "{Content-Type: [application/json]}",
                b'{"amount": 100, "on": true, "s": "1"}',
            ),
            ("{a: {b: 1.5, c: null}}", "{}", b'{"a": {"b": 1.5, "c": null}}'),
            ("!!binary aGk=", "{}", b"hi"),
            ("null", "{}", b""),
            ("!!python/unicode 'x'", "{}", b"x"),
            ("!!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary aGk=, 0, null]}", "{}", b"hi"),
            ("!!python/object/apply:builtins.iter {args: [[a, !!binary Yg==]]}", "{}", b"ab"),
        ],
    )
    def test_bodies_of_every_kind(self, body: str, headers: str, sent: bytes) -> None:
        request = f"{{body: {body}, headers: {headers}, method: POST, uri: 'https://x.test/'}}"
        found = one(cassette("{body: {string: ok}, headers: {}, status: {code: 200, message: null}}", request))
        assert found.request.body == sent
        assert found.response.reason == ""

    def test_aliases_as_pyyaml_writes_them_for_one_object_twice(self) -> None:
        found = one(cassette("{body: {string: &a x}, headers: {A: &b [y], B: *b, C: [*a]}, status: {code: 200}}"))
        assert list(found.response.headers) == [("A", "y"), ("B", "y"), ("C", "x")]

    def test_json_cassettes(self) -> None:
        answer = {
            "body": {"string": "caf\u00e9 \U0001f600"},
            "headers": {"A": ["b"]},
            "status": {"code": 200, "message": "OK"},
        }
        asked: dict[str, object] = {"body": None, "headers": {}, "method": "GET", "uri": URL}
        data = json.dumps({"version": 1, "interactions": [{"request": asked, "response": answer}]}, indent=4).encode()
        assert one(data).response.body.decode() == "caf\u00e9 \U0001f600"
        assert one(b"# a comment\n" + data) == one(data)

    def test_the_shape_of_old_httpx_recordings(self) -> None:
        found = one(cassette("{content: hi, headers: {}, http_version: HTTP/1.1, status_code: 201}"))
        assert (found.response.status, found.response.body) == (201, b"hi")


GOOD = render([interaction(PRETTY), interaction(b"x")])


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? "])
def test_without_libyaml_all_is_the_same(opening: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [interaction(PRETTY), interaction(b"\xff\x00"), interaction("\U0001f600 \x7f\n x".encode())]
    monkeypatch.setattr(yaml_events, "_LOADER", yaml.SafeLoader)
    for style in STYLES:
        assert interactions_of(read_document(render(shown, style=style), "c"), "c", {}) == shown
    with pytest.raises(CassetteUnreadable):
        parse(opening.encode() * 10_000, "c.yaml")
    with pytest.raises(CassetteUnreadable, match="not valid YAML") as caught:
        parse(GOOD.replace(b"    method", b"   method", 1), "c.yaml")
    assert caught.value.line == 5


class TestProvenance:
    FULL = Provenance(
        recorder="fcproxy 1.0",
        rules="2026-11",
        hits={"stripe-key": 3},
        stripe_versions=("2025-01-01.acacia",),
        clients=("Stripe/v1 PythonBindings/16.1.0",),
        recorded_at="2026-11-24T00:00:00Z",
        disabled=("x",),
    )

    def test_comes_back_from_a_comment_that_others_pass_over(self) -> None:
        data = render([interaction()], self.FULL)
        assert data.startswith(b"# fcproxy: {")
        assert parse(data, "c.yaml").provenance == self.FULL
        assert deserialize(data.decode(), yamlserializer)

    def test_is_gone_when_another_tool_has_written_the_file(self) -> None:
        assert parse(GOOD, "c.yaml").provenance is None

    @pytest.mark.parametrize(
        "line",
        [
            b"# fcproxy: {",
            b"# fcproxy: []",
            b"# fcproxy: " + b"[" * 50_000,
            b'# fcproxy: {"hits": {"a": "b"}}',
            b'# fcproxy: {"hits": {"a": true}}',
            b'# fcproxy: {"rules": 3}',
            b'# fcproxy: {"clients": "abc"}',
            b'# fcproxy: {"clients": [1]}',
            b'# fcproxy: {"recorded_at": 1}',
            b'# fcproxy: {"rules": "' + b"x" * 70_000 + b'"}',
        ],
    )
    def test_an_odd_one_is_none(self, line: bytes) -> None:
        parsed = parse(line + b"\n" + GOOD, "c.yaml")
        assert parsed.provenance is None
        assert len(parsed.interactions) == 2

    def test_line_ends_of_windows_change_nothing(self) -> None:
        data = render([interaction(PRETTY), interaction(b"x\ny")], self.FULL)
        assert parse(data.replace(b"\n", b"\r\n"), "c.yaml") == parse(data, "c.yaml")

    def test_line_breaks_cannot_leave_the_comment(self) -> None:
        hostile = Provenance(recorder="x\ninteractions: []\u2028", rules="\r")
        parsed = parse(render([interaction()], hostile), "c.yaml")
        assert parsed.provenance == hostile
        assert len(parsed.interactions) == 1
