"""`fcproxy show CASSETTE`."""

from pathlib import Path

import click

from fcproxy.cli.options import epilog
from fcproxy.cli.terminal import tell

__all__ = ["show"]


@click.command(
    epilog=epilog(
        "fcproxy show cassettes/checkout.yaml",
        "fcproxy show cassettes/checkout.yaml --full",
        "fcproxy show cassettes/checkout.yaml -n 3",
        "git config diff.fcproxy.textconv 'fcproxy show --full --stable'",
    )
)
@click.argument("cassette", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--full", is_flag=True, help="Tell every field and header.")
@click.option("--interaction", "-n", "number", type=click.IntRange(0), help="Tell this one only, in full.")
@click.option("--stable", is_flag=True, help="Number ids by first sight, leave out what differs each time.")
def show(*, cassette: Path, full: bool, number: int | None, stable: bool) -> None:
    """Tell what is in a cassette, one interaction after the other.

    Secrets are redacted, whatever tool recorded it. Exit code 3 if the file cannot be read as a cassette.
    """
    from fcproxy.cli.cassettes import origin, views_of
    from fcproxy.core.errors import UsageError

    parsed, views = views_of(cassette, stable=stable)
    if number is not None and number >= len(views):
        raise UsageError(f"{cassette}: has {len(views)} interactions, the first is 0")
    if number is None:
        tell(f"{len(views)} interactions" + origin(parsed))
    for index, one in enumerate(views):
        if number not in {None, index}:
            continue
        tell(f"{index} {one.title}")
        if full or number is not None:
            for place, text in one.fields.items():
                tell(f"  {place} = {text}")
