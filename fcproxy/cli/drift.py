"""`fcproxy drift CASSETTE --upstream ...`: has the API changed since?"""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fcproxy.cli.options import config_from, epilog
from fcproxy.cli.said import said
from fcproxy.cli.terminal import tell
from fcproxy.core.shapes import LEVELS, Difference

if TYPE_CHECKING:
    from fcproxy.server.drift import Drift

__all__ = ["drift"]

_SIGNS = {"added": "+", "removed": "-", "changed": "!"}

_MOST = 100
"""Differences of one route that are listed in text."""

_INTERRUPTED = 130
"""What shells say of a command that SIGINT ended."""


@click.command(
    epilog=epilog(
        "fcproxy drift cassettes/pay.yaml --upstream stripe --api-key-env STRIPE_TEST_KEY",
        "fcproxy drift cassettes/pay.yaml --upstream stripe --api-key-env KEY --stripe-version 2026-09-30.clover",
        "fcproxy drift cassettes/pay.yaml --upstream http://127.0.0.1:12112 --fail-on added",
    )
)
@click.argument("cassette", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--upstream", required=True, envvar="FCPROXY_UPSTREAM", metavar="fake|stripe|URL", help="Whom to ask.")
@click.option("--api-key-env", metavar="NAME", help="Variable whose key is used; the cassette holds none.")
@click.option("--allow-live", is_flag=True, default=None, help="Ask although the key is a live key.")
@click.option("--allow-http", is_flag=True, default=None, help="Ask over plain http on another machine.")
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
    allow_http: bool | None,
    upstream_ca: str | None,
    stripe_version: str | None,
    fail_on: str,
    form: str,
) -> None:
    """Ask an API again what a cassette asked it, and tell which fields were added, removed or changed.

    Only GET and HEAD requests are sent, each once; nothing is stored, and values are not compared. Objects that no
    longer exist are counted, not compared. An answer of status 401, 403, 429 or 5xx, where another one was recorded,
    counts as failed.

    Exit codes: 0 nothing of that level, 1 a difference, 3 no difference found, but an answer failed or there was
    nothing to compare, 130 interrupted.
    """
    from fcproxy.cli.cassettes import read
    from fcproxy.server.drift import drift as ask

    options = {
        "upstream": upstream,
        "api_key_env": api_key_env,
        "allow_live": allow_live,
        "allow_http": allow_http,
        "upstream_ca": upstream_ca,
    }
    try:
        found = asyncio.run(ask(config_from(options), read(cassette).interactions, version=stripe_version))
    except KeyboardInterrupt:
        click.echo("fcproxy: interrupted: nothing is told", err=True)
        ctx.exit(_INTERRUPTED)
    if form == "json":
        click.echo(json.dumps(_as_json(found), indent=2))
    else:
        _tell(found)
    if found.levels() & set(LEVELS[LEVELS.index(fail_on) :]):
        ctx.exit(1)
    ctx.exit(3 if found.failed or not (found.compared or found.levels()) else 0)


def _tell(found: "Drift") -> None:
    for one in found.routes.values():
        lines = [f"  ! status {then}, now {now}, {_count(n, 'time')}" for (then, now), n in one.statuses.items()]
        differences = one.differences()
        lines += [_line(each) for each in differences[:_MOST]]
        if len(differences) > _MOST:
            lines.append(f"  and {len(differences) - _MOST} more")
        if lines:
            for line in (said(one.name), *lines):
                tell(line)
    gone = sum(one.gone for one in found.routes.values())
    counts = [
        f"{_count(found.compared, 'answer')} compared",
        f"{_count(gone, 'object')} gone",
        f"{_count(found.skipped, 'request')} not sent",
    ]
    counts += [f"{count} failed ({kind})" for kind, count in found.failed.items()]
    tell(f"drift: {', '.join(counts)}; {_outcome(found)}")


def _outcome(found: "Drift") -> str:
    if levels := found.levels():
        return ", ".join(sorted(levels))
    if not found.compared:
        return "nothing could be compared"
    return "no difference in what was compared" if found.failed else "no difference"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _line(one: Difference) -> str:
    return f"  {_SIGNS[one.level]} {said(one.place) or 'the answer'}: {_words(one)}"


def _words(one: Difference) -> str:
    return f"{one.before}, now {one.after}" if one.before and one.after else one.before or one.after


def _as_json(found: "Drift") -> dict[str, object]:
    routes = [
        {
            "route": said(one.name),
            "compared": one.compared,
            "gone": one.gone,
            "statuses": [{"then": then, "now": now, "count": count} for (then, now), count in one.statuses.items()],
            "differences": [
                {"level": each.level, "field": said(each.place), "before": each.before, "after": each.after}
                for each in one.differences()
            ],
        }
        for one in found.routes.values()
    ]
    return {"routes": routes, "compared": found.compared, "skipped": found.skipped, "failed": found.failed}
