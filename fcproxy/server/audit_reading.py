"""The contents of a file as what the audit inspects: known layouts as interactions, the rest as trees or text."""

import re
from dataclasses import replace

from fcproxy.core.audit import Auditor, Item
from fcproxy.core.audit_copies import Copies
from fcproxy.core.audit_documents import document_items
from fcproxy.core.audit_report import Report
from fcproxy.core.audit_tree import parse_json
from fcproxy.core.errors import CassetteUnreadable
from fcproxy.vcr_format.allowed import without_comments
from fcproxy.vcr_format.whole import load_whole

__all__ = ["file_items", "quick_report", "without_counts"]

_PIECE = 4 * 1024 * 1024
"""Largest piece of plain text, in characters, that is inspected at once."""

_YAML_START = re.compile(
    r"\A(?:#[^\n]*\n|\s*\n)*(?:---|%YAML|interactions:|http_interactions:|- (?:request|type|\w+):)"
)
_USUAL = re.compile(
    r"(?P<head>(?:# fcproxy: [^\n]*\n)?interactions:\n)(?P<body>- (?:request:\n|\{\").*\n)version: 1\n", re.DOTALL
)


_COUNTS = re.compile(
    r"(?<=\A# fcproxy: )(\{[^\n]*?)\"hits\": \{(?:\"[a-z]{1,16}(?:[-_][a-z]{1,16}){0,6}\": [0-9]{1,9}(?:, )?)*\}"
)


def without_counts(text: str) -> str:
    """A file's text without the provenance's counts: `"api-key": 1200` there is how often that rule hit, and no key."""
    return _COUNTS.sub(r'\1"hits": 0', text, count=1)


def quick_report(text: str, shown: str, auditor: Auditor, known: Copies | None = None) -> Report | None:
    """The report on a cassette in the usual layout most of whose interactions are clean at a glance.

    None where every interaction has to be seen closely: another layout, or a credential somewhere, copies of which may
    stand anywhere. What is clean at a glance holds no encodings: copies of ``known`` secrets stand there as they
    are.
    """
    if known and any(known.search(text)):
        return None
    usual = _USUAL.fullmatch(without_comments(text))
    if usual is None:
        return None
    skeleton = auditor.triage.skeleton(usual["body"])
    judged = [auditor.triage.clean(part) for part in _split(skeleton)]
    unclear = {number for number, glance in enumerate(judged) if not glance.clean}
    if len(unclear) * 2 > len(judged):
        # Laid out by another hand: read as a whole it is read quicker.
        return None
    items = [Item(without_counts(usual["head"]), "comment")]
    for number, part in enumerate(_split(usual["body"]) if unclear else ()):
        if number in unclear:
            try:
                items += [replace(item, number=number) for item in document_items(load_whole(part, shown))]
            except CassetteUnreadable:
                return None
    report = auditor.items(shown, items, lines=text, known=known, quick=True)
    if report.leaks:
        return None
    report.coverage.interactions += len(judged) - len(unclear)
    for glance in judged:
        report.coverage.bodies += glance.bodies
        for layer in glance.layers:
            report.coverage.opened(layer)
    return report


def _split(body: str) -> list[str]:
    """The items of the list: their first lines begin with a dash, all others with blanks."""
    return [f"- {part}\n" for part in f"\n{body}"[:-1].split("\n- ")[1:]]


def file_items(text: str, name: str) -> tuple[list[Item], CassetteUnreadable | None]:
    """What to inspect of a file's text, and what kept it from being read as what its name says."""
    suffix = name.removesuffix(".gz").rpartition(".")[2].lower()
    if suffix in ("json", "har") or text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        try:
            return document_items(parse_json(text)), None
        except (ValueError, RecursionError):
            if suffix in ("json", "har") and not _json_lines(text):
                return _pieces(text), CassetteUnreadable(name, "not JSON, or nested too deep to read")
            return _pieces(text), None
    if suffix in ("yaml", "yml") or _YAML_START.match(text):
        try:
            return document_items(load_whole(text, name)), None
        except CassetteUnreadable as error:
            return _pieces(text), error if suffix in ("yaml", "yml") else None
    return _pieces(text), None


def _json_lines(text: str) -> bool:
    lines = [line for line in text.split("\n") if line.strip()]
    try:
        return len(lines) > 1 and all(parse_json(line) is not None for line in lines)
    except (ValueError, RecursionError):
        return False


def _pieces(text: str) -> list[Item]:
    """Plain text, in pieces that end with a line."""
    pieces, start = [], 0
    while len(text) - start > _PIECE:
        end = text.rfind("\n", start + 1, start + _PIECE) + 1 or start + _PIECE
        pieces.append(Item(text[start:end], "text"))
        start = end
    return [*pieces, Item(text[start:], "text")]
