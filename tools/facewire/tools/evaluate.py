"""`facewire evaluate`: a model's lips against lips measured from video."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--model", default="embedded", show_default=True, metavar="NAME|FOLDER",
    help="A model of the manifest, or the folder of a bundle.",
)  # fmt: skip
@click.option(
    "--data", required=True, type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Folder that holds grid_s1_arkit with its test clips.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), help="Judge only the first clips (a quick look).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(model: str, data: Path, *, limit: int | None, as_json: bool) -> int:
    """Judge a model's lip motion on the GRID test clips.

    Each clip is animated at 50 fps as `facewire animate` does it. Every row shows Pearson r per
    clip, averaged, beside its floor (a ridge regression on log-mel features), the best r and its
    lag; closures of P, B and M are counted. The exit status is 1 when anything is below its floor.
    """
    import itertools
    import json
    import sys

    from facewire.inference.loading import load_model
    from facewire.tools.judging import reference, table
    from facewire.tools.judging.prediction import predicted_curves
    from facewire.tools.judging.verdict import Judge

    loaded = load_model(Path(model) if Path(model).is_dir() else model)
    clips = list(itertools.islice(reference.measured_clips(data), limit))
    judge = Judge()
    with click.progressbar(clips, label="judging", file=sys.stderr) as shown:
        for clip in shown:
            times_s, curves = predicted_curves(loaded, clip.audio)
            judge.add(clip, times_s, curves)
    verdict = judge.verdict()
    if as_json:
        named = {"model": loaded.name, "version": loaded.version, "clips": len(clips)}
        click.echo(json.dumps({**named, **verdict.as_json()}, indent=1))
    else:
        click.echo("\n".join(table.lines(verdict)))
    return 0 if verdict.passed else 1
