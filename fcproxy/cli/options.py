"""click's options, made from the table in fcproxy.config.options."""

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from fcproxy.config import Config, Option, load_config, options_of

__all__ = ["config_from", "epilog", "with_options"]

_Function = TypeVar("_Function", bound=Callable[..., object])

_TYPES: dict[str, click.ParamType[Any]] = {
    "text": click.STRING,
    "path": click.Path(),
    "integer": click.IntRange(0, 65535),
    "seconds": click.FloatRange(0, min_open=True),
}


def with_options(command: str) -> Callable[[_Function], _Function]:
    """Decorates a command's function with the options that the table gives it, and ``--config``."""

    def decorate(function: _Function) -> _Function:
        rows = [_option(option) for option in options_of(command)]
        rows.append(
            click.option(
                "--config",
                type=click.Path(),
                help="Config file. Default: fcproxy.toml, or [tool.fcproxy] of pyproject.toml, in the working folder.",
            )
        )
        for row in reversed(rows):
            function = row(function)
        return function

    return decorate


def _option(option: Option) -> Callable[[_Function], _Function]:
    # Every default is None: only then can a flag that was given be told from one that was not, which the environment
    # and the file need to know.
    arguments: dict[str, Any] = {"default": None, "help": _help(option)}
    names = [option.name, option.flag]
    if option.kind == "switch":
        names[1] = f"{option.flag}/--no-{option.flag.removeprefix('--')}"
    elif option.kind == "flag":
        arguments["is_flag"] = True
    elif option.kind == "choice":
        arguments["type"] = click.Choice(option.choices)
    else:
        arguments["type"] = _TYPES[option.kind]
        arguments["metavar"] = option.metavar or None
    if option.short:
        names.append(option.short)
    return click.option(*names, **arguments)


def _help(option: Option) -> str:
    if option.kind in {"flag", "switch"} or option.default is None:
        return option.help
    default = f"{option.default:g}" if isinstance(option.default, float) else option.default
    return f"{option.help}  [default: {default}]"


def config_from(flags: Mapping[str, object], **overrides: object) -> Config:
    """The Config for a command's parameters. ``overrides`` count as flags that were not given by anyone else."""
    file = flags.get("config")
    given = {name: value for name, value in flags.items() if name != "config"}
    return load_config({**given, **overrides}, os.environ, file=file if isinstance(file, str) else None)


def epilog(*examples: str) -> str:
    """Examples as the end of a command's help; click re-wraps all text but what follows this mark."""
    lines = "\n".join(f"  {example}" for example in examples)
    return f"\b\nExamples:\n{lines}\n\n\b\nEvery option is also a variable (FCPROXY_PORT) and a config key (port)."
