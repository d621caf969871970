"""`fcproxy redact PATH...`."""

from pathlib import Path

import click

from fcproxy.cli.options import epilog
from fcproxy.cli.said import said
from fcproxy.core.errors import CannotStart, CassetteUnreadable

__all__ = ["redact"]


@click.command(epilog=epilog("fcproxy redact cassettes", "fcproxy redact --check tests/cassettes/pay.yaml"))
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if something would change.")
@click.option("--config", type=click.Path(), help="Config file; its redact rules count.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing of files in which nothing changes.")
@click.pass_context
def redact(ctx: click.Context, /, *, paths: tuple[Path, ...], check: bool, config: str | None, quiet: bool) -> None:
    """Apply today's redaction rules to cassettes (files or folders), in place.

    Works on fcproxy's cassettes and on VCR.py's. Each file is the old one or the new one at every moment, and a
    redacted cassette is played as before. Follow it with `fcproxy audit`.

    Exit codes: 0 done, 1 --check found something to do, 3 a file could not be read or written.
    """
    from fcproxy.cli.options import config_from
    from fcproxy.server.redact_files import cassettes_in, redact_file

    rules = config_from({"config": config}).rules
    try:
        files = cassettes_in(paths)
    except OSError as error:
        raise CannotStart(f"{error.filename}: {error.strerror}") from None
    changed = 0
    unreadable = 0
    for path in files:
        try:
            done = redact_file(path, rules, write=not check)
        except (CassetteUnreadable, CannotStart) as error:
            click.echo(said(f"fcproxy: {error}"), err=True)
            unreadable += 1
            continue
        changed += done.changed > 0
        if done.changed or not quiet:
            click.echo(said(done.text(verb="would change" if check else "changed")))
    if unreadable:
        ctx.exit(3)
    ctx.exit(1 if check and changed else 0)
