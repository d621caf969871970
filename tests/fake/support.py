"""Drives a fake without a socket: by hand (`Caller`), and through the official SDK (`sdk`)."""

import json
from collections.abc import Mapping
from typing import Any

import stripe

from fcproxy.core.message import Headers, Request, Response
from fcproxy.fake import Fake

FORM = "application/x-www-form-urlencoded"
CUSTOMER = "cus_NiKSWdaFz2F6I0"
TEST_KEY = "sk_" + "test_" + "51abcdefghijklmnop"
LIVE_KEY = "sk_" + "live_" + "51abcdefghijklmnop"
ENDIVE = "2026-10-28.endive"

Doc = dict[str, Any]


class Caller:
    """Makes requests by hand. ``headers`` of the last answer stay to be looked at."""

    def __init__(self, fake: Fake | None = None, key: str = TEST_KEY, version: str | None = None) -> None:
        self.fake = fake or Fake()
        self.key = key
        self.version = version
        self.response = Response(0, Headers())

    def __call__(self, method: str, path: str, form: str = "", **headers: str) -> Doc:
        items = [("Authorization", f"Bearer {self.key}")]
        items += [(name.replace("_", "-"), value) for name, value in headers.items()]
        if self.version:
            items.append(("Stripe-Version", self.version))
        body = b""
        if method == "POST":
            items.append(("Content-Type", FORM))
            body = form.encode()
        elif form:
            path += f"?{form}"
        self.response = self.fake.handle(Request(method, f"https://api.stripe.com{path}", Headers(items), body))
        doc: Doc = json.loads(self.response.body or b"{}")
        return doc

    @property
    def status(self) -> int:
        """The status of the last answer."""
        return self.response.status

    def get(self, path: str, query: str = "", **headers: str) -> Doc:
        """A GET that succeeds."""
        return self._well(self("GET", path, query, **headers))

    def post(self, path: str, form: str = "", **headers: str) -> Doc:
        """A POST that succeeds."""
        return self._well(self("POST", path, form, **headers))

    def _well(self, doc: Doc) -> Doc:
        assert self.status == 200, doc
        return doc

    def refused(self, method: str, path: str, form: str = "", **headers: str) -> Doc:
        """The error of a request that is refused, with its status."""
        doc = self(method, path, form, **headers)
        assert self.status >= 400, doc
        error: Doc = doc["error"]
        return {"status": self.status, **error}

    def control(self, path: str, body: Any = None, method: str = "POST") -> Doc:
        """A request of the control API that succeeds."""
        response = self.fake.control(method, path, json.dumps(body).encode() if body is not None else b"")
        doc: Doc = json.loads(response.body)
        assert response.status == 200, doc
        return doc

    def control_refused(self, path: str, body: Any = None, method: str = "POST") -> Doc:
        """The error of a request of the control API that is refused."""
        response = self.fake.control(method, path, json.dumps(body).encode() if body is not None else b"")
        doc: Doc = json.loads(response.body)
        assert response.status >= 400, doc
        error: Doc = doc["error"]
        return {"status": response.status, **error}

    def advance(self, seconds: int) -> None:
        """Moves the clock on."""
        self.control("clock", {"advance": seconds})

    def events(self) -> list[str]:
        """The types of all events, oldest first."""
        return [event["type"] for event in self.control("events", method="GET")["data"]]


class InMemory(stripe.HTTPClient):
    """Carries the SDK's requests to a fake."""

    name = "in memory"

    def __init__(self, fake: Fake) -> None:
        super().__init__()
        self.fake = fake

    def request(  # type: ignore[override]
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        body = (post_data or "").encode() if isinstance(post_data, str) or post_data is None else post_data
        response = self.fake.handle(Request(method.upper(), url, Headers(headers.items()), body))
        return response.body.decode(), response.status, {name.lower(): value for name, value in response.headers}

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None, **_: Any
    ) -> tuple[bytes, int, Mapping[str, str]]:
        body, status, shown = self.request(method, url, headers, post_data)
        return body.encode(), status, shown

    def _sleep_time_seconds(self, *_: Any, **__: Any) -> float:
        return 0.0

    def close(self) -> None:
        """Nothing is open."""


def sdk(fake: Fake, key: str = TEST_KEY, retries: int = 0) -> stripe.StripeClient:
    """The official client, with a fake behind it. It does not wait between its tries."""
    return stripe.StripeClient(key, http_client=InMemory(fake), max_network_retries=retries)
