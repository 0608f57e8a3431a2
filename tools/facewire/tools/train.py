"""`facewire train`: make a model of our own from recordings."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def train() -> None:
    """Train a model that Facewire ships.

    `embedded` needs the `train` extra (torch), which neither users nor CI install; `voices` needs
    flite and espeak-ng.
    """


@train.command()
@click.option(
    "--data", required=True, type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Folder that holds the recordings, one sub-folder per set.",
)  # fmt: skip
@click.option(
    "--voices", type=click.Path(file_okay=False, path_type=Path),
    help="Folder that `facewire train voices` wrote [default: synthesised in the data folder].",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("models/embedded"),
    show_default=True, help="Bundle folder to write.",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Decides everything random.")
@click.option("--epochs", type=click.IntRange(1), help="Passes over the data [default: 22].")
@click.option("--width", type=click.IntRange(8), help="Channels in the network [default: 208].")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
@click.option(
    "--leave-out", multiple=True, metavar="TALKER",
    help="Keep a GRID talker out of training and validate on that talker, or a synthesised voice "
    "out of training (repeatable).",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the validation scores as JSON.")
def embedded(
    data: Path,
    voices: Path | None,
    out: Path,
    *,
    seed: int,
    epochs: int | None,
    width: int | None,
    threads: int,
    leave_out: tuple[str, ...],
    as_json: bool,
) -> None:
    """Train the embedded model and write its bundle.

    The bundle's card and notices stay as they are; a manifest.json beside the bundle folder is
    brought up to date. Judge the result with `facewire evaluate`.
    """
    import dataclasses
    import json
    import os

    from facewire.protocol.errors import FacewireError

    # Before torch loads: its threads must not spin while other work holds the cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        from facewire.tools.training import embedded as recipe
        from facewire.tools.training.fit import Plan
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("facewire"):
            raise
        raise FacewireError(
            f"Training needs {missing.name}, which is not installed.",
            hint='Install the extra: pip install "facewire[train]".',
        ) from missing
    spoken = data / "synthesised" if voices is None else voices
    plan = Plan(seed=seed, threads=threads, leave_out=frozenset(leave_out))
    if epochs is not None:
        plan = dataclasses.replace(plan, epochs=epochs)
    if width is not None:
        plan = dataclasses.replace(plan, width=width)
    scores = recipe.train(data, spoken, out, plan, report=lambda line: click.echo(line, err=True))
    if (out.parent / "manifest.json").exists():
        recipe.write_manifest(out.parent)
    if as_json:
        click.echo(json.dumps({c: round(r, 3) for c, r in scores.items()}, indent=1))
    click.echo(f"Bundle written to {out}.", err=True)


@train.command()
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write: flac/ and phones.jsonl.",
)  # fmt: skip
@click.option(
    "--sentences", type=click.IntRange(1), default=240, show_default=True,
    help="Sentences per full voice.",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Decides every sentence.")
@click.option("--json", "as_json", is_flag=True, help="Print the minutes as JSON.")
def voices(out: Path, *, sentences: int, seed: int, as_json: bool) -> None:
    """Speak training sentences with Flite and espeak-ng, phone times beside them.

    About 70 minutes of sound by default. Needs Debian's packages flite and libespeak-ng1.
    """
    import json

    from facewire.tools.training.voices import recording

    minutes = recording.write(
        out, per_voice=sentences, seed=seed, report=lambda line: click.echo(line, err=True)
    )
    if as_json:
        click.echo(json.dumps({"minutes": round(minutes, 1)}))
    click.echo(f"{minutes:.1f} min written to {out}.", err=True)
