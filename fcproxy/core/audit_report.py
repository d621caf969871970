"""What an audit says: findings without values, and what it looked at. Reports add up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Coverage", "Finding", "Report"]

UNREADABLE = "unreadable"
WARNINGS = frozenset(("old-rules", "unknown-value"))


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One hit. ``interaction`` counts from 0 in its file (None: not inside one); ``line`` from 1 (0: unknown).

    ``fingerprint``: keyed hash of the value, equal for equal values under one key; nothing can be read from it without
    the key. ``layers``: the encodings that had to be opened to see it, outermost first.
    """

    file: str
    interaction: int | None
    place: str
    rule: str
    fingerprint: str
    what: str = ""
    line: int = 0
    layers: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """`error` or `warning` (a warning does not fail the audit)."""
        return "warning" if self.rule in WARNINGS else "error"

    def to_json(self) -> dict[str, object]:
        """JSON-ready, in a fixed order."""
        return {
            "file": self.file,
            "interaction": self.interaction,
            "place": self.place,
            "rule": self.rule,
            "level": self.level,
            "fingerprint": self.fingerprint,
            "line": self.line or None,
            "layers": list(self.layers),
            "what": self.what,
        }


@dataclass(slots=True)
class Coverage:
    """What was looked at. ``layers`` counts openings by encoding; ``not_stored`` bodies that a recorder left out."""

    files: int = 0
    interactions: int = 0
    bodies: int = 0
    bytes: int = 0
    not_stored: int = 0
    unreadable: int = 0
    skipped: int = 0
    layers: dict[str, int] = field(default_factory=dict)

    def opened(self, layer: str) -> None:
        """Counts one opening."""
        self.layers[layer] = self.layers.get(layer, 0) + 1

    def add(self, other: "Coverage") -> None:
        """Adds another coverage to this one."""
        for name in ("files", "interactions", "bodies", "bytes", "not_stored", "unreadable", "skipped"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for layer, count in other.layers.items():
            self.layers[layer] = self.layers.get(layer, 0) + count

    def to_json(self) -> dict[str, object]:
        """JSON-ready, layers sorted."""
        return {
            "files": self.files,
            "interactions": self.interactions,
            "bodies": self.bodies,
            "bytes": self.bytes,
            "layers": dict(sorted(self.layers.items())),
            "not_stored": self.not_stored,
            "unreadable": self.unreadable,
            "skipped": self.skipped,
        }

    def text(self) -> str:
        """One sentence for people."""
        layers = ", ".join(f"{name} {count}" for name, count in sorted(self.layers.items())) or "none"
        more = [f"{self.not_stored} bodies not stored by the recorder"] if self.not_stored else []
        more += [f"{self.skipped} folders or links passed over"] if self.skipped else []
        more += [f"{self.unreadable} contents unreadable"] if self.unreadable else []
        return "; ".join(
            (
                f"{self.files} files, {self.interactions} interactions, {self.bodies} bodies, {self.bytes} bytes",
                f"encodings opened: {layers}",
                *more,
            )
        )


@dataclass(frozen=True, slots=True)
class Report:
    """Findings, sorted, and the coverage. ``accepted`` counts findings that a baseline took out."""

    findings: tuple[Finding, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    accepted: int = 0
    stale: tuple[Mapping[str, object], ...] = ()
    """Baseline entries that nothing matched any more."""
    remarks: tuple[str, ...] = ()
    """What else there is to say of the baseline."""

    @classmethod
    def joined(cls, reports: Iterable["Report"]) -> "Report":
        """One report of many, findings in their order."""
        findings: list[Finding] = []
        coverage = Coverage()
        for report in reports:
            findings.extend(report.findings)
            coverage.add(report.coverage)
        return cls(tuple(findings), coverage)

    @property
    def leaks(self) -> int:
        """How many findings say that a secret is there."""
        return sum(1 for finding in self.findings if finding.level == "error" and finding.rule != UNREADABLE)

    @property
    def unreadable(self) -> int:
        """How many findings say that something could not be opened."""
        return sum(1 for finding in self.findings if finding.rule == UNREADABLE)

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings, 3 something could not be read (then the findings are not the whole truth)."""
        if self.unreadable:
            return 3
        return 1 if self.leaks else 0
