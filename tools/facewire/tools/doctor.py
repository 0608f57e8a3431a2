"""`facewire doctor`: one line per check, and for each failure what to do about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from facewire.tools.diagnosis.report import Finding
    from facewire.tools.diagnosis.suite import Configured

MARKS: Final = {
    "ok": ("ok", "green"),
    "warning": ("warn", "yellow"),
    "failed": ("FAIL", "red"),
    "skipped": ("-", None),
}


@click.command()
@click.option("--instance", default=None, help="The daemon to look at (default: as configured).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("-v", "--verbose", count=True, help="-vv shows the traceback of an error.")
@click.pass_context
def doctor(ctx: click.Context, instance: str | None, as_json: bool, verbose: int) -> None:  # noqa: FBT001 - click passes by name
    """Check this machine; exit with 1 when a check fails. Warnings do not fail."""
    del verbose  # read by the command line's own error handler
    import logging

    from facewire.tools.diagnosis.suite import checks

    # Checks provoke refusals on purpose; their logs are noise here.
    logging.getLogger("facewire").addHandler(logging.NullHandler())
    configured = _configured(instance)
    findings: dict[str, Finding] = {}
    for check in checks(configured):
        findings[check.name] = check.run()
        if not as_json:
            _print_line(check.name, findings[check.name])
    failures = sum(finding.status == "failed" for finding in findings.values())
    if as_json:
        _print_json(findings, ok=failures == 0)
    else:
        _print_summary(findings)
    ctx.exit(1 if failures else 0)


def _configured(instance: str | None) -> Configured:
    """Return what is looked at, as `facewire serve` would take it."""
    import os

    from facewire.daemon.config import load
    from facewire.daemon.settings import Config, listed
    from facewire.protocol.errors import ConfigError
    from facewire.tools.diagnosis.suite import Configured

    try:
        daemon = load(environment=os.environ).config.daemon
    except ConfigError:  # the check `configuration` tells it; the others go on as out of the box
        daemon = Config().daemon
    return Configured(
        instance=instance or daemon.instance,
        provider=daemon.provider,
        models=tuple(filter(None, (daemon.model, *listed(daemon.load)))),
        emotion_model=daemon.emotion_model,
    )


def _print_line(name: str, finding: Finding) -> None:
    mark, colour = MARKS[finding.status]
    click.secho(f"{mark:>4}  ", fg=colour, bold=finding.status == "failed", nl=False)
    click.echo(f"{name:<15} {finding.text}")
    if finding.fix:
        click.echo(f"{'':21} -> {finding.fix}")


def _print_json(findings: dict[str, Finding], *, ok: bool) -> None:
    from facewire.tools.diagnosis.report import as_json

    checks = [as_json(name, finding) for name, finding in findings.items()]
    click.echo(json.dumps({"ok": ok, "checks": checks}, indent=2))


def _print_summary(findings: dict[str, Finding]) -> None:
    statuses = [finding.status for finding in findings.values()]
    failures, warnings = statuses.count("failed"), statuses.count("warning")
    if failures:
        click.secho(f"{failures} of {len(statuses)} checks failed.", fg="red", bold=True)
    elif warnings:
        click.secho(f"All checks passed, {warnings} with a warning.", fg="yellow")
    else:
        click.secho("All checks passed.", fg="green")
