"""The audit's engine: shapes, names, headers and copies of known secrets, in text opened layer by layer.

An `Auditor` holds the compiled rows and is used for any number of files; an `Inspection` is what is known of one file.
Values live only inside an `Inspection`; what leaves it is a `Finding`.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from fcproxy.core.audit_codings import Decoder
from fcproxy.core.audit_copies import Copies
from fcproxy.core.audit_hits import Hit
from fcproxy.core.audit_inspection import Inspection
from fcproxy.core.audit_report import Finding, Report
from fcproxy.core.audit_rules import Detectors
from fcproxy.core.audit_scan import Scanner
from fcproxy.core.audit_triage import Triage
from fcproxy.core.entropy import entropy
from fcproxy.core.message import Interaction

__all__ = ["Auditor", "Item", "Tree"]

LEARN_LENGTH = 10
"""Shortest credential, in characters, whose copies are looked for; shorter ones occur by chance."""

MAX_LINES = 500
"""Most findings of a file whose lines are looked up."""

MAX_LEARNED = 200
"""Most credentials found in a file whose copies are looked for; a file with more needs no finer picture."""

MAX_COMPARED = 100
"""Most values of one place that a further one is compared with as a part of them."""

_WEAK = {"named-credential": 1, "unknown-token": 1, "learned": 1, "unknown-value": 2}
"""Rules that say less of a value than any other that knows it too: the more so, the higher the number."""

_PART = re.compile(r"(?=[A-Za-z0-9]*[A-Z0-9])[A-Za-z0-9]{8,}")
"""What may be a part of a secret, and is no plain word."""

LEARN_ENTROPY = 2.5
"""Least bits per character of it: `aaaaaaaaaa` and ordinary words are no credentials."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Parsed contents: `Pairs`, lists, texts, bytes."""

    root: object


@dataclass(frozen=True, slots=True)
class Item:
    """Something to inspect: an interaction, or a text or bytes or tree at a place. ``number``: of the interaction."""

    content: Interaction | str | bytes | Tree
    place: str = ""
    number: int | None = None


class Auditor:
    """Looks for secrets with ``detectors``.

    ``decoders`` open content codings beyond gzip and deflate. ``key`` keys the fingerprints: random for each run
    unless findings are to be recognised in later ones.
    """

    def __init__(self, detectors: Detectors, decoders: Mapping[str, Decoder], key: bytes) -> None:
        self.scanner = Scanner(detectors, decoders)
        self.triage = Triage(self.scanner)
        self._what = detectors.described()
        self._key = key

    def text(self, text: str, place: str) -> list[Finding]:
        """The findings in a text."""
        return list(self.items("", [Item(text, place)]).findings)

    def interaction(self, interaction: Interaction, number: int = 0, file: str = "") -> list[Finding]:
        """The findings in an interaction."""
        return list(self.items(file, [Item(interaction, number=number)]).findings)

    def items(
        self,
        file: str,
        items: Iterable[Item],
        *,
        raw: str = "",
        known: Copies | None = None,
        size: int = 0,
        lines: str = "",
        quick: bool = False,
    ) -> Report:
        """The report on a file's contents.

        ``raw`` is the file's text, searched last, and used to tell lines unless ``lines`` is given for that. ``known``:
        `copies` of secrets known from elsewhere (a recorder's own), which are findings. ``size`` in bytes, for
        coverage. ``quick``: interactions that the triage clears are not looked at closely.
        """
        listed = list(items)
        first = self._inspect(listed, raw, Copies(()), quick=quick)
        hits = list(first.hits)
        values = dict.fromkeys(value for hit in hits for value in sorted(hit.learnable) if _learnable(value))
        for learned in (self.copies(islice(values, MAX_LEARNED)), known):
            if learned:
                hits += self._inspect(listed, raw, learned).hits
        coverage = first.coverage
        coverage.files, coverage.bytes = 1, size or len(raw)
        return Report(tuple(self._findings(file, hits, lines or raw, tuple(islice(values, MAX_LEARNED)))), coverage)

    def shown(self, text: str, secrets: Sequence[str] = ()) -> str:
        """``text`` (a file's name, a place) as a report may show it: no secret known by its shape, no part of one of
        ``secrets``, nothing that moves a cursor."""
        for found in self.scanner.shapes(text):
            text = text.replace(found.value, f"<{found.rule}>")
        for part in _PART.findall(text) if secrets else ():
            if any(part in secret for secret in secrets):
                text = text.replace(part, "<learned>")
        return "".join(char if char.isprintable() else "?" for char in text)

    def copies(self, known: Iterable[str]) -> Copies:
        """The search for those of ``known`` that are no words and do not occur by chance."""
        return Copies(filter(_learnable, known))

    def _inspect(self, items: list[Item], raw: str, learned: Copies, *, quick: bool = False) -> Inspection:
        inspection = Inspection(self.scanner, learned)
        for item in items:
            inspection.number = item.number
            content = item.content
            if isinstance(content, Interaction):
                glance = self.triage.harmless(content) if quick else None
                if glance is None or not glance.clean:
                    inspection.interaction(content)
                else:
                    inspection.clean(glance.bodies, glance.layers)
            elif isinstance(content, str):
                inspection.text(content, item.place)
            elif isinstance(content, bytes):
                inspection.octets(content, item.place)
            else:
                inspection.tree(content.root, item.place)
        if raw:
            inspection.number = None
            inspection.raw(raw)
        return inspection

    def _findings(self, file: str, hits: list[Hit], raw: str, secrets: Sequence[str]) -> list[Finding]:
        findings: dict[tuple[int | None, str, str], Finding] = {}
        file = self.shown(file, secrets)
        places = {place: self.shown(place, secrets) for place in {hit.place for hit in hits}}
        for hit in _distinct(hits):
            print_ = self.fingerprint(hit.value)
            line = _line(raw, hit.value) if len(findings) < MAX_LINES else 0
            what = self._what.get(hit.rule, "")
            finding = Finding(file, hit.number, places[hit.place], hit.rule, print_, what, line, hit.layers)
            findings.setdefault((hit.number, hit.place, print_), finding)
        return sorted(
            findings.values(), key=lambda f: (f.interaction is None, f.interaction or 0, f.place, f.rule, f.fingerprint)
        )

    def fingerprint(self, value: str) -> str:
        """48 bits of HMAC-SHA256 in hex: tells findings apart; keyed, so that nothing can be guessed from it."""
        return hmac.new(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]


class _Values:
    """Values known at a place; a part of one of them is known too."""

    def __init__(self) -> None:
        self._values: dict[str, None] = {}

    def add(self, value: str) -> None:
        self._values[value] = None

    def __contains__(self, value: str) -> bool:
        if value in self._values:
            return True
        # Parts are looked for among the first only: a log full of keys must not cost the square of their number.
        return any(value in longer for longer in islice(self._values, MAX_COMPARED))


def _distinct(hits: list[Hit]) -> Iterator[Hit]:
    """The hits less those that say again what a better one says: of the same value there, or in the field within."""
    everywhere = _Values()
    covered: dict[tuple[int | None, str], _Values] = {}
    for hit in hits:
        if hit.rule == "unknown-value":
            continue
        place = hit.place
        while " $" in place:
            place = place.rpartition(" $")[0]
            covered.setdefault((hit.number, place), _Values()).add(hit.value)
    plainest: dict[tuple[int | None, str, str], int] = {}
    for hit in sorted(hits, key=lambda hit: (_WEAK.get(hit.rule, 0), len(hit.layers))):
        if hit.rule != "unreadable":
            here = covered.setdefault((hit.number, hit.place), _Values())
            # The text of the whole file repeats what its interactions hold; a copy is news only in a new place.
            if hit.value in here or (hit.place == "text" and hit.value in everywhere):
                continue
            # Seen once as it stands, a value is seen again in every other reading of the text around it.
            depth = plainest.setdefault((hit.number, hit.place.partition(" $")[0], hit.value), len(hit.layers))
            if depth < len(hit.layers):
                continue
            here.add(hit.value)
            everywhere.add(hit.value)
        yield hit


def _learnable(value: str) -> bool:
    return len(value) >= LEARN_LENGTH and entropy(value) >= LEARN_ENTROPY


def _line(raw: str, value: str) -> int:
    at = raw.find(value) if raw and value else -1
    return raw.count("\n", 0, at) + 1 if at >= 0 else 0
