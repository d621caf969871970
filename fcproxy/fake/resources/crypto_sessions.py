"""Crypto Onramp Sessions (public preview). Source: docs.stripe.com/crypto/onramp/api-reference."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from decimal import Decimal
from ipaddress import ip_address
from typing import Any

from fcproxy.fake.call import Call
from fcproxy.fake.errors import refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import (
    ADDRESS,
    CREATED,
    LIST,
    METADATA,
    Params,
    array,
    boolean,
    choice,
    decimal,
    group,
    integer,
    required,
    spanned,
    text,
    time,
)
from fcproxy.fake.resource import Action, Kind, Resource, Route, Span
from fcproxy.fake.resources.crypto_errors import onramp_refusal
from fcproxy.fake.resources.crypto_market import (
    COINS,
    NETWORKS,
    NEWER,
    PAIRS,
    SOURCES,
    UNSUPPORTED,
    WALLET_KEYS,
    destination_of,
    money,
    network_fee,
    offered,
    source_of,
    transaction_fee,
)
from fcproxy.fake.resources.crypto_rules import check_parameters
from fcproxy.fake.state import Doc, Row, by
from fcproxy.fake.versions import Version

__all__ = ["RESOURCE", "TRANSITIONS", "check_customer", "check_service"]

KIND = "crypto.onramp_session"
_URL = "/v1/crypto/onramp_sessions"

TRANSITIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "reject": (("initialized", "requires_payment"), "rejected"),
    "require_payment": (("initialized",), "requires_payment"),
    "pay": (("requires_payment",), "fulfillment_processing"),
    "fulfill": (("fulfillment_processing",), "fulfillment_complete"),
}
"""What can be done -> from which statuses, and the status afterwards."""
STATUSES = (
    "fulfillment_complete",
    "fulfillment_processing",
    "initialized",
    "rejected",
    "requires_payment",
)
FULFILL_SECONDS = 120
"""How long a paid order takes on the fake's clock."""

_CURRENCY, _NETWORK = choice(*COINS, newer=NEWER), choice(*NETWORKS, newer=NEWER)
_KYC: Params = {
    "address": group({**ADDRESS, "country": text("country")}),
    "dob": group({"day": integer(least=1, most=31), "month": integer(least=1, most=12), "year": integer()}),
    "email": text("email"),
    "first_name": text(),
    "last_name": text(),
    "phone": text(),
}
_CREATE: Params = {
    "customer_information": group(_KYC),
    "customer_ip_address": text(),
    "destination_amount": decimal(),
    "destination_currencies": array(_CURRENCY),
    "destination_currency": _CURRENCY,
    "destination_network": _NETWORK,
    "destination_networks": array(_NETWORK),
    "kyc_details": group(_KYC),
    "lock_wallet_address": boolean(),
    "metadata": METADATA,
    "settlement_speed": choice("instant", "standard"),
    "source_amount": decimal(),
    "source_currency": choice(*SOURCES, newer=NEWER),
    "wallet_addresses": group(
        {
            **{key: spanned(text(), since=NEWER.get(network, "")) for network, key in WALLET_KEYS.items()},
            "destination_tags": group({"stellar": text()}),
        }
    ),
}
_CHECKOUT: Params = {
    "mandate_data": group(
        {
            "customer_acceptance": required(
                group(
                    {
                        "accepted_at": time(),
                        "online": group({"ip_address": required(text()), "user_agent": required(text())}),
                        "type": required(choice("online", "offline")),
                    }
                )
            )
        }
    )
}


def _service(call: Call) -> Doc:
    return call.settings("crypto", {"enabled": True, "merchant_ready": True})


def check_service(call: Call) -> None:
    """Raises StripeError (400) while the onramp is switched off, or the account is not ready for it."""
    service = _service(call)
    if not service["enabled"]:
        raise onramp_refusal("crypto_onramp_disabled")
    if not service["merchant_ready"]:
        raise onramp_refusal("crypto_onramp_merchant_not_properly_setup")


def check_customer(address: str | None) -> None:
    """Raises StripeError (400) for an IP address that is not one, or where nobody is served."""
    if address is None:
        return
    try:
        ip_address(address)
    except ValueError:
        raise onramp_refusal("customer_ip_address") from None
    for start, code in UNSUPPORTED.items():
        if address.startswith(start):
            raise onramp_refusal(code)


def _wallets(given: Mapping[str, Any]) -> Doc | None:
    addresses = given.get("wallet_addresses")
    if not addresses:
        return None
    keys = sorted((*WALLET_KEYS.values(), "destination_tags"))
    tags = addresses.get("destination_tags")
    stellar = {"stellar": tags.get("stellar")} if tags else None
    return {**{key: addresses.get(key) for key in keys}, "destination_tags": stellar}


def _details(given: Mapping[str, Any], version: Version) -> Doc:
    details: Doc = {
        "destination_amount": given.get("destination_amount"),
        "destination_currencies": given.get("destination_currencies") or offered(COINS, version),
        "destination_currency": given.get("destination_currency"),
        "destination_network": given.get("destination_network"),
        "destination_networks": given.get("destination_networks") or offered(NETWORKS, version),
        "fees": None,
        "lock_wallet_address": given.get("lock_wallet_address"),
        "source_amount": given.get("source_amount"),
        "source_currency": given.get("source_currency"),
        "transaction_id": None,
        "wallet_address": None,
        "wallet_addresses": _wallets(given),
    }
    if "settlement_speed" in given:
        details["settlement_speed"] = given["settlement_speed"]
    return details


def _create(call: Call) -> Doc:
    check_service(call)
    check_customer(call.params.get("customer_ip_address"))
    check_parameters(call.params)
    object_id = call.mint(KIND)
    session_hash = urlsafe_b64encode(f"{call.account}|{call.secret('onramp hash', 43)}".encode()).decode()
    doc = {
        "id": object_id,
        "object": KIND,
        "client_secret": f"{object_id}_secret_{call.secret('onramp secret', 35)}",
        "created": call.now,
        "kyc_details_provided": bool(call.params.get("kyc_details") or call.params.get("customer_information")),
        "livemode": call.livemode,
        "metadata": merge_metadata({}, call.params.get("metadata")),
        "redirect_url": f"https://crypto.link.com?session_hash={session_hash}",
        "status": "initialized",
        "transaction_details": _details(call.params, call.version),
    }
    return call.add(KIND, doc).doc


def _retrieve(call: Call) -> Doc:
    row = call.target(KIND)
    secret = call.params.get("client_secret")
    if secret is not None and secret != row.doc["client_secret"]:
        raise refuse("missing", param="id", words="onramp session", id=row.id, hint="")
    return row.doc


def _list(call: Call) -> Doc:
    names = ("status", "destination_currency", "destination_network")
    return call.page(KIND, _URL, filters={name: call.params.get(name) for name in names})


def _may(call: Call, action: str) -> Row:
    row = call.target(KIND)
    allowed, _ = TRANSITIONS[action]
    if row.doc["status"] not in allowed:
        message = f"The onramp session is {row.doc['status']}: it must be {' or '.join(allowed)} here."
        raise refuse("state", message=message)
    return row


def _move(call: Call, row: Row, action: str, **details: Any) -> Doc:
    previous = {"status": row.doc["status"]}
    changed = {**row.doc["transaction_details"], **details}
    call.change(row, status=TRANSITIONS[action][1], transaction_details=changed)
    call.emit("crypto.onramp_session.updated", row, previous)
    return row.doc


def _quoted(details: Doc) -> Doc:
    """The details with amounts and fees worked out: what a customer agrees to pay."""
    coin = details["destination_currency"] or "usdc"
    network = details["destination_network"] or next(name for name in NETWORKS if (coin, name) in PAIRS)
    source = details["source_currency"] or "usd"
    if details["destination_amount"] is not None:
        amount = source_of(Decimal(details["destination_amount"]), source, coin)
        bought = details["destination_amount"]
    else:
        amount = Decimal(details["source_amount"] or 100)
        bought = destination_of(amount, source, coin)
    addresses = details["wallet_addresses"] or {}
    return {
        **details,
        "destination_amount": bought,
        "destination_currency": coin,
        "destination_network": network,
        "fees": {
            "network_fee_amount": money(network_fee(network, source)),
            "transaction_fee_amount": money(transaction_fee(amount)),
        },
        "source_amount": money(amount),
        "source_currency": source,
        "wallet_address": addresses.get(WALLET_KEYS[network]) or f"0x{'0' * 40}",
    }


def _require_payment(call: Call) -> Doc:
    row = _may(call, "require_payment")
    return _move(call, row, "require_payment", **_quoted(row.doc["transaction_details"]))


def _reject(call: Call) -> Doc:
    return _move(call, _may(call, "reject"), "reject")


def _pay(call: Call) -> Doc:
    row = _may(call, "pay")
    call.later(FULFILL_SECONDS, "crypto.fulfill", session=row.id)
    return _move(call, row, "pay")


def _fulfill(call: Call) -> Doc:
    return _fulfilled(call, _may(call, "fulfill"))


def _fulfilled(call: Call, row: Row) -> Doc:
    return _move(call, row, "fulfill", transaction_id="0x" + call.secret("onramp transaction", 40).lower())


def _quote(call: Call) -> Doc:
    """A fresh quote of a session that can be paid: same prices here, as they never change."""
    row = call.target(KIND)
    if row.doc["status"] not in ("initialized", "requires_payment"):
        _may(call, "pay")
    if row.doc["status"] == "requires_payment":
        call.change(row, transaction_details=_quoted(row.doc["transaction_details"]))
    return row.doc


def _job_fulfill(call: Call, data: Doc) -> None:
    row = call.find(KIND, data["session"])
    if row is not None and row.doc["status"] in TRANSITIONS["fulfill"][0]:
        _fulfilled(call, row)


def _switch(call: Call) -> Doc:
    service = _service(call)
    service.update({name: value for name, value in call.params.items() if name in service})
    return {"object": "fcproxy.crypto_service", **service}


_CONTROL = "crypto/onramp_sessions/{id}/"
_DETAIL = "transaction_details.{}"

RESOURCE = Resource(
    name="crypto.onramp_sessions",
    title="Crypto Onramp Sessions",
    kinds=(
        Kind(
            KIND,
            "onramp session",
            indexes={
                "status": by("status"),
                "destination_currency": by(_DETAIL.format("destination_currency")),
                "destination_network": by(_DETAIL.format("destination_network")),
            },
            spans=tuple(
                Span(_DETAIL.format(f"wallet_addresses.{key}"), since=NEWER[network])
                for network, key in WALLET_KEYS.items()
                if network in NEWER
            ),
        ),
    ),
    routes=(
        Route("POST", _URL, _create, KIND, "Create an onramp session", _CREATE),
        Route(
            "GET",
            _URL,
            _list,
            KIND,
            "List onramp sessions",
            {
                **LIST,
                **CREATED,
                "destination_currency": _CURRENCY,
                "destination_network": _NETWORK,
                "status": choice(*STATUSES),
            },
            listed=True,
        ),
        Route(
            "GET",
            _URL + "/{id}",
            _retrieve,
            KIND,
            "Retrieve an onramp session",
            {"client_secret": text()},
            publishable=True,
        ),
        Route("POST", _URL + "/{id}/quote", _quote, KIND, "Refresh the quote of a session"),
        Route("POST", _URL + "/{id}/checkout", _pay, KIND, "Pay for a session", _CHECKOUT),
    ),
    actions=(
        Action(_CONTROL + "require_payment", _require_payment, KIND, "identifies the customer and quotes a price"),
        Action(_CONTROL + "reject", _reject, KIND, "rejects the customer"),
        Action(_CONTROL + "pay", _pay, KIND, "pays"),
        Action(_CONTROL + "fulfill", _fulfill, KIND, "delivers the coins"),
        Action(
            "crypto/service",
            _switch,
            KIND,
            "switches the onramp off and on, or the account's readiness for it",
            {"enabled": boolean(), "merchant_ready": boolean()},
        ),
    ),
    jobs={"crypto.fulfill": _job_fulfill},
    events=("crypto.onramp_session.updated",),
    notes=(
        "Prices never change.",
        "Customers at 203.0.113.* and 198.51.100.* are not served, so that the refusals can be tried.",
    ),
)
