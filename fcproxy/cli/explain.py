"""`fcproxy explain`: why a request misses, without sending it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from fcproxy.cli.options import epilog
from fcproxy.cli.terminal import tell
from fcproxy.core.deck import Deck
from fcproxy.core.matching import Mismatch

__all__ = ["explain"]


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog=epilog(
        "fcproxy explain --cassette cassettes/pay.yaml -- -X POST http://127.0.0.1:12111/v1/customers -d email=a@b.io",
        "fcproxy explain --cassette cassettes/pay.yaml --request request.http",
    ),
)
@click.option("--cassette", type=click.Path(path_type=Path, dir_okay=False), help="The cassette file.")
@click.option(
    "--request", "file", type=click.Path(allow_dash=True), help="File with the request as HTTP text; - is stdin."
)
@click.option("--order", type=click.Choice(["recorded", "strict"]), help="As in replay.")
@click.option("--config", type=click.Path(), help="Config file; its match rules count.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print."
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- CURL ARGUMENTS...]")
@click.pass_context
def explain(
    ctx: click.Context,
    /,
    *,
    cassette: Path | None,
    file: str | None,
    order: str | None,
    config: str | None,
    form: str,
    arguments: tuple[str, ...],
) -> None:
    """Tell which interaction answers a request, or why none does and which are nearest.

    The request is taken from a file, or from the arguments that curl would get. Nothing is sent, nothing is marked.

    Exit codes: 0 it hits, 1 it misses, 3 the cassette cannot be read.
    """
    from fcproxy.cli.curl import from_curl, from_file
    from fcproxy.core.errors import UsageError

    if bool(file) == bool(arguments):
        raise UsageError("explain: expects either --request FILE or curl's arguments behind --")
    request = from_file(_content(file), file) if file else from_curl(arguments)
    deck = _deck(cassette, order, config)
    answer = deck.explain(request)
    compared = deck.compared(request)
    if form == "json":
        click.echo(json.dumps(_as_json(answer, compared), indent=2))
    elif isinstance(answer, Mismatch):
        for line in answer.message.split("\n"):
            tell(line)
    else:
        tell(f"{deck.name}: interaction {answer} answers it.")
    if form == "text":
        tell("Compared:")
        for place, text in compared.items():
            tell(f"  {place} = {text}")
    ctx.exit(1 if isinstance(answer, Mismatch) else 0)


def _content(file: str) -> bytes:
    from fcproxy.core.errors import UsageError

    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None


def _deck(cassette: Path | None, order: str | None, config: str | None) -> Deck:
    from fcproxy.cli.cassettes import replaying
    from fcproxy.cli.options import config_from

    named = None if cassette is None else str(cassette)
    return replaying(config_from({"cassette": named, "order": order, "config": config}))


def _as_json(answer: Mismatch | int, compared: Mapping[str, str]) -> dict[str, object]:
    if isinstance(answer, int):
        return {"hit": answer, "compared": dict(compared)}
    return {
        "hit": None,
        "reason": answer.reason,
        "message": answer.message,
        "nearest": list(answer.nearest),
        "compared": dict(compared),
    }
