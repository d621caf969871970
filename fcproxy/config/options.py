"""The literal table of options: what the command line, the environment, the file and the docs' page are made from."""

from collections.abc import Mapping
from typing import NamedTuple

from fcproxy.core.match_rules import RouteRule

__all__ = ["BY_NAME", "EVERY", "OPTIONS", "SERVING", "Option", "Value", "options_of"]

Value = str | int | float | bool | tuple[RouteRule, ...] | Mapping[str, object] | None

SERVING = frozenset({"record", "replay", "auto", "passthrough", "run"})
"""The commands that serve a cassette's traffic and share nearly all options."""

EVERY = SERVING | {"fake"}
RECORDING = frozenset({"record", "auto", "run"})
FAKING = frozenset({"record", "auto", "passthrough", "run", "fake"})
FORWARDING = frozenset({"record", "auto", "passthrough", "run"})
PLAYING = frozenset({"replay", "auto", "run"})


class Option(NamedTuple):
    """One row: the name gives the flag (``--ready-file``), the variable (``FCPROXY_READY_FILE``), the config key.

    ``kind`` is ``text``, ``path``, ``integer``, ``seconds``, ``flag`` (switched on), ``switch`` (on/off, None when not
    said) or ``choice``. ``commands`` are those that take it.
    """

    name: str
    kind: str
    default: Value
    help: str
    commands: frozenset[str]
    choices: tuple[str, ...] = ()
    short: str = ""
    metavar: str = ""

    @property
    def flag(self) -> str:
        """The long flag, as typed."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable's name."""
        return "FCPROXY_" + self.name.upper()

    @property
    def key(self) -> str:
        """The key in a config file, as written in the docs; underscores are accepted too."""
        return self.name.replace("_", "-")


OPTIONS: tuple[Option, ...] = (
    Option(
        "cassette", "path", "cassettes/default.yaml", "The cassette file; its folder is the cassette folder.", SERVING
    ),
    Option(
        "upstream",
        "text",
        "fake",
        "Where requests are forwarded: the embedded fake, the real API, or a base URL.",
        FORWARDING | {"replay"},
        metavar="fake|stripe|URL",
    ),
    Option("host", "text", "127.0.0.1", "Address to listen on.", EVERY),
    Option("port", "integer", 12111, "Port to listen on; 0 is any free one.", EVERY),
    Option(
        "ready_file",
        "path",
        None,
        "JSON file written once the port accepts: url, pid, mode, cassette.",
        EVERY - {"run"},
    ),
    Option(
        "strict",
        "switch",
        None,
        "Exit 1 when the verdict finds something wrong. Default: on in replay, else off.",
        SERVING,
    ),
    Option("allow_unused", "flag", False, "A strict verdict lets interactions be unused.", SERVING),
    Option("once", "flag", False, "Record if there is no cassette yet, else replay.", frozenset({"auto", "run"})),
    Option("allow_live", "flag", False, "Record although a live key or a live answer is seen.", RECORDING),
    Option(
        "api_key_env",
        "text",
        None,
        "Variable whose key is put on upstream requests; the client needs only a dummy key.",
        FORWARDING,
        metavar="NAME",
    ),
    Option("allow_remote", "flag", False, "Listen on an address that other machines can reach.", EVERY),
    Option("allow_http", "flag", False, "Forward over plain http to another machine.", FORWARDING),
    Option("upstream_ca", "path", None, "PEM file of the only authorities trusted for an https upstream.", FORWARDING),
    Option("connect_timeout", "seconds", 10.0, "Longest wait for a connection to the upstream.", FORWARDING),
    Option("first_byte_timeout", "seconds", 90.0, "Longest wait for an answer, once the request is sent.", FORWARDING),
    Option("read_timeout", "seconds", 90.0, "Longest wait for the upstream's next bytes, the first too.", FORWARDING),
    Option("total_timeout", "seconds", 3600.0, "Longest time for one forwarded request and its answer.", FORWARDING),
    Option("client_timeout", "seconds", 60.0, "Longest wait for the client's next bytes, or for it to read.", EVERY),
    Option("max_connections", "integer", 1000, "Most connections of clients at a time.", EVERY),
    Option("max_headers", "integer", 256, "Most header fields of a request.", EVERY),
    Option("max_header_size", "integer", 64, "Longest line of a request's head, in KiB.", EVERY, metavar="KIB"),
    Option(
        "max_body",
        "integer",
        32,
        "Larger bodies, in MiB, are forwarded whole but not stored; replay refuses them and says why.",
        SERVING,
        metavar="MIB",
    ),
    Option(
        "max_cassette",
        "integer",
        256,
        "Larger cassettes, in MiB, are not loaded: loading takes up to three times their size in memory.",
        SERVING,
        metavar="MIB",
    ),
    Option(
        "rate",
        "integer",
        None,
        "Most requests a second to the upstream while recording, waiting out its 429 answers; 0 is no limit. "
        "Default: 25 to stripe, else no limit.",
        RECORDING,
    ),
    Option(
        "fsync",
        "choice",
        "always",
        "When a recorded interaction is forced to the disk: before the client sees its end, soon after, at the end.",
        RECORDING,
        choices=("always", "batch", "never"),
    ),
    Option(
        "latency",
        "text",
        "none",
        "What replay waits before it answers: nothing, the recorded time, or so many milliseconds. Recording with "
        "`recorded` stores the times.",
        frozenset({"record", "auto", "replay", "run"}),
        metavar="none|recorded|MS",
    ),
    Option(
        "order",
        "choice",
        "recorded",
        "Repeats in recorded order, requests in any; or strictly the recorded sequence.",
        PLAYING,
        choices=("recorded", "strict"),
    ),
    Option(
        "keep_retries",
        "flag",
        False,
        "Keep failed attempts that were repeated with the same Idempotency-Key.",
        RECORDING,
    ),
    Option(
        "deck_timeout",
        "seconds",
        3600.0,
        "How long a deck that the control API opened may be idle before it is ended.",
        SERVING,
    ),
    Option("max_age", "integer", None, "An older cassette, in days, is not played.", PLAYING, metavar="DAYS"),
    Option(
        "on_version_change",
        "choice",
        "fail",
        "What replay does where the client asks in another Stripe-Version than was recorded: miss, or play and warn.",
        PLAYING,
        choices=("warn", "fail"),
    ),
    Option("seed", "text", "fcproxy", "What the fake's ids and secrets are drawn from.", FAKING),
    Option(
        "clock",
        "text",
        "fixed",
        "The fake's time: standing still at a fixed moment, real, or standing at an ISO 8601 moment.",
        FAKING,
        metavar="fixed|real|ISO",
    ),
    Option("state", "path", None, "File in which the fake's objects are kept over restarts.", FAKING),
    Option("scenario", "path", None, "YAML file of fixtures that the fake holds from the start: docs/fake.md.", FAKING),
    Option(
        "forward_hosts",
        "text",
        None,
        "Hosts, with commas between them, that the fake's forwarding may call.",
        FAKING,
        metavar="HOST[:PORT],...",
    ),
    Option(
        "fake_strict",
        "flag",
        False,
        "The fake refuses ids that it did not make, and tax calculations while the tax settings are pending.",
        FAKING,
    ),
    Option("log_format", "choice", "text", "Form of the log lines on stderr.", EVERY, choices=("text", "json")),
    Option("verbose", "flag", False, "Log more.", EVERY, short="-v"),
    Option("quiet", "flag", False, "Log nothing but trouble.", EVERY, short="-q"),
)

BY_NAME = {option.name: option for option in OPTIONS}


def options_of(command: str) -> list[Option]:
    """The rows that ``command`` takes, in the table's order."""
    return [option for option in OPTIONS if command in option.commands]
