"""`facewire mapping check`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from facewire.tools.mapping.options import as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facewire.mapping.checking import Finding
    from facewire.mapping.table import MappingTable


@click.command()
@click.argument("tables", metavar="[NAME|FILE]...", nargs=-1)
@as_json
def check(*, tables: Sequence[str], as_json: bool) -> int:
    """Check tables: those named, or all that come with Facewire.

    Looks for inputs that reach no curve, curves that cannot move, gains that sum out of range,
    sides that differ, numbers without a source, and what is not read back as it was. Of a file it
    also lists the curves at rest and the inputs that go nowhere. The exit status is 1 when there is
    an error.
    """
    from facewire.mapping.shipped import shipped_names

    results = [_checked(name) for name in tables or shipped_names()]
    if as_json:
        click.echo(json.dumps({"tables": results}))
    else:
        for result in results:
            _print(result)
    return 0 if all(result["ok"] for result in results) else 1


def _checked(name: str) -> dict[str, Any]:
    from facewire.mapping.checking import Finding, check_table
    from facewire.mapping.shipped import load_table
    from facewire.protocol.errors import MappingError

    try:
        table = load_table(name)
    except MappingError as error:
        return {"table": name, **_result([Finding("error", "", str(error))]), "summary": None}
    findings = check_table(table)
    if name.rpartition(".")[2] != "json" and table.name != name:
        text = f"The file is {name}.json and the table in it {table.name!r}: they must agree."
        findings.insert(0, Finding("error", "", text))
    return {"table": name, **_result(findings), "summary": _summary(table)}


def _result(findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "ok": all(finding.level != "error" for finding in findings),
        "findings": [vars(finding) for finding in findings],
    }


def _summary(table: MappingTable) -> dict[str, Any]:
    from facewire.mapping.reach import used_inputs
    from facewire.tools.mapping.words import counts

    used = used_inputs(table)
    return {
        **counts(table),
        "acknowledged_sums": dict(table.sums),
        "at_rest": [rule.name for rule in table.curves if not rule.is_fed],
        "drops": [name for name in table.drops if name not in used],
    }


def _print(result: dict[str, Any]) -> None:
    same: dict[tuple[str, str], list[str]] = {}
    for finding in result["findings"]:
        same.setdefault((finding["level"], finding["text"]), []).append(finding["curve"])
    for (level, text), curves in same.items():
        click.secho(f"{level}: ", fg="red" if level == "error" else "yellow", bold=True, nl=False)
        about = f"{', '.join(curves)}: " if curves[0] else ""
        file = f"{result['table']}: " if result["summary"] else ""  # else the text names it
        click.echo(f"{file}{about}{text}")
    if result["ok"]:
        click.secho("ok: ", fg="green", bold=True, nl=False)
        click.echo(f"{result['table']}: {_words(result['summary'])}")
    if result["summary"] and result["table"].endswith(".json"):
        for about, names in (("at rest", "at_rest"), ("go nowhere", "drops")):
            if result["summary"][names]:
                click.echo(f"    {about}: {', '.join(result['summary'][names])}")


def _words(summary: dict[str, Any]) -> str:
    sums = summary["acknowledged_sums"]
    text = (
        f"{summary['curves']} curves, {summary['inputs_used']} of {summary['inputs']} inputs used, "
        f"{summary['read_back']} can be read back, sums within range"
    )
    if not sums:
        return text
    shown = ", ".join(sorted(sums)[:3]) + (f" and {len(sums) - 3} more" if len(sums) > 3 else "")
    return f"{text} except {shown} (acknowledged)"
