"""Texts that others wrote, where people read them: they must not move a terminal's cursor or look like ours."""

__all__ = ["visible"]


def visible(text: str) -> str:
    """``text`` on one line. Escaped are line ends, controls, marks of direction and octets that are no UTF-8."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
