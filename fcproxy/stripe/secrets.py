"""The rule book for Stripe traffic: rows from `kinds`, `fields`, `shapes`, `headers`, and what is published anyway."""

from collections.abc import Mapping

from fcproxy.core.content import STANDARD_DECODERS, Decoder
from fcproxy.core.redaction import Redactor
from fcproxy.core.rules import RuleBook
from fcproxy.stripe.fields import FIELDS
from fcproxy.stripe.headers import HEADERS
from fcproxy.stripe.kinds import KINDS
from fcproxy.stripe.shapes import SHAPES

__all__ = ["PUBLISHED", "RULES", "RULES_VERSION", "default_redactor"]

RULES_VERSION = "2"
"""Raised whenever a row changes what is redacted: the audit flags cassettes of older rules."""

PUBLISHED: frozenset[str] = frozenset(
    {
        # docs.stripe.com/testing: cards
        "4242424242424242",
        "4000000000000002",
        "5555555555554444",
        "378282246310005",
        "6011111111111117",
        "3056930009020004",
        "4242 4242 4242 4242",
        # docs.stripe.com/testing: bank accounts, and what Financial Connections' test institutions show
        "110000000",
        "000123456789",
        "000111111116",
        "000111111113",
        "000222222227",
        "000000004",
        "108800",
        "00012345",
        "DE89370400440532013000",
        "021000021",
        "nobody+janesmith@stripe.com",
        "StripeBank",
        "Test (Non-OAuth)",
        "Test (OAuth)",
        "Test Institution",
        "Sample Checking Account",
        "Sample Savings Account",
        # Identity and onramp test inputs
        "000-00-0000",
        "000000000",
        "address_full_match",
        "0000",
    }
)

RULES = RuleBook(
    version=RULES_VERSION,
    kinds=KINDS,
    fields=FIELDS,
    shapes=SHAPES,
    headers=HEADERS,
    published=PUBLISHED,
)


def default_redactor(decoders: Mapping[str, Decoder] = STANDARD_DECODERS, *, comparing: bool = False) -> Redactor:
    """A redactor with the default rules. ``decoders``: name of a content coding -> how to undo it."""
    return Redactor(RULES, decoders, comparing=comparing)
