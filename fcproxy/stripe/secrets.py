"""The rule book for Stripe traffic: rows from `kinds`, `fields`, `shapes`, `headers`, and what is no secret anyway."""

from collections.abc import Mapping

from fcproxy.core.content import STANDARD_DECODERS, Decoder
from fcproxy.core.redaction import Redactor
from fcproxy.core.rules import RuleBook
from fcproxy.stripe.fields import FIELDS
from fcproxy.stripe.headers import HEADERS
from fcproxy.stripe.kinds import KINDS
from fcproxy.stripe.shapes import SHAPES
from fcproxy.stripe.test_values import PUBLISHED

__all__ = ["RULES", "RULES_VERSION", "default_redactor"]

RULES_VERSION = "2"
"""Raised whenever a row changes what is redacted: the audit flags cassettes of older rules."""


def _everyday() -> frozenset[str]:
    # Deferred: hardly any replay learns a word.
    from fcproxy.stripe.vocabulary import EVERYDAY

    return EVERYDAY


RULES = RuleBook(
    version=RULES_VERSION,
    kinds=KINDS,
    fields=FIELDS,
    shapes=SHAPES,
    headers=HEADERS,
    published=PUBLISHED,
    everyday=_everyday,
)


def default_redactor(decoders: Mapping[str, Decoder] = STANDARD_DECODERS, *, comparing: bool = False) -> Redactor:
    """A redactor with the default rules. ``decoders``: name of a content coding -> how to undo it."""
    return Redactor(RULES, decoders, comparing=comparing)
