"""One call from a data folder to a bundle folder."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from facewire.tools.training import export, sets
from facewire.tools.training.fit import Plan, fit, summary, validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSION = "1.1.0"
_LOADED = (".json", ".npz", ".onnx")
"""What the daemon reads of a bundle; a reworded card must not stop a model from loading."""


def train(
    data: Path, spoken: Path, out: Path, plan: Plan, report: Callable[[str], None]
) -> dict[str, float]:
    """Train on a data folder and write the bundle.

    Args:
        data: Folder with the sets that data/README.md names.
        spoken: Folder of the synthesised voices.
        out: Bundle folder; made if absent, its network and bundle.json overwritten.
        plan: Length, rates and seed.
        report: Called with progress lines.

    Returns:
        Mean Pearson r per channel on the validation clips.

    Raises:
        MissingDataError: If the data folder lacks something.
    """
    mix = sets.read(data, spoken, seed=plan.seed, leave_out=plan.leave_out, report=report)
    network = fit(mix, plan, report)
    scores = validate(network, mix.validation)
    report(f"validation: {summary(scores)}")
    stats = data / "stats" / "channel_percentiles_5_50_95_99.json"
    scale, rest = export.ranges(network, mix.validation, stats)
    out.mkdir(parents=True, exist_ok=True)
    export.write(export.Direct(network, scale, rest), out, version=VERSION)
    return scores


def write_manifest(models: Path) -> None:
    """Write the bundles of a manifest.json: size and SHA-256 of every file that is loaded."""
    entries = []
    for bundle in sorted(models.glob("*/bundle.json")):
        described = json.loads(bundle.read_text(encoding="utf-8"))
        files = [p for p in sorted(bundle.parent.rglob("*")) if p.suffix in _LOADED]
        entries.append(
            {
                "name": described["name"],
                "version": described["version"],
                "family": described["family"],
                "licence": "Apache-2.0",
                "files": [
                    {
                        "path": p.relative_to(models).as_posix(),
                        "size": p.stat().st_size,
                        "sha256": hashlib.sha256(p.read_bytes()).hexdigest(),
                    }
                    for p in files
                ],
            }
        )
    path = models / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    text = json.dumps(manifest | {"schema": 1, "bundles": entries}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
