"""`fcproxy convert SOURCE TARGET`."""

from pathlib import Path

import click

from fcproxy import __version__
from fcproxy.cli.options import epilog
from fcproxy.core.errors import CannotStart, CassetteUnreadable, UsageError
from fcproxy.core.message import Interaction
from fcproxy.core.rules import RuleBook

__all__ = ["convert"]

_KINDS = {
    "cassette": "a VCR.py cassette",
    "ruby": "a Ruby VCR cassette",
    "playback": "a stripe playback cassette",
    "har": "an HTTP archive (HAR)",
}


@click.command(
    epilog=epilog(
        "fcproxy convert spec/cassettes/charge.yml cassettes/charge.yaml",
        "fcproxy convert session.har cassettes/session.yaml",
        "fcproxy convert cassettes/session.yaml session.har",
        "fcproxy convert big.yaml fast.yaml --style compact",
    )
)
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--from", "kind", type=click.Choice(list(_KINDS)), help="What SOURCE is. Default: told by its contents.")
@click.option(
    "--to", type=click.Choice(["cassette", "har"]), help="What TARGET becomes. Default: har for *.har, else cassette."
)
@click.option(
    "--style",
    type=click.Choice(["readable", "compact"]),
    default="readable",
    show_default=True,
    help="A cassette for people and diffs, or one line an interaction, which loads several times faster.",
)
@click.option("--force", is_flag=True, help="Replace TARGET if it is there.")
@click.option("--config", type=click.Path(), help="Config file; its redact rules count.")
def convert(
    *, source: Path, target: Path, kind: str | None, to: str | None, style: str, force: bool, config: str | None
) -> None:
    """Turn another tool's recording into a cassette, or a cassette into a HAR.

    Reads VCR.py, Ruby VCR and stripe playback cassettes, and HAR. Secrets are redacted on the way, and the audit must
    find nothing in the result, or nothing is written.
    """
    from fcproxy.cli.options import config_from
    from fcproxy.codings import DECODERS
    from fcproxy.server.store import read_file
    from fcproxy.vcr_format import read_any

    rules = config_from({"config": config}).rules
    if target.exists() and not force:
        raise UsageError(f"{target}: is there already; --force replaces it")
    try:
        data = read_file(source)
    except OSError as error:
        raise CassetteUnreadable(str(source), f"cannot be read: {error.strerror}") from None
    found, imported = read_any(data, str(source), DECODERS, kind)
    to = to or ("har" if target.suffix == ".har" else "cassette")
    not_stored = _write(target, imported.interactions, style if to == "cassette" else to, rules)
    click.echo(f"{target}: {len(imported.interactions)} interactions from {_KINDS[found]}")
    if imported.skipped:
        click.echo(f"left out: {imported.skipped}, being webhooks or requests without an answer")
    if not_stored:
        click.echo(f"bodies that could not be opened, and so are not stored: {not_stored}")


def _write(target: Path, interactions: list[Interaction], form: str, book: RuleBook) -> int:
    """Redacts by ``book``, checks, writes as ``form``: har, or a cassette's style. The number of bodies not stored.

    Raises RecordingRefused, CannotStart.
    """
    from fcproxy.codings import DECODERS
    from fcproxy.core.redaction import Redactor
    from fcproxy.server.check import audit_check
    from fcproxy.server.provenance import provenance_of
    from fcproxy.server.store import replace_file
    from fcproxy.vcr_format import render, render_har

    redactor = Redactor(book, DECODERS)
    done = redactor.settle([redactor.redact(interaction) for interaction in interactions])
    date = next((date for each in interactions if (date := each.response.headers.get("Date"))), None)
    if form == "har":
        data = render_har(done, __version__)
    else:
        versions = {version for one in done if (version := one.response.headers.get("Stripe-Version"))}
        data = render(done, provenance_of(versions, redactor, date), style=form)
    audit_check(str(target), redactor.ledger.learned)(data)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, [data])
    except OSError as error:
        raise CannotStart(f"{target}: not written: {error.strerror}") from None
    return redactor.not_stored
