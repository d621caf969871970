"""Stripe's asynchronous client goes through the story of tests/fake/test_sdk.py, over connections to a real process."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from tests.cli.processes import Served
from tests.fake.support import Caller, Doc
from tests.fake.test_sdk import drive
from tests.server.harness import KEY

Run = Callable[[Coroutine[Any, Any, Any]], Any]

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the SDK's own call of httpx


class Awaited:
    """A client or service of the SDK, whose methods call their asynchronous twins and wait for them."""

    def __init__(self, service: Any, run: Run) -> None:
        self._service = service
        self._run = run

    def __getattr__(self, name: str) -> Any:
        twin = getattr(self._service, f"{name}_async", None)
        if twin is None:
            return Awaited(getattr(self._service, name), self._run)
        return lambda *arguments: self._shown(self._run(twin(*arguments)))

    def _shown(self, answer: Any) -> Any:
        return Page(answer, self._run) if isinstance(answer, stripe.ListObject) else answer


class Page:
    """A list, the rest of which is fetched asynchronously."""

    def __init__(self, listed: Any, run: Run) -> None:
        self.data = listed.data
        self._listed = listed
        self._run = run

    def auto_paging_iter(self) -> list[Any]:
        """Everything, from this page on."""

        async def collect() -> list[Any]:
            return [item async for item in self._listed.auto_paging_iter()]

        items: list[Any] = self._run(collect())
        return items


class Remote(Caller):
    """The control API of a process."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def control(self, path: str, body: Any = None, method: str = "POST") -> Doc:
        answer = requests.request(method, f"{self.url}/_fcproxy/fake/{path}", json=body or {}, timeout=30)
        answer.raise_for_status()
        doc: Doc = answer.json()
        return doc


def test_every_endpoint_is_driven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with Served("fake", folder=tmp_path) as served, asyncio.Runner() as runner:
        http: Any = stripe.HTTPXClient()
        client = stripe.StripeClient(KEY, base_addresses={"api": served.url}, max_network_retries=0, http_client=http)
        waiting: Any = Awaited(client, runner.run)
        try:
            drive(waiting, Remote(served.url))
        finally:
            runner.run(http.close_async())
        assert served.stop() == 0, served.errors
