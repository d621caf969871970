"""Hosts and origins, as values."""

import pytest

from fcproxy.core.message import Headers
from fcproxy.server.guard import Guard


def served(guard: Guard, host: str | None, origin: str | None = None) -> bool:
    headers = Headers([*([("Host", host)] if host is not None else []), *([("Origin", origin)] if origin else [])])
    allowed = guard.refusal_of_control("GET", headers, b"") is None
    assert (guard.refusal_of_data(headers, lends=True) is None) is allowed
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


@pytest.mark.parametrize("lends", [False, True])
@pytest.mark.parametrize(
    ("fields", "control", "data"),
    [
        ([("Sec-Fetch-Site", "none")], True, True),
        ([("Sec-Fetch-Site", "same-origin")], True, True),
        ([("Sec-Fetch-Site", "cross-site"), ("Origin", "http://localhost:3000")], True, True),
        ([("Sec-Fetch-Site", "cross-site")], False, False),
        ([("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")], False, False),
        ([("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], True, False),
        ([("Origin", "https://evil.example")], False, False),
        ([("Origin", "null"), ("Sec-Fetch-Mode", "navigate")], False, False),
    ],
)
def test_pages_of_other_sites_are_told_by_what_browsers_say(
    fields: list[tuple[str, str]], control: bool, data: bool, lends: bool
) -> None:
    guard, headers = Guard("127.0.0.1"), Headers([("Host", "127.0.0.1:12111"), *fields])
    assert (guard.refusal_of_control("GET", headers, b"") is None) is control
    assert (guard.refusal_of_data(headers, lends=lends) is None) is data


@pytest.mark.parametrize(
    ("host", "strange"),
    [
        ("evil.example:12111", True),
        ("127.0.0.1.evil.example", True),
        ("evil.example.", True),
        ("127.0.0.1:12111", False),
        ("[::1]:1", False),
        ("fcproxy:12111", False),
        ("host.docker.internal:12111", False),
        ("stripe.test", False),
        ("api.stripe.com", False),
        ("api.stripe.com.evil.example", True),
        ("notstripe.com", True),
        ("proxy.company.example:1", False),
    ],
)
def test_a_name_that_may_be_rebound_reads_and_writes_nothing(host: str, strange: bool) -> None:
    refused = Guard("proxy.company.example").refusal_of_data(Headers([("Host", host)]), lends=False)
    assert (refused is not None) is strange
