"""`fcproxy diff OLD NEW`."""

import json
from pathlib import Path

import click

from fcproxy.cli.options import epilog
from fcproxy.cli.terminal import tell
from fcproxy.core.views import Change, View

__all__ = ["diff"]


@click.command(
    epilog=epilog(
        "fcproxy diff cassettes/old.yaml cassettes/new.yaml",
        "fcproxy diff --exact cassettes/old.yaml cassettes/new.yaml",
        "git show HEAD:cassettes/pay.yaml > /tmp/old.yaml && fcproxy diff /tmp/old.yaml cassettes/pay.yaml",
    )
)
@click.argument("old", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--exact", is_flag=True, help="Compare ids, times and request ids too.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print."
)
@click.pass_context
def diff(ctx: click.Context, /, *, old: Path, new: Path, exact: bool, form: str) -> None:
    """Tell what differs between two cassettes, by interaction, object and field.

    Ids are compared by their place in the conversation, and what differs in every recording (times, request ids) is
    left out. Exit codes: 0 no difference, 1 some, 3 a file cannot be read.
    """
    from fcproxy.cli.cassettes import views_of
    from fcproxy.core.views import changes

    found = changes(views_of(old, stable=not exact)[1], views_of(new, stable=not exact)[1])
    if form == "json":
        click.echo(json.dumps([_as_json(change) for change in found], indent=2))
    else:
        for change in found:
            _tell(change)
    ctx.exit(1 if found else 0)


def _tell(change: Change) -> None:
    if change.old is None and change.new is not None:
        tell(f"+ {_titled(change.new)}")
    elif change.old is not None and change.new is None:
        tell(f"- {_titled(change.old)}")
    elif change.old is not None and change.new is not None:
        tell(f"! {_titled(change.old)}" + ("" if change.old[0] == change.new[0] else f" (now {change.new[0]})"))
    for place, before, after in change.fields:
        tell(f"    {place}: {_text(before)} -> {_text(after)}")


def _titled(one: tuple[int, View]) -> str:
    return f"{one[0]} {one[1].title}"


def _text(text: str | None) -> str:
    return "nothing" if text is None else text


def _as_json(change: Change) -> dict[str, object]:
    def side(one: tuple[int, View] | None) -> dict[str, object] | None:
        if one is None:
            return None
        return {"interaction": one[0], "request": f"{one[1].method} {one[1].path}", "subject": one[1].subject}

    fields = [{"field": place, "old": before, "new": after} for place, before, after in change.fields]
    return {"old": side(change.old), "new": side(change.new), "fields": fields}
