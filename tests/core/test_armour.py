"""Base85, uuencode and base58 of plain text, found in text; and what only looks like them, left alone."""

import base64
import binascii

import pytest

from fcproxy.core.armour import base58_of, base58_runs, base85_runs, uu_runs

TEXT = b"No such key: hello-World_1234. Sorry!"
A85, B85 = base64.a85encode(TEXT).decode(), base64.b85encode(TEXT).decode()
GIT = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
ZMQ = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
Z85 = B85.translate(str.maketrans(GIT, ZMQ))
UU = "".join(binascii.b2a_uu((TEXT * 3)[at : at + 45]).decode() for at in range(0, 3 * len(TEXT), 45))


@pytest.mark.parametrize("run", [A85, B85, Z85])
@pytest.mark.parametrize("before", ["", "note=", 'a: "', "see ", "x"])
@pytest.mark.parametrize("after", ["", '"', " there"])
def test_base85_wherever_it_begins(run: str, before: str, after: str) -> None:
    assert any(TEXT in data for _, _, data in base85_runs(f"{before}{run}{after}"))


def test_base85_says_where_it_stands() -> None:
    assert [(start, end) for start, end, data in base85_runs(f"see {B85} there") if data == TEXT] == [(4, 4 + len(B85))]


def test_base85_among_octets_that_are_no_text() -> None:
    run = base64.b85encode(bytes(range(128, 140)) + TEXT[:36] + b"\xff" * 8).decode()
    assert any(TEXT[:36] in data for _, _, data in base85_runs(run))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n    "])
def test_a_frame_may_be_folded(end: str) -> None:
    framed = base64.a85encode(TEXT, adobe=True, wrapcol=11).decode().replace("\n", end)
    assert [data for _, _, data in base85_runs(f"x {framed} y") if data == TEXT]
    assert list(base85_runs("<~ " + "s8W-!" * 3 + "v ~>")) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fcsess_1AbCdEfGhIjKlMnOpQrStUvW",
        "https://shop.example.com/orders/17/done?session=12345&ref=ab17#top",
        "customer_details[address][country]=US&expand[]=data.ownership",
        "The payment could not be completed, because your card was declined (code: card_declined).",
        "2026-11-30T00:00:00.000Z",
        "<html><body><p>Sorry!</p></body></html>",
        '{"object":"list","data":[],"has_more":false,"url":"/v1/customers"}',
    ],
)
def test_ordinary_text_is_no_base85(text: str) -> None:
    assert list(base85_runs(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        UU,
        UU.replace("\n", "\r\n"),
        f"begin 644 note\n{UU}`\nend\n",
        f"Dear all,\n{UU}Yours",
        UU.rstrip("\n"),
        "".join(f"{line}X\n" for line in UU.splitlines()),
    ],
)
def test_uuencode(text: str) -> None:
    found = [(text[start:end], data) for start, end, data in uu_runs(text)]
    assert [data for _, data in found] == [TEXT * 3]
    assert found[0][0].split() == "".join(text[text.index(UU[:8]) :]).split()[: len(UU.splitlines())]


@pytest.mark.parametrize(
    "text", ["", "\n\r\n", "ONE LINE OF CAPITALS, NO MORE", "A1B2C3D4E5F6G7\nH8I9J0K1L2M3N4\n", "\r\r\n\n"]
)
def test_capitals_are_no_uuencode(text: str) -> None:
    assert list(uu_runs(text)) == []


@pytest.mark.parametrize(
    ("data", "text"),
    # Vectors of the IETF's draft-msporny-base58.
    [
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (
            b"The quick brown fox jumps over the lazy dog.",
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
        ),
    ],
)
def test_base58(data: bytes, text: str) -> None:
    assert base58_of(data) == text
    found = list(base58_runs(f"see {text}, there"))
    assert found == ([(4, 4 + len(text), data)] if len(text) > 37 else [])


@pytest.mark.parametrize("text", ["a" * 40, "fcsess_" + "A1b2C3d4" * 6, "z" * 250, "1" * 60])
def test_words_and_ids_are_no_base58(text: str) -> None:
    assert list(base58_runs(text)) == []
