"""What the fake costs when it holds very much: python -m bench.fake [OBJECTS]

As many customers and events as asked for (100,000 unless told), in this process, without a socket. Each figure is the
median of some tries; the same fake with 100 objects stands beside it, since a page must not cost more with more.
"""

import asyncio
import gc
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from fcproxy.core.message import Headers, Request
from fcproxy.fake import Fake
from fcproxy.server.state_file import StateFile

__all__ = ["Full"]

_KEY = "sk_" + "test_" + "51abcdefghijklmnop"
_FORM = "application/x-www-form-urlencoded"
_TRIES = 21


class Full:
    """A fake that holds ``count`` customers, with an event for each, and some of other kinds beneath them."""

    def __init__(self, count: int) -> None:
        self.fake = Fake()
        self.ask("POST", "/v1/webhook_endpoints", "url=http://127.0.0.1:9/&enabled_events[]=product.created")
        self.ask("POST", "/v1/products", "name=first&id=prod_first")
        began = time.perf_counter()
        for number in range(count):
            self.ask("POST", "/v1/customers", f"name=Ada&email=ada{number}@example.com&metadata[number]={number}")
        self.seconds = time.perf_counter() - began
        self.ids = [row.id for row in self.fake.state.tables["customer"]]
        self.middle = self.ids[count // 2]

    def ask(self, method: str, path: str, form: str = "") -> int:
        """One request; the size of its answer. Raises RuntimeError where it is refused."""
        items = [("Authorization", f"Bearer {_KEY}"), ("Content-Type", _FORM)]
        request = Request(method, f"https://api.stripe.com{path}", Headers(items), form.encode())
        response = self.fake.handle(request)
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status}")
        return len(response.body)

    def rows(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """What is measured, and its name."""
        customers, events = "/v1/customers", "/v1/events"
        yield "create a customer", lambda: self.ask("POST", customers, "name=Ada")
        yield "update it", lambda: self.ask("POST", f"{customers}/{self.middle}", f"name={time.perf_counter_ns()}")
        yield "retrieve it", lambda: self.ask("GET", f"{customers}/{self.middle}")
        yield "list 10", lambda: self.ask("GET", customers)
        yield "list 100", lambda: self.ask("GET", f"{customers}?limit=100")
        yield "list 100 from the middle", lambda: self.ask("GET", f"{customers}?limit=100&starting_after={self.middle}")
        yield "list by e-mail", lambda: self.ask("GET", f"{customers}?email=ada7@example.com")
        yield "list events, 10", lambda: self.ask("GET", events)
        yield "events of a rare type", lambda: self.ask("GET", f"{events}?type=product.*")
        yield (
            "events of two types",
            lambda: self.ask("GET", f"{events}?types[]=product.created&types[]=customer.updated"),
        )
        yield "events not delivered", lambda: self.ask("GET", f"{events}?delivery_success=false")


def _milliseconds(work: Callable[[], object], tries: int = _TRIES) -> float:
    taken = []
    for _ in range(tries):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return 1000 * median(taken)


def main() -> None:
    """See the module's text."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    few, many = Full(100), Full(count)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    gc.collect()
    lines = [f"{'milliseconds':<28}{'with 100':>12}{f'with {count:,}':>18}"]
    for (name, small), (_, large) in zip(few.rows(), many.rows(), strict=True):
        lines.append(f"{name:<28}{_milliseconds(small):>12.2f}{_milliseconds(large):>18.2f}")
    with TemporaryDirectory() as folder:
        path = Path(folder, "state.json")
        kept = StateFile(many.fake, path)
        first = _milliseconds(lambda: asyncio.run(kept.snapshot()), 1)
        many.ask("POST", "/v1/customers", "name=Ada")
        next_one = _milliseconds(lambda: asyncio.run(kept.snapshot()), 1)
        lines.append(f"{'write out all for --state':<28}{'':>12}{first:>18.0f}")
        lines.append(f"{'write out what is new':<28}{'':>12}{next_one:>18.0f}")
        lines.append(f"{'the whole file':<28}{'':>12}{_milliseconds(kept.save, 1):>18.0f}")
        lines.append(f"{'read it':<28}{'':>12}{_milliseconds(StateFile(Fake(), path).load, 1):>18.0f}")
        lines.append(
            f"{count:,} customers and their events: made in {many.seconds:.0f} s, {memory >> 10} MiB of memory, "
        )
        lines[-1] += f"{path.stat().st_size / 1e6:.0f} MB of state"
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
