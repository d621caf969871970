"""What identifies a Stripe request when it is played back.

Not compared, because it changes from run to run: Idempotency-Key, User-Agent, client telemetry, transport headers, the
host. `expand` is a set: its order changes nothing in an answer (docs.stripe.com/api/expanding_objects).
"""

from fcproxy.core.match_rules import MatchRules

__all__ = ["MATCHING", "NOISE"]

MATCHING = MatchRules(
    headers=("Stripe-Account", "Stripe-Context", "Stripe-Version"),
    sets=("expand",),
    # What `fcproxy run` and the control API hand out stands for any secret or restricted key, so that a recording made
    # with a real one plays for an app that has none.
    dummy="sk_" + "test_" + "fcproxy",
    dummy_for=("sk_", "rk_"),
)

NOISE: frozenset[str] = frozenset(
    {
        "created",
        "updated",
        "date",
        "request-id",
        "original-request",
        "idempotency-key",
        "content-length",
        "request_log_url",
    }
)
"""Fields and headers that differ between two recordings of the same conversation: not told as a difference."""
