"""The verdict: what an ended deck says of itself."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from fcproxy.core.matching import Mismatch
from fcproxy.core.visible import visible

__all__ = ["Verdict"]

_NONE: Mapping[str, int] = MappingProxyType({})


class Verdict(NamedTuple):
    """Counts of one deck. ``unused`` counts interactions never played; ``spare_polls`` those of them that are only one
    more poll of a request that was played, which fail nothing. ``not_recorded``: forwarded, but not kept.
    """

    mode: str
    cassette: str
    interactions: int
    played: int
    unused: int
    recorded: int
    missed: int
    not_recorded: int = 0
    repeated: int = 0
    out_of_order: int = 0
    spare_polls: int = 0
    not_stored: int = 0
    misses: tuple[Mismatch, ...] = ()
    unused_list: tuple[str, ...] = ()
    rules_used: Mapping[str, int] = _NONE
    redactions: Mapping[str, int] = _NONE
    disabled: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def passed(self, *, allow_unused: bool = False) -> bool:
        """Whether a strict run may call this a success."""
        return not self.missed and (allow_unused or self.unused <= self.spare_polls)

    def to_json(self) -> dict[str, object]:
        """For the control API."""
        return {
            "mode": self.mode,
            "cassette": self.cassette,
            "interactions": self.interactions,
            "played": self.played,
            "unused": self.unused,
            "recorded": self.recorded,
            "missed": self.missed,
            "not_recorded": self.not_recorded,
            "repeated": self.repeated,
            "out_of_order": self.out_of_order,
            "spare_polls": self.spare_polls,
            "not_stored": self.not_stored,
            "misses": [
                {"reason": miss.reason, "request": miss.request, "message": miss.message, "nearest": list(miss.nearest)}
                for miss in self.misses
            ],
            "unused_interactions": list(self.unused_list),
            "rules_used": dict(self.rules_used),
            "redactions": dict(self.redactions),
            "disabled_rules": list(self.disabled),
            "notes": list(self.notes),
        }

    def text(self) -> str:
        """For people."""
        counts = [f"{self.interactions} interactions"]
        for label in ("played", "unused", "recorded", "missed"):
            counts.append(f"{getattr(self, label)} {label}")
        for label in ("repeated", "out_of_order", "not_recorded", "not_stored"):
            if getattr(self, label):
                counts.append(f"{getattr(self, label)} {label.replace('_', ' ')}")
        lines = [f"verdict: {visible(self.cassette)} ({self.mode}): {', '.join(counts)}"]
        if self.redactions:
            rules = ", ".join(f"{rule} {count}" for rule, count in sorted(self.redactions.items()))
            lines.append(f"  redacted: {rules}")
        lines.extend(f"  rule off: {rule}" for rule in self.disabled)
        for rule, count in sorted(self.rules_used.items()):
            lines.append(f"  rule used: {rule}, for {count} of the answers")
        lines.extend(f"  unused: {one}" for one in self.unused_list)
        for miss in self.misses:
            lines.append(f"  missed: {miss.request} ({miss.reason})")
            lines.extend(f"    {line}" for line in miss.message.splitlines()[1:])
        lines.extend(f"  note: {note}" for note in self.notes)
        return "\n".join(lines)
