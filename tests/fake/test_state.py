"""The fake's tables: what a walk gives, and how little it looks at."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.fake.state import Row, Table, by
from tests.fake.support import Caller

COLOURS = ("red", "green", "blue")
SHAPES = ("round", "square")


def _both(row: Row) -> Iterable[str]:
    return (row.doc["colour"], row.doc["shape"])


def filled(made: list[tuple[str, str, int]]) -> tuple[Table, list[Row]]:
    """A table of objects with a colour, a shape and the seconds since the one before."""
    table, rows, now = Table({"colour": by("colour"), "shape": by("shape"), "both": _both}), [], 0
    for number, (colour, shape, gap) in enumerate(made, 1):
        now += gap
        row = Row(f"id{number}", "thing", "test:a", number, {"colour": colour, "shape": shape, "created": now})
        table.add(row)
        rows.append(row)
    return table, rows


BOUND = st.none() | st.integers(0, 40)


@given(
    made=st.lists(st.tuples(st.sampled_from(COLOURS), st.sampled_from(SHAPES), st.integers(0, 3)), max_size=20),
    filters=st.dictionaries(st.sampled_from(("colour", "shape")), st.sampled_from((*COLOURS, *SHAPES))),
    one_of=st.none() | st.tuples(st.just("both"), st.lists(st.sampled_from((*COLOURS, *SHAPES)))),
    created=st.tuples(BOUND, BOUND),
    above=st.integers(0, 21),
    below=st.none() | st.integers(0, 21),
    oldest_first=st.booleans(),
)
def test_a_walk_gives_what_a_look_at_everything_would(
    made: list[tuple[str, str, int]],
    filters: dict[str, str],
    one_of: tuple[str, list[str]] | None,
    created: tuple[int | None, int | None],
    above: int,
    below: int | None,
    *,
    oldest_first: bool,
) -> None:
    table, rows = filled(made)
    low, high = created
    wanted = [
        row
        for row in rows
        if all(row.doc[name] == value for name, value in filters.items())
        and (one_of is None or set(one_of[1]) & set(_both(row)))
        and (low is None or row.doc["created"] >= low)
        and (high is None or row.doc["created"] <= high)
        and row.number > above
        and (below is None or row.number < below)
    ]
    walk = table.walk(
        "test:a", filters, one_of=one_of, created=created, between=(above, below), oldest_first=oldest_first
    )
    assert list(walk) == (wanted if oldest_first else wanted[::-1])


@pytest.fixture(scope="module")
def many() -> tuple[Caller, str]:
    """A fake with many customers, one of everything else, and the id of a customer in the middle."""
    call = Caller()
    call.post("/v1/customers", "email=ada@example.com")
    call.post("/v1/webhook_endpoints", "url=http://127.0.0.1:9/&enabled_events[]=product.created")
    call.post("/v1/products", "name=x&id=prod_first")
    return call, [call.post("/v1/customers")["id"] for _ in range(300)][150]


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("/v1/events", "types[]=product.created&types[]=product.deleted", 1),
        ("/v1/events", "delivery_success=false", 1),
        ("/v1/events", "type=product.*", 1),
        ("/v1/events", "limit=5", 5),
        ("/v1/products", "ids[]=prod_first", 1),
        ("/v1/customers", "email=ada@example.com", 1),
        ("/v1/customers", "limit=5&starting_after={middle}", 5),
        ("/v1/customers", "limit=5&ending_before={middle}", 5),
        ("/v1/customers", "created[lt]=1793188800", 0),
    ],
)
def test_a_page_looks_at_hardly_more_than_it_shows(
    path: str, query: str, found: int, many: tuple[Caller, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call, middle = many
    looked: list[Row] = []
    whole = Table.matches

    def noting(table: Table, row: Row, filters: dict[str, str]) -> bool:
        looked.append(row)
        return whole(table, row, filters)

    monkeypatch.setattr(Table, "matches", noting)
    assert len(call.get(path, query.replace("{middle}", middle))["data"]) == found
    assert len(looked) <= found + 1


def test_a_look_is_no_reason_to_keep_anything_anew(many: tuple[Caller, str]) -> None:
    call, middle = many
    state = call.fake.state
    while state.take_touched(1000):
        pass
    call.get("/v1/customers", "limit=100")
    call.get("/v1/customers/search", "query=created>0")
    assert state.take_touched(1000) == []
    call.post(f"/v1/customers/{middle}", "name=x")
    kinds = [row[1] for _, row in state.take_touched(1000) if row is not None]
    assert sorted(kinds) == ["customer", "event", "webhook_endpoint"]


def test_events_of_the_month_before_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    call = Caller()
    for _ in range(50):
        call.post("/v1/customers")
    call.advance(31 * 86_400)
    monkeypatch.setattr(Table, "matches", None)
    assert call.get("/v1/events")["data"] == []


def test_only_deliveries_that_are_due_are_looked_at() -> None:
    call = Caller()
    call.post("/v1/webhook_endpoints", "url=http://127.0.0.1:9/&enabled_events[]=*")
    for _ in range(3):
        call.post("/v1/customers")
    first = call.fake.due()
    assert len(first) == 3
    assert call.fake.due() == []
    for delivery in first[:2]:
        call.fake.sent(delivery, 500)
    assert (call.fake.due(), len(call.fake.state.queue)) == ([], 2)
    kept = call.fake.dump()
    call.fake.load(kept)
    assert [delivery.token for delivery in call.fake.due()] == [first[2].token]
    call.advance(60)
    assert [delivery.token for delivery in call.fake.due()] == [one.token for one in first[:2]]
