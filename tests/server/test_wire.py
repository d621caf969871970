"""Heads on the wire, and what is kept of them."""

from collections.abc import Iterable

import pytest

from fcproxy.core import message
from fcproxy.core.message import Headers
from fcproxy.server import entry, wire
from fcproxy.server.wire import head_bytes
from tests.server.harness import KEY


def head(*fields: tuple[str, str]) -> bytes:
    return head_bytes("GET / HTTP/1.1", Headers(fields))


def kept(memory: Iterable[object]) -> str:
    return repr(list(memory))


def test_what_could_only_be_an_injection_becomes_a_blank() -> None:
    assert head(("A", "b\r\nC: d\x7f"), ("T", "a\tb")) == b"GET / HTTP/1.1\r\nA: b  C: d \r\nT: a\tb\r\n\r\n"


@pytest.mark.parametrize("name", ["Authorization", "authorization", "Cookie", "X-Api-Key"])
def test_of_credentials_nothing_is_kept(name: str) -> None:
    assert head(("Accept", "x/seen"), (name, f"Bearer {KEY}")).endswith(f"{name}: Bearer {KEY}\r\n\r\n".encode())
    assert "x/seen" in kept(wire._lines)
    assert KEY not in kept(wire._lines.items())


def test_of_long_fields_and_names_nothing_is_kept() -> None:
    long = "x" * 60_000
    assert head(("A", long)).endswith(f"A: {long}\r\n\r\n".encode())
    assert long not in kept(wire._lines.items())
    before = entry._known.cache_info().currsize
    assert entry._fields(Headers([("A", long)])) == f'["A","{long}"]'
    assert entry._known.cache_info().currsize == before
    assert list(Headers([(long, "1"), ("b", "2")]).less(frozenset(("b",)))) == [(long, "1")]
    assert long not in kept(message._rests)
