"""What other recorders, loggers and people leave behind: each sort of secret in each layout, known by nothing else."""

import base64
import gzip
import json
import random
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
import yaml

from fcproxy.server.audit_files import Settings, audit_bytes, auditor_for
from tests.attacks.prey import PREY, letters

URL = "https://api.stripe.com/v1/things"
SETTINGS = Settings(b"k" * 16)
AUDITOR = auditor_for(SETTINGS)

Fields = dict[str, object]


def _letters(count: int) -> Callable[[random.Random], str]:
    return lambda rng: letters(rng, count)


def _digits(count: int) -> Callable[[random.Random], str]:
    return lambda rng: "".join(rng.choices("23456789", k=count))


SHAPED: dict[str, Callable[[random.Random], str]] = {
    **{prey.name: prey.make for prey in PREY if prey.shaped},
    "account link": lambda rng: f"https://connect.stripe.com/setup/e/acct_1{letters(rng, 15)}/{letters(rng, 12)}",
    "hosted invoice": lambda rng: f"https://invoice.stripe.com/i/acct_1{letters(rng, 15)}/test_{letters(rng, 60)}",
    "telephone": lambda rng: "+49170" + _digits(7)(rng),
    "checkout session": lambda rng: "cs_" + "test_a1" + letters(rng, 56),
    "JWT": lambda rng: f"eyJ{letters(rng, 20)}.eyJ{letters(rng, 40)}.{letters(rng, 43)}",
}
NAMED: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "password": ("password", _letters(12)),
    "access token": ("access_token", _letters(40)),
    "first name": ("first_name", lambda rng: "Jane" + letters(rng, 4)),
    "street": ("line1", lambda rng: f"12 {letters(rng, 6)} Street"),
    "town": ("address[city]", lambda rng: f"Town {letters(rng, 3)}"),
    "card number": ("card[number]", PREY[10].make),
    "check code": ("card[cvc]", lambda rng: "2" + _digits(2)(rng)),
    "account number": ("bank_account[account_number]", _digits(12)),
    "last digits of an identity number": ("individual[ssn_last_4]", _digits(4)),
    "device": ("device_fingerprint", _letters(24)),
    "wallet": ("wallet_address", lambda rng: "bc1q" + "".join(rng.choices("qpzry9x8gf2tvdw0s3jn54khce6mua7l", k=38))),
}


def tree(name: str, value: str) -> Fields:
    """``a[b]`` as an object in an object."""
    outer, _, inner = name.rstrip("]").partition("[")
    return {outer: {inner: value} if inner else value}


def interaction(body: object = None, answer: object = "{}", url: str = URL, **headers: str) -> Fields:
    listed = {name: [value] for name, value in headers.items()}
    request = {"method": "POST", "uri": url, "body": body, "headers": listed}
    return {"request": request, "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": answer}}


def har(**more: object) -> str:
    request = {"method": "POST", "url": URL, "headers": [], "cookies": [], **more}
    response = {"status": 200, "headers": [], "cookies": [], "content": {"text": ""}}
    return json.dumps({"log": {"entries": [{"request": request, "response": response}]}})


def buffer(text: str) -> Fields:
    return {"type": "Buffer", "data": list(text.encode())}


LAYOUTS: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "a dict that VCR.py kept of aiohttp": (
        "c.yaml",
        lambda n, v: yaml.safe_dump({"interactions": [interaction({n: v})], "version": 1}),
    ),
    "HAR's params": (
        "c.har",
        lambda n, v: har(postData={"mimeType": "x", "params": [{"name": quote(n), "value": quote(v)}]}),
    ),
    "HAR's base64": (
        "c.har",
        lambda n, v: har(
            postData={"text": base64.b64encode(json.dumps(tree(n, v)).encode()).decode(), "encoding": "base64"}
        ),
    ),
    "Go's octets": (
        "c.yaml",
        lambda n, v: yaml.safe_dump([interaction(list(urlencode({n: v}).encode()), list(b"{}"))]),
    ),
    "a Buffer of node as body": ("c.json", lambda n, v: json.dumps([interaction(buffer(json.dumps(tree(n, v))))])),
    "a Buffer of node anywhere": ("c.json", lambda n, v: json.dumps({"kept": buffer(json.dumps(tree(n, v)))})),
    "octets anywhere": ("c.yaml", lambda n, v: yaml.safe_dump({"kept": list(json.dumps(tree(n, v)).encode())})),
    "Ruby's base64_string": (
        "c.yml",
        lambda n, v: yaml.safe_dump(
            {
                "http_interactions": [
                    interaction({"base64_string": base64.b64encode(urlencode({n: v}).encode()).decode()})
                ]
            }
        ),
    ),
    "a log's JSON": ("c.log", lambda n, v: f"12:00:00 INFO answer {json.dumps(tree(n, v))} in 12 ms\n"),
    "a log's JSON in JSON": ("c.log", lambda n, v: f"12:00 {json.dumps({'body': json.dumps(tree(n, v))})}\n"),
    "a log's form": ("c.log", lambda n, v: f"12:00:00 DEBUG post body='{urlencode({n: v})}'\n"),
    "JSON lines": ("c.jsonl", lambda n, v: '{"at": 1}\n' + json.dumps({"answer": tree(n, v)}) + "\n"),
    "a curl session": ("c.txt", lambda n, v: f"$ curl {URL} -d {n}=x\n< 200\n{json.dumps(tree(n, v), indent=2)}\n"),
}
BARE: dict[str, tuple[str, Callable[[str], str]]] = {
    "a path": ("c.json", lambda v: json.dumps([interaction(url=f"{URL}/{quote(v, safe='')}")])),
    "a header": ("c.json", lambda v: json.dumps([interaction(**{"X-Note": v})])),
    "octets behind a mark of UTF-16": (
        "c.yaml",
        lambda v: yaml.dump([interaction(answer={"string": b"\xff\xfe" + f"{v:<{len(v) + len(v) % 2}}".encode()})]),
    ),
    "an environment": (".env", lambda v: f"A=1\nVALUE={v}\n"),
    "a page": ("c.html", lambda v: f"<p>Sorry, <b>{v}</b></p>"),
}


def leaks(layout: tuple[str, str]) -> int:
    name, text = layout
    return audit_bytes(text.encode(), name, settings=SETTINGS, auditor=AUDITOR).leaks


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_sort_is_found_in_every_layout(layout: str) -> None:
    rng = random.Random(layout)
    name, build = LAYOUTS[layout]
    sorts = {**{sort: ("note", make) for sort, make in SHAPED.items()}, **NAMED}
    missed = [sort for sort, (field, make) in sorts.items() if not leaks((name, build(field, make(rng))))]
    assert missed == []
    assert leaks((name, build("note", "nothing of the sort"))) == 0


@pytest.mark.parametrize("place", BARE)
def test_every_shape_is_found_where_no_name_stands(place: str) -> None:
    rng = random.Random(place)
    name, build = BARE[place]
    assert [sort for sort, make in SHAPED.items() if not leaks((name, build(make(rng))))] == []


def test_the_payload_of_an_apps_secret_is_known_by_its_route() -> None:
    body = f"name=a&payload={letters(random.Random(1), 20)}"
    assert leaks(("c.json", json.dumps([interaction(body, url="https://api.stripe.com/v1/apps/secrets")]))) == 1
    assert leaks(("c.json", json.dumps([interaction(body)]))) == 0


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "a.json", "a.txt", "a.yaml.gz"])
@pytest.mark.parametrize("layout", ["{}", "\n\n{}\n", '"{}"', '["{}"]'])
def test_a_file_that_is_one_scalar(layout: str, name: str) -> None:
    key = SHAPED["API key"](random.Random(f"{layout}{name}"))
    report = audit_bytes(layout.format(key).encode(), name, settings=SETTINGS, auditor=AUDITOR)
    assert "secret-key" in {finding.rule for finding in report.findings}


@pytest.mark.parametrize("layout", ["x: !!binary {}", "- [a, !!binary {}]", "!!binary {}", "? !!binary {}\n: 1"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_binary_scalars_anywhere_in_a_cassette(pack: Callable[[bytes], bytes], layout: str) -> None:
    key = SHAPED["API key"](random.Random(layout))
    packed = base64.b64encode(pack(json.dumps({"note": f"a {key} b"}).encode())).decode()
    report = audit_bytes(layout.format(packed).encode(), "a.yaml", settings=SETTINGS, auditor=AUDITOR)
    assert "secret-key" in {finding.rule for finding in report.findings}


@pytest.mark.parametrize("layout", ["? [{}, b]\n: 1", "? {{a: {}}}\n: 1", "? ? {}\n  : 1\n: 2"])
def test_keys_that_are_no_text(layout: str) -> None:
    key = SHAPED["API key"](random.Random(layout))
    report = audit_bytes(layout.format(key).encode(), "a.yaml", settings=SETTINGS, auditor=AUDITOR)
    assert "secret-key" in {finding.rule for finding in report.findings}


def bomb(times: int) -> str:
    """A few lines of aliases that stand for ten to the power of ``times`` values."""
    lines = [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, times)]
    return "\n".join(["- &a0 [x, x, x, x, x, x, x, x, x, x]", *lines])


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", [bomb(12), "- &a [x, *a]", "- &a {b: {c: *a}}", bomb(6) + "\n- [*a5]" * 300])
def test_aliases_are_counted_and_not_walked(text: str) -> None:
    key = SHAPED["API key"](random.Random(text))
    report = audit_bytes(f"{text}\n- {key}\n".encode(), "a.yaml", settings=SETTINGS, auditor=AUDITOR)
    assert {finding.rule for finding in report.findings} == {"unreadable", "secret-key"}


def test_aliases_that_are_few_are_read() -> None:
    key = SHAPED["API key"](random.Random(7))
    text = f"- &a {{note: {key}}}\n- [*a, *a, &b x, *b]\n"
    report = audit_bytes(text.encode(), "a.yaml", settings=SETTINGS, auditor=AUDITOR)
    assert {finding.rule for finding in report.findings} == {"secret-key"}
