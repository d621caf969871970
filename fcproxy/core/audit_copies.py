"""Copies of known secrets, in every spelling, in any text: a text that holds none costs a set look-up per four octets.

The audit's own search, apart from the one that the redactor replaces by: values that the redactor knew and failed to
replace are what it is for.
"""

import base64
import json
import re
import sys
from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice

__all__ = ["MAX_KNOWN", "Copies"]

MAX_KNOWN = 5_000
"""Most values that are looked for. What goes wrong with one goes wrong with its likes; a recording of a million
interactions must not take its spellings' memory at the end."""

_LEAST = 8
"""Fewest characters of a spelling."""

_ANCHOR = 7
"""Octets of which four consecutive ones begin at a multiple of four, wherever they stand."""


class Copies:
    """The values that are looked for. False where there are none."""

    def __init__(self, values: Iterable[str]) -> None:
        self._by_piece: dict[int, list[tuple[str, str]]] = {}
        for value in islice(values, MAX_KNOWN):
            for spelled in _spellings(value):
                octets = spelled.encode("utf-8", "surrogatepass")
                # Ends are likelier than beginnings to be a value's own.
                for at in range(len(octets) - _ANCHOR, len(octets) - 3):
                    piece = int.from_bytes(octets[at : at + 4], sys.byteorder)
                    self._by_piece.setdefault(piece, []).append((value, spelled))

    def __bool__(self) -> bool:
        return bool(self._by_piece)

    def search(self, text: str) -> Iterator[str]:
        """The values that stand in ``text`` in some spelling, in order."""
        octets = text.encode("utf-8", "surrogatepass")
        pieces = memoryview(octets)[: len(octets) & ~3].cast("I")
        if self._by_piece.keys().isdisjoint(pieces):
            return
        candidates = {each for piece in self._by_piece.keys() & set(pieces) for each in self._by_piece[piece]}
        yield from sorted({value for value, spelled in candidates if _stands(spelled, text)})


def _stands(spelled: str, text: str) -> bool:
    """Whether it is there; an account's few digits, or a tax id's, are not where an amount or an id has them too."""
    if len(spelled) > _FEW_DIGITS or not spelled.isdigit():
        return spelled in text
    return re.search(rf"(?<![0-9]){spelled}(?![0-9])", text) is not None


_FEW_DIGITS = 12


def _spellings(value: str) -> Iterator[str]:
    """How a known value may stand in text that no opener recognises."""
    data = value.encode("utf-8", "surrogatepass")
    found = {value, data.hex(), data.hex().upper(), json.dumps(value)[1:-1], _yaml(value)}
    if any(char.isdigit() for char in value):
        # A credential; a name in small letters may be a word of the language.
        found |= {value.lower(), value.upper(), value[::-1], _base58(data), *_fives(data)}
    for skip in range(3):
        for code in (base64.b64encode, base64.urlsafe_b64encode):
            # Only the characters that the value alone decides: neighbours shape those at both ends.
            whole = code(b"\0" * skip + data).decode().rstrip("=")
            start = (0, 2, 3)[skip]
            end = len(whole) - ((skip + len(data)) % 3 != 0)
            found.add(whole[start:end])
    yield from sorted(spelled for spelled in found if len(spelled) >= _LEAST)


_GIT = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_ZMQ = str.maketrans(_GIT, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#")


_ESCAPED = re.compile(r'["\\&<>]')
"""Their signs that are escaped in JSON, or in HTML."""


def _fives(data: bytes) -> Iterator[str]:
    """Five characters for four octets, in each alphabet (Adobe's, git's, ZeroMQ's) and alignment: whole groups only.

    No reader opens these: their alphabets are so wide that any text may be one.
    """
    for skip in range(4):
        whole = data[-skip % 4 :]
        whole = whole[: len(whole) & ~3]
        if len(whole) < _LEAST:
            continue
        git = base64.b85encode(whole).decode()
        for text in (base64.a85encode(whole).decode(), git, git.translate(_ZMQ)):
            yield text
            if _ESCAPED.search(text):
                yield from (json.dumps(text)[1:-1], escape(text, quote=False))


_ALPHABET58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _base58(data: bytes) -> str:
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        digits = _ALPHABET58[rest] + digits
    return digits


def _yaml(value: str) -> str:
    """As cassettes spell it in double quotes, where it is more than ASCII."""
    return "".join(f"\\x{ord(c):02x}" if "\x7f" <= c < "\u0100" else c for c in value)
