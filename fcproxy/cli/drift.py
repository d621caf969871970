"""`fcproxy drift CASSETTE --upstream ...`: has the API changed since?"""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fcproxy.cli.options import config_from, epilog
from fcproxy.cli.terminal import tell
from fcproxy.core.shapes import LEVELS, Difference

if TYPE_CHECKING:
    from fcproxy.server.drift import Drift

__all__ = ["drift"]

_SIGNS = {"added": "+", "removed": "-", "changed": "!"}


@click.command(
    epilog=epilog(
        "fcproxy drift cassettes/pay.yaml --upstream stripe --api-key-env STRIPE_TEST_KEY",
        "fcproxy drift cassettes/pay.yaml --upstream stripe --api-key-env KEY --stripe-version 2026-09-30.clover",
        "fcproxy drift cassettes/pay.yaml --upstream http://127.0.0.1:12112 --fail-on added",
    )
)
@click.argument("cassette", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--upstream", required=True, metavar="fake|stripe|URL", help="Whom to ask.")
@click.option("--api-key-env", metavar="NAME", help="Variable whose key is used; the cassette holds none.")
@click.option("--allow-live", is_flag=True, default=None, help="Ask although the key is a live key.")
@click.option("--upstream-ca", type=click.Path(), help="PEM file of the only authorities trusted for https.")
@click.option(
    "--stripe-version", metavar="VERSION", help="Ask in this version of the API, to see what an upgrade changes."
)
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="removed",
    show_default=True,
    help="The least difference that makes the exit code 1: added < removed < changed.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print."
)
@click.pass_context
def drift(
    ctx: click.Context,
    /,
    *,
    cassette: Path,
    upstream: str,
    api_key_env: str | None,
    allow_live: bool | None,
    upstream_ca: str | None,
    stripe_version: str | None,
    fail_on: str,
    form: str,
) -> None:
    """Ask an API again what a cassette asked it, and tell which fields were added, removed or changed.

    Only GET requests are sent, each once; nothing is stored, and values are not compared. Objects that no longer exist
    are counted, not compared. Exit codes: 0 nothing of that level, 1 a difference, 3 no answer could be compared.
    """
    from fcproxy.cli.cassettes import read
    from fcproxy.server.drift import drift as ask

    options = {
        "upstream": upstream,
        "api_key_env": api_key_env,
        "allow_live": allow_live,
        "upstream_ca": upstream_ca,
    }
    found = asyncio.run(ask(config_from(options), read(cassette).interactions, version=stripe_version))
    if form == "json":
        click.echo(json.dumps(_as_json(found), indent=2))
    else:
        _tell(found)
    if not found.compared and not found.levels():
        ctx.exit(3)
    ctx.exit(1 if found.levels() & set(LEVELS[LEVELS.index(fail_on) :]) else 0)


def _tell(found: "Drift") -> None:
    for one in found.routes.values():
        lines = [f"  ! status {then}, now {now}, {count} times" for (then, now), count in one.statuses.items()]
        lines += [f"  {_SIGNS[each.level]} {each.place or 'the answer'}: {_words(each)}" for each in one.differences()]
        if lines:
            for line in (one.name, *lines):
                tell(line)
    gone = sum(one.gone for one in found.routes.values())
    counts = [f"{found.compared} answers compared", f"{gone} objects gone", f"{found.skipped} requests not sent"]
    counts += [f"{count} failed ({kind})" for kind, count in found.failed.items()]
    tell(f"drift: {', '.join(counts)}; {', '.join(sorted(found.levels())) or 'no difference'}")


def _words(one: Difference) -> str:
    return f"{one.before}, now {one.after}" if one.before and one.after else one.before or one.after


def _as_json(found: "Drift") -> dict[str, object]:
    routes = [
        {
            "route": one.name,
            "compared": one.compared,
            "gone": one.gone,
            "statuses": [{"then": then, "now": now, "count": count} for (then, now), count in one.statuses.items()],
            "differences": [
                {"level": each.level, "field": each.place, "before": each.before, "after": each.after}
                for each in one.differences()
            ],
        }
        for one in found.routes.values()
    ]
    return {"routes": routes, "compared": found.compared, "skipped": found.skipped, "failed": found.failed}
