"""`facewire models synth`: bundles with random weights, to test and measure on."""

from __future__ import annotations

from pathlib import Path

import click

from facewire.tools.models.options import as_json, print_json, size


@click.command()
@click.argument("kind", type=click.Choice(["regression", "diffusion", "emotion"]))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--full-size", is_flag=True, help="NVIDIA's sizes: 0.32, 0.77 and 1.26 GB.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
    help="Decides everything random: same seed, same bytes.",
)  # fmt: skip
@as_json
def synth(kind: str, out: Path, *, full_size: bool, seed: int, as_json: bool) -> None:
    """Write a bundle like NVIDIA's with random weights into the folder OUT.

    It is run and measured like a real one, and its face moves with the sound; it does not speak
    any language. Needs the `synth` extra.
    """
    from facewire.tools.models.progress import working
    from facewire.tools.synth import synth as write

    with working(f"making a {kind} bundle"):
        told = write(kind, out, full_size=full_size, seed=seed)
    if as_json:
        print_json(told)
        return
    click.echo(f"{out}: {kind}, {size(told['bytes'])} in {len(told['files'])} files")
    click.echo(f"Give it a name: facewire models add {out}", err=True)
