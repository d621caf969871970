"""Cassette files that are refused: each message says what is wrong, where, and what to do; none quotes the file."""

import pytest

from fcproxy.core.errors import CassetteUnreadable
from fcproxy.vcr_format import parse
from tests.test_vcr_format import GOOD, cassette


class TestRefusals:
    @pytest.mark.parametrize(
        ("data", "line", "words"),
        [
            (b"", None, "empty"),
            (b" \n\n", None, "empty"),
            (b"hello", None, "no `interactions:`"),
            (b"interactions: 3\nversion: 1\n", None, "no list"),
            (b"a: 1", None, "no list"),
            (GOOD.removesuffix(b"version: 1\n"), None, "cut short"),
            (GOOD.replace(b"version: 1", b"version: 2"), None, "version that is not known"),
            (GOOD.replace(b"    method", b"   method", 1), 5, "not valid YAML"),
            (GOOD[: GOOD.index(b"uri") + 20], None, "cut short"),
            (GOOD[: GOOD.index(b"uri") + 2], 7, "not valid YAML"),
            (b"<<<<<<< HEAD\n" + GOOD, 1, "merge conflict"),
            (GOOD.replace(b"    uri", b"=======\n    uri", 1), 6, "merge conflict"),
            (GOOD.replace(b"    uri", b"=======\n    uri", 1).replace(b"\n", b"\r\n"), 6, "merge conflict"),
            (GOOD.replace(b"    uri", b">>>>>>> main\n    uri", 1), 6, "merge conflict"),
            (GOOD.replace(b"    method: GET\n", b"    method: GET\n    method: GET\n", 1), 6, "same key twice"),
            (GOOD.decode().encode("utf-16"), 1, "UTF-16"),
            (GOOD.replace(b"note", b"n\xf6te"), 16, "not UTF-8"),
            (GOOD.replace(b"note", b"n\x00te"), 16, "control character"),
            (GOOD + b"---\n" + GOOD, None, "more than one YAML document"),
            (b"http_interactions: []\nrecorded_with: VCR 6\n", None, "Ruby VCR"),
            (b'{"log": {"entries": []}}', None, "HAR"),
            (b"- type: 0\n  request: {}\n", None, "stripe playback"),
            (b"- request: {}\n  response: {}\n", None, "before VCR.py 1.0"),
            (b"- 1\n", None, "a list"),
            (cassette("{body: {string: x}, headers: {}}"), 2, "status.code"),
            (cassette("{body: {string: x}, headers: {}, status: {code: abc}}"), 2, "three-digit"),
            (cassette("{body: {string: [x]}, headers: {}, status: {code: 200}}"), 2, "is no text"),
            (cassette("{body: {string: x}, headers: [x], status: {code: 200}}"), 2, "headers is no mapping"),
            (cassette("x"), 2, "response is no mapping"),
            (cassette("{}", "{method: GET}"), 2, "request.uri is missing"),
            (cassette("{<<: {a: b}}"), 3, "merge key"),
            (cassette("{? {a: b} : c}"), 3, "as a key"),
            (cassette("*nobody"), 3, "alias"),
            (cassette("{body: {string: !!binary abc}}"), 3, "base64"),
        ],
    )
    def test_say_what_where_and_what_to_do(self, data: bytes, line: int | None, words: str) -> None:
        with pytest.raises(CassetteUnreadable, match=words) as caught:
            parse(data, "some/c.yaml")
        assert str(caught.value).startswith("some/c.yaml:")
        if line is not None:
            assert caught.value.line == line

    @pytest.mark.parametrize(
        "tag",
        [
            "!!python/object/apply:os.system ['exit 9']",
            "!!python/object/new:subprocess.Popen ['x']",
            "!!python/name:os.system ''",
            "!!python/module:os ''",
            "!own {}",
            "!!python/object/apply:builtins.iter 3",
        ],
    )
    def test_tags_that_build_objects(self, tag: str) -> None:
        with pytest.raises(CassetteUnreadable, match="tag") as caught:
            parse(cassette(f"{{body: {{string: {tag}}}, headers: {{}}, status: {{code: 200}}}}"), "c.yaml")
        assert caught.value.line == 3

    @pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? "])
    def test_depth(self, opening: str) -> None:
        with pytest.raises(CassetteUnreadable):
            parse(opening.encode() * 100_000, "c.yaml")

    def test_aliases_that_multiply(self) -> None:
        levels = "\n".join(f"l{n}: &l{n} {{a: *l{n - 1}, b: *l{n - 1}, c: *l{n - 1}}}" for n in range(1, 40))
        request = "{body: *l39, headers: {}, method: POST, uri: 'https://x.test/'}"
        data = f"l0: &l0 [x]\n{levels}\n".encode() + cassette("{body: {string: x}, headers: {}, status: 200}", request)
        with pytest.raises(CassetteUnreadable, match="too many values"):
            parse(data, "c.yaml")

    def test_an_alias_to_what_it_stands_in(self) -> None:
        request = "{body: &b {x: [*b]}, headers: {}, method: POST, uri: 'https://x.test/'}"
        with pytest.raises(CassetteUnreadable, match="too many values"):
            parse(cassette("{body: {string: x}, headers: {}, status: 200}", request), "c.yaml")

    def test_no_message_quotes_the_file(self) -> None:
        canary = "canary-" + "7f3a9c"
        for spoilt in (
            f"interactions: [{canary}",
            f'interactions: "{canary}\n',
            f"- {canary}: '{canary}\nb: *{canary}",
            f"&{canary} !{canary} {canary}: %{canary}",
            f"%{canary}\n--- a",
            f"interactions:\n- {canary}\nversion: 1",
        ):
            with pytest.raises(CassetteUnreadable) as caught:
                parse(spoilt.encode(), "c.yaml")
            assert canary not in str(caught.value)
