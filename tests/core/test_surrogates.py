"""Halves of UTF-16 pairs, which JSON can spell: what holds them is redacted like any other text, and stays JSON."""

import json

import pytest

from fcproxy.core.surrogates import escaped_lone, without_lone
from tests.attacks.hunt import record, rng_for
from tests.attacks.places import interaction
from tests.attacks.prey import letters

KEY = "sk_" + "test_" + letters(rng_for("surrogates"), 24)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain", "plain"),
        ("caf\u00e9\udc80", "caf\u00e9\udc80"),
        ("a\ud800b", "a\U00100000b"),
        ("\udfff", "\U001007ff"),
        ("\ud800\U00100000", "\U00100000\ufffd"),
    ],
)
def test_they_are_other_letters_meanwhile(text: str, seen: str) -> None:
    assert without_lone(text, lambda moved: f"{moved == seen}: {moved}") == "True: " + text.replace(
        "\U00100000", "\ufffd"
    )


def test_they_are_escaped() -> None:
    assert escaped_lone("\u00e9\ud800\udc80\udfff") == "\u00e9\\ud800\udc80\\udfff"


FORMS = ("{} see {key}", "a=1&b={}&c={key}", "https://me:{}@x.example/{}?k={key}", '{{"a": "{}", "b": "{key}"}}')


@pytest.mark.parametrize("lone", ["\\ud800", "\\uDBFF", "\\udc00", "\\udfff", "\\ud83d\\ud83d", "\\ude00\\ud83d"])
@pytest.mark.parametrize("beside", ["", "\u00e9"])
@pytest.mark.parametrize(
    "form", ["{} see {key}", "a=1&b={}&c={key}", "https://me:{}@x.example/{}?k={key}", '{{"a": "{}", "b": "{key}"}}']
)
@pytest.mark.parametrize("name", ["note", "redirect_url", "email"])
def test_a_key_beside_them_goes(lone: str, beside: str, form: str, name: str) -> None:
    text = form.format(lone, lone, key=KEY).replace('"', '\\"')
    body = f'{{"x": 1, "{name}": "{beside}{text}", "{lone}{beside}": "{KEY}"}}'.encode()
    kept = record(interaction(received=body))[0].response.body
    assert KEY[8:].encode() not in kept
    assert json.loads(kept)["x"] == 1


def test_what_holds_no_secret_is_as_it_was() -> None:
    body = '{"note": "\u00e9 \\ud800 a=1&b=\\udfff https://x.example/\\ud800"}'.encode()
    assert record(interaction(received=body))[0].response.body == body
