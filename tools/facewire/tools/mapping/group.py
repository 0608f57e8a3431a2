"""The group of `facewire mapping` and its commands, which import what they need when they run."""

from __future__ import annotations

import click

from facewire.tools.mapping.check import check
from facewire.tools.mapping.clip_commands import apply, convert
from facewire.tools.mapping.export import export
from facewire.tools.mapping.look import list_tables, show
from facewire.tools.mapping.start import new


@click.group()
def mapping() -> None:
    """Look at curve tables, check your own, and apply them to animation files.

    A table says how a face becomes the curves of a rig. A table is named by its NAME, as in
    `facewire mapping list`, or by the path of a file that ends in .json.
    """


for _command in (list_tables, show, check, apply, convert, export, new):
    mapping.add_command(_command)
