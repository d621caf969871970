"""Hits: values and where they were found, while a file is looked at; and how a known value may be spelled elsewhere."""

import base64
import binascii
import json
import re
from dataclasses import dataclass

__all__ = ["Hit", "needles"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A value, where it stands, and the rule that found it."""

    number: int | None
    place: str
    rule: str
    value: str
    credential: bool
    layers: tuple[str, ...] = ()

    @property
    def learnable(self) -> set[str]:
        """The credentials in the value: without scheme, cookie attributes, Basic coding."""
        if not self.credential:
            return set()
        pieces = {self.value, *re.split(r"[\s;,]+", self.value)}
        pieces |= {piece.partition("=")[2] for piece in pieces if "=" in piece.rstrip("=")}
        for piece in list(pieces):
            try:
                user, _, password = base64.b64decode(piece, validate=True).decode("ascii").partition(":")
            except (binascii.Error, ValueError):
                continue
            pieces |= {user, password}
        return {piece for piece in pieces if piece.isprintable()}


def needles(learned: frozenset[str]) -> list[tuple[str, str]]:
    """(value, spelling) for each way in which a known value may stand in text that no opener recognises."""
    found = []
    for value in sorted(learned):
        data = value.encode("utf-8", "surrogatepass")
        spellings = {
            value,
            value.lower(),
            value.upper(),
            value[::-1],
            data.hex(),
            data.hex().upper(),
            json.dumps(value)[1:-1],
        }
        for skip in range(3):
            for code in (base64.b64encode, base64.urlsafe_b64encode):
                # Only the characters that the value alone decides: neighbours shape those at both ends.
                whole = code(b"\0" * skip + data).decode().rstrip("=")
                start = (0, 2, 3)[skip]
                end = len(whole) - ((skip + len(data)) % 3 != 0)
                spellings.add(whole[start:end])
        found += [(value, spelling) for spelling in sorted(spellings) if len(spelling) >= 8]
    return found
