"""The crypto onramp: sessions, refusals, quotes."""

from base64 import urlsafe_b64decode
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from fcproxy.fake.resources.crypto_errors import ONRAMP_ERRORS
from fcproxy.fake.resources.crypto_market import COINS, NEWER, PAIRS
from fcproxy.fake.resources.crypto_sessions import TRANSITIONS
from tests.fake.support import Caller, Doc

SESSIONS = "/v1/crypto/onramp_sessions"
QUOTES = "/v1/crypto/onramp/quotes"
EVENT = "crypto.onramp_session.updated"

REFUSED = [
    ("customer_ip_address=nope", "customer_ip_address"),
    ("customer_ip_address=203.0.113.7", "crypto_onramp_unsupported_country"),
    ("customer_ip_address=198.51.100.7", "crypto_onramp_unsupportable_customer"),
    (
        "source_amount=1&source_currency=usd&destination_amount=1&destination_currency=eth",
        "crypto_onramp_invalid_source_destination_pair",
    ),
    ("destination_currency=eth", "crypto_onramp_incomplete_destination_currency_and_network_pair"),
    ("destination_network=base", "crypto_onramp_incomplete_destination_currency_and_network_pair"),
    (
        "destination_currency=btc&destination_network=base",
        "crypto_onramp_invalid_destination_currency_and_network_pair",
    ),
    ("source_amount=1", "crypto_onramp_missing_source_currency"),
    ("source_amount=0&source_currency=usd", "crypto_onramp_invalid_source_amount"),
    ("destination_amount=1", "crypto_onramp_missing_destination_currency"),
    (
        "destination_amount=-1&destination_currency=eth&destination_network=ethereum",
        "crypto_onramp_invalid_destination_amount",
    ),
    (
        "destination_currencies[]=btc&destination_networks[]=base",
        "crypto_onramp_invalid_destination_currencies_and_networks",
    ),
    (
        "destination_currencies[]=btc&destination_currency=eth&destination_network=ethereum",
        "crypto_onramp_conflicting_destination_currency",
    ),
    (
        "destination_networks[]=base&destination_currency=eth&destination_network=ethereum",
        "crypto_onramp_conflicting_destination_network",
    ),
    (
        "destination_networks[]=ethereum&wallet_addresses[bitcoin]=1abc",
        "crypto_onramp_wallet_addresses_not_all_networks_supported",
    ),
    ("lock_wallet_address=true", "crypto_onramp_no_wallet_address_to_lock"),
]


@pytest.mark.parametrize(("form", "code"), REFUSED)
def test_refused(form: str, code: str) -> None:
    error = Caller().refused("POST", SESSIONS, form)
    assert (error["status"], error["type"], error["code"]) == (400, "invalid_request_error", code)


def test_every_code_can_be_met() -> None:
    switched = {"crypto_onramp_disabled", "crypto_onramp_merchant_not_properly_setup"}
    assert {code for _, code in REFUSED} | switched == set(ONRAMP_ERRORS)


def test_the_service_can_be_switched_off() -> None:
    call = Caller()
    call.control("crypto/service", {"merchant_ready": False})
    assert call.refused("POST", SESSIONS)["code"] == "crypto_onramp_merchant_not_properly_setup"
    call.control("crypto/service", {"enabled": False})
    error = call.refused("GET", QUOTES)
    assert (error["code"], error["type"]) == ("crypto_onramp_disabled", "api_error")
    call.control("crypto/service", {"enabled": True, "merchant_ready": True})
    call.post(SESSIONS)


def test_a_session_without_parameters_offers_everything() -> None:
    call = Caller()
    session = call.post(SESSIONS)
    head, secret = session["client_secret"].split("_secret_")
    assert (head, len(secret)) == (session["id"], 35)
    query = session["redirect_url"].partition("?session_hash=")[2]
    assert urlsafe_b64decode(query).decode().startswith(call.fake.state.account())
    details = session["transaction_details"]
    assert set(details["destination_currencies"]) == set(COINS) - NEWER.keys()
    assert not set(details["destination_networks"]) & NEWER.keys()
    assert details["wallet_addresses"] is None
    assert (session["status"], session["metadata"], session["kyc_details_provided"]) == ("initialized", {}, False)
    assert call.events() == []


def test_a_session_to_its_end() -> None:
    call = Caller()
    session = call.post(
        SESSIONS,
        "wallet_addresses[ethereum]=0xabc&source_currency=usd&source_amount=150&destination_currency=eth"
        "&destination_network=ethereum&lock_wallet_address=true&kyc_details[first_name]=Ada&metadata[a]=b",
    )
    assert session["kyc_details_provided"]
    path = f"crypto/onramp_sessions/{session['id']}"
    quoted = call.control(f"{path}/require_payment")["transaction_details"]
    assert (quoted["source_amount"], quoted["wallet_address"]) == ("150.00", "0xabc")
    assert Decimal(quoted["destination_amount"]) == Decimal(150) / 3200
    assert call.post(f"{SESSIONS}/{session['id']}/quote")["transaction_details"] == quoted
    paid = call.post(f"{SESSIONS}/{session['id']}/checkout", "mandate_data[customer_acceptance][type]=offline")
    assert paid["status"] == "fulfillment_processing"
    call.advance(120)
    done = call.get(f"{SESSIONS}/{session['id']}")
    assert done["status"] == "fulfillment_complete"
    assert done["transaction_details"]["transaction_id"]
    assert call.events() == [EVENT] * 3
    for query, count in (("status=fulfillment_complete", 1), ("status=rejected", 0), ("destination_currency=eth", 1)):
        assert len(call.get(SESSIONS, query)["data"]) == count


def test_the_key_for_base_is_another_than_its_word() -> None:
    session = Caller().post(SESSIONS, "wallet_addresses[base_network]=0x1&destination_networks[]=base")
    assert session["transaction_details"]["wallet_addresses"]["base_network"] == "0x1"


@pytest.mark.parametrize("path", [QUOTES, "/v1/crypto/onramp_quotes"])
def test_every_pair_is_quoted(path: str) -> None:
    quotes = Caller().get(path)
    assert (quotes["source_amount"], quotes["source_currency"]) == ("100.00", "usd")
    assert isinstance(quotes["rate_fetched_at"], float)
    found = [quote for listed in quotes["destination_network_quotes"].values() for quote in listed]
    assert {(quote["destination_currency"], quote["destination_network"]) for quote in found} == {
        pair for pair in PAIRS if not NEWER.keys() & set(pair)
    }
    assert len({quote["id"] for quote in found} | {quotes["id"]}) == len(found) + 1
    for quote in found:
        assert len(quote["id"]) == 64
        fees = sum(Decimal(fee) for fee in quote["fees"].values())
        assert Decimal(quote["source_total_amount"]) == 100 + fees
        decimals = -Decimal(quote["destination_amount"]).as_tuple().exponent  # type: ignore[operator]
        assert decimals == COINS[quote["destination_currency"]].precision


def test_quotes_for_a_destination() -> None:
    call = Caller()
    query = "destination_amount=0.5&destination_currencies[]=eth&destination_networks[]=base"
    quotes = call.get(QUOTES, query)["destination_network_quotes"]
    assert quotes["base_network"][0]["destination_amount"] == "0.5"
    assert quotes["ethereum"] is None
    assert call.refused("GET", QUOTES, "destination_amount=1")["code"] == "crypto_onramp_missing_destination_currency"
    listed = call.get(QUOTES, "destination_currencies[]=btc")["destination_network_quotes"]
    assert (len(listed["bitcoin"]), listed["ethereum"]) == (1, [])


class Onramp(RuleBasedStateMachine):
    """Whatever is tried, a session moves as its table says, with an event each time."""

    sessions: Any = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.call = Caller()
        self.status: dict[str, str] = {}
        self.moves = 0

    @rule(target=sessions)
    def started(self) -> Doc:
        session = self.call.post(SESSIONS)
        self.status[session["id"]] = session["status"]
        return session

    @rule(session=sessions, action=st.sampled_from(sorted(TRANSITIONS)))
    def acted(self, session: Doc, action: str) -> None:
        name = session["id"]
        response = self.call.fake.control("POST", f"crypto/onramp_sessions/{name}/{action}", b"")
        sources, target = TRANSITIONS[action]
        assert (response.status == 200) == (self.status[name] in sources)
        if response.status == 200:
            self.status[name] = target
            self.moves += 1

    @invariant()
    def as_the_table_says(self) -> None:
        assert self.call.events() == [EVENT] * self.moves
        for name, status in self.status.items():
            shown = self.call.get(f"{SESSIONS}/{name}")
            assert shown["status"] == status
            finished = shown["transaction_details"]["transaction_id"] is not None
            assert finished == (status == "fulfillment_complete")


TestOnramp = Onramp.TestCase
TestOnramp.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)


def test_what_previews_have_more_of() -> None:
    call = Caller(version="2026-09-30.preview")
    details = call.post(SESSIONS, "wallet_addresses[celo]=0x1&metadata[a]=b")["transaction_details"]
    assert {"usdt", "celo", "worldchain"} <= {*details["destination_currencies"], *details["destination_networks"]}
    assert details["wallet_addresses"]["celo"] == "0x1"
    quoted = call.get(QUOTES, "source_currency=gbp")["destination_network_quotes"]
    assert {quote["destination_currency"] for quote in quoted["celo"]} == {"usdc", "usdt"}
    session = call.post(SESSIONS, "destination_currency=wld&destination_network=optimism&source_currency=php")
    call.control(f"crypto/onramp_sessions/{session['id']}/require_payment")
    plain = Caller(call.fake, version="2026-10-28.endive")
    assert plain.get(f"{SESSIONS}/{session['id']}")["transaction_details"]["fees"]
    assert (
        "celo" not in plain.post(SESSIONS, "wallet_addresses[ethereum]=0x1")["transaction_details"]["wallet_addresses"]
    )
    assert "celo" not in plain.get(QUOTES)["destination_network_quotes"]
    for form in ("destination_currency=usdt", "destination_network=celo", "source_currency=gbp"):
        assert plain.refused("POST", SESSIONS, form)["param"] == form.partition("=")[0]
    assert plain.refused("POST", SESSIONS, "wallet_addresses[celo]=0x1")["code"] == "parameter_unknown"
