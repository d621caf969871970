// talkback by its API. Usage: talkback.js PORT UPSTREAM TAPES NEW|DISABLED
const talkback = require("talkback");
const [port, host, path, record] = process.argv.slice(2);
talkback({
  host, port: Number(port), path, record,
  fallbackMode: talkback.Options.FallbackMode.NOT_FOUND,
  ignoreHeaders: [
    "content-length", "host", "idempotency-key", "x-stripe-client-telemetry", "x-stripe-client-user-agent",
    "user-agent", "authorization", "accept", "accept-encoding", "connection",
  ],
  silent: true, summary: false,
}).start();
