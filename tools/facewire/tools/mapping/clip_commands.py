"""`facewire mapping apply` and `convert`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from facewire.tools.mapping.options import as_json, output, source_mouth_close

if TYPE_CHECKING:
    from facewire.tools.mapping.conversion import Result

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

source = click.argument("source", metavar="IN.csv", type=_FILE)
target = click.option(
    "--to", "target", metavar="NAME|FILE", required=True, help="The table of the rig to write."
)
mirror = click.option("--mirror", is_flag=True, help="Swap the left and right of the face.")


@click.command()
@source
@target
@output
@click.option("--gains", type=click.Path(path_type=Path), metavar="FILE",
              help='JSON of factors per face curve, such as {"jawOpen": 1.2}.')  # fmt: skip
@mirror
@source_mouth_close
@as_json
def apply(
    *,
    source: Path,
    target: str,
    output: Path,
    gains: Path | None,
    mirror: bool,
    mouth_close: Literal["arkit", "a2f"],
    as_json: bool,
) -> None:
    """Turn a CSV of ARKit curves, such as `animate` writes, into the curves of a rig.

    Four columns eyePitchRight, eyeYawRight, eyePitchLeft, eyeYawLeft in degrees are taken as the
    gaze.
    """
    from facewire.mapping.gains import read_gains
    from facewire.mapping.shipped import load_table
    from facewire.tools.mapping.conversion import apply_table

    _refuse_overwriting(source, output)
    result = apply_table(
        source,
        load_table(target),
        output,
        gains=read_gains(gains) if gains else {},
        mirror=mirror,
        mouth_close=mouth_close,
    )
    _report(output, result, as_json=as_json)


@click.command()
@source
@click.option("--from", "rig", metavar="NAME|FILE", default="auto", show_default=True,
              help="The table of the rig IN was made for; auto: by its columns.")  # fmt: skip
@target
@output
@mirror
@as_json
def convert(
    *, source: Path, rig: str, target: str, output: Path, mirror: bool, as_json: bool
) -> None:
    """Turn a CSV of one rig's curves into those of another rig.

    What moves in IN and cannot be said with the other rig's curves is named.
    """
    from facewire.mapping.shipped import load_table
    from facewire.tools.mapping.conversion import convert_rig

    _refuse_overwriting(source, output)
    from_table = None if rig == "auto" else load_table(rig)
    result = convert_rig(source, from_table, load_table(target), output, mirror=mirror)
    _report(output, result, as_json=as_json)


def _refuse_overwriting(source: Path, output: Path) -> None:
    if output.exists() and output.is_file() and output.samefile(source):
        raise click.UsageError(f"{output} is the source; choose another output with -o.")


def _report(output: Path, result: Result, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"output": str(output), **vars(result)}))
        return
    for note in result.notes:
        click.secho("note: ", fg="yellow", bold=True, nl=False, err=True)
        click.echo(note, err=True)
    read = f" (read as {result.source})" if result.source else ""
    click.echo(f"{result.frames} frames of {result.rig}: {output}{read}", err=True)
