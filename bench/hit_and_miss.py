"""What a hit and a miss cost inside a deck, and what a cassette costs to load, by its size.

    python bench/hit_and_miss.py [--large] [--json FILE]

No network and no files: the matcher by itself. Every request has its own Idempotency-Key and client telemetry, as SDKs
send them. `fresh` is a request never seen before (redaction and canonical form are paid), `again` one that is
remembered. A miss is told whole, with its nearest candidates: by a field that differs, and by a path that is not there.
"""

import argparse
import gc
import json
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial

from fcproxy.core.deck import Deck, Refuse, Replay
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
from fcproxy.vcr_format import render

SIZES = (10, 100, 1_000, 10_000)
LARGE = 100_000
SAMPLES = 200
BASE = "https://api.stripe.com/v1/"
KEY = "sk_" + "test_" + "a1B2c3D4e5F6g7H8i9J0k1L2"
ANSWER = json.dumps({"id": "fcsess_1", "object": "financial_connections.session", "livemode": False, "pad": "x" * 500})


def request(number: int, *, salt: int = 0, field: str = "balances") -> Request:
    """The ``number``-th of a cassette: every second one a GET."""
    fields = [
        ("Authorization", f"Bearer {KEY}"),
        ("User-Agent", "Stripe/v1 PythonBindings/16.1.0"),
        ("Stripe-Version", "2026-08-26.dahlia"),
        ("X-Stripe-Client-Telemetry", f'{{"last_request_metrics": {{"request_id": "req_{salt}{number}"}}}}'),
        ("Idempotency-Key", f"{salt:08x}-{number:08x}"),
    ]
    if number % 2:
        return Request(
            "GET", f"{BASE}financial_connections/sessions/fcsess_{number}?expand[]=accounts", Headers(fields)
        )
    body = f"account_holder[type]=customer&account_holder[customer]=cus_{number}&permissions[]={field}&limit={number}"
    fields.append(("Content-Type", "application/x-www-form-urlencoded"))
    return Request("POST", BASE + "financial_connections/sessions", Headers(fields), body.encode())


def recording(size: int) -> list[RedactedInteraction]:
    """A settled recording of ``size`` different interactions."""
    redactor = default_redactor()
    answer = Response(200, Headers([("Content-Type", "application/json")]), ANSWER.encode())
    return redactor.settle([redactor.redact(Interaction(request(number), answer)) for number in range(size)])


def opened(interactions: Sequence[RedactedInteraction]) -> Deck:
    return stripe_deck(Mode.REPLAY, default_redactor(), interactions, cassette="bench.yaml")


def microseconds(calls: Sequence[Callable[[], object]]) -> float:
    """The median of single calls."""
    taken = []
    for call in calls:
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6


def hit(deck: Deck, asked: Request, number: int) -> None:
    decision = deck.decide(asked)
    assert isinstance(decision, Replay), number
    assert decision.index == number


def miss(deck: Deck, asked: Request) -> None:
    decision = deck.decide(asked)
    assert isinstance(decision, Refuse)
    assert decision.miss.nearest


def grown(interactions: Sequence[RedactedInteraction]) -> float:
    """Bytes that an open deck holds besides its interactions. Tracing makes this slow."""
    gc.collect()
    tracemalloc.start()
    deck = opened(interactions)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del deck
    return held


def measured(size: int) -> dict[str, float]:
    """One row of the table."""
    interactions = recording(size)
    file = len(render(interactions[:1000])) * size / min(size, 1000)
    held = grown(interactions) if size < LARGE else float("nan")
    start = time.perf_counter()
    deck = opened(interactions)
    load = time.perf_counter() - start
    draw = random.Random(size)
    numbers = draw.sample(range(size), min(size, SAMPLES))
    reads = [number | 1 for number in numbers if number | 1 < size]

    row = {"size": size, "load s": load, "index / file": held / file}
    row["hit, fresh us"] = microseconds([partial(hit, deck, request(n, salt=1), n) for n in numbers])
    row["hit, again us"] = microseconds([partial(hit, deck, request(n, salt=2), n) for n in reads])
    wrong = [request(2 * n, salt=3, field=f"wrong{n}") for n in range(min(size, 50))]
    row["miss, field us"] = microseconds([partial(miss, deck, asked) for asked in wrong])
    lost = [Request("GET", f"{BASE}financial_connections/session/fcsess_{n}", request(1).headers) for n in range(50)]
    row["miss, path us"] = microseconds([partial(miss, deck, asked) for asked in lost])
    start = time.perf_counter()
    deck.verdict()
    row["verdict us"] = (time.perf_counter() - start) * 1e6
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help=f"measure {LARGE} interactions too")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    rows: list[dict[str, float]] = []
    for size in (*SIZES, *((LARGE,) if arguments.large else ())):
        row = measured(size)
        if not rows:
            print("".join(f"{name:>16}" for name in row))
        print("".join(f"{value:>16,.0f}" if value >= 10 else f"{value:>16.3f}" for value in row.values()), flush=True)
        rows.append(row)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=2)


if __name__ == "__main__":
    main()
