"""The official SDK drives every endpoint that it knows, and finds what it expects; synchronously and not."""

from collections.abc import Mapping
from typing import Any

import pytest
import stripe

from fcproxy.fake import Fake
from fcproxy.fake.catalogue import Catalogue
from fcproxy.fake.resources import all_resources
from tests.fake.support import CUSTOMER, TEST_KEY, Caller, InMemory, sdk

UNKNOWN_TO_THE_SDK = (
    "/v1/crypto/",
    "/v1/stripecli/",
    "/stripecli/",
    "/v1/events/{id}/retry",
    "/v1/link_account_sessions",
    "/v1/linked_accounts",
    "/v1/financial_connections/authorizations/",
    "/v1/financial_connections/institutions",
    "/v1/financial_connections/accounts/{id}/inferred_balances",
)


class Noting(InMemory):
    """Notes which routes were reached."""

    def __init__(self, fake: Fake) -> None:
        super().__init__(fake)
        self.reached: set[str] = set()

    def request(  # type: ignore[override]
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        path = url.removeprefix("https://api.stripe.com").partition("?")[0]
        found, _ = self.fake.catalogue.routes.find(path)
        self.reached.add(f"{method.upper()} {found[method.upper()].path}")
        return super().request(method, url, headers, post_data)


def drive(client: stripe.StripeClient, control: Caller) -> None:
    """Calls every method of the services."""
    v1 = client.v1
    _customers(v1)
    _financial_connections(v1, control)
    _identity(v1, control)
    _tax(v1, control)
    _others(v1, control)


def _customers(v1: Any) -> None:
    customer = v1.customers.create({"name": "Ada", "metadata": {"7": "x"}})
    assert v1.customers.update(customer.id, {"name": "Bob"}).name == "Bob"
    assert v1.customers.retrieve(customer.id).metadata["7"] == "x"
    method = v1.payment_methods.create(
        {"type": "card", "card": {"number": "4242424242424242", "exp_month": 1, "exp_year": 2035, "cvc": "123"}}
    )
    v1.payment_methods.attach(method.id, {"customer": customer.id})
    assert v1.payment_methods.list({"customer": customer.id}).data[0].id == method.id
    assert v1.customers.payment_methods.list(customer.id).data[0].id == method.id
    assert v1.customers.payment_methods.retrieve(customer.id, method.id).customer == customer.id
    v1.payment_methods.update(method.id, {"metadata": {"a": "b"}})
    assert v1.payment_methods.retrieve(method.id).card.last4 == "4242"
    v1.payment_methods.detach(method.id)
    _kept_by_a_customer(v1.customers, customer.id)
    product = v1.products.create(
        {
            "name": "Gold",
            "tax_code": "txcd_99999999",
            "default_price_data": {"currency": "usd", "unit_amount": 500},
            "expand": ["default_price"],
        }
    )
    assert v1.prices.list({"product": product.id}).data[0] == v1.prices.retrieve(product.default_price.id)
    assert v1.products.search({"query": "name:'gold'"}).data[0].id == product.id
    assert v1.prices.search({"query": "type:'one_time'"}).data[0].product == product.id
    code = v1.tax_codes.list({"limit": 1}).data[0].id
    assert v1.tax_codes.retrieve(code).name == "General - Tangible Goods"
    v1.products.update(product.id, {"description": "shiny"})
    assert v1.products.list({"active": True}).data[0].description == "shiny"
    assert v1.products.retrieve(product.id).tax_code == "txcd_99999999"
    assert v1.products.delete(product.id).deleted
    assert v1.customers.list({"limit": 3}).data[0].id == customer.id
    assert v1.customers.search({"query": "name:'Bob'"}).data[0].id == customer.id
    assert v1.customers.delete(customer.id).deleted
    event = v1.events.list({"type": "customer.*"}).data[0]
    assert v1.events.retrieve(event.id).data.object["id"] == customer.id


def _kept_by_a_customer(customers: Any, customer: str) -> None:
    source = customers.payment_sources.create(customer, {"source": "tok_visa"})
    assert customers.payment_sources.list(customer).data[0].id == source.id
    assert customers.payment_sources.retrieve(customer, source.id).last4 == "4242"
    assert customers.payment_sources.update(customer, source.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    assert customers.payment_sources.delete(customer, source.id).deleted
    tax_id = customers.tax_ids.create(customer, {"type": "us_ein", "value": "1"})
    assert customers.tax_ids.list(customer).data[0].id == tax_id.id
    assert customers.tax_ids.retrieve(customer, tax_id.id).country == "US"
    assert customers.tax_ids.delete(customer, tax_id.id).deleted
    customers.cash_balance.update(customer, {"settings": {"reconciliation_mode": "manual"}})
    assert customers.cash_balance.retrieve(customer).settings.reconciliation_mode == "manual"


def _financial_connections(v1: Any, control: Caller) -> None:
    connections = v1.financial_connections
    session = connections.sessions.create(
        {
            "account_holder": {"type": "customer", "customer": CUSTOMER},
            "permissions": ["transactions", "balances", "ownership"],
            "filters": {"country": "US", "account_subcategories": ["checking"]},
            "prefetch": ["ownership"],
            "limits": {"accounts": 1},
        }
    )
    assert session.permissions == ["balances", "ownership", "transactions"]
    control.control(f"financial_connections/sessions/{session.id}/complete")
    account = connections.sessions.retrieve(session.id).accounts.data[0].id
    accounts = connections.accounts
    refreshed = accounts.refresh(account, {"features": ["balance", "transactions"]})
    assert refreshed.balance_refresh.status == "pending"
    accounts.subscribe(account, {"features": ["transactions"]})
    control.advance(60)
    shown = accounts.retrieve(account, {"expand": ["ownership", "account_holder.customer"]})
    assert shown.account_holder.customer.id == CUSTOMER
    assert shown.balance.current["usd"] == 123_456
    owners = accounts.owners.list(account, {"ownership": shown.ownership.id})
    assert owners.data[0].name == "Jane Smith"
    assert [item.id for item in accounts.list({"session": session.id}).auto_paging_iter()] == [account]
    listed = list(connections.transactions.list({"account": account, "limit": 2}).auto_paging_iter())
    assert len(listed) == 6
    assert connections.transactions.retrieve(listed[0].id).account == account
    assert accounts.unsubscribe(account, {"features": ["transactions"]}).subscriptions == []
    assert accounts.disconnect(account).status == "disconnected"


def _identity(v1: Any, control: Caller) -> None:
    sessions = v1.identity.verification_sessions
    session = sessions.create({"type": "document", "options": {"document": {"allowed_types": ["passport"]}}})
    assert sessions.update(session.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    control.control(f"identity/verification_sessions/{session.id}/verify")
    done = sessions.retrieve(session.id, {"expand": ["last_verification_report", "verified_outputs"]})
    assert done.verified_outputs.first_name == done.last_verification_report.document.first_name == "Jenny"
    reports = v1.identity.verification_reports
    assert reports.retrieve(reports.list({"verification_session": session.id}).data[0].id).type == "document"
    assert sessions.redact(session.id).redaction.status == "processing"
    assert sessions.cancel(sessions.create({"type": "id_number"}).id).status == "canceled"
    assert len(sessions.list({"status": "verified"}).data) == 1


def _tax(v1: Any, control: Caller) -> None:
    tax = v1.tax
    assert tax.settings.retrieve().status == "pending"
    address = {"country": "US", "state": "CA", "postal_code": "94080", "line1": "354 Oyster Point Blvd"}
    assert tax.settings.update({"head_office": {"address": address}}).status == "active"
    registration = tax.registrations.create(
        {"country": "US", "country_options": {"us": {"state": "CA", "type": "state_sales_tax"}}, "active_from": "now"}
    )
    assert tax.registrations.retrieve(registration.id).status == "active"
    assert len(tax.registrations.list({"status": "active"}).data) == 1
    location = tax.locations.create({"type": "performance", "address": {"country": "DE"}})
    assert tax.locations.retrieve(location.id).id == tax.locations.list({"type": "performance"}).data[0].id
    calculation = tax.calculations.create(
        {
            "currency": "usd",
            "line_items": [{"amount": 1499, "reference": "a"}],
            "customer_details": {"address": address, "address_source": "billing"},
            "shipping_cost": {"amount": 300},
            "expand": ["line_items.data.tax_breakdown"],
        }
    )
    assert (calculation.amount_total, calculation.line_items.data[0].tax_breakdown[0].amount) == (1947, 148)
    assert tax.calculations.retrieve(calculation.id).tax_amount_exclusive == 148
    assert tax.calculations.line_items.list(calculation.id).data[0].reference == "a"
    transaction = tax.transactions.create_from_calculation({"calculation": calculation.id, "reference": "order"})
    assert tax.transactions.retrieve(transaction.id).line_items.data[0].amount == 1499
    assert tax.transactions.line_items.list(transaction.id).data[0].amount_tax == 148
    reversal = tax.transactions.create_reversal(
        {"mode": "full", "original_transaction": transaction.id, "reference": "back"}
    )
    assert reversal.shipping_cost.amount == -300
    assert tax.registrations.update(registration.id, {"expires_at": "now"}).status == "expired"
    control.control(f"tax/calculations/{calculation.id}/pay", {"payment_intent": "pi_2"})
    association = tax.associations.find({"payment_intent": "pi_2"})
    attempt = association.tax_transaction_attempts[0]
    assert tax.transactions.retrieve(attempt.committed.transaction).reference == attempt.source == "pi_2"
    with pytest.raises(stripe.InvalidRequestError, match="No such tax association") as caught:
        tax.associations.find({"payment_intent": "pi_1"})
    assert caught.value.code == "resource_missing"


def _others(v1: Any, control: Caller) -> None:
    climate = v1.climate
    product = climate.products.list().data[0].id
    assert climate.products.retrieve(product).suppliers[0].id.startswith("climsup_")
    assert climate.suppliers.retrieve(climate.suppliers.list().data[0].id).locations
    order = climate.orders.create({"product": product, "amount": 5000, "beneficiary": {"public_name": "Ada"}})
    assert climate.orders.update(order.id, {"beneficiary": {"public_name": "Bob"}}).beneficiary.public_name == "Bob"
    assert climate.orders.retrieve(order.id, {"expand": ["product"]}).product.id == product
    assert climate.orders.cancel(order.id).status == "canceled"
    assert len(climate.orders.list().data) == 1
    forwarding = v1.forwarding.requests
    sent = forwarding.create(
        {
            "payment_method": "pm_card_visa",
            "url": "https://echo.fcproxy.test/",
            "replacements": ["card_number"],
            "request": {"body": '{"number": ""}', "headers": [{"name": "X-A", "value": "b"}]},
        }
    )
    assert forwarding.retrieve(sent.id).response_details.status == 200
    assert forwarding.list().data[0].request_details.body == '{"number":"************4242"}'
    endpoints = v1.webhook_endpoints
    endpoint = endpoints.create({"url": "https://example.com/", "enabled_events": ["*"]})
    assert endpoint.secret
    assert endpoints.update(endpoint.id, {"disabled": True}).status == "disabled"
    assert endpoints.retrieve(endpoint.id).id == endpoints.list().data[0].id
    assert endpoints.delete(endpoint.id).deleted
    assert control.fake.due() == []


def test_every_endpoint_is_reached() -> None:
    fake = Fake()
    http = Noting(fake)
    client = stripe.StripeClient(TEST_KEY, http_client=http, max_network_retries=0)
    drive(client, Caller(fake))
    known = {
        f"{route.method} {route.path}"
        for resource in Catalogue(all_resources()).resources
        for route in resource.routes
        if not route.path.startswith((*UNKNOWN_TO_THE_SDK, "/v2/"))
    }
    assert known - http.reached == set()


async def test_without_blocking() -> None:
    fake = Fake()
    client = sdk(fake)
    session = await client.v1.financial_connections.sessions.create_async(
        {"account_holder": {"type": "customer", "customer": CUSTOMER}, "permissions": ["balances"]}
    )
    control = Caller(fake)
    control.control(f"financial_connections/sessions/{session.id}/complete")
    accounts = await client.v1.financial_connections.accounts.list_async({"session": session.id, "limit": 1})
    assert len([account.id async for account in accounts.auto_paging_iter()]) == 2
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await client.v1.financial_connections.accounts.retrieve_async("fca_x")
    assert (caught.value.http_status, caught.value.param) == (404, "id")


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("sk_" + "test_" + "x_expired", stripe.AuthenticationError),
        ("nonsense", stripe.AuthenticationError),
        ("sk_" + "test_" + "x_forbidden", stripe.PermissionError),
    ],
)
def test_errors_are_those_that_the_sdk_knows(key: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        sdk(Fake(), key).v1.customers.list()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("rate-limit", stripe.RateLimitError),
        ("declined", stripe.CardError),
        ("server-error", stripe.APIError),
        ("conflict", stripe.APIError),
    ],
)
def test_faults_are_errors_that_the_sdk_knows(fault: str, error: type[Exception]) -> None:
    fake = Fake()
    Caller(fake).control("faults", {"fault": fault})
    with pytest.raises(error):
        sdk(fake).v1.customers.list()
