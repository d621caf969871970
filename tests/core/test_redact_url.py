"""URLs: what of their parts is replaced, and that the rest is as it was."""

import json

import pytest

from fcproxy.core.redact_url import words_of
from tests.attacks.hunt import record, rng_for
from tests.attacks.places import interaction
from tests.attacks.prey import letters

S = letters(rng_for("url"), 22)


def told(url: str) -> str:
    """What becomes of a URL in an answer's text."""
    kept = record(interaction(received=json.dumps({"note": url}).encode()))[0].response.body
    note = json.loads(kept)["note"]
    assert isinstance(note, str)
    return note


@pytest.mark.parametrize(
    ("url", "done"),
    [
        (f"https://me:{S}@h.example:81/x?a=1#z", "https://REDACTED~1:REDACTED~2@h.example:81/x?a=1#z"),
        (f"https://{S}@h.example/", "https://REDACTED~1@h.example/"),
        (f"redis://:{S}@h:6379/0", "redis://:REDACTED~1@h:6379/0"),
        (f"postgres://me:{S}@h/db", "postgres://REDACTED~1:REDACTED~2@h/db"),
        (f"https://h.example/x?api_key={S}&b=2", "https://h.example/x?api_key=REDACTED~1&b=2"),
        (f"https://h.example/x?X-Amz-Signature={S}", "https://h.example/x?X-Amz-Signature=REDACTED~1"),
        (f"wss://h.example/?auth={S}", "wss://h.example/?auth=REDACTED~1"),
        (f"https://h.example/cb#access_token={S}&token_type=bearer", "https://h.example/cb#access_token=REDACTED~1&token_type=bearer"),
        (f"https://hooks.slack.com/services/T01/B02/{S}", "https://hooks.slack.com/services/REDACTED~1"),
        (f"see https://me:{S}@h.example, or (https://h.example/x).", "see https://REDACTED~1:REDACTED~2@h.example, or (https://h.example/x)."),
    ],
)  # fmt: skip
def test_a_url_in_a_text(url: str, done: str) -> None:
    assert told(url) == done


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{S}/w@h.example/x",
        f"https://me:{S}?w@h.example/x",
        f"https://me:{S}#w@h.example/",
        f"https://a:{S}@b:{S}@h.example/",
        f"HTTPS://ME:{S}@H.EXAMPLE",
        f"https://me:%41{S}@h.example/",
        f"//me:{S}@h.example/x",
        f"https:\\/\\/me:{S}@h.example\\/x",
        f"https://me:{S}@[::1]:80/x",
        f"https://h.example/x?next=https%3A%2F%2Fme%3A{S}%40h.example",
        f"jdbc:postgresql://h/db?user=u&password={S}",
        f"https://h.example/x;jsessionid={S}",
    ],
)
def test_nothing_is_left_of_a_password_however_the_url_is_written(url: str) -> None:
    assert S[3:13] not in told(url)
    assert S[3:13] not in record(interaction(sent=f"note={url}".encode()))[0].request.body.decode()


@pytest.mark.parametrize(
    "url",
    [
        "https://h.example",
        "https://h.example:8080/a/b.c;v=1?x=1&x=2&y#frag",
        "https://h.example/?a=%7e%7E+%20&b[]=1&b[]=2&=",
        "https://[2001:db8::1]/x",
        "https://xn--bcher-kva.example/x",
        "HTTPS://H.Example/A//B/",
        "mailto:nobody",
        "/v1/customers?limit=3",
        "https://h.example/a?b=https://i.example/c?d=e",
        "file:///tmp/x",
    ],
)
def test_what_holds_no_secret_is_as_it_was(url: str) -> None:
    assert told(url) == url
    assert record(interaction(response=(("Location", url),)))[0].response.headers.get("Location") == url


def test_the_words_of_a_path() -> None:
    assert words_of("https://api.stripe.com/v1/Payment_Links/plink_1?x=y") == {"v1", "paymentlinks", "plink1"}
