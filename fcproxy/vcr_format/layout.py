"""JSON bodies that came in one line are laid out for people in the file, and come back as they were.

Works on tokens: numbers, escapes, duplicate keys and key order stay as received. Only where undoing it gives the
identical bytes is a body laid out at all.
"""

from fcproxy.core.json_text import leaves, looks_like_json, relayout

__all__ = ["LAYOUTS", "lay_out", "restore"]

LAYOUTS: dict[str, tuple[str, str]] = {
    "compact": (":", ","),
    "spaced": (": ", ", "),
}
"""Name kept in the cassette -> the (colon, comma) of the one-line body. The second is what Python's json writes."""

_INDENT = 2


def lay_out(text: str) -> tuple[str, str] | None:
    """The body for the file and the layout's name; None where ``text`` goes into the file as it is."""
    content = text.rstrip("\n")
    if "\n" in content or not looks_like_json(content):
        return None
    try:
        leaves(content)
        pretty = relayout(content, indent=_INDENT, colon=": ", comma=",")
    except ValueError:
        return None
    if "\n" not in pretty:
        return None
    pretty += text[len(content) :]
    return next(((pretty, name) for name in LAYOUTS if restore(pretty, name) == text), None)


def restore(text: str, layout: str) -> str:
    """Undoes `lay_out`; ``text`` itself where it is no JSON or the layout is unknown (a hand has changed the file)."""
    if layout not in LAYOUTS:
        return text
    content = text.rstrip("\n")
    colon, comma = LAYOUTS[layout]
    try:
        return relayout(content, indent=None, colon=colon, comma=comma) + text[len(content) :]
    except ValueError:
        return text
