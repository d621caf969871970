"""Stripe's hosts by path."""

import pytest

from fcproxy.stripe import hosts
from fcproxy.stripe.hosts import API_HOST, HOSTS, public_host


def test_each_row_begins_as_one_that_is_looked_at() -> None:
    for _, pattern, _ in HOSTS:
        assert pattern.pattern.startswith(hosts._BEGINNINGS)


@pytest.mark.parametrize(
    ("method", "target", "host"),
    [
        ("GET", "/v1/customers", API_HOST),
        ("POST", "/v1/files", "files.stripe.com"),
        ("POST", "/v1/files?expand[]=links", "files.stripe.com"),
        ("GET", "/v1/files", API_HOST),
        ("GET", "/v1/files/file_1/contents", "files.stripe.com"),
        ("POST", "/v1/file_links", API_HOST),
        ("POST", "/oauth/token", "connect.stripe.com"),
        ("POST", "/v2/billing/meter_event_stream", "meter-events.stripe.com"),
        ("POST", "/v2/billing/meter_events", API_HOST),
    ],
)
def test_hosts_by_method_and_path(method: str, target: str, host: str) -> None:
    assert public_host(method, target) == host
