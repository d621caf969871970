"""The same requests in every test: only a deck of its own gives each one its own answers."""

import pytest
import stripe


@pytest.mark.parametrize(
    "plan", ["basic/monthly", "basic/yearly", "pro: monthly", "pro: yearly", "élite*", "a?b", " ", ".."]
)
def test_each_customer_is_another_one(client: stripe.StripeClient, plan: str) -> None:
    customer = client.v1.customers.create({"description": "somebody"})
    session = client.v1.financial_connections.sessions.create(
        {"account_holder": {"type": "customer", "customer": customer.id}, "permissions": ["balances"]}
    )
    assert session.account_holder is not None
    assert session.account_holder.customer == customer.id
    client.v1.customers.update(customer.id, {"metadata": {"plan": plan}})
    metadata = client.v1.customers.retrieve(customer.id).metadata
    assert metadata is not None
    assert metadata["plan"] == plan


def test_a_customer_is_deleted_once(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"description": "somebody"})
    assert client.v1.customers.delete(customer.id).deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.customers.delete(customer.id)
