"""The institutions that test accounts can be linked from, as data.

Source: docs.stripe.com/financial-connections/testing. What each does is theirs; balances, owners and transactions
are our own choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "DEFAULT_INSTITUTION",
    "INSTITUTIONS",
    "MERCHANTS",
    "OWNER",
    "SECOND_OWNER",
    "Institution",
    "Template",
    "institution_of",
]


@dataclass(frozen=True, slots=True)
class Template:
    """An account that an institution has. ``current`` is in cents."""

    display_name: str
    last4: str
    category: str
    subcategory: str
    current: int
    payable: bool = False


@dataclass(frozen=True, slots=True)
class Institution:
    """A test institution.

    ``down`` says why nothing can be linked; ``status`` and ``action`` are those of fresh accounts; ``deactivates``
    that the link breaks after a day; ``tokenized`` that account numbers are tokens; ``owners`` how many there are.
    """

    accounts: tuple[Template, ...]
    down: str = ""
    status: str = "active"
    action: str = "none"
    deactivates: bool = False
    tokenized: bool = False
    owners: int = 1


_ALL = (
    Template("Sample Checking Account", "6789", "cash", "checking", 123_456, payable=True),
    Template("Sample Savings Account", "4321", "cash", "savings", 987_654, payable=True),
    Template("Sample Credit Card", "1117", "credit", "credit_card", -45_600),
    Template("Sample Mortgage", "2229", "credit", "mortgage", -25_000_000),
    Template("Sample Line of Credit", "3338", "credit", "line_of_credit", -500_000),
)
_CASH = _ALL[:2]

DEFAULT_INSTITUTION = "StripeBank"

INSTITUTIONS: Mapping[str, Institution] = {
    "StripeBank": Institution(_CASH),
    "Test (Non-OAuth)": Institution(_ALL),
    "Test (OAuth)": Institution(_ALL),
    "Bank (Non-OAuth)": Institution(_CASH),
    "Bank (OAuth)": Institution(_CASH),
    "Ownership Accounts": Institution(_CASH, owners=2),
    "Invalid Payment Accounts": Institution(
        (
            Template("Debitable But Not Payable", "0001", "cash", "checking", 10_000),
            Template("Closed Account", "0002", "cash", "checking", 0),
        )
    ),
    "Down (Scheduled)": Institution(_CASH, down="is down for scheduled maintenance"),
    "Down (Unscheduled)": Institution(_CASH, down="is down"),
    "Down (Error)": Institution(_CASH, down="answered with an error"),
    "Tokenized Account Number": Institution(_CASH[:1], tokenized=True),
    "Inactive Accounts": Institution(_CASH, status="inactive"),
    "Immediately Requires Reauthentication": Institution(_CASH, action="relink_required"),
    "Eventually Requires Reauthentication": Institution(_CASH, deactivates=True),
}
"""Name as the modal shows it -> what it does."""


def institution_of(name: str) -> Institution:
    """What an institution does; one with another name does what the default one does."""
    return INSTITUTIONS.get(name, INSTITUTIONS[DEFAULT_INSTITUTION])


OWNER: Mapping[str, str] = {
    "name": "Jane Smith",
    "email": "nobody+janesmith@stripe.com",
    "phone": "+1 555-555-5555",
    "raw_address": "123 Main Street, Everytown USA",
}
SECOND_OWNER: Mapping[str, str] = {
    "name": "John Smith",
    "email": "nobody+johnsmith@stripe.com",
    "phone": "+1 555-555-5556",
    "raw_address": "123 Main Street, Everytown USA",
}

MERCHANTS = (
    ("Rocket Rides", -1_850),
    ("Corner Coffee", -475),
    ("Payroll", 250_000),
    ("Green Grocer", -6_320),
    ("City Power", -9_410),
    ("Book Nook", -2_199),
)
"""Descriptions and amounts (cents) of the transactions that an account has when nobody says otherwise."""
