"""What the bench sends and what is answered: one 700-byte session answer, numbered where requests must be distinct.

Requests carry what Stripe's SDKs send: key, version, user agents, and (distinct ones) an Idempotency-Key and client
telemetry that are new each time.
"""

import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

__all__ = ["ANSWER_HEADERS", "HEADERS", "KEY", "PATH", "answer", "form", "lua", "target"]

PATH = "/v1/financial_connections/sessions"
KEY = "sk_" + "test_" + "51Bench0000000000000000"
HEADERS: dict[str, str] = {
    "Authorization": f"Bearer {KEY}",
    "User-Agent": "Stripe/v1 PythonBindings/16.1.0",
    "Stripe-Version": "2026-10-28.clover",
    "X-Stripe-Client-User-Agent": json.dumps(
        {
            "bindings_version": "16.1.0",
            "lang": "python",
            "publisher": "stripe",
            "httplib": "requests",
            "platform": "Linux",
        }
    ),
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
}
FORM_TYPE = "application/x-www-form-urlencoded"
ANSWER_HEADERS: dict[str, str] = {
    "Server": "nginx",
    "Content-Type": "application/json",
    "Cache-Control": "no-cache, no-store",
    "Request-Id": "req_Bench0000000",
    "Stripe-Version": "2026-10-28.clover",
    "Vary": "Origin",
}


def target(number: int | None = None) -> str:
    """The request target of GET number ``number``; of the one hot request without a number."""
    return PATH if number is None else f"{PATH}/fcsess_1Bench{number:012d}"


def form(number: int | None = None) -> str:
    """The form body of POST number ``number``."""
    tail = "" if number is None else f"&metadata[order]=order-{number:06d}"
    return (
        "account_holder[type]=customer&account_holder[customer]=cus_Bench0000000001&permissions[0]=balances"
        f"&permissions[1]=transactions&filters[countries][0]=US{tail}"
    )


def _random(number: int | None) -> str:
    """What looks random, as Stripe's secrets do: a counter would be harder to search for than they are."""
    return b64encode(sha256(str(number).encode()).digest(), b"Zz").decode().strip("=")


def answer(number: int | None = None) -> bytes:
    """A session as Stripe lays it out, 700 bytes or a little more."""
    account = {"type": "customer", "customer": "cus_Bench0000000001"}
    session: dict[str, object] = {
        "id": f"fcsess_1Bench{number or 0:012d}",
        "object": "financial_connections.session",
        "account_holder": account,
        "accounts": {"object": "list", "data": [], "has_more": False, "total_count": 0, "url": "/v1/fc/accounts"},
        "client_secret": f"fcsess_client_secret_{_random(number)}",
        "filters": {"account_subcategories": ["checking", "savings"], "countries": ["US"]},
        "limits": None,
        "livemode": False,
        "permissions": ["balances", "transactions"],
        "prefetch": [],
        "return_url": None,
    }
    return json.dumps(session, indent=2).encode()


_LUA = """
wrk.method, wrk.path, wrk.body = "{method}", "{path}", {body}
{headers}
"""

_DISTINCT = """
local ffi = require("ffi")
ffi.cdef[[ typedef struct {{ long s; long n; }} bench_time; int clock_gettime(int, bench_time *); ]]
local cell = ffi.new("bench_time")
local function now() ffi.C.clock_gettime(1, cell) return tonumber(cell.s) + tonumber(cell.n) / 1e9 end
local order, at, head, method, path, body = {{}}, 0, "", "{method}", "{path}", {body}
for name, value in pairs(wrk.headers) do head = head .. name .. ": " .. value .. "\\r\\n" end
began, ended, answered, failed = 0, 0, 0, 0
local threads = {{}}
function setup(thread) table.insert(threads, thread) end
function init()
  math.randomseed({seed})
  for i = 1, {count} do order[i] = i - 1 end
  for i = {count}, 2, -1 do local j = math.random(i) order[i], order[j] = order[j], order[i] end
end
function request()
  if at == 0 then began = now() end
  local number = order[at % {count} + 1]
  at = at + 1
  local where, content = path, body
  if method == "GET" then where = string.format("%s/fcsess_1Bench%012d", path, number)
  else content = string.format("%s&metadata[order]=order-%06d", body, number) end
  local r = math.random
  local key = string.format("%08x-%04x-4%03x-8%03x-%06x%06x", r(0, 2147483647), r(0, 65535), r(0, 4095), r(0, 4095),
    r(0, 16777215), r(0, 16777215))
  local telemetry = string.format('{{"last_request_metrics": {{"request_id": "req_%06x%06x", "duration": %d}}}}',
    r(0, 16777215), r(0, 16777215), r(80, 300))
  local first = string.format("%s %s HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n", method, where)
  local own = string.format("Idempotency-Key: %s\\r\\nX-Stripe-Client-Telemetry: %s\\r\\n", key, telemetry)
  return first .. head .. own .. string.format("Content-Length: %d\\r\\n\\r\\n%s", #content, content)
end
function response(status)
  if status ~= 200 then failed = failed + 1 end
  answered = answered + 1
  ended = now()
  if answered == {limit} then wrk.thread:stop() end
end
function done()
  for _, thread in ipairs(threads) do
    local count, seconds = thread:get("answered"), thread:get("ended") - thread:get("began")
    print(string.format("bench: %d answered, %d failed, %.1f a second", count, thread:get("failed"), count / seconds))
  end
end
"""
"""Answers are counted here, since wrk itself waits for its whole duration also where every request is sent once."""

IN_FLIGHT = 128
"""Requests left unsent where each is sent once: wrk may have that many on the way when it is told to stop."""


def lua(folder: Path, method: str, *, count: int = 0, once: bool = False, seed: int = 1) -> Path:
    """A script for wrk: one hot request, or ``count`` distinct ones in random order (``once``: each one time)."""
    headers = dict(HEADERS)
    if method == "POST":
        headers["Content-Type"] = FORM_TYPE
    if not count:
        headers["Idempotency-Key"] = "5e7c1d2a-0000-4000-8000-000000000000"
    lines = "\n".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items())
    body = json.dumps(form()) if method == "POST" else '""'
    text = _LUA.format(method=method, path=PATH, body=body if method == "POST" else "nil", headers=lines)
    if count:
        limit = count - IN_FLIGHT if once else 0
        text += _DISTINCT.format(method=method, path=PATH, body=body, count=count, limit=limit, seed=seed)
    path = folder / f"{method.lower()}-{count}-{'once' if once else 'hot'}-{seed}.lua"
    path.write_text(text)
    return path
