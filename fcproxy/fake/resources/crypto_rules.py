"""Which parameters of an onramp session do not go together. Source: docs.stripe.com/crypto/onramp."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fcproxy.fake.resources.crypto_errors import onramp_refusal
from fcproxy.fake.resources.crypto_market import COINS, NETWORKS, PAIRS, WALLET_KEYS

__all__ = ["RULES", "check_parameters"]


def _positive(word: str | None) -> bool:
    return word is None or Decimal(word) > 0


def _wallet_networks(given: Mapping[str, Any]) -> set[str]:
    return {network for network, key in WALLET_KEYS.items() if given.get("wallet_addresses", {}).get(key)}


def _no_common_pair(given: Mapping[str, Any]) -> bool:
    currencies = given.get("destination_currencies") or tuple(COINS)
    networks = given.get("destination_networks") or tuple(NETWORKS)
    return not any((currency, network) in PAIRS for currency in currencies for network in networks)


def _outside(given: Mapping[str, Any], name: str, names: str) -> bool:
    return bool(given.get(names)) and name in given and given[name] not in given[names]


def _pair(given: Mapping[str, Any]) -> tuple[str, str]:
    return given["destination_currency"], given["destination_network"]


RULES: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...] = (
    (
        "crypto_onramp_invalid_source_destination_pair",
        lambda given: "source_amount" in given and "destination_amount" in given,
    ),
    (
        "crypto_onramp_missing_source_currency",
        lambda given: "source_amount" in given and "source_currency" not in given,
    ),
    ("crypto_onramp_invalid_source_amount", lambda given: not _positive(given.get("source_amount"))),
    (
        "crypto_onramp_missing_destination_currency",
        lambda given: "destination_amount" in given and "destination_currency" not in given,
    ),
    ("crypto_onramp_invalid_destination_amount", lambda given: not _positive(given.get("destination_amount"))),
    (
        "crypto_onramp_incomplete_destination_currency_and_network_pair",
        lambda given: ("destination_currency" in given) != ("destination_network" in given),
    ),
    (
        "crypto_onramp_invalid_destination_currency_and_network_pair",
        lambda given: "destination_currency" in given and _pair(given) not in PAIRS,
    ),
    ("crypto_onramp_invalid_destination_currencies_and_networks", _no_common_pair),
    (
        "crypto_onramp_conflicting_destination_currency",
        lambda given: _outside(given, "destination_currency", "destination_currencies"),
    ),
    (
        "crypto_onramp_conflicting_destination_network",
        lambda given: _outside(given, "destination_network", "destination_networks"),
    ),
    (
        "crypto_onramp_wallet_addresses_not_all_networks_supported",
        lambda given: (
            bool(given.get("destination_networks"))
            and not _wallet_networks(given) <= set(given["destination_networks"])
        ),
    ),
    (
        "crypto_onramp_no_wallet_address_to_lock",
        lambda given: bool(given.get("lock_wallet_address")) and not _wallet_networks(given),
    ),
)
"""Code -> when it applies to the parameters; the first that does is answered."""


def check_parameters(given: Mapping[str, Any]) -> None:
    """Raises StripeError (400) for the first rule that applies."""
    for code, applies in RULES:
        if applies(given):
            raise onramp_refusal(code)
