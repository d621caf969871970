import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";

// `fcproxy run` sets these; without it the tests talk to Stripe.
const base = new URL(process.env.STRIPE_API_BASE ?? "https://api.stripe.com");
const stripe = new Stripe(process.env.STRIPE_API_KEY, {
  host: base.hostname,
  port: base.port,
  protocol: base.protocol.slice(0, -1),
});

test("a customer gets what was asked for", async () => {
  const customer = await stripe.customers.create({ description: "somebody", metadata: { plan: "pro" } });
  assert.equal(customer.metadata.plan, "pro");
  const session = await stripe.financialConnections.sessions.create({
    account_holder: { type: "customer", customer: customer.id },
    permissions: ["balances"],
  });
  assert.equal(session.account_holder.customer, customer.id);
});

test("a customer that does not exist is an error", async () => {
  await assert.rejects(stripe.customers.retrieve("cus_00000000000000"), { code: "resource_missing" });
});
