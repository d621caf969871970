"""Texts from cassettes on a terminal."""

import click

from fcproxy.core.visible import visible

__all__ = ["tell"]


def tell(line: str) -> None:
    """Prints one line, with whatever a terminal would obey or cannot print escaped."""
    click.echo(visible(line))
