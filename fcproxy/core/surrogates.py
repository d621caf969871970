"""Lone surrogates: JSON can spell half of a UTF-16 pair (`"\\ud800"`), and no encoding has octets for it.

Octets that are no UTF-8 stand as surrogates, too, in text (PEP 383: U+DC80 to U+DCFF); those have, and are not meant.
"""

from collections.abc import Callable

from fcproxy.core.expression import expression

__all__ = ["escaped_lone", "without_lone"]

_LONE = expression("[\ud800-\udc7f\udd00-\udfff]")
_FREE = 0x100000
"""The last private plane: nobody's letters, and room for all of them."""

_TAKEN = expression("[\U00100000-\U001007ff]")


def without_lone(text: str, change: Callable[[str], str]) -> str:
    """``change`` applied to ``text`` while its lone surrogates, if any, are letters of a private plane."""
    if text.isascii() or _LONE.search(text) is None:
        return change(text)
    if _TAKEN.search(text) is not None:
        # What stands in that plane itself could not be told from them afterwards: one goes, nothing is let through.
        text = _TAKEN.sub("\ufffd", text)
    moved = _LONE.sub(lambda found: chr(ord(found[0]) - 0xD800 + _FREE), text)
    return _TAKEN.sub(lambda found: chr(ord(found[0]) - _FREE + 0xD800), change(moved))


def escaped_lone(text: str) -> str:
    """``text`` with its lone surrogates as JSON escapes."""
    return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
