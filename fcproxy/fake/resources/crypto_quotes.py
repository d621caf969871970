"""Crypto Onramp Quotes. Source: docs.stripe.com/crypto/onramp/quotes-api. Both of the paths that it has had."""

from decimal import Decimal

from fcproxy.fake.call import Call
from fcproxy.fake.params import Params, array, choice, decimal, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.resources.crypto_errors import onramp_refusal
from fcproxy.fake.resources.crypto_market import (
    COINS,
    NETWORKS,
    NEWER,
    PAIRS,
    SOURCES,
    WALLET_KEYS,
    destination_of,
    money,
    network_fee,
    offered,
    source_of,
    transaction_fee,
)
from fcproxy.fake.resources.crypto_sessions import check_customer, check_service
from fcproxy.fake.state import Doc

__all__ = ["RESOURCE"]

KIND = "crypto.onramp.quotes"
DEFAULT_AMOUNT = "100.00"

_GET: Params = {
    "customer_ip_address": text(),
    "destination_amount": decimal(),
    "destination_currencies": array(choice(*COINS, newer=NEWER)),
    "destination_networks": array(choice(*NETWORKS, newer=NEWER)),
    "source_amount": decimal(),
    "source_currency": choice(*SOURCES, newer=NEWER),
}


def _quote(call: Call, pair: tuple[str, str], source: str, amount: Decimal, bought: str) -> Doc:
    coin, network = pair
    fee, sending = transaction_fee(amount), network_fee(network, source)
    return {
        "id": call.mint(KIND),
        "destination_amount": bought,
        "destination_currency": coin,
        "destination_network": network,
        "fees": {"network_fee_monetary": money(sending), "transaction_fee_monetary": money(fee)},
        "source_total_amount": money(amount + fee + sending),
    }


def _check(call: Call) -> None:
    if "source_amount" in call.params and "destination_amount" in call.params:
        raise onramp_refusal("crypto_onramp_invalid_source_destination_pair")
    for name in ("source_amount", "destination_amount"):
        if name in call.params and Decimal(call.params[name]) <= 0:
            raise onramp_refusal(f"crypto_onramp_invalid_{name}")
    if "destination_amount" in call.params:
        if len(call.params.get("destination_currencies", ())) != 1:
            raise onramp_refusal("crypto_onramp_missing_destination_currency")
        if len(call.params.get("destination_networks", ())) != 1:
            raise onramp_refusal("crypto_onramp_incomplete_destination_currency_and_network_pair")


def _get(call: Call) -> Doc:
    check_service(call)
    check_customer(call.params.get("customer_ip_address"))
    _check(call)
    source = call.params.get("source_currency", "usd")
    coins = call.params.get("destination_currencies") or offered(COINS, call.version)
    networks = call.params.get("destination_networks") or offered(NETWORKS, call.version)
    pairs = [(coin, network) for network in networks for coin in coins if (coin, network) in PAIRS]
    if not pairs:
        raise onramp_refusal("crypto_onramp_invalid_destination_currencies_and_networks")
    wanted = call.params.get("destination_amount")
    amount = Decimal(call.params.get("source_amount", DEFAULT_AMOUNT))
    if wanted is not None:
        amount = source_of(Decimal(wanted), source, pairs[0][0])
    shown = {*offered(NETWORKS, call.version), *networks}
    keys = [key for network, key in WALLET_KEYS.items() if network in shown]
    quotes: Doc = {key: None if wanted is not None else [] for key in keys}
    for coin, network in pairs:
        bought = wanted if wanted is not None else destination_of(amount, source, coin)
        found = quotes[WALLET_KEYS[network]] or []
        quotes[WALLET_KEYS[network]] = [*found, _quote(call, (coin, network), source, amount, bought)]
    return {
        "id": call.mint(KIND),
        "object": KIND,
        "destination_network_quotes": quotes,
        "livemode": call.livemode,
        "rate_fetched_at": float(call.now),
        "source_amount": money(amount),
        "source_currency": source,
    }


RESOURCE = Resource(
    name="crypto.onramp_quotes",
    title="Crypto Onramp Quotes",
    kinds=(Kind(KIND, "onramp quotes"),),
    routes=(
        Route("GET", "/v1/crypto/onramp/quotes", _get, KIND, "Quote every pair", _GET),
        Route("GET", "/v1/crypto/onramp_quotes", _get, KIND, "Quote every pair (the older path)", _GET),
    ),
)
