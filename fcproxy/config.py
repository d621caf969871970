"""Configuration: one literal table of options, and the one function that reads them.

Flags win over ``FCPROXY_*`` variables, these over the config file, this over the defaults. The table below is what the
command line, the environment, the file and the options page of the docs are made from.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from fcproxy.core.errors import UsageError
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.rules import RuleBook
from fcproxy.stripe.secrets import RULES

__all__ = ["CONFIG_FILES", "OPTIONS", "SERVING", "Config", "Option", "load_config", "options_of", "read_file"]

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

CONFIG_FILES = ("fcproxy.toml", "pyproject.toml")
"""Looked for in the working folder, in this order; the second counts only with a [tool.fcproxy] table."""


@dataclass(frozen=True, slots=True)
class Config:
    """The options' values; see OPTIONS for what each means. Timeouts are seconds, ``max_body`` MiB, ``max_header_size``
    KiB, ``max_age`` days."""

    cassette: str = "cassettes/default.yaml"
    upstream: str = "fake"
    host: str = "127.0.0.1"
    port: int = 12111
    ready_file: str | None = None
    strict: bool | None = None
    allow_unused: bool = False
    once: bool = False
    allow_live: bool = False
    api_key_env: str | None = None
    allow_remote: bool = False
    allow_http: bool = False
    upstream_ca: str | None = None
    connect_timeout: float = 10.0
    first_byte_timeout: float = 90.0
    read_timeout: float = 90.0
    total_timeout: float = 3600.0
    client_timeout: float = 60.0
    max_connections: int = 1000
    max_headers: int = 256
    max_header_size: int = 64
    max_body: int = 32
    rate: int | None = None
    fsync: str = "always"
    latency: str = "none"
    order: str = "recorded"
    keep_retries: bool = False
    deck_timeout: float = 3600.0
    max_age: int | None = None
    on_version_change: str = "fail"
    seed: str = "fcproxy"
    clock: str = "fixed"
    state: str | None = None
    scenario: str | None = None
    forward_hosts: str | None = None
    fake_strict: bool = False
    log_format: str = "text"
    verbose: bool = False
    quiet: bool = False
    match: tuple[RouteRule, ...] = ()
    """The user's exceptions from the matching; in a config file only."""
    rules: RuleBook = field(default=RULES, repr=False)
    """The redaction rules: the default ones, and what the config file's `redact` makes of them."""
    api_key: str | None = field(default=None, repr=False)
    """The key that ``api_key_env`` names; never an option of its own, so that it is in no file and no process list."""

    @property
    def cassette_folder(self) -> Path:
        """The folder that names given over the control API are relative to."""
        return Path(self.cassette).parent


_BY_NAME = {option.name: option for option in OPTIONS}
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def options_of(command: str) -> list[Option]:
    """The rows that ``command`` takes, in the table's order."""
    return [option for option in OPTIONS if command in option.commands]


def load_config(
    flags: Mapping[str, object], environ: Mapping[str, str], *, file: str | None = None, folder: Path | None = None
) -> Config:
    """Merges flags (None = not given) over environment over file over defaults. Raises UsageError."""
    chosen = file or environ.get("FCPROXY_CONFIG")
    path = Path(chosen) if chosen else find_file(folder or Path())
    values = read_file(path, must=bool(chosen))
    for option in OPTIONS:
        if (text := environ.get(option.variable)) not in {None, ""}:
            values[option.name] = _convert(option, text, option.variable)
    for name, value in flags.items():
        if value is not None and name in _BY_NAME:
            values[name] = _convert(_BY_NAME[name], value, _BY_NAME[name].flag)
    return _config(values, environ)


def _config(values: Mapping[str, Value], environ: Mapping[str, str]) -> Config:
    known = {item.name for item in fields(Config)}
    arguments: dict[str, Any] = {name: value for name, value in values.items() if name in known}
    if name := values.get("api_key_env"):
        arguments["api_key"] = environ.get(str(name))
        if not arguments["api_key"]:
            raise UsageError(f"--api-key-env {name}: this variable is not set")
    if (table := values.get("redact")) is not None:
        # Deferred, as below: hardly any project has rules of its own, and each start would pay for them.
        from fcproxy.stripe.custom_rules import book_from

        arguments["rules"] = book_from(table, environ)
    return Config(**arguments)


def find_file(folder: Path) -> Path | None:
    """The config file of ``folder``, or None. Parents are not searched: what counts is in sight."""
    for name in CONFIG_FILES:
        if (path := folder / name).is_file() and (name != "pyproject.toml" or b"[tool.fcproxy" in path.read_bytes()):
            return path
    return None


def read_file(path: Path | None, *, must: bool = False) -> dict[str, Value]:
    """The values in a config file. Raises UsageError for what is no TOML, for unknown keys and for wrong types."""
    if path is None:
        return {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    if path.name == "pyproject.toml" or "tool" in data:
        data = data.get("tool", {}).get("fcproxy", {})
    elif must and not data:
        raise UsageError(f"{path}: holds no option")
    values: dict[str, Value] = {}
    for key, value in data.items():
        if key == "match":
            values[key] = _routes(value, path)
        elif key == "redact":
            values[key] = value  # read when the environment is known: literals come from there
        else:
            values[_known(key, path).name] = _convert(_known(key, path), value, f"{path}: {key}")
    return values


def _routes(tables: object, path: Path) -> tuple[RouteRule, ...]:
    try:
        from fcproxy.stripe.custom_routes import routes_from

        return routes_from(tables)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _known(key: str, path: Path) -> Option:
    option = _BY_NAME.get(key.replace("-", "_"))
    if option is None:
        raise UsageError(
            f"{path}: unknown key {key!r}{suggestion(key, ['match', 'redact', *(o.key for o in OPTIONS)])}"
        )
    return option


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'cassette'?`, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word.replace("_", "-"), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _convert(option: Option, value: object, where: str) -> Value:
    """``value`` as the option's kind. Raises UsageError naming ``where``, never quoting what may be a pasted key."""
    converted = _CONVERTERS[option.kind](value)
    if converted is None:
        raise UsageError(f"{where}: expects {_EXPECTS[option.kind]}")
    if option.choices and converted not in option.choices:
        raise UsageError(f"{where}: expects one of {', '.join(option.choices)}")
    return converted


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value and "\0" not in value else None


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= 65535 else None


def _seconds(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
    return float(value) if good and isinstance(value, int | float) else None


def _flag(value: object) -> bool | None:
    if isinstance(value, str):
        word = value.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return value if isinstance(value, bool) else None


_CONVERTERS = {
    "text": _text,
    "path": _text,
    "choice": _text,
    "integer": _integer,
    "seconds": _seconds,
    "flag": _flag,
    "switch": _flag,
}
_EXPECTS = {
    "text": "a text",
    "path": "a path",
    "choice": "a word",
    "integer": "a whole number from 0 to 65535",
    "seconds": "a number of seconds above 0",
    "flag": "true or false",
    "switch": "true or false",
}
