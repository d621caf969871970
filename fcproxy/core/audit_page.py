"""The report as one HTML page that needs nothing else: no script, no request to anywhere, everything escaped."""

from collections.abc import Mapping
from html import escape

from fcproxy.core.audit_report import Finding, Report

__all__ = ["page"]

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
.verdict{padding:.75rem 1rem;border-radius:.4rem;font-weight:600;border:2px solid}
.clean{border-color:#1a7f37}.bad{border-color:#cf222e}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
td{overflow-wrap:anywhere}code{font-size:.9em}dt{font-weight:600}dd{margin:0 0 .4rem 0}
"""

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>fcproxy audit</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>Audit of recorded Stripe traffic</h1>
<p class="verdict {tone}">{verdict}</p>
"""


def page(report: Report, rules: Mapping[str, str], version: str, verdict: str) -> str:
    """The whole page. Values are not in it; a fingerprint tells equal values."""
    tone = "bad" if report.exit_code else "clean"
    body = _findings(report) + _summary(report, rules) + _coverage(report)
    note = f"Made by fcproxy {escape(version)}. This page shows where secrets stand, never what they are."
    foot = f"<footer><p>{note}</p></footer>"
    return f"{_HEAD.format(style=_STYLE, tone=tone, verdict=escape(verdict))}{body}</main>\n{foot}\n</body>\n</html>\n"


def _findings(report: Report) -> str:
    if not report.findings:
        return ""
    heads = ("File", "Interaction", "Place", "What", "Rule", "Fingerprint")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    rows = "\n".join(_row(finding) for finding in report.findings)
    return f"<h2>Findings</h2>\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n"


def _row(finding: Finding) -> str:
    inside = f" (inside {' > '.join(finding.layers)})" if finding.layers else ""
    cells = (
        finding.file + (f":{finding.line}" if finding.line else ""),
        "" if finding.interaction is None else str(finding.interaction),
        finding.place + inside,
        finding.what,
        finding.rule,
        finding.fingerprint,
    )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _summary(report: Report, rules: Mapping[str, str]) -> str:
    counts: dict[str, int] = {}
    for finding in report.findings:
        counts[finding.rule] = counts.get(finding.rule, 0) + 1
    rows = "\n".join(
        f"<tr><td>{escape(rule)}</td><td>{count}</td><td>{escape(rules.get(rule, ''))}</td></tr>"
        for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    head = '<thead><tr><th scope="col">Rule</th><th scope="col">Findings</th><th scope="col">Meaning</th></tr></thead>'
    return f"<h2>By rule</h2>\n<table>\n{head}\n<tbody>\n{rows}\n</tbody>\n</table>\n" if rows else ""


def _coverage(report: Report) -> str:
    coverage = report.coverage
    layers = ", ".join(f"{name} {count}" for name, count in sorted(coverage.layers.items())) or "none"
    rows = (
        ("Files", coverage.files),
        ("Interactions", coverage.interactions),
        ("Bodies", coverage.bodies),
        ("Bytes", coverage.bytes),
        ("Encodings opened", layers),
        ("Bodies that the recorder did not store", coverage.not_stored),
        ("Contents that could not be read", coverage.unreadable),
        ("Folders and links passed over", coverage.skipped),
        ("Findings accepted by the baseline", report.accepted),
    )
    items = "\n".join(f"<dt>{name}</dt><dd>{escape(str(value))}</dd>" for name, value in rows)
    return f"<h2>What was looked at</h2>\n<dl>\n{items}\n</dl>\n"
