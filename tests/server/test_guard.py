"""Hosts and origins, as values."""

import pytest

from fcproxy.core.message import Headers
from fcproxy.server.guard import Guard


def served(guard: Guard, host: str | None, origin: str | None = None) -> bool:
    headers = Headers([*([("Host", host)] if host is not None else []), *([("Origin", origin)] if origin else [])])
    allowed = guard.refusal_of_control("GET", headers, b"") is None
    assert (guard.refusal_of_lending(headers) is None) is allowed
    return allowed


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (None, None),
        ("", None),
        ("evil.example", None),
        ("evil.example:12111", "http://evil.example:12111"),
        ("127.0.0.1.evil.example", None),
        ("localhost.evil.example", None),
        ("127.0.0.1@evil.example", None),
        ("[::1", None),
        ("127.0.0.1", "https://evil.example"),
        ("127.0.0.1", "null"),
        ("127.0.0.1", "file://"),
        ("127.0.0.1", "http://evil.example@127.0.0.1.evil.example"),
    ],
)
def test_refused_in_any_case(remote: bool, host: str | None, origin: str | None) -> None:
    assert not served(Guard("127.0.0.1", remote=remote), host, origin)


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:12111", None),
        ("127.8.9.1", None),
        ("LOCALHOST:1", None),
        ("localhost.", None),
        ("[::1]:1", "http://[::1]:1"),
        ("proxy.internal:1", None),
        ("127.0.0.1", "http://localhost:3000"),
    ],
)
def test_served_in_any_case(remote: bool, host: str, origin: str | None) -> None:
    assert served(Guard("proxy.internal", remote=remote), host, origin)


@pytest.mark.parametrize("host", ["fcproxy:12111", "192.0.2.7:1", "[2001:db8::1]:1"])
def test_other_machines_are_served_only_if_that_was_said(host: str) -> None:
    assert not served(Guard("0.0.0.0"), host)
    assert served(Guard("0.0.0.0", remote=True), host)
    assert not served(Guard("0.0.0.0", remote=True), host, f"http://{host}")
