"""The stateful fake Stripe: pure and synchronous; clock and seed are given to it."""

from fcproxy.fake.engine import DEFAULT_SEED, FIXED_NOW, Fake, fixed_clock
from fcproxy.fake.resource import Outbound

__all__ = ["DEFAULT_SEED", "FIXED_NOW", "Fake", "Outbound", "fixed_clock"]
