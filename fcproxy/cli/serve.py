"""The commands that serve until they are told to stop."""

import gc

import click

from fcproxy.cli.options import config_from, epilog, with_options
from fcproxy.core.modes import Mode

__all__ = ["auto", "fake", "passthrough", "record", "replay"]

_TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "record": (
        (
            "Forward to the upstream and record a new cassette.\n\nThe old file is replaced only when the recording "
            "ends well (Ctrl-C is well). Secrets are redacted before anything is written."
        ),
        (
            "fcproxy record",
            "fcproxy record --upstream stripe --cassette cassettes/checkout.yaml",
            "fcproxy record --upstream stripe --api-key-env STRIPE_TEST_KEY",
        ),
    ),
    "replay": (
        (
            "Answer from the cassette; open no connection to anywhere.\n\nWhat the cassette does not know is refused "
            "with an error that says why. Strict by default: a miss or an unused interaction makes the exit code 1."
        ),
        ("fcproxy replay --cassette cassettes/checkout.yaml", "fcproxy replay --port 0 --ready-file ready.json"),
    ),
    "auto": (
        (
            "Replay what is in the cassette; forward and record what is not.\n\nWith --once: record if there is no "
            "cassette yet, else replay."
        ),
        ("fcproxy auto --cassette cassettes/checkout.yaml", "fcproxy auto --once --upstream stripe"),
    ),
    "passthrough": (
        "Forward to the upstream and record nothing.",
        ("fcproxy passthrough --upstream stripe", "fcproxy passthrough --upstream http://127.0.0.1:12112"),
    ),
}


def _serving(name: str) -> click.Command:
    text, examples = _TEXTS[name]

    @click.command(name, help=text, epilog=epilog(*examples))
    @with_options(name)
    @click.pass_context
    def command(ctx: click.Context, /, **flags: object) -> None:
        # Nothing of what is imported and loaded is garbage; `serve` begins to collect when it serves.
        gc.disable()
        from fcproxy.server.check import audit_check
        from fcproxy.server.serve import serve

        outcome = serve(config_from(flags), Mode(name), audit_check)
        ctx.exit(outcome.exit_code)

    return command


def _fake() -> click.Command:
    examples = ("fcproxy fake", "fcproxy fake --port 12112", "fcproxy record --upstream http://127.0.0.1:12112")

    @click.command("fake", epilog=epilog(*examples))
    @with_options("fake")
    @click.pass_context
    def command(ctx: click.Context, /, **flags: object) -> None:
        """Serve the fake Stripe by itself: any test key is good, nothing leaves this machine."""
        from fcproxy.server.check import audit_check
        from fcproxy.server.serve import serve

        config = config_from(flags)._replace(upstream="fake", api_key=None, strict=False)
        ctx.exit(serve(config, Mode.PASSTHROUGH, audit_check, label="fake").exit_code)

    return command


record: click.Command
replay: click.Command
auto: click.Command
passthrough: click.Command
fake: click.Command


def __getattr__(name: str) -> click.Command:
    # Made when it is asked for: each has forty options, and a process runs one of them.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _fake() if name == "fake" else _serving(name)
