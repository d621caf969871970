"""`fcproxy audit PATH...`."""

import datetime
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import click

from fcproxy import __version__
from fcproxy.cli.options import epilog
from fcproxy.cli.said import said
from fcproxy.core.audit_baseline import Entry, apply_baseline, parse_baseline, render_baseline
from fcproxy.core.audit_render import FORMATS, verdict
from fcproxy.core.audit_report import Coverage, Report
from fcproxy.core.errors import CannotStart, CassetteUnreadable, UsageError

__all__ = ["audit"]

KEY_VARIABLE = "FCPROXY_AUDIT_KEY"
INTERRUPTED = 130
"""What shells say of a command that SIGINT ended."""

MIN_KEY = 16
"""Least characters of a fixed key: a guessable key makes fingerprints of short numbers guessable."""


@click.command(
    epilog=epilog(
        "fcproxy audit cassettes",
        "fcproxy audit cassettes --format sarif --output audit.sarif",
        "fcproxy audit old/ --write-baseline audit-baseline.json",
        "fcproxy audit old/ --baseline audit-baseline.json",
        "fcproxy audit old/ --fix",
    )
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True, help="What to print."
)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="File to write to. Default: stdout."
)
@click.option("--baseline", type=click.Path(dir_okay=False, path_type=Path), help="File of accepted findings.")
@click.option(
    "--write-baseline",
    "new_baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write today's findings to this file as accepted; add reason and owner by hand.",
)
@click.option("--fix", is_flag=True, help="Redact cassettes that have findings or older rules, then audit again.")
@click.option("--config", type=click.Path(), help="Config file; its redact rules count for --fix.")
@click.option("--jobs", "-j", type=click.IntRange(0, 256), default=0, help="Processes. Default: as many as pay off.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing when all is clean.")
@click.pass_context
def audit(
    ctx: click.Context,
    /,
    *,
    paths: tuple[Path, ...],
    form: str,
    output: Path | None,
    baseline: Path | None,
    new_baseline: Path | None,
    fix: bool,
    config: str | None,
    jobs: int,
    quiet: bool,
) -> None:
    """Prove that cassettes (files or folders) hold no secret.

    Reads VCR.py, Ruby VCR, stripe playback, HAR, JSON and plain text, and looks inside every encoding. Findings name
    the place and a fingerprint, never the value.

    --fix rewrites cassettes in place, fcproxy's and VCR.py's, as `fcproxy redact` does; the second audit counts.

    Exit codes: 0 clean, 1 findings, 3 something could not be read and so not be cleared, 130 interrupted.

    Fingerprints are keyed with a random key for each run; set FCPROXY_AUDIT_KEY (16 characters or more) to have the
    same ones in every run.
    """
    from fcproxy.stripe.detectors import DETECTORS

    accepted = _entries(baseline) if baseline else []
    key = os.environ.get(KEY_VARIABLE, "")
    if key and len(key) < MIN_KEY:
        raise UsageError(f"{KEY_VARIABLE} must have at least {MIN_KEY} characters")
    try:
        report = _report(paths, key, jobs, progress=form == "text" and not quiet)
    except KeyboardInterrupt:
        click.echo("fcproxy: interrupted: nothing is cleared", err=True)
        ctx.exit(INTERRUPTED)
    if fix and _fixed(report, config):
        report = _report(paths, key, jobs, progress=False)
    if new_baseline:
        old = accepted or (_entries(new_baseline) if new_baseline.exists() else [])
        _write(new_baseline, render_baseline(report, old, keyed=bool(key), named=_from(new_baseline)))
        accepted = _entries(new_baseline)
    if accepted:
        named = _from(new_baseline or baseline or Path())
        below = [*map(named, map(Path.as_posix, paths))]
        report = apply_baseline(
            report,
            accepted,
            today=datetime.datetime.now(datetime.UTC).date(),
            named=named,
            looked_at=lambda file: any(top in (".", file) or file.startswith(f"{top}/") for top in below),
        )
    if not quiet or report.exit_code or output or form != "text":
        rendered = FORMATS[form](report, DETECTORS.described(), __version__)
        if output:
            _write(output, rendered)
            if report.exit_code and not quiet:
                # The log of a CI job has nothing else to say why the step failed.
                click.echo(f"fcproxy: {output.as_posix()}: {verdict(report)}", err=True)
        else:
            # XML and pages say of themselves that they are UTF-8, whatever a terminal's encoding is.
            click.echo(rendered if form == "text" else rendered.encode(), nl=False)
    if not report.coverage.files and (quiet or output or form != "text"):
        # No failure, as for any linter; but a mistyped path in a CI job must not look like a clean one.
        places = ", ".join(path.as_posix() for path in paths)
        click.echo(said(f"fcproxy: nothing was audited: no files in {places}"), err=True)
    ctx.exit(report.exit_code)


def _report(paths: tuple[Path, ...], key: str, jobs: int, *, progress: bool) -> Report:
    from fcproxy.server.audit_files import Settings, audit_files, find_files, random_key

    coverage = Coverage()
    try:
        files = list(dict.fromkeys(find_files(paths, coverage)))
    except OSError as error:
        raise CannotStart(f"{error.filename}: {error.strerror}") from None
    settings = Settings(key.encode() if key else random_key(), _redaction_rules())
    if progress and sys.stderr.isatty() and len(files) > 1:
        with click.progressbar(length=len(files), label="audit", file=sys.stderr) as bar:
            report = audit_files(files, settings, lambda: bar.update(1), jobs)
    else:
        report = audit_files(files, settings, jobs=jobs)
    report.coverage.skipped += coverage.skipped
    return report


def _fixed(report: Report, config: str | None) -> int:
    """Redacts the files that ``report`` has findings in, and tells on stderr, since stdout is the report's; how many
    changed. What is no cassette, or is being recorded, is told and left as it is."""
    from fcproxy.cli.options import config_from
    from fcproxy.server.redact_files import redact_file

    rules = config_from({"config": config}).rules
    fixed = 0
    for name in dict.fromkeys(finding.file for finding in report.findings):
        path = Path(name)
        # A name that holds a secret is shown without it, and so leads to no file.
        if not path.is_file():
            click.echo(said(f"fcproxy: {name}: not fixed: rename the file first"), err=True)
            continue
        try:
            done = redact_file(path, rules, restamp=True)
        except (CassetteUnreadable, CannotStart) as error:
            click.echo(said(f"fcproxy: not fixed: {error}"), err=True)
            continue
        fixed += done.written
        click.echo(said(done.text()), err=True)
    return fixed


def _redaction_rules() -> str:
    from fcproxy.stripe.secrets import RULES_VERSION

    return RULES_VERSION


def _entries(path: Path) -> list[Entry]:
    try:
        entries = parse_baseline(path.read_bytes(), path.as_posix())
    except OSError as error:
        raise UsageError(f"{path.as_posix()}: {error.strerror}") from None
    # Written by hand, as like as not: what stands in it is told where it fits nothing any more.
    return [replace(one, file=said(one.file), place=said(one.place), rule=said(one.rule)) for one in entries]


def _from(baseline: Path) -> Callable[[str], str]:
    """How the file of a baseline names another: from its own folder, wherever the audit is started."""
    folder = baseline.absolute().parent
    return cache(lambda name: Path(os.path.relpath(name, folder)).as_posix())


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise CannotStart(f"{path.as_posix()}: {error.strerror}") from None
