"""What the crypto onramp refuses. Source: docs.stripe.com/crypto/onramp/api-reference, error codes."""

from collections.abc import Mapping

from fcproxy.fake.errors import ApiError, StripeError

__all__ = ["ONRAMP_ERRORS", "onramp_refusal"]

_PREFIX = "crypto_onramp_"

ONRAMP_ERRORS: Mapping[str, tuple[str, str | None]] = {
    "customer_ip_address": ("The IP address of the customer is not well formed.", "customer_ip_address"),
    "crypto_onramp_unsupportable_customer": ("This customer cannot be supported.", "customer_ip_address"),
    "crypto_onramp_unsupported_country": ("Customers in this country are not supported.", "customer_ip_address"),
    "crypto_onramp_invalid_source_destination_pair": (
        "Only one of `source_amount` and `destination_amount` can be given.",
        "destination_amount",
    ),
    "crypto_onramp_incomplete_destination_currency_and_network_pair": (
        "`destination_currency` and `destination_network` must be given together.",
        "destination_currency",
    ),
    "crypto_onramp_invalid_destination_currency_and_network_pair": (
        "This `destination_currency` cannot be sent on this `destination_network`.",
        "destination_network",
    ),
    "crypto_onramp_missing_source_currency": ("`source_amount` needs a `source_currency`.", "source_currency"),
    "crypto_onramp_invalid_source_amount": ("`source_amount` must be more than 0.", "source_amount"),
    "crypto_onramp_missing_destination_currency": (
        "`destination_amount` needs a `destination_currency`.",
        "destination_currency",
    ),
    "crypto_onramp_invalid_destination_amount": ("`destination_amount` must be more than 0.", "destination_amount"),
    "crypto_onramp_invalid_destination_currencies_and_networks": (
        "None of the `destination_currencies` can be sent on any of the `destination_networks`.",
        "destination_currencies",
    ),
    "crypto_onramp_conflicting_destination_currency": (
        "`destination_currency` is not among the `destination_currencies`.",
        "destination_currency",
    ),
    "crypto_onramp_conflicting_destination_network": (
        "`destination_network` is not among the `destination_networks`.",
        "destination_network",
    ),
    "crypto_onramp_wallet_addresses_not_all_networks_supported": (
        "There is a wallet address for a network that is not among the `destination_networks`.",
        "wallet_addresses",
    ),
    "crypto_onramp_no_wallet_address_to_lock": ("There is no wallet address to lock.", "lock_wallet_address"),
    "crypto_onramp_merchant_not_properly_setup": ("The business profile of this account is not complete.", None),
    "crypto_onramp_disabled": ("The onramp is switched off for the moment.", None),
}
"""Code -> text and parameter."""


def onramp_refusal(code: str) -> StripeError:
    """The refusal with a code."""
    message, param = ONRAMP_ERRORS[code]
    kind = "api_error" if code == "crypto_onramp_disabled" else "invalid_request_error"
    return StripeError(ApiError(400, kind, code, message, param))
