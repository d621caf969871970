"""`fcproxy demo`: the whole promise in a few seconds, on this machine alone."""

import asyncio
import io
import os
import re
import secrets
import time
from pathlib import Path
from typing import Any

import click

from fcproxy.cli.demo_client import Story, storyteller
from fcproxy.cli.options import epilog
from fcproxy.config import Config
from fcproxy.core.modes import Mode

__all__ = ["demo"]

_SHOWN = re.compile(r"Authorization|client_secret|email|\"name\"|raw_address|Idempotency|Basic |Bearer ")
_LINES = 12


@click.command(epilog=epilog("fcproxy demo", "fcproxy demo --cassette /tmp/demo.yaml"))
@click.option(
    "--cassette", type=click.Path(), default="cassettes/demo.yaml", show_default=True, help="The file to record into."
)
@click.pass_context
def demo(ctx: click.Context, /, *, cassette: str) -> None:
    """Record, replay and audit a Financial Connections session against the embedded fake.

    Needs no key and no network. The cassette is kept, so that it can be looked at.
    """
    ctx.exit(asyncio.run(_demo(Config(cassette=cassette, port=0))))


async def _demo(config: Config) -> int:
    start = time.perf_counter()
    # A web proxy of the company's must not stand between the client and this machine.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    name, story = storyteller()
    click.echo(f"A client links a bank account at Stripe: {name}. No key, no network.\n")
    click.echo("1. Record: client -> fcproxy -> the embedded fake Stripe")
    received = await _serve(config, Mode.RECORD, story)
    if received is None:
        return 1
    _show_cassette(Path(config.cassette), received)
    click.echo("\n3. Replay: the same client with another key, and no upstream at all")
    replayed = await _serve(config._replace(strict=True), Mode.REPLAY, story)
    if replayed is None:
        return 1
    same = sum(one.get("id") == other.get("id") for one, other in zip(received, replayed, strict=True))
    click.echo(f"   {same} of {len(received)} answers are the recorded objects; the secrets in them are placeholders")
    code = _audit(Path(config.cassette))
    click.echo(f"\nDone in {time.perf_counter() - start:.1f} s. Look at {config.cassette}, then: fcproxy record --help")
    return code


async def _serve(config: Config, mode: Mode, story: Story) -> list[dict[str, Any]] | None:
    """Runs the story through a proxy; gives its answers, or None after saying what went wrong."""
    from fcproxy.server.app import running
    from fcproxy.server.check import audit_check
    from fcproxy.server.log import RequestLog, tame_libraries
    from fcproxy.server.serve import summary

    lines = io.StringIO()
    log = RequestLog(stream=lines)
    tame_libraries(log)
    async with running(config, mode, check=audit_check, log=log) as app:
        # Another key each time: a test key is a test key, and replay must not depend on which.
        answers = await asyncio.to_thread(story, app.url, "sk_" + "test_" + secrets.token_hex(12))
    outcome = app.outcome
    click.echo("".join(f"   {line}\n" for line in lines.getvalue().splitlines()), nl=False)
    if outcome is None:
        return None
    click.echo("".join(f"   {line}\n" for line in summary(outcome, config.cassette).splitlines()), nl=False)
    return answers if outcome.exit_code == 0 else None


def _show_cassette(cassette: Path, received: list[dict[str, Any]]) -> None:
    text = cassette.read_text(encoding="ascii")
    click.echo(f"\n2. The cassette {cassette}, {len(text):,} bytes. What the client got, and what is on disk:")
    secret = str(received[1].get("client_secret", ""))
    shown = f"{secret[:21]}{'*' * (len(secret) - 21)}"
    click.echo(f"   the client got   client_secret {shown}")
    click.echo(f"   it is on disk    {'yes' if secret in text else 'nowhere'}")
    lines = text.splitlines()
    picked: dict[str, None] = {}
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if _SHOWN.search(line):
            picked[f"{line.strip()} {following.strip()}" if line.endswith(":") else line.strip()] = None
    for line in list(picked)[:_LINES]:
        click.echo(f"   | {line[:110]}")


def _audit(cassette: Path) -> int:
    from fcproxy import __version__
    from fcproxy.core.audit_render import FORMATS
    from fcproxy.server.audit_files import Settings, audit_files, random_key
    from fcproxy.stripe.detectors import DETECTORS

    click.echo("\n4. Audit: an independent search of every encoding for secrets")
    report = audit_files([cassette], Settings(random_key()))
    rendered = FORMATS["text"](report, DETECTORS.described(), __version__)
    click.echo("".join(f"   {line}\n" for line in rendered.splitlines()), nl=False)
    return report.exit_code
