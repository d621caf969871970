"""The arithmetic of a tax calculation: what is due on an amount, and how it is broken down. Pure.

Amounts are in minor units and rounded half away from zero, each line by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from fcproxy.fake.resources.tax_rates import EXEMPT_CODES, SHIPPING_CODE, US_SHIPPING_FREE, Rate, rate_of
from fcproxy.fake.state import Doc

__all__ = ["Place", "Taxed", "summary", "tax_on"]

_ZERO = "0.0"


@dataclass(frozen=True, slots=True)
class Place:
    """Where tax is due.

    ``collecting`` says that a registration covers it, ``override`` is the customer's, ``sourcing`` says whose place it
    is: the customer's (``destination``) or the service's (``performance``).
    """

    country: str
    state: str | None
    collecting: bool
    override: str = "none"
    sourcing: str = "destination"


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount with its tax. ``taxable`` is the amount that the tax was worked out on, without the tax."""

    amount: int
    behavior: str
    tax: int
    taxable: int
    reason: str
    rate: Rate | None
    place: Place

    @property
    def inclusive(self) -> bool:
        """Whether the tax is part of the amount."""
        return self.behavior == "inclusive"

    def breakdown(self) -> list[Doc]:
        """The breakdown of a line."""
        place, rate = self.place, self.rate
        details = None
        if rate is not None and self.reason != "not_collecting":
            details = {
                "display_name": rate.display_name,
                "percentage_decimal": self._percentage(),
                "tax_type": rate.tax_type,
            }
        return [
            {
                "amount": self.tax,
                "jurisdiction": {
                    "country": place.country,
                    "display_name": _display(place),
                    "level": rate.level if rate else "country",
                    "state": place.state,
                },
                "sourcing": place.sourcing,
                "tax_rate_details": details,
                "taxability_reason": self.reason,
                "taxable_amount": self.taxable,
            }
        ]

    def _percentage(self) -> str:
        return self.rate.percentage if self.rate and self.tax else _ZERO

    def rate_details(self) -> Doc:
        """The rate as the whole calculation's breakdown shows it."""
        known = self.rate is not None and self.reason != "not_collecting"
        return {
            "country": self.place.country,
            "flat_amount": None,
            "percentage_decimal": self._percentage(),
            "rate_type": "percentage" if known else None,
            "state": self.place.state,
            "tax_type": self.rate.tax_type if self.rate and known else None,
        }


def _display(place: Place) -> str:
    return f"{place.state}, {place.country}" if place.state else place.country


def _reason(place: Place, code: str, rate: Rate | None) -> str:
    """Why the tax is what it is; the first rule that holds."""
    rules = (
        (rate is None, "not_supported"),
        (not place.collecting, "not_collecting"),
        (place.override == "customer_exempt", "customer_exempt"),
        (place.override == "reverse_charge", "reverse_charge"),
        (code in EXEMPT_CODES, "product_exempt"),
        (code == SHIPPING_CODE and place.country == "US" and place.state in US_SHIPPING_FREE, "product_exempt"),
        (rate is not None and Decimal(rate.percentage) == 0, "not_subject_to_tax"),
    )
    return next((reason for holds, reason in rules if holds), "standard_rated")


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def tax_on(amount: int, behavior: str, code: str, place: Place) -> Taxed:
    """What is due on an amount of goods with a tax code."""
    rate = rate_of(place.country, place.state)
    reason = _reason(place, code, rate)
    if reason != "standard_rated" or rate is None:
        return Taxed(amount, behavior, 0, 0, reason, rate, place)
    share = Decimal(rate.percentage) / 100
    if behavior == "inclusive":
        net = _rounded(amount / (1 + share))
        return Taxed(amount, behavior, amount - net, net, reason, rate, place)
    return Taxed(amount, behavior, _rounded(amount * share), amount, reason, rate, place)


def summary(lines: Iterable[Taxed]) -> list[Doc]:
    """The calculation's breakdown: lines with the same rate, reason and behaviour together."""
    groups: dict[tuple[str, bool, str], Doc] = {}
    for line in lines:
        details = line.rate_details()
        key = (line.reason, line.inclusive, str(details))
        found = groups.setdefault(
            key,
            {
                "amount": 0,
                "inclusive": line.inclusive,
                "tax_rate_details": details,
                "taxability_reason": line.reason,
                "taxable_amount": 0,
            },
        )
        found["amount"] += line.tax
        found["taxable_amount"] += line.taxable
    return list(groups.values())
