"""Webhook signatures. Source: docs.stripe.com/webhooks, "Verify webhook signatures manually". Pure."""

import hashlib
import hmac
from collections.abc import Sequence

__all__ = ["SIGNATURE_HEADER", "TOLERANCE_SECONDS", "sign", "verify"]

SIGNATURE_HEADER = "Stripe-Signature"
TOLERANCE_SECONDS = 300


def _v1(secret: str, moment: int, body: bytes) -> str:
    # The key is the whole secret, its prefix included.
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def sign(secrets: Sequence[str], moment: int, body: bytes) -> str:
    """The header's value for a body sent at ``moment`` (Unix seconds): one ``v1`` for each active secret."""
    return ",".join([f"t={moment}", *(f"v1={_v1(secret, moment, body)}" for secret in secrets)])


def verify(header: str, secret: str, body: bytes, now: int, tolerance: int = TOLERANCE_SECONDS) -> bool:
    """Whether a header signs a body with a secret and is not older than ``tolerance`` seconds (0: any age)."""
    parts = [part.partition("=")[::2] for part in header.split(",")]
    moment = next((value for name, value in parts if name == "t"), "")
    if not (moment.isascii() and moment.isdigit()):
        return False
    if tolerance and int(moment) < now - tolerance:
        return False
    expected = _v1(secret, int(moment), body)
    return any(hmac.compare_digest(expected.encode(), value.encode()) for name, value in parts if name == "v1")
