"""Requests that schemathesis makes out of the OpenAPI document which the fake serves of itself.

python -m tests.fake.generated [REQUESTS]: as many as asked for (10,000 unless told), and the figures printed.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from jsonschema import Draft4Validator

from fcproxy.core.form import encode_pairs, join_key
from fcproxy.core.message import Headers, Request
from fcproxy.fake import Fake
from tests.fake.support import FORM, TEST_KEY

__all__ = ["Run"]


class Run:
    """Sends what is generated to one fake. ``statuses`` counts the answers, ``wrong`` says which ones may not be."""

    def __init__(self) -> None:
        self.fake = Fake()
        self.document: dict[str, Any] = json.loads(self.fake.openapi())
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []
        found: Iterator[Any] = schemathesis.openapi.from_dict(self.document).get_all_operations()
        self.operations = [one.ok() for one in found]

    def go(self, each: int) -> None:
        """``each`` requests for every operation, the same ones every time."""
        for operation in self.operations:

            @seed(1)
            @settings(
                max_examples=each,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(operation.as_strategy())
            def sent(case: Any) -> None:
                self.send(case)

            sent()

    def send(self, case: Any) -> None:
        """One request, and a look at its answer."""
        target = case.formatted_path
        if case.query:
            target += "?" + encode_pairs(_pairs(case.query, ()))
        items = [("Authorization", f"Bearer {TEST_KEY}")]
        body = b""
        if case.method.upper() == "POST":
            items.append(("Content-Type", FORM))
            body = encode_pairs(_pairs(case.body, ())).encode() if isinstance(case.body, dict) else b""
        response = self.fake.handle(
            Request(case.method.upper(), f"https://api.stripe.com{target}", Headers(items), body)
        )
        self.statuses[response.status] += 1
        if response.status >= 500:
            self.wrong.append(f"{case.method} {case.path}: {response.status}")
        elif response.status == 200:
            self.wrong += _unlike(
                json.loads(response.body), case.operation.definition.raw, f"{case.method} {case.path}"
            )


def _unlike(answer: Any, operation: Any, name: str) -> Iterator[str]:
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    for error in Draft4Validator(schema).iter_errors(answer):
        yield f"{name}: {list(error.absolute_path)}: {error.validator}"


def _pairs(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _pairs(inner, (*path, str(name)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _pairs(inner, (*path, str(number)))
    elif path:
        plain = {None: "", True: "true", False: "false"}
        yield join_key(path), plain[value] if value is None or isinstance(value, bool) else str(value)


def main() -> None:
    """See the module's text."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    run = Run()
    began = time.perf_counter()
    run.go(-(-wanted // len(run.operations)))
    took = time.perf_counter() - began
    lines = [
        f"{run.statuses.total():,} requests for {len(run.operations)} operations in {took:.0f} s",
        ", ".join(f"{status}: {count:,}" for status, count in sorted(run.statuses.items())),
        *(run.wrong or ["none was answered with a failure, none unlike the document"]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    raise SystemExit(bool(run.wrong))


if __name__ == "__main__":
    main()
