"""The memory of canonical forms: what it tells apart, what it does not, and that it stays bounded."""

from fcproxy.core import message
from fcproxy.core.canonical import Canonical
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.memo import Memo
from fcproxy.core.message import Headers, Request
from fcproxy.stripe.matching import MATCHING
from fcproxy.stripe.secrets import default_redactor
from tests.core.conversation import ask


class Made:
    """A maker of forms that counts."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Canonical:
        self.requests.append(request)
        return Canonical(request.method, request.url, {}, b"")


def test_what_changes_with_each_request_is_not_looked_at() -> None:
    made = Made()
    memo = Memo(made, MATCHING)
    for number in range(5):
        memo.get(ask("POST /v1/x a=1", key=f"k{number}", X_Stripe_Client_Telemetry=str(number)), 0)
    assert len(made.requests) == 1
    assert "Idempotency-Key" not in made.requests[0].headers


def test_what_is_compared_is_told_apart() -> None:
    made = Made()
    memo = Memo(made, MATCHING)
    different = [
        ask("POST /v1/x a=1"), ask("POST /v1/x a=2"), ask("POST /v1/y a=1"), ask("PUT /v1/x a=1"),
        ask("POST /v1/x a=1", auth=None), ask("POST /v1/x a=1", Stripe_Account="acct_1"),
        ask("POST /v1/x a=1", Stripe_Version="1"), ask("POST /v1/x a=1", content_type="text/plain"),
    ]  # fmt: skip
    for request in different:
        memo.get(request, 0)
    memo.get(different[0], 1)
    assert len(made.requests) == len(different) + 1


def test_a_header_that_a_route_compares_counts() -> None:
    made = Made()
    rules = MATCHING.__class__(MATCHING.headers, MATCHING.sets, routes=(RouteRule("r", headers=("X-Tenant",)),))
    memo = Memo(made, rules)
    memo.get(ask("GET /v1/x", X_Tenant="one"), 0)
    memo.get(ask("GET /v1/x", X_Tenant="two"), 0)
    assert len(made.requests) == 2


def test_it_stays_bounded() -> None:
    made = Made()
    memo = Memo(made, MATCHING, entries=10)
    for number in range(100):
        memo.get(ask(f"GET /v1/x/{number}"), 0)
        assert len(memo._forms) <= 10
    large = ask("POST /v1/x a=" + "b" * 5000)
    memo.get(large, 0)
    memo.get(large, 0)
    assert len(made.requests) == 102


def test_names_that_a_client_makes_up_do_not_fill_the_memory() -> None:
    redactor = default_redactor()
    rests, plans = len(message._rests), len(redactor._plans)
    for number in range(20):
        headers = Headers([(f"X-{number}-{'a' * 2500}", "1"), ("X-B" + "b" * 2600, "2"), ("Accept", "*/*")])
        assert headers.less(frozenset({f"x-{number}-{'a' * 2500}"})).names == ("x-b" + "b" * 2600, "accept")
        assert redactor.headers("request", headers).names == ("accept",)
    assert (len(message._rests), len(redactor._plans)) == (rests, plans)
