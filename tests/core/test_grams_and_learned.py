"""The quick no, and the values it is asked about."""

import tracemalloc
from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.core.armour import base58_of
from fcproxy.core.grams import MIN_LENGTH, GramIndex, aligned, octets, telling
from fcproxy.core.learned import Learned

VALUES = st.text(min_size=MIN_LENGTH, max_size=40)


@given(VALUES, st.text(max_size=30), st.text(max_size=30))
def test_whatever_holds_a_value_is_never_ruled_out(value: str, before: str, after: str) -> None:
    for crowd in (lambda _: 0, lambda gram: gram % 97):
        at, grams = telling(octets(value), crowd)
        assert grams == tuple(aligned(b"".join(octets(value)[one : one + 4] for one in range(at, at + 4))))
        assert not set(grams).isdisjoint(aligned(octets(before + value + after)))


@given(VALUES, st.text(max_size=30), st.text(max_size=30))
def test_an_index_remembers_what_it_forgot(value: str, before: str, after: str) -> None:
    index = GramIndex()
    index.add("nothing")
    index.add(before + value + after)
    assert index.recent([value])
    index.settle()
    assert index.earlier(value)
    assert not index.recent([value])


def test_grams_that_are_known_one_by_one_do_not_make_a_value() -> None:
    index = GramIndex()
    index.add("abcd1234 efgh5678 ijkl90")
    index.settle()
    assert index.earlier("bcd1234 efgh")
    assert not index.earlier("abcd123x efgh567x")


def test_an_index_of_very_many_texts_stays_small_and_still_tells_what_it_held() -> None:
    index = GramIndex()
    tracemalloc.start()
    for number in range(100):
        index.add(" ".join(_random(number, at) for at in range(300)))
        index.settle()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 16 << 20
    assert all(index.earlier(_random(number, 7)) for number in range(100))
    assert sum(index.earlier(_random(number, 301)) for number in range(100)) < 3


def _random(number: int, at: int) -> str:
    return b64encode(sha256(b"%d %d" % (number, at)).digest()).decode()


def test_the_stretch_that_is_taken_is_the_random_one() -> None:
    one, two = (set(telling(octets("fcsess_client_secret_" + tail))[1]) for tail in ("A1b2C3d4E5", "F6g7H8i9J0"))
    assert one.isdisjoint(two)


def test_learned_values_are_found_longest_first_and_do_not_overlap() -> None:
    learned = Learned()
    learned.add("abcd1234", "secret")
    learned.add("abcd1234efgh", "email")
    assert learned.search("x abcd1234efgh abcd1234") == [(2, 14, "email"), (15, 23, "secret")]


def test_what_is_too_short_or_too_plain_is_not_learned() -> None:
    learned = Learned()
    assert [learned.add(value, "secret") for value in ("short", "aaaaaaaaaa", "abcdefgh", "abcdefgh")] == [
        False,
        False,
        True,
        False,
    ]
    assert len(learned) == 1


def test_the_base64_of_a_value_that_is_not_ascii_is_learned_too() -> None:
    learned = Learned()
    learned.add("José Pérez", "full_name")
    assert learned.search("xx Sm9zw6kgUMOpcmV6 yy")


def test_who_listens_hears_of_every_new_value() -> None:
    learned, heard = Learned(), list[str]()
    learned.on_learn.append(heard.append)
    learned.add("abcd1234", "email")
    learned.add("abcd1234", "email")
    assert heard == learned.latest
    assert len(heard) == 1


def test_a_random_secret_is_learned_in_either_case_and_in_base58() -> None:
    learned = Learned()
    learned.add("aBcD1234eF", "secret")
    assert learned.latest == ["aBcD1234eF", "abcd1234ef", "ABCD1234EF", base58_of(b"aBcD1234eF")]
    learned.add("wxyz-aBcD1234", "secret", encoded=True)
    learned.add("Jenny Rosen Esq", "full_name")
    assert learned.latest[4:] == ["wxyz-aBcD1234", "Jenny Rosen Esq"]


@pytest.mark.parametrize(
    ("first", "whole", "rests"),
    [
        ("aBcD1234eF", "aBcD1234eF;gHiJ5678kL", {";gHiJ5678kL"}),
        ("gHiJ5678kL", "aBcD1234eF;gHiJ5678kL", {"aBcD1234eF;"}),
        ("yzxw9999", "aBcD1234eF&gHiJ5678kL", {"aBcD1234eF", "gHiJ5678kL"}),
        ("password12", "password12 of the user", set()),
        ("aBcD1234eF", "aBcD1234eF;gH5", set()),
    ],
)
def test_what_is_left_of_a_secret_whose_part_was_known_before(first: str, whole: str, rests: set[str]) -> None:
    learned = Learned()
    learned.add(first, "email")
    learned.add(whole, "secret")
    copies = {first, whole, whole.lower(), whole.upper(), base58_of(whole.encode())}
    assert set(learned.latest) - copies == rests
    assert list(learned) == list(dict.fromkeys((first, whole)))


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("839201746", "to 839201746.", True),
        ("839201746", "to x839201746x", True),
        ("839201746", "amount 8392017460", False),
        ("839201746", "amount 1839201746", False),
        ("4532015112830366", "track 4532015112830366123", True),
    ],
)
def test_a_short_number_is_not_found_within_a_longer_one(value: str, text: str, found: bool) -> None:
    learned = Learned()
    learned.add(value, "digits")
    assert bool(learned.search(text)) is found


NUMBERED = st.lists(st.integers(0, 300), min_size=1, max_size=40)


@given(NUMBERED, NUMBERED, st.sampled_from(["", ",", "x", "é "]), st.text(max_size=5))
def test_many_values_alike_are_found_where_each_of_them_stands(
    known: list[int], told: list[int], between: str, before: str
) -> None:
    learned = Learned()
    for number in known:
        learned.add(f"user{number}@mail.example.com", "email")
    text = before
    hits = []
    for number in told:
        text += between
        if number in known:
            hits.append((len(text), len(text) + len(f"user{number}@mail.example.com"), "email"))
        text += f"user{number}@mail.example.com"
    assert learned.search(text) == hits
    assert learned.holds(text) is bool(hits)


def test_many_values_alike_are_told_apart_by_what_they_differ_in() -> None:
    learned = Learned()
    for number in range(3000):
        learned.add(f"user{number:05}@mail.example.com", "email")
    assert len(learned._candidates("sent to user01234@mail.example.com today")) < 100


def test_recent_texts_are_not_searched_for_what_they_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    index = GramIndex()
    for number in range(100):
        index.add(f"sent to number {number} today")
    searched: list[str] = []

    def contains(text: str, value: str) -> bool:
        searched.append(value)
        return value in text

    monkeypatch.setattr("fcproxy.core.grams.contains", contains)
    assert not index.recent([f"user{number:05}@mail.example.com" for number in range(1000)])
    assert searched == []
    index.add("sent to user00007@mail.example.com")
    assert index.recent(["user00006@mail.example.com", "user00007@mail.example.com"])


PHONES = st.lists(st.sampled_from(["12", "21", "34", "77"]), min_size=3, max_size=4).map(
    lambda pairs: "+4" + "".join(pairs)
)
SENTENCES = st.lists(
    st.one_of(PHONES, st.sampled_from(["call ", "é", "\ud83d\ude00 ", "\udc80", "1", ","])), max_size=12
).map("".join)


@given(st.lists(PHONES, min_size=1, max_size=60), st.lists(SENTENCES, max_size=8), st.data())
def test_many_numbers_are_found_in_recent_texts_as_when_each_is_looked_for_in_each(
    numbers: list[str], texts: list[str], data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fcproxy.core.grams._LOOKS", 0)
        index = GramIndex()
        index.add("call +412213477 first")
        index.settle()
        for number, text in enumerate(texts):
            index.add(text)
            some = data.draw(st.lists(st.sampled_from(numbers), max_size=3))
            assert index.recent(some) is any(one in each for one in some for each in texts[: number + 1])


@given(st.lists(PHONES, min_size=1, max_size=200), SENTENCES)
def test_many_numbers_are_found_in_a_text_as_when_each_is_looked_for(numbers: list[str], text: str) -> None:
    learned = Learned()
    known = [number for number in numbers if learned.add(number, "phone") or number in learned]
    hits = [(at, at + len(one)) for one in known for at in range(len(text)) if text.startswith(one, at)]
    found: list[tuple[int, int]] = []
    for start, end in sorted(set(hits), key=lambda hit: (hit[0], -hit[1])):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fcproxy.core.learned._FEW", 0)
        assert [(start, end) for start, end, _ in learned.search(text)] == found
        assert learned.holds(text) is bool(hits)


def test_thousands_of_numbers_are_not_looked_for_one_by_one_in_thousands_of_texts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []

    def contains(text: str, value: str) -> bool:
        looked.append(value)
        return value in text

    monkeypatch.setattr("fcproxy.core.grams.contains", contains)
    monkeypatch.setattr("fcproxy.core.grams._LOOKS", 1000)
    index = GramIndex()
    for number in range(3000):
        index.add(f"call {_phone(number)} today")
    assert not index.recent([_phone(number) for number in range(3000, 6000)])
    assert index.recent([_phone(2999)])
    assert len(looked) < 5000


def _phone(number: int) -> str:
    return f"+44{number * 7919 % 10**4:04}{number * 104729 % 10**4:04}"


class _Counting(str):
    """A text that counts what is looked for in it."""

    __slots__ = ()

    looked = 0

    def __contains__(self, value: object) -> bool:
        _Counting.looked += 1
        return isinstance(value, str) and super().__contains__(value)


def test_thousands_of_values_are_not_looked_for_one_by_one_in_a_long_text() -> None:
    learned = Learned()
    for number in range(3000):
        learned.add(_phone(number), "phone")
    text = _Counting(" ".join(_phone(number) for number in range(3000, 6000)))
    assert not learned.holds(text)
    assert learned.holds(f"{text} {_phone(2999)}")
    assert _Counting.looked == 0
