// Stripe's SDK for node calls every endpoint of the fake, and looks at what comes back.
// Arguments: base URL, API key. Prints a JSON list of the "METHOD path" that answered 200, paths as the fake declares them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import Stripe from "stripe";

const [base, key] = process.argv.slice(2);
const url = new URL(base);
const stripe = new Stripe(key, {
  host: url.hostname,
  port: url.port,
  protocol: url.protocol.slice(0, -1),
  maxNetworkRetries: 0,
});

const answered = [];
stripe.on("response", ({ method, path, status }) => {
  if (status === 200) answered.push([method, path.split("?")[0]]);
});

const control = async (path, body = {}) => {
  const answer = await fetch(`${base}/_fcproxy/fake/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.text());
};

const ADDRESS = { country: "US", state: "CA", postal_code: "94080", line1: "354 Oyster Point Blvd" };

async function customers() {
  const customer = await stripe.customers.create({ name: "Ada", metadata: { 7: "x" } });
  assert.equal((await stripe.customers.update(customer.id, { name: "Bob" })).name, "Bob");
  assert.equal((await stripe.customers.retrieve(customer.id)).metadata[7], "x");
  const methods = stripe.paymentMethods;
  const card = { number: "4242424242424242", exp_month: 1, exp_year: 2035, cvc: "123" };
  const method = await methods.create({ type: "card", card });
  assert.equal((await methods.attach(method.id, { customer: customer.id })).customer, customer.id);
  assert.deepEqual((await methods.list({ customer: customer.id })).data.map((one) => one.id), [method.id]);
  assert.equal((await stripe.customers.listPaymentMethods(customer.id)).data[0].id, method.id);
  assert.equal((await stripe.customers.retrievePaymentMethod(customer.id, method.id)).id, method.id);
  assert.equal((await methods.update(method.id, { metadata: { a: "b" } })).metadata.a, "b");
  assert.equal((await methods.retrieve(method.id)).card.last4, "4242");
  assert.equal((await methods.detach(method.id)).customer, null);
  await kept(customer.id);
  assert.equal((await stripe.customers.list({ limit: 3 })).data[0].id, customer.id);
  assert.equal((await stripe.customers.search({ query: 'name:"Bob"' })).data[0].id, customer.id);
  assert.equal((await stripe.customers.del(customer.id)).deleted, true);
}

// What a customer keeps.
async function kept(customer) {
  const { customers: service } = stripe;
  const source = await service.createSource(customer, { source: "tok_visa" });
  assert.equal((await service.listSources(customer)).data[0].id, source.id);
  assert.equal((await service.retrieveSource(customer, source.id)).last4, "4242");
  assert.equal((await service.updateSource(customer, source.id, { metadata: { a: "b" } })).metadata.a, "b");
  assert.equal((await service.deleteSource(customer, source.id)).deleted, true);
  const taxId = await service.createTaxId(customer, { type: "us_ein", value: "1" });
  assert.equal((await service.listTaxIds(customer)).data[0].id, taxId.id);
  assert.equal((await service.retrieveTaxId(customer, taxId.id)).country, "US");
  assert.equal((await service.deleteTaxId(customer, taxId.id)).deleted, true);
  await service.updateCashBalance(customer, { settings: { reconciliation_mode: "manual" } });
  assert.equal((await service.retrieveCashBalance(customer)).settings.reconciliation_mode, "manual");
}

async function products() {
  const price = { currency: "usd", unit_amount: 500 };
  const product = await stripe.products.create({ name: "Gold", tax_code: "txcd_99999999", default_price_data: price });
  assert.equal((await stripe.prices.retrieve(product.default_price)).unit_amount, 500);
  assert.equal((await stripe.prices.list({ product: product.id })).data.length, 1);
  assert.equal((await stripe.products.update(product.id, { description: "shiny" })).description, "shiny");
  assert.equal((await stripe.products.list({ active: true })).data[0].id, product.id);
  assert.equal((await stripe.products.retrieve(product.id)).tax_code, "txcd_99999999");
  assert.equal((await stripe.products.del(product.id)).deleted, true);
  assert.deepEqual((await stripe.products.search({ query: 'name:"nothing"' })).data, []);
  assert.equal((await stripe.prices.search({ query: "currency:'usd'" })).data.length, 1);
  const [code] = (await stripe.taxCodes.list({ limit: 1 })).data;
  assert.deepEqual(await stripe.taxCodes.retrieve(code.id), code);
}

async function financialConnections() {
  const { sessions, accounts, transactions } = stripe.financialConnections;
  const customer = await stripe.customers.create();
  const session = await sessions.create({
    account_holder: { type: "customer", customer: customer.id },
    permissions: ["transactions", "balances", "ownership"],
    filters: { account_subcategories: ["checking"], countries: ["US"] },
    prefetch: ["ownership"],
  });
  assert.match(session.client_secret, /^fcsess_client_secret_/);
  await control(`financial_connections/sessions/${session.id}/complete`);
  const account = (await sessions.retrieve(session.id)).accounts.data[0].id;
  const refreshed = await accounts.refresh(account, { features: ["balance", "transactions"] });
  assert.equal(refreshed.balance_refresh.status, "pending");
  const followed = await accounts.subscribe(account, { features: ["transactions"] });
  assert.deepEqual(followed.subscriptions, ["transactions"]);
  await control("clock", { advance: 60 });
  const shown = await accounts.retrieve(account, { expand: ["ownership", "account_holder.customer"] });
  assert.equal(shown.balance_refresh.status, "succeeded");
  assert.equal(shown.account_holder.customer.id, customer.id);
  assert.equal((await accounts.listOwners(account, { ownership: shown.ownership.id })).data[0].name, "Jane Smith");
  assert.equal((await accounts.list({ session: session.id })).data[0].id, account);
  const listed = await transactions.list({ account, limit: 2 }).autoPagingToArray({ limit: 100 });
  assert.equal(new Set(listed.map((one) => one.id)).size, 6);
  assert.equal((await transactions.retrieve(listed[5].id)).account, account);
  assert.deepEqual((await accounts.unsubscribe(account, { features: ["transactions"] })).subscriptions, []);
  assert.equal((await accounts.disconnect(account)).status, "disconnected");
}

// Paths that the OpenAPI document still has, and those of preview versions.
async function olderAndNewer() {
  const form = { account_holder: { type: "customer", customer: "cus_NiKSWdaFz2F6I0" }, permissions: ["ownership"] };
  const session = await stripe.rawRequest("POST", "/v1/link_account_sessions", { ...form, prefetch: ["ownership"] });
  await control(`financial_connections/sessions/${session.id}/complete`);
  const linked = (await stripe.rawRequest("GET", `/v1/link_account_sessions/${session.id}`)).accounts.data[0];
  assert.ok((await stripe.rawRequest("GET", "/v1/linked_accounts")).data.some((one) => one.id === linked.id));
  await control("clock", { advance: 86_400 });
  const account = await stripe.rawRequest("GET", `/v1/linked_accounts/${linked.id}`);
  const owners = `/v1/linked_accounts/${linked.id}/owners?ownership=${account.ownership}`;
  assert.equal((await stripe.rawRequest("GET", owners)).data[0].name, "Jane Smith");
  await stripe.rawRequest("POST", `/v1/linked_accounts/${linked.id}/refresh`, { features: ["ownership"] });
  const preview = { apiVersion: "2026-09-30.preview" };
  const get = (path) => stripe.rawRequest("GET", `/v1/financial_connections/${path}`, null, preview);
  const { authorization, institution } = await get(`accounts/${linked.id}`);
  assert.equal((await get(`authorizations/${authorization}`)).institution, institution);
  assert.deepEqual((await get(`accounts/${linked.id}/inferred_balances`)).data, []);
  assert.ok((await get("institutions?limit=100")).data.some((one) => one.id === institution));
  assert.equal((await get(`institutions/${institution}`)).name, "StripeBank");
  assert.equal((await stripe.rawRequest("POST", `/v1/linked_accounts/${linked.id}/disconnect`)).status, "disconnected");
}

async function identity() {
  const { verificationSessions: sessions, verificationReports: reports } = stripe.identity;
  const session = await sessions.create({ type: "document", options: { document: { allowed_types: ["passport"] } } });
  assert.equal((await sessions.update(session.id, { metadata: { a: "b" } })).metadata.a, "b");
  await control(`identity/verification_sessions/${session.id}/verify`);
  const done = await sessions.retrieve(session.id, { expand: ["last_verification_report", "verified_outputs"] });
  assert.equal(done.verified_outputs.first_name, done.last_verification_report.document.first_name);
  const [report] = (await reports.list({ verification_session: session.id })).data;
  assert.equal((await reports.retrieve(report.id)).type, "document");
  assert.equal((await sessions.redact(session.id)).redaction.status, "processing");
  assert.equal((await sessions.cancel((await sessions.create({ type: "id_number" })).id)).status, "canceled");
  assert.equal((await sessions.list({ status: "verified" })).data.length, 1);
}

async function tax() {
  const { settings, registrations, calculations, transactions, associations } = stripe.tax;
  assert.equal((await settings.retrieve()).status, "pending");
  assert.equal((await settings.update({ head_office: { address: ADDRESS } })).status, "active");
  const registration = await registrations.create({
    country: "US",
    country_options: { us: { state: "CA", type: "state_sales_tax" } },
    active_from: "now",
  });
  assert.equal((await registrations.retrieve(registration.id)).status, "active");
  // Newer than this SDK: tax locations are of the release endive.
  const place = { type: "performance", address: { country: "DE" } };
  const location = await stripe.rawRequest("POST", "/v1/tax/locations", place);
  assert.equal((await stripe.rawRequest("GET", `/v1/tax/locations/${location.id}`)).id, location.id);
  assert.equal((await stripe.rawRequest("GET", "/v1/tax/locations?type=performance")).data[0].id, location.id);
  assert.equal((await registrations.list({ status: "active" })).data.length, 1);
  const calculation = await calculations.create({
    currency: "usd",
    line_items: [{ amount: 1499, reference: "a" }],
    customer_details: { address: ADDRESS, address_source: "billing" },
    shipping_cost: { amount: 300 },
  });
  assert.equal(calculation.amount_total, 1947);
  assert.equal((await calculations.retrieve(calculation.id)).tax_amount_exclusive, 148);
  assert.equal((await calculations.listLineItems(calculation.id)).data[0].reference, "a");
  const sold = await transactions.createFromCalculation({ calculation: calculation.id, reference: "order" });
  assert.equal((await transactions.retrieve(sold.id)).line_items.data[0].amount, 1499);
  assert.equal((await transactions.listLineItems(sold.id)).data[0].amount_tax, 148);
  const back = { mode: "full", original_transaction: sold.id, reference: "back" };
  assert.equal((await transactions.createReversal(back)).shipping_cost.amount, -300);
  assert.equal((await registrations.update(registration.id, { expires_at: "now" })).status, "expired");
  await assert.rejects(associations.find({ payment_intent: "pi_1" }), { statusCode: 404, code: "resource_missing" });
  await control(`tax/calculations/${calculation.id}/pay`, { payment_intent: "pi_1" });
  assert.equal((await associations.find({ payment_intent: "pi_1" })).calculation, calculation.id);
}

async function climate() {
  const { orders, products: offered, suppliers } = stripe.climate;
  const product = (await offered.list()).data[0].id;
  const supplier = (await offered.retrieve(product)).suppliers[0].id;
  assert.ok((await suppliers.list()).data.some((one) => one.id === supplier));
  assert.equal((await suppliers.retrieve(supplier)).object, "climate.supplier");
  const order = await orders.create({ product, metric_tons: Stripe.Decimal.from("0.01") });
  const named = await orders.update(order.id, { beneficiary: { public_name: "Bob" } });
  assert.equal(named.beneficiary.public_name, "Bob");
  await control(`climate/orders/${order.id}/deliver`);
  const shown = await orders.retrieve(order.id, { expand: ["product"] });
  assert.deepEqual([shown.status, shown.product.id, String(shown.metric_tons)], ["delivered", product, "0.01"]);
  const other = await orders.create({ product, amount: 5000 });
  assert.equal((await orders.cancel(other.id)).status, "canceled");
  assert.equal((await orders.list()).data.length, 2);
}

async function forwarding() {
  const { requests } = stripe.forwarding;
  const sent = await requests.create({
    payment_method: "pm_card_visa",
    url: "https://echo.fcproxy.test/",
    replacements: ["card_number"],
    request: { body: '{"number": ""}', headers: [{ name: "X-A", value: "b" }] },
  });
  assert.equal((await requests.retrieve(sent.id)).response_details.status, 200);
  assert.equal((await requests.list()).data[0].request_details.body, '{"number":"************4242"}');
}

// The next request that arrives, as [body, signature].
async function delivered(receiver) {
  const [request, response] = await once(receiver, "request");
  const body = Buffer.concat(await request.toArray()).toString();
  response.end();
  return [body, request.headers["stripe-signature"]];
}

async function webhooks(receiver, hook) {
  const { webhookEndpoints: endpoints, events } = stripe;
  const endpoint = await endpoints.create({ url: hook, enabled_events: ["customer.deleted"] });
  const event = (await events.list({ type: "customer.*" })).data.at(-1);
  assert.equal((await events.retrieve(event.id)).type, "customer.created");
  const delivery = delivered(receiver);
  await stripe.rawRequest("POST", `/v1/events/${event.id}/retry`, { webhook_endpoint: endpoint.id });
  const [body, signature] = await delivery;
  const received = stripe.webhooks.constructEvent(body, signature, endpoint.secret, Infinity);
  assert.equal(received.id, event.id);
  assert.equal((await endpoints.update(endpoint.id, { disabled: true })).status, "disabled");
  assert.equal((await endpoints.retrieve(endpoint.id)).id, (await endpoints.list()).data[0].id);
  assert.equal((await endpoints.del(endpoint.id)).deleted, true);
}

async function thinEvents(receiver, hook) {
  const { eventDestinations: destinations, events } = stripe.v2.core;
  const made = await destinations.create({
    name: "mine",
    type: "webhook_endpoint",
    event_payload: "thin",
    enabled_events: ["v1.customer.deleted"],
    webhook_endpoint: { url: hook },
    include: ["webhook_endpoint.signing_secret"],
  });
  assert.equal((await destinations.update(made.id, { name: "yours" })).name, "yours");
  assert.equal((await destinations.disable(made.id)).status, "disabled");
  assert.equal((await destinations.enable(made.id)).status, "enabled");
  assert.equal((await destinations.retrieve(made.id)).name, "yours");
  assert.deepEqual((await destinations.list()).data.map((one) => one.id), [made.id]);
  const delivery = delivered(receiver);
  const ping = await destinations.ping(made.id);
  const [body, signature] = await delivery;
  const secret = made.webhook_endpoint.signing_secret;
  assert.equal(stripe.parseEventNotification(body, signature, secret, Infinity).id, ping.id);
  const event = (await events.list({ types: ["v1.customer.created"] })).data[0];
  assert.equal((await events.retrieve(event.id)).related_object.type, "customer");
  await destinations.del(made.id);
}

// The SDK has no service for the onramp.
async function onramp() {
  const sessions = "/v1/crypto/onramp_sessions";
  const session = await stripe.rawRequest("POST", sessions, {
    wallet_addresses: { ethereum: `0x${"ab".repeat(20)}` },
    source_currency: "usd",
    destination_currency: "eth",
    destination_network: "ethereum",
  });
  assert.equal((await stripe.rawRequest("GET", `${sessions}/${session.id}`)).status, "initialized");
  assert.equal((await stripe.rawRequest("GET", sessions)).data[0].id, session.id);
  for (const path of ["/v1/crypto/onramp/quotes", "/v1/crypto/onramp_quotes"]) {
    assert.ok((await stripe.rawRequest("GET", path)).destination_network_quotes, path);
  }
  await control(`crypto/onramp_sessions/${session.id}/require_payment`);
  assert.equal((await stripe.rawRequest("POST", `${sessions}/${session.id}/quote`)).status, "requires_payment");
  const paid = await stripe.rawRequest("POST", `${sessions}/${session.id}/checkout`, {
    mandate_data: { customer_acceptance: { type: "offline" } },
  });
  assert.equal(paid.status, "fulfillment_processing");
}

const receiver = createServer().listen(0, "127.0.0.1");
await once(receiver, "listening");
const hook = `http://127.0.0.1:${receiver.address().port}/`;
for (const story of [
  customers, products, financialConnections, olderAndNewer, identity, tax, climate, forwarding, onramp, webhooks, thinEvents,
]) {
  await story(receiver, hook);
}
receiver.close();
receiver.closeAllConnections();

const declared = Object.keys((await (await fetch(`${base}/_fcproxy/openapi.json`)).json()).paths);
const template = (path) => {
  const fits = (one) => new RegExp(`^${one.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path);
  return declared.includes(path) ? path : declared.find(fits);
};
console.log(JSON.stringify([...new Set(answered.map(([method, path]) => `${method} ${template(path)}`))].sort()));
