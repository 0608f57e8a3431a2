"""The group of `facewire models` and its commands, which import what they need when they run."""

from __future__ import annotations

import click

from facewire.tools.models.checking import verify
from facewire.tools.models.keeping import add, remove
from facewire.tools.models.look import list_models, show
from facewire.tools.models.making import synth
from facewire.tools.models.optimising import optimise
from facewire.tools.models.pulling import pull


@click.group()
def models() -> None:
    """Fetch models, add your own, look at them and check them.

    A model is named by its NAME, as in `facewire models list`, or by the folder DIR of a bundle.
    Then `facewire animate --model NAME` and `facewire serve --model NAME` use it.
    """


for _command in (list_models, show, pull, add, verify, optimise, remove, synth):
    models.add_command(_command)
