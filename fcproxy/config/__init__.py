"""Configuration, read by one function: flags win over ``FCPROXY_*`` variables, these over the config file, it over the
defaults."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fcproxy.config.files import find_file, read_file
from fcproxy.config.options import BY_NAME, OPTIONS, Option, Value, options_of
from fcproxy.config.values import convert
from fcproxy.core.errors import UsageError
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.rules import RuleBook
from fcproxy.stripe.secrets import RULES

__all__ = ["Config", "Option", "load_config", "options_of", "read_file"]


class Config(NamedTuple):
    """The options' values; see OPTIONS for what each means. Timeouts are seconds, ``max_body`` and ``max_cassette``
    MiB, ``max_header_size`` KiB, ``max_age`` days."""

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
    max_cassette: int = 256
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
    rules: RuleBook = RULES
    """The redaction rules: the default ones, and what the config file's `redact` makes of them."""
    api_key: str | None = None
    """The key that ``api_key_env`` names; never an option of its own, so that it is in no file and no process list."""

    def __repr__(self) -> str:
        # Neither the key nor the rules, which may hold literal secrets.
        told = (f"{name}={value!r}" for name, value in self._asdict().items() if name not in {"api_key", "rules"})
        return f"Config({', '.join(told)})"

    @property
    def cassette_folder(self) -> Path:
        """The folder that names given over the control API are relative to."""
        return Path(self.cassette).parent


def load_config(
    flags: Mapping[str, object], environ: Mapping[str, str], *, file: str | None = None, folder: Path | None = None
) -> Config:
    """Merges flags (None = not given) over environment over file over defaults. Raises UsageError."""
    chosen = file or environ.get("FCPROXY_CONFIG")
    path = Path(chosen) if chosen else find_file(folder or Path())
    values = read_file(path, must=bool(chosen))
    for option in OPTIONS:
        if (text := environ.get(option.variable)) not in {None, ""}:
            values[option.name] = convert(option, text, option.variable)
    for name, value in flags.items():
        if value is not None and name in BY_NAME:
            values[name] = convert(BY_NAME[name], value, BY_NAME[name].flag)
    return _config(values, environ)


def _config(values: Mapping[str, Value], environ: Mapping[str, str]) -> Config:
    arguments: dict[str, Any] = {name: value for name, value in values.items() if name in Config._fields}
    if name := values.get("api_key_env"):
        arguments["api_key"] = environ.get(str(name))
        if not arguments["api_key"]:
            raise UsageError(f"--api-key-env {name}: this variable is not set")
    if (table := values.get("redact")) is not None:
        # Deferred, as below: hardly any project has rules of its own, and each start would pay for them.
        from fcproxy.stripe.custom_rules import book_from

        arguments["rules"] = book_from(table, environ)
    return Config(**arguments)
