"""What can be bought where, and for how much, as data. Pure.

Source of pairs, precisions and words: docs.stripe.com/crypto/onramp. Prices and fees are our own choice, and fixed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from fcproxy.fake.versions import PREVIEW, Version

__all__ = [
    "COINS",
    "NETWORKS",
    "NEWER",
    "PAIRS",
    "SOURCES",
    "UNSUPPORTED",
    "WALLET_KEYS",
    "Coin",
    "destination_of",
    "money",
    "network_fee",
    "offered",
    "source_of",
    "transaction_fee",
]


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin: its price in US dollars, its decimals, and the networks that it can be sent on."""

    price: Decimal
    precision: int
    networks: tuple[str, ...]


_NEW_NETWORKS = ("celo", "optimism", "sui", "tempo", "worldchain")
_NEW_COINS = ("ripusd", "usdt", "wld")
_NEW_SOURCES = ("cad", "cop", "gbp", "php")
NEWER: Mapping[str, str] = dict.fromkeys((*_NEW_NETWORKS, *_NEW_COINS, *_NEW_SOURCES), PREVIEW)
"""Words that only previews of the API have."""
COINS: Mapping[str, Coin] = {
    "avax": Coin(Decimal("31.50"), 18, ("avalanche",)),
    "btc": Coin(Decimal(64_000), 8, ("bitcoin",)),
    "eth": Coin(Decimal(3_200), 18, ("ethereum", "base")),
    "matic": Coin(Decimal("0.55"), 18, ("polygon",)),
    "sol": Coin(Decimal(155), 9, ("solana",)),
    "usdc": Coin(Decimal(1), 6, ("avalanche", "base", "ethereum", "polygon", "solana", "stellar", *_NEW_NETWORKS)),
    "xlm": Coin(Decimal("0.11"), 7, ("stellar",)),
    "ripusd": Coin(Decimal(1), 6, ("ethereum",)),
    "usdt": Coin(Decimal(1), 6, ("celo", "ethereum")),
    "wld": Coin(Decimal("1.10"), 18, ("optimism", "worldchain")),
}
SOURCES: Mapping[str, Decimal] = {
    "usd": Decimal(1),
    "eur": Decimal("1.08"),
    "cad": Decimal("0.72"),
    "cop": Decimal("0.00024"),
    "gbp": Decimal("1.27"),
    "php": Decimal("0.0175"),
}
"""Currency that can be paid with -> its price in US dollars."""
NETWORKS: Mapping[str, Decimal] = {
    "avalanche": Decimal("0.05"),
    "base": Decimal("0.02"),
    "bitcoin": Decimal("1.50"),
    "ethereum": Decimal("2.20"),
    "polygon": Decimal("0.01"),
    "solana": Decimal("0.01"),
    "stellar": Decimal("0.01"),
    **dict.fromkeys(_NEW_NETWORKS, Decimal("0.02")),
}
"""Network -> its fee in US dollars."""
WALLET_KEYS: Mapping[str, str] = {name: "base_network" if name == "base" else name for name in NETWORKS}
"""Network -> the key that stands for it in wallet addresses and quotes."""
PAIRS = frozenset((name, network) for name, coin in COINS.items() for network in coin.networks)


def offered(words: Iterable[str], version: Version) -> list[str]:
    """Those of the coins or networks that a version has."""
    return [word for word in words if version.within(NEWER.get(word, ""), "")]


FEE_PERCENT = Decimal("1.5")

UNSUPPORTED: Mapping[str, str] = {
    "203.0.113.": "crypto_onramp_unsupported_country",
    "198.51.100.": "crypto_onramp_unsupportable_customer",
}
"""Beginnings of IP addresses (those kept for documentation) -> the error that a customer there gets."""


def money(amount: Decimal) -> str:
    """An amount of ordinary money as text with two decimals."""
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):f}"


def network_fee(network: str, source: str) -> Decimal:
    """What sending costs, in the currency that is paid with."""
    return (NETWORKS[network] / SOURCES[source]).quantize(Decimal("0.01"), ROUND_HALF_UP)


def transaction_fee(amount: Decimal) -> Decimal:
    """What buying costs."""
    return (amount * FEE_PERCENT / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def destination_of(amount: Decimal, source: str, coin: str) -> str:
    """How much of a coin an amount of money buys, as text at the coin's precision."""
    bought = amount * SOURCES[source] / COINS[coin].price
    return f"{bought.quantize(Decimal(1).scaleb(-COINS[coin].precision), ROUND_DOWN):f}"


def source_of(amount: Decimal, source: str, coin: str) -> Decimal:
    """What an amount of a coin costs."""
    return (amount * COINS[coin].price / SOURCES[source]).quantize(Decimal("0.01"), ROUND_HALF_UP)
