"""A report as text, JSON, SARIF, JUnit or a page for people. None of them holds a value; all escape what they show."""

import json
from collections.abc import Callable, Mapping
from html import escape

from fcproxy.core.audit_page import page
from fcproxy.core.audit_report import Finding, Report

__all__ = ["FORMATS", "junit", "sarif", "text", "to_json", "verdict"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def text(report: Report, rules: Mapping[str, str], version: str) -> str:
    """One line a finding, then the verdict and the coverage."""
    del rules, version
    lines = [_line(finding) for finding in report.findings]
    lines += [
        f"baseline entry no longer found: {entry['file']}: {entry['place']}: {entry['rule']}" for entry in report.stale
    ]
    lines += report.remarks
    return "\n".join([*lines, verdict(report), f"coverage: {report.coverage.text()}", ""])


def verdict(report: Report) -> str:
    """The outcome in one line."""
    accepted = f", {report.accepted} accepted by the baseline" if report.accepted else ""
    warnings = len(report.findings) - report.leaks - report.unreadable
    accepted += f", {warnings} warnings" if warnings else ""
    if report.unreadable:
        return f"NOT CLEARED: {report.unreadable} unreadable, {report.leaks} findings{accepted}"
    if report.leaks:
        return f"FOUND: {report.leaks} findings{accepted}"
    return f"CLEAN: no findings{accepted}" if report.coverage.files else "NOTHING TO AUDIT: no files"


def _line(finding: Finding) -> str:
    where = finding.file + (f":{finding.line}" if finding.line else "")
    number = f"interaction {finding.interaction}: " if finding.interaction is not None else ""
    layers = f" (inside {' > '.join(finding.layers)})" if finding.layers else ""
    print_ = f" [{finding.fingerprint}]" if finding.fingerprint else ""
    return f"{where}: {number}{finding.place}: {finding.level} {finding.rule}: {finding.what}{layers}{print_}"


def to_json(report: Report, rules: Mapping[str, str], version: str) -> str:
    """`{"verdict", "findings", "coverage", ...}`."""
    del rules
    word = "unreadable" if report.unreadable else "findings" if report.leaks else "clean"
    word = word if report.coverage.files else "nothing"
    document = {
        "version": version,
        "verdict": word,
        "exit_code": report.exit_code,
        "findings": [finding.to_json() for finding in report.findings],
        "accepted": report.accepted,
        "stale_baseline": [dict(entry) for entry in report.stale],
        "baseline_remarks": list(report.remarks),
        "coverage": report.coverage.to_json(),
    }
    return json.dumps(document, indent=2) + "\n"


def sarif(report: Report, rules: Mapping[str, str], version: str) -> str:
    """SARIF 2.1.0 (OASIS standard), as GitHub code scanning reads it."""
    used = sorted({*rules, *(finding.rule for finding in report.findings)})
    number = {rule: position for position, rule in enumerate(used)}
    driver = {
        "name": "fcproxy audit",
        "version": version,
        "rules": [{"id": rule, "shortDescription": {"text": rules.get(rule, rule)}} for rule in used],
    }
    coverage = report.coverage.to_json()
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not report.unreadable,
                "exitCode": report.exit_code,
                "properties": {"coverage": coverage},
            }
        ],
        "results": [_sarif_result(finding, number[finding.rule]) for finding in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _sarif_result(finding: Finding, number: int) -> dict[str, object]:
    where = f"interaction {finding.interaction}, " if finding.interaction is not None else ""
    location: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(finding.file)},
            "region": {"startLine": finding.line or 1},
        },
        "logicalLocations": [{"fullyQualifiedName": f"{where}{finding.place}"}],
    }
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": finding.level,
        "message": {"text": f"{where}{finding.place}: {finding.what or finding.rule}"},
        "locations": [location],
    }
    if finding.fingerprint:
        result["partialFingerprints"] = {"fcproxy/v1": finding.fingerprint}
    return result


def _uri(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="/")


def junit(report: Report, rules: Mapping[str, str], version: str) -> str:
    """JUnit's XML: a case for each file that has findings, one for the coverage."""
    del rules, version
    files = sorted({finding.file for finding in report.findings})
    cases = []
    for name in files:
        bad = [finding for finding in report.findings if finding.file == name]
        inner = "".join(_junit_finding(finding) for finding in bad if finding.level == "error")
        cases.append(f'    <testcase classname="fcproxy.audit" name="{_xml(name)}">{inner}</testcase>\n')
    seen = f"<system-out>{_xml(report.coverage.text())}</system-out>"
    cases.append(f'    <testcase classname="fcproxy.audit" name="coverage">{seen}</testcase>\n')
    failures = sum(1 for case in cases if "<failure" in case and "<error" not in case)
    errors = sum(1 for case in cases if "<error" in case)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}"'
    body = "".join(cases)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {counts}>\n'
        f'  <testsuite name="fcproxy audit" {counts} skipped="0">\n{body}  </testsuite>\n</testsuites>\n'
    )


def _junit_finding(finding: Finding) -> str:
    tag = "error" if finding.rule == "unreadable" else "failure"
    what = finding.what or finding.rule
    return f'<{tag} type="{_xml(finding.rule)}" message="{_xml(what)}">{_xml(_line(finding))}</{tag}>'


def _xml(value: str) -> str:
    legal = "".join(
        char if char in "\t\n" or " " <= char < "\ud800" or "\ue000" <= char < "\ufffe" else "?" for char in value
    )
    return escape(legal, quote=True)


FORMATS: Mapping[str, Callable[[Report, Mapping[str, str], str], str]] = {
    "text": text,
    "json": to_json,
    "sarif": sarif,
    "junit": junit,
    "html": lambda report, rules, version: page(report, rules, version, verdict(report)),
}
"""`--format` -> (report, rule id -> explanation, version of fcproxy) -> what is printed."""
