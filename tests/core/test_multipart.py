"""multipart/form-data: parts to the octet, and framing that is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.core.message import Headers
from fcproxy.core.multipart import MAX_PARTS, Part, boundary_of, build, disposition, parameters, parse

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n:", exclude_categories=["Cc", "Zs"]), min_size=1)
PARTS = st.builds(
    Part,
    st.lists(st.tuples(NAMES, NAMES), max_size=3).map(Headers),
    st.binary(max_size=60).filter(lambda data: b"--xYz" not in data),
)


@given(st.lists(PARTS, max_size=4))
def test_what_is_built_is_parsed_the_same(parts: list[Part]) -> None:
    assert [(list(part.headers), part.content) for part in parse(build(parts, "xYz"), "xYz")] == [
        ([(name.strip(), value.strip()) for name, value in part.headers], part.content) for part in parts
    ]


A = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


@pytest.mark.parametrize(
    ("body", "contents"),
    [
        (A + b"--x--\r\n", [b"1"]),
        (A + b"--x--", [b"1"]),
        (A + A + b"--x--\r\n", [b"1", b"1"]),
        (b"\r\n" + A + b"--x--", [b"1"]),
        (b"--x \r\n\r\n\r\n--x--", [b""]),
        (b"--x\r\n\r\na\r\nb\r\n\r\n--x--", [b"a\r\nb\r\n"]),
        (b"--x\r\n\r\n\x00\xff--x\r\n--x--", [b"\x00\xff--x"]),
        (b"--x--", []),
    ],
)
def test_what_is_read(body: bytes, contents: list[bytes]) -> None:
    assert [part.content for part in parse(body, "x")] == contents


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        A,
        A + b"--x",
        b"before" + A + b"--x--",
        A + b"--x--after",
        b"--x\r\nno colon\r\n\r\n1\r\n--x--",
        b"--x\r\n: no name\r\n\r\n1\r\n--x--",
        b"--x\r\nA: 1\r\n1\r\n--x--",
        b"--x junk\r\n\r\n1\r\n--x--",
        b"--x\n\n1\n--x--",
        A * (MAX_PARTS + 1) + b"--x--",
    ],
    ids=lambda body: str(body)[:24],
)
def test_broken_framing_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(?:broken multipart|too many parts)$"):
        parse(body, "x")


@pytest.mark.parametrize(
    ("label", "boundary"),
    [
        ("multipart/form-data; boundary=abc", "abc"),
        ("multipart/form-data; BOUNDARY=abc; charset=x", "abc"),
        ('multipart/form-data; boundary="a b;c"', "a b;c"),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ('multipart/form-data; boundary="' + "a" * 71 + '"', None),
    ],
)
def test_boundaries(label: str, boundary: str | None) -> None:
    assert boundary_of(label) == boundary


def test_parameters() -> None:
    value = 'form-data; name="a;b"; FileName=x.png; filename*=UTF-8\'\'x%20y; empty=""'
    assert parameters(value) == {"name": "a;b", "filename": "x.png", "filename*": "UTF-8''x%20y", "empty": ""}
    assert disposition(Part(Headers([("content-disposition", value)]), b""))["name"] == "a;b"
    assert disposition(Part(Headers(), b"")) == {}
