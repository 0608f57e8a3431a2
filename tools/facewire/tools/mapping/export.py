"""`facewire mapping export`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import click

from facewire.tools.mapping.options import as_json, output, source_mouth_close

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("table_name", metavar="NAME|FILE")
@click.option(
    "--format", "output_format", type=click.Choice(["rigmapper"]), required=True,
    help="rigmapper: a definition for Unreal's RigMapper plugin.",
)  # fmt: skip
@output
@source_mouth_close
@click.option(
    "--math-ops", is_flag=True,
    help="Divide with math operations: exact, but engine 5.7 cannot load it.",
)  # fmt: skip
@as_json
def export(
    *,
    table_name: str,
    output_format: str,
    output: Path,
    mouth_close: Literal["arkit", "a2f"],
    math_ops: bool,
    as_json: bool,
) -> None:
    """Write a table in the format of another program.

    What the other format cannot say exactly is noted.
    """
    from facewire.mapping.rigmapper import rigmapper_definition
    from facewire.mapping.shipped import load_table
    from facewire.tools.atomic import atomic_text

    table = load_table(table_name)
    exported = rigmapper_definition(table, mouth_close=mouth_close, math_ops=math_ops)
    with atomic_text(output) as stream:
        stream.write(json.dumps(exported.definition, indent=2, ensure_ascii=False) + "\n")
    if as_json:
        told = {"output": str(output), "format": output_format, "notes": exported.notes}
        click.echo(json.dumps(told))
        return
    for note in exported.notes:
        click.secho("note: ", fg="yellow", bold=True, nl=False, err=True)
        click.echo(note, err=True)
    click.echo(f"{table.name} for {output_format}: {output}", err=True)
