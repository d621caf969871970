"""Texts from cassettes on a terminal: they must not move its cursor, look like lines of ours, or stop the command."""

import click

__all__ = ["tell"]


def tell(line: str) -> None:
    """Prints one line. Line ends, control characters, marks of direction and octets that are no UTF-8 are escaped."""
    click.echo(line if line.isprintable() else "".join(map(_visible, line)))


def _visible(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
