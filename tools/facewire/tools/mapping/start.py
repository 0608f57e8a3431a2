"""`facewire mapping new`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facewire.tools.mapping.options import as_json, output

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument("table_name", metavar="NAME")
@output
@click.option(
    "--curves", "names_file", metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The rig's curve or morph names, one per line.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@as_json
def new(
    *, table_name: str, output: Path, names_file: Path | None, force: bool, as_json: bool
) -> None:
    """Write a table to begin with, for a rig of your own.

    Without --curves it holds the 52 ARKit curves as they are. With it, it holds the rig's curves in
    the order of the file: those that are called as an ARKit curve, whatever the spelling
    (jawOpen, Jaw_Open, head.eyeBlink_L), are fed by it; the others stay at rest until you give
    them a rule.
    """
    from facewire.animation.curves import ARKIT_52
    from facewire.mapping.reading import parse_table
    from facewire.protocol.errors import MappingError
    from facewire.tools.atomic import atomic_text
    from facewire.tools.mapping.starter import starter_text

    if output.is_file() and not force:
        raise MappingError(
            f"{output} is there already, perhaps with your work in it.",
            hint="Choose another file with -o, or replace it with --force.",
        )
    names = ARKIT_52 if names_file is None else _names(names_file)
    text = starter_text(table_name, names)
    table = parse_table(text, str(output))
    with atomic_text(output) as stream:
        stream.write(text)
    still = [rule.name for rule in table.curves if not rule.is_fed]
    if as_json:
        told = {"output": str(output), "curves": len(table.curves), "at_rest": still,
                "drops": list(table.drops)}  # fmt: skip
        click.echo(json.dumps(told))
        return
    fed = len(table.curves) - len(still)
    click.echo(f"{output}: {fed} of {len(table.curves)} curves fed.", err=True)
    if still:
        click.echo(f"Give these a rule, or leave them at rest: {', '.join(still)}.", err=True)
    click.echo(f"Then: facewire mapping check {output}", err=True)


def _names(path: Path) -> Sequence[str]:
    from facewire.protocol.errors import MappingError

    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise MappingError(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise MappingError(f"{path.name} is not UTF-8 text.", hint="Save it as UTF-8.") from None
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise MappingError(f"{path.name} holds no names.", hint="It holds one per line.")
    return names
