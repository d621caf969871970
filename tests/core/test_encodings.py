"""Runs that encode bytes: found, read, and left alone where they can hold no text."""

import base64
import gzip
import string
import zlib

import pytest

from fcproxy.core.encodings import _MAY_DEFLATE, MAX_DECODED, runs

TEXT = "hello-World-1234"
WRAPPED = base64.b64encode(("x" * 40 + TEXT + "y" * 20).encode()).decode()
RUNS = {
    "base64": base64.b64encode(TEXT.encode()).decode(),
    "base64, shifted": base64.b64encode(b"\xff" + TEXT.encode()).decode(),
    "base64 behind letters": "abc" + base64.b64encode(TEXT.encode()).decode(),
    "base64, URL-safe": base64.urlsafe_b64encode(b"\xfb\xff\xfe" + TEXT.encode()).decode(),
    "base64, UTF-16": base64.b64encode(TEXT.encode("utf-16")).decode(),
    "gzip": base64.b64encode(gzip.compress(TEXT.encode(), mtime=0)).decode(),
    "zlib": base64.b64encode(zlib.compress(TEXT.encode())).decode(),
    "base32": base64.b32encode(TEXT.encode()).decode(),
    "hex": TEXT.encode().hex(),
    "hex, odd": "a" + TEXT.encode().hex(),
    "hex list": TEXT.encode().hex(":"),
    "raw deflate, fixed": base64.b64encode(zlib.compress(TEXT.encode(), wbits=-15)).decode(),
    "raw deflate, dynamic": base64.b64encode(zlib.compress((TEXT + "~ab~cd" * 60).encode(), wbits=-15)).decode(),
    "hex, 0x together": "".join(f"0x{octet:02x}" for octet in TEXT.encode()),
    "hex, 0x": ", ".join(f"0x{octet:02x}" for octet in TEXT.encode()),
    "decimal list": ",".join(map(str, TEXT.encode())),
    "lines": WRAPPED[:64] + "\r\n" + WRAPPED[64:],
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_read(name: str) -> None:
    assert any(TEXT[:10] in run.decoded for run in runs(f"<{RUNS[name]}>")), name


def test_types_of_deflate_are_told_by_two_letters() -> None:
    for first in _LETTERS:
        for second in _LETTERS:
            kind = base64.b64decode(f"{first}{second}AA")[0] >> 1 & 3
            assert bool(_MAY_DEFLATE.match(first + second)) == (kind in (1, 2))


_LETTERS = string.ascii_letters + string.digits + "+/"


def test_a_run_says_where_it_stands() -> None:
    run = next(run for run in runs(f"see {RUNS['base64']} there") if run.decoded == TEXT)
    assert (run.start, run.end, run.readable) == (4, 4 + len(RUNS["base64"]), True)


def test_what_stands_before_a_slash_need_not_belong_to_it() -> None:
    starts = [run.start for run in runs(f"/v1/things/{RUNS['base64']}") if run.decoded == TEXT]
    assert starts[0] == len("/v1/things/")


@pytest.mark.parametrize(
    "text", ["customer", "account_holder", "fcsess_1Qz9Xk7Wv5Ut3Sr1Pq0On8Ml", "2026-05-27.dahlia", "1700000000123"]
)
def test_ids_and_words_are_no_runs(text: str) -> None:
    assert not [run for run in runs(text) if run.readable]


def test_a_bomb_costs_its_limit() -> None:
    bomb = base64.b64encode(gzip.compress(b" " * (20 * MAX_DECODED), mtime=0)).decode()
    assert all(len(run.decoded) <= MAX_DECODED for run in runs(bomb))
