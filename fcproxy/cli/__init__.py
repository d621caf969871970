"""The command line. Commands are loaded when they are called, so that `fcproxy --help` stays quick."""

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EDQUOT, EIO, ENOSPC
from io import TextIOWrapper
from types import ModuleType
from typing import Any

import click

from fcproxy import __version__
from fcproxy.core.errors import FcproxyError

__all__ = ["COMMANDS", "cli", "main"]

_FULL = frozenset({ENOSPC, EDQUOT, EIO})
"""What writing to stdout may fail with; where its reader has gone, click ends quietly."""

COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("demo", "fcproxy.cli.demo:demo", "Record, replay and audit against the embedded fake, in seconds."),
    ("record", "fcproxy.cli.serve:record", "Forward to the upstream and record a new cassette."),
    ("replay", "fcproxy.cli.serve:replay", "Answer from the cassette; open no connection to anywhere."),
    ("auto", "fcproxy.cli.serve:auto", "Replay what is in the cassette, record what is not."),
    ("passthrough", "fcproxy.cli.serve:passthrough", "Forward, record nothing."),
    ("fake", "fcproxy.cli.serve:fake", "Serve the fake Stripe by itself."),
    ("run", "fcproxy.cli.run:run", "Run a command with the proxy beside it; for tests and CI."),
    ("recover", "fcproxy.cli.recover:recover", "Make cassettes of what killed recordings left."),
    ("audit", "fcproxy.cli.audit:audit", "Prove that cassettes hold no secret."),
    ("redact", "fcproxy.cli.redact:redact", "Apply today's redaction rules to existing cassettes."),
    ("show", "fcproxy.cli.show:show", "Tell what is in a cassette."),
    ("diff", "fcproxy.cli.diff:diff", "Tell what differs between two cassettes, by object and field."),
    ("explain", "fcproxy.cli.explain:explain", "Tell which interaction answers a request, or why none does."),
    ("drift", "fcproxy.cli.drift:drift", "Ask an API again, and tell which fields were added, removed or changed."),
    ("convert", "fcproxy.cli.convert:convert", "Turn other tools' recordings into cassettes, and cassettes into HAR."),
)
"""Name, where the click command is, and its line in the list of commands."""


def _loaded(module: str) -> ModuleType:
    # Nothing of what an import makes is garbage, and it makes enough to be looked through again and again.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        if collecting:
            gc.enable()


@contextmanager
def _unrepeated() -> Iterator[None]:
    """click's errors quote what was typed, and a key is easily typed in a wrong place; CI logs keep it."""
    try:
        yield
    except click.UsageError as error:
        from fcproxy.cli.said import said

        told = error.format_message().expandtabs()
        shown = "\n".join(map(said, told.split("\n")))
        if shown == told:
            raise
        raise click.UsageError(shown, error.ctx) from None


class _LazyGroup(click.Group):
    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with _unrepeated():
            return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for name, place, _ in COMMANDS:
            if name == cmd_name:
                module, _, attribute = place.partition(":")
                command = getattr(_loaded(module), attribute)
                return command if isinstance(command, click.Command) else None
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, _, text in COMMANDS])

    def invoke(self, ctx: click.Context) -> object:
        try:
            with _unrepeated():
                result: object = super().invoke(ctx)
        except FcproxyError as error:
            from fcproxy.cli.said import said

            click.echo(f"fcproxy: {said(str(error))}", err=True)
            ctx.exit(error.exit_code)
        return result


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with: fcproxy demo",
)
@click.version_option(__version__, prog_name="fcproxy")
def cli() -> None:
    """Record/replay reverse proxy for Stripe traffic: it redacts, replays offline, and proves that nothing leaked."""


def main() -> None:
    """The console script. What a terminal's encoding lacks is escaped: an error must not end in another one."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        cli.main(prog_name="fcproxy")
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        # The code of a failed check would say that something was found.
        with suppress(OSError):
            click.echo(f"fcproxy: the output cannot be written: {error.strerror}", err=True)
        # What is left in the buffer would fail again at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(3)
