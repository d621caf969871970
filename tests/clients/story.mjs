// The story of tests/clients/stories.py, told by Stripe's SDK for node.
// Arguments: base URL, API key, API version. Prints a JSON list of what it received; a miss as {"miss": code}.
import Stripe from "stripe";

const [base, key, apiVersion, story] = process.argv.slice(2);
const url = new URL(base);
const stripe = new Stripe(key, {
  apiVersion,
  host: url.hostname,
  port: url.port,
  protocol: url.protocol.slice(0, -1),
  maxNetworkRetries: story === "miss" ? 4 : 0,
  telemetry: true,
});

const seen = [];
const keep = async (call) => {
  try {
    const answer = await call;
    seen.push(answer.data ? answer.data.map((one) => one.id) : answer.id);
    return answer;
  } catch (error) {
    seen.push(error.raw?.type === "fcproxy_miss" ? { miss: error.code } : { error: error.code ?? error.type });
    return undefined;
  }
};

if (story === "miss") {
  await keep(stripe.customers.create({ description: "somebody else" }));
} else {
  const customer = await keep(
    stripe.customers.create({ description: "somebody", metadata: { one: "1", "t w o": "ü & =" } }),
  );
  const session = await keep(
    stripe.financialConnections.sessions.create({
      account_holder: { type: "customer", customer: customer.id },
      permissions: ["balances", "ownership"],
      expand: ["accounts.data.ownership", "account_holder.customer"],
    }),
  );
  await keep(stripe.financialConnections.sessions.retrieve(session.id));
  await keep(stripe.customers.retrieve("cus_00000000000000"));
  await keep(stripe.customers.update(customer.id, { description: "" }));
  await keep(stripe.customers.list({ limit: 3 }));
}
console.log(JSON.stringify(seen));
