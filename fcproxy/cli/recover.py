"""`fcproxy recover PATH...`."""

from pathlib import Path

import click

from fcproxy.cli.options import epilog

__all__ = ["recover"]


@click.command(epilog=epilog("fcproxy recover cassettes", "fcproxy recover cassettes/checkout.yaml"))
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--config", type=click.Path(), help="Config file; its redact rules count.")
@click.pass_context
def recover(ctx: click.Context, *, paths: tuple[Path, ...], config: str | None) -> None:
    """Make cassettes of what killed recordings left.

    PATH is a cassette, its journal, or a folder. The cassette itself is not touched: what is recovered gets a file of
    its own beside it, since a recording that was cut short is not better than the whole one before it. The next
    recording into the same cassette does this by itself. One that cannot be recovered keeps no other from it; the exit
    code is the worst one's.
    """
    from fcproxy.cli.options import config_from
    from fcproxy.cli.said import said
    from fcproxy.core.errors import FcproxyError
    from fcproxy.server.check import audit_check
    from fcproxy.server.recover import left_behind
    from fcproxy.server.recover import recover as rescued

    rules = config_from({"config": config}).rules
    cassettes = left_behind(paths)
    code = 0
    for cassette in cassettes:
        try:
            made = rescued(cassette, audit_check, rules)
        except FcproxyError as error:
            click.echo(f"fcproxy: {said(str(error))}", err=True)
            code = max(code, error.exit_code)
            continue
        done = f"rescued into {made}" if made else "its journal held no whole interaction"
        click.echo(said(f"{cassette}: {done}"))
    if not cassettes:
        click.echo("nothing to recover: no recording was cut short here")
    ctx.exit(code)
