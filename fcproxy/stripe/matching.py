"""What identifies a Stripe request when it is played back.

Not compared, because it changes from run to run: Idempotency-Key, User-Agent, client telemetry, transport headers, the
host. `expand` is a set: its order changes nothing in an answer (docs.stripe.com/api/expanding_objects).
"""

from fcproxy.core.canonical import MatchRules

__all__ = ["MATCHING"]

MATCHING = MatchRules(
    headers=("Stripe-Account", "Stripe-Context", "Stripe-Version"),
    sets=("expand",),
)
