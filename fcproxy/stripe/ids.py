"""Shapes of Stripe's identifiers and API keys.

Source: sample objects of docs.stripe.com/api and of Stripe's published OpenAPI fixtures. A long id holds, after its
prefix, the digit 1, five characters of time, ten of the account and eight of chance; a short one is fourteen
characters of chance.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ALPHABET", "IDS", "IdShape", "Key", "Shape", "is_account", "is_well_formed", "parse_key"]

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""The characters of ids, in the order in which numbers are written with them."""


class Shape(StrEnum):
    """What follows an id's prefix."""

    LONG = "24 characters: 1, time, account, chance"
    SHORT = "14 characters of chance"
    ACCOUNT = "16 characters: 1 and chance"
    HEX = "64 hexadecimal digits"


@dataclass(frozen=True, slots=True)
class IdShape:
    """How ids of one kind look: ``prefix`` (with its underscore) and what follows."""

    prefix: str
    shape: Shape


IDS: Mapping[str, IdShape] = {
    "account": IdShape("acct_", Shape.ACCOUNT),
    "balance_token": IdShape("btok_", Shape.LONG),
    "climate.order": IdShape("climorder_", Shape.LONG),
    "crypto.onramp.quotes": IdShape("", Shape.HEX),
    "crypto.onramp_session": IdShape("cos_", Shape.LONG),
    "customer": IdShape("cus_", Shape.SHORT),
    "event": IdShape("evt_", Shape.LONG),
    "event_destination": IdShape("ed_", Shape.LONG),
    "file": IdShape("file_", Shape.LONG),
    "financial_connections.account": IdShape("fca_", Shape.LONG),
    "financial_connections.account_owner": IdShape("fcaown_", Shape.LONG),
    "financial_connections.account_ownership": IdShape("fcaowns_", Shape.LONG),
    "financial_connections.session": IdShape("fcsess_", Shape.LONG),
    "financial_connections.transaction": IdShape("fctxn_", Shape.LONG),
    "financial_connections.transaction_refresh": IdShape("fctxnref_", Shape.LONG),
    "forwarding.request": IdShape("fwdreq_", Shape.LONG),
    "identity.verification_report": IdShape("vr_", Shape.LONG),
    "identity.verification_session": IdShape("vs_", Shape.LONG),
    "payment_intent": IdShape("pi_", Shape.LONG),
    "payment_method": IdShape("pm_", Shape.LONG),
    "person": IdShape("person_", Shape.LONG),
    "product": IdShape("prod_", Shape.SHORT),
    "refund": IdShape("re_", Shape.LONG),
    "request": IdShape("req_", Shape.SHORT),
    "shipping_rate": IdShape("shr_", Shape.LONG),
    "tax.calculation": IdShape("taxcalc_", Shape.LONG),
    "tax.calculation_line_item": IdShape("tax_li_", Shape.SHORT),
    "tax.registration": IdShape("taxreg_", Shape.SHORT),
    "tax.transaction": IdShape("tax_", Shape.LONG),
    "tax.transaction_line_item": IdShape("tax_li_", Shape.SHORT),
    "test_helpers.test_clock": IdShape("clock_", Shape.LONG),
    "webhook_endpoint": IdShape("we_", Shape.LONG),
}
"""Kind of object -> the shape of its ids. Kinds are named by their ``object`` value where they have one."""

_WELL_FORMED = re.compile(r"[A-Za-z0-9]{14,34}\Z")
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{10,24}\Z")
_KEY = re.compile(r"(sk|rk|pk|rkcs)_(test|live)_([A-Za-z0-9_]+)\Z")
_ORGANIZATION_KEY = re.compile(r"sk_org_(?:(test|live)_)?([A-Za-z0-9_]+)\Z")
_OAUTH_KEY = re.compile(r"oak_([A-Za-z0-9_]+)\Z")


def is_well_formed(kind: str, value: str) -> bool:
    """Whether ``value`` could be an id of ``kind``: its prefix and 14 or more letters and digits."""
    prefix = IDS[kind].prefix
    return value.startswith(prefix) and _WELL_FORMED.match(value, len(prefix)) is not None


def is_account(value: str) -> bool:
    """Whether ``value`` has the shape of an account id."""
    return _ACCOUNT.match(value) is not None


@dataclass(frozen=True, slots=True)
class Key:
    """What an API key tells by its shape. ``livemode`` is None where the key does not say (CLI access keys)."""

    family: str
    livemode: bool | None

    @property
    def publishable(self) -> bool:
        """Whether it is a key that may be seen by browsers."""
        return self.family == "pk"


def parse_key(text: str) -> Key | None:
    """Reads a key's family (``sk``, ``rk``, ``pk``, ``rkcs``, ``sk_org``, ``oak``) and mode; None if it is no key."""
    if found := _ORGANIZATION_KEY.match(text):
        return Key("sk_org", found[1] == "live")
    if found := _KEY.match(text):
        return Key(found[1], found[2] == "live")
    if _OAUTH_KEY.match(text):
        return Key("oak", None)
    return None
