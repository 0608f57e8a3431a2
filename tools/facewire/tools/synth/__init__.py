"""Synthetic bundles: NVIDIA's files, formats, sizes and networks, with random weights.

Everything that reads or runs a bundle is tested and measured on these: the real ones may be neither
shipped nor downloaded by a test. Needs the `synth` extra (onnx) and an onnxruntime.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from facewire.protocol.errors import FacewireError

try:
    from facewire.tools.synth.diffusion import synth_diffusion
    from facewire.tools.synth.emotion import synth_emotion
    from facewire.tools.synth.regression import synth_regression
    from facewire.tools.synth.trained import synth_trained
except ModuleNotFoundError as missing:
    if (missing.name or "").startswith("facewire"):
        raise
    raise FacewireError(
        f"Synthetic bundles need {missing.name}, which is not installed.",
        hint='Install the extra: pip install "facewire[cpu,synth]".',
    ) from missing

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.tools.synth.regression import RegressionActor

__all__ = [
    "KINDS",
    "synth",
    "synth_diffusion",
    "synth_emotion",
    "synth_regression",
    "synth_trained",
]

KINDS: Final = ("regression", "diffusion", "emotion")


def synth(
    kind: str,
    out: Path,
    *,
    full_size: bool = False,
    seed: int = 0,
    actor: RegressionActor = "mark",
    layers: int | None = None,
) -> dict[str, Any]:
    """Write a synthetic bundle: what `facewire models synth` does.

    Args:
        kind: One of `KINDS`.
        out: Folder, empty or not there yet.
        full_size: NVIDIA's sizes (0.32, 0.77 and 1.26 GB) instead of a bundle for quick tests.
        seed: Decides everything random.
        actor: Of a regression bundle.
        layers: Transformer layers of an emotion bundle, to make it smaller than published.

    Returns:
        For a program to read: kind, folder, bytes of each file and of all.

    Raises:
        FacewireError: there is no such kind.
        OutputError: the folder is not empty or cannot be written.
    """
    size: Any = "full" if full_size else "small"
    if kind == "regression":
        synth_regression(out, size=size, seed=seed, actor=actor)
    elif kind == "diffusion":
        synth_diffusion(out, size=size, seed=seed)
    elif kind == "emotion":
        synth_emotion(out, size=size, seed=seed, layers=layers)
    else:
        raise FacewireError(
            f"There is no synthetic bundle `{kind}`.", hint=f"Choose one of {', '.join(KINDS)}."
        )
    files = {path.name: path.stat().st_size for path in sorted(out.iterdir())}
    return {"kind": kind, "folder": str(out), "files": files, "bytes": sum(files.values())}
