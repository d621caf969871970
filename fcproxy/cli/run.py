"""`fcproxy run MODE -- CMD`: the proxy beside one command, for tests and CI."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence

import click

from fcproxy.cli.options import config_from, epilog, with_options
from fcproxy.config import Config
from fcproxy.core.errors import UsageError
from fcproxy.core.modes import ALIASES, Mode

__all__ = ["run"]


@click.command(
    epilog=epilog(
        "fcproxy run replay -- pytest -q",
        "fcproxy run record --upstream stripe --cassette cassettes/pay.yaml -- npm test",
        "fcproxy run auto --once -- python checkout.py",
    )
)
@click.argument("mode", type=click.Choice(list(ALIASES)))
@with_options("run")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD...")
@click.pass_context
def run(ctx: click.Context, /, mode: str, command: tuple[str, ...], **flags: object) -> None:
    """Start the proxy on a free port, run CMD against it, stop, print the verdict on stderr.

    CMD gets FCPROXY_URL and STRIPE_API_BASE (the proxy's base URL), FCPROXY_MODE, and a dummy STRIPE_API_KEY if it has
    none. The exit code is CMD's, or 1 if CMD succeeded and a strict verdict or the recording failed.
    """
    word, once = ALIASES[mode]
    config = config_from({**flags, "once": True if once else flags.get("once")})
    if flags.get("port") is None and "FCPROXY_PORT" not in os.environ:
        config = config._replace(port=0)
    ctx.exit(asyncio.run(_run(config, word, command)))


async def _run(config: Config, mode: Mode, command: Sequence[str]) -> int:
    from fcproxy.server.app import running
    from fcproxy.server.check import audit_check
    from fcproxy.server.log import RequestLog, tame_libraries
    from fcproxy.server.serve import ready_line, summary

    log = RequestLog(config.log_format, quiet=config.quiet, verbose=config.verbose)
    tame_libraries(log)
    async with running(config, mode, check=audit_check, log=log) as app:
        log.note(ready_line(app))
        code = await _child(command, _environment(app.url, app.decks.default.mode))
    if app.outcome is None:
        return 1
    if not config.quiet or app.outcome.exit_code:
        click.echo(summary(app.outcome, app.decks.default.cassette), err=True)
    return code or app.outcome.exit_code


def _environment(url: str, mode: Mode) -> dict[str, str]:
    from fcproxy.server.incoming import DUMMY_KEY

    environment = {**os.environ, "FCPROXY_URL": url, "STRIPE_API_BASE": url, "FCPROXY_MODE": mode.value}
    if not environment.get("STRIPE_API_KEY"):
        environment["STRIPE_API_KEY"] = DUMMY_KEY
    return environment


async def _child(command: Sequence[str], environment: dict[str, str]) -> int:
    """Runs the command to its end, passing signals on; gives its exit code as a shell would."""
    loop = asyncio.get_running_loop()
    try:
        process = await asyncio.create_subprocess_exec(*command, env=environment)
    except FileNotFoundError:
        raise UsageError(f"{command[0]}: command not found") from None
    except OSError as error:
        raise UsageError(f"{command[0]}: {error.strerror}") from None

    def pass_on(number: int) -> None:
        # On a terminal Ctrl-C reaches the command without us; it must not come twice.
        if number != signal.SIGINT or not sys.stdin.isatty():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, pass_on, number)
    code = await process.wait()
    return code if code >= 0 else 128 - code
