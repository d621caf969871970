"""Hits: values and where they were found, while a file is looked at."""

import base64
import binascii
import re
from dataclasses import dataclass

__all__ = ["Hit"]


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
