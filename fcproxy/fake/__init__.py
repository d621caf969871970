"""The stateful fake Stripe: pure and synchronous; clock and seed are given to it."""

from fcproxy.fake.deliveries import Delivery
from fcproxy.fake.engine import DEFAULT_SEED, FIXED_NOW, Fake, fixed_clock
from fcproxy.fake.options import Options
from fcproxy.fake.resource import Outbound, Outcome
from fcproxy.fake.scenario import ScenarioError, apply_scenario

__all__ = [
    "DEFAULT_SEED",
    "FIXED_NOW",
    "Delivery",
    "Fake",
    "Options",
    "Outbound",
    "Outcome",
    "ScenarioError",
    "apply_scenario",
    "fixed_clock",
]
