"""`facewire conformance`: the command, which imports no numbers before it runs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option(
    "--topic", "topics", multiple=True, metavar="NAME",
    help="Look at this topic alone, such as animator_skin; may be given again.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def conformance(folder: Path, *, topics: tuple[str, ...], as_json: bool) -> int:
    """Compare what Facewire computes with what NVIDIA's code computed.

    FOLDER holds vector files, such as the repository's tests/conformance/vectors: NPZ files named
    after their topic (blendshape_skin_dev.npz, animator_eyes_7.npz) and vectors.json with literal
    cases. The exit status is 1 when anything is further off than its tolerance allows.
    """
    import json
    import sys

    from facewire.tools.conformance import examination
    from facewire.tools.conformance.table import print_report

    for topic in topics:
        if topic not in examination.NAMES:
            known = ", ".join(examination.NAMES)
            raise click.BadParameter(f"There is no topic {topic!r}. Known: {known}.")
    found = [each for each in examination.find(folder) if not topics or each.topic in topics]
    if not any(each.topic for each in found):
        wanted = f"of {', '.join(topics)}" if topics else "such as blendshape_skin_dev.npz"
        raise click.BadParameter(f"{folder} holds no vector file {wanted}.")
    with click.progressbar(found, label="comparing", file=sys.stderr) as shown:
        reports = [examination.examine(each) for each in shown]
    if as_json:
        click.echo(json.dumps(examination.as_json(folder, reports), indent=1, allow_nan=False))
    else:
        print_report(reports)
    return 0 if all(report.ok for report in reports) else 1
