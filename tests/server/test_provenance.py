"""What a cassette says of its origin: nothing but versions."""

import pytest

from fcproxy.server.provenance import client_name, provenance_of
from fcproxy.stripe.secrets import default_redactor
from tests.server.harness import KEY


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Stripe/v1 PythonBindings/16.1.0", "Stripe/v1 PythonBindings/16.1.0"),
        ("Stripe/v1 NodeBindings/20.0.1-beta", "Stripe/v1 NodeBindings/20.0.1-beta"),
        ("curl/8.5.0", "curl/8.5.0"),
        (
            "Stripe/v1 PythonBindings/16.1.0 shop-of-jenny/1.0 (https://jenny.example)",
            "Stripe/v1 PythonBindings/16.1.0 shop-of-jenny/1.0",
        ),
        ("python-requests/2.34.2 (jenny@laptop)", "python-requests/2.34.2"),
        (f"app/{KEY}", None),
        (f"app/1.0-{KEY}", None),
        ("Mozilla", None),
        ("", None),
        (None, None),
    ],
)
def test_a_clients_name_is_products_and_versions_only(agent: str | None, name: str | None) -> None:
    assert client_name(agent) == name


def test_the_date_is_the_first_answers_and_versions_are_those_seen() -> None:
    made = provenance_of({"b", "a"}, default_redactor(), "Mon, 01 Jan 2024 00:00:00 GMT", {"curl/8", "app/1"})
    assert made.stripe_versions == ("a", "b")
    assert made.recorded_at == "2024-01-01T00:00:00+00:00"
    assert made.clients == ("app/1", "curl/8")
    assert provenance_of([], default_redactor(), "not a date").recorded_at is None
    assert provenance_of([], default_redactor(), None).recorded_at is None
