"""Lists: order, cursors, ranges, and what they cost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.fake.state import Row, Table, by
from tests.fake.support import Caller, sdk

CUSTOMERS = "/v1/customers"


def filled(count: int) -> tuple[Caller, list[str]]:
    """A fake with customers, and their ids, newest first."""
    call = Caller()
    return call, [call.post(CUSTOMERS)["id"] for _ in range(count)][::-1]


def ids(call: Caller, query: str) -> tuple[list[str], bool]:
    page = call.get(CUSTOMERS, query)
    return [item["id"] for item in page["data"]], page["has_more"]


def test_newest_first_ten_at_a_time() -> None:
    call, made = filled(12)
    page = call.get(CUSTOMERS)
    assert [item["id"] for item in page["data"]] == made[:10]
    assert (page["object"], page["has_more"], page["url"]) == ("list", True, CUSTOMERS)
    assert list(page) == ["object", "data", "has_more", "url"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 11), st.integers(1, 12), st.booleans())
def test_cursors(position: int, limit: int, backwards: bool) -> None:
    call, made = filled(12)
    if backwards:
        before = made[:position]
        expected = (before[-limit:], len(before) > limit)
        assert ids(call, f"limit={limit}&ending_before={made[position]}") == expected
    else:
        after = made[position + 1 :]
        expected = (after[:limit], len(after) > limit)
        assert ids(call, f"limit={limit}&starting_after={made[position]}") == expected


def test_the_sdk_walks_both_ways() -> None:
    call, made = filled(25)
    client = sdk(call.fake)
    assert [item.id for item in client.v1.customers.list({"limit": 7}).auto_paging_iter()] == made
    walked = client.v1.customers.list({"limit": 7, "ending_before": made[-1]}).auto_paging_iter()
    assert [item.id for item in walked] == made[-2::-1]


def test_ranges_of_creation() -> None:
    call, made = Caller(), []
    for _ in range(4):
        made.append(call.post(CUSTOMERS))
        call.advance(100)
    first = made[0]["created"]

    def between(query: str) -> list[int]:
        return [(item["created"] - first) // 100 for item in call.get(CUSTOMERS, query)["data"]]

    assert between(f"created={first + 100}") == [1]
    assert between(f"created[gt]={first + 100}") == [3, 2]
    assert between(f"created[gte]={first + 100}") == [3, 2, 1]
    assert between(f"created[lt]={first + 100}") == [0]
    assert between(f"created[lte]={first + 100}&created[gt]={first}") == [1]
    assert between(f"created[gt]={first + 900}") == []


def test_a_filter_and_a_deleted_object() -> None:
    call = Caller()
    kept = call.post(CUSTOMERS, "email=a@b.co")["id"]
    gone = call.post(CUSTOMERS, "email=a@b.co")["id"]
    call.post(CUSTOMERS, "email=c@d.co")
    assert call("DELETE", f"{CUSTOMERS}/{gone}") == {"id": gone, "object": "customer", "deleted": True}
    assert ids(call, "email=a@b.co") == ([kept], False)


def test_fixed_lists_have_cursors_too() -> None:
    call = Caller()
    path = "/v1/climate/suppliers"
    made = [item["id"] for item in call.get(path)["data"]]
    assert len(made) == 4
    page = call.get(path, f"limit=2&starting_after={made[0]}")
    assert ([item["id"] for item in page["data"]], page["has_more"]) == (made[1:3], True)
    page = call.get(path, f"limit=2&ending_before={made[3]}")
    assert ([item["id"] for item in page["data"]], page["has_more"]) == (made[1:3], True)


class Counting(Table):
    """Counts how many objects are looked at."""

    looked_at = 0

    def at(self, number: int) -> Row:
        self.looked_at += 1
        return super().at(number)


def test_a_page_of_many_looks_at_few() -> None:
    call = Caller()
    table = Counting({"email": by("email")})
    call.fake.state.tables["customer"] = table
    call.post(CUSTOMERS, "email=rare@b.co")
    scope = next(iter(table)).scope
    for number in range(20_000):
        doc = {"id": f"cus_{number}", "email": "common@b.co", "created": number, "object": "customer"}
        call.fake.state.add("customer", scope, f"cus_{number}", doc)
    table.looked_at = 0
    assert len(call.get(CUSTOMERS, "limit=5&starting_after=cus_9000")["data"]) == 5
    assert len(call.get(CUSTOMERS, "email=rare@b.co")["data"]) == 1
    assert table.looked_at <= 10


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["add", "change", "remove"]), st.integers(0, 9), st.sampled_from("xy"))))
def test_indexes_are_true(steps: list[tuple[str, int, str]]) -> None:
    table, model = Table({"word": by("word")}), dict[str, tuple[int, str]]()
    for number, (action, which, word) in enumerate(steps, 1):
        name = f"o{which}"
        row = table.get(name)
        if action == "add" and row is None:
            table.add(Row(name, "k", "s", number, {"word": word}))
            model[name] = (number, word)
        elif action == "change" and row is not None:
            table.change(row, {"word": word})
            model[name] = (row.number, word)
        elif action == "remove" and row is not None:
            table.remove(row)
            del model[name]
    for word in "xy":
        expected = sorted(number for number, value in model.values() if value == word)
        assert table.numbers("s", {"word": word}) == expected
    assert len(table) == len(model)
