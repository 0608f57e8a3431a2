"""The files of a solver's rig and of an animator that both families share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.curves import ARKIT_52, TONGUE_16
from facewire.tools.synth.face import diagonal
from facewire.tools.synth.folder import write_npz, write_text
from facewire.tools.synth.solver_settings import skin_solver, tongue_solver
from facewire.tools.synth.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.tools.synth.face import Face

BOX_SHARE: Final = 53.18932296227006 / 53.45050282121686
"""Diagonal of Mark's face over the templateBBSize of his file: they are not quite the same."""
RIG_VERSIONS: Final = {"claire": "v3.6", "james": "v3.2", "mark": "v3.1"}
TONGUE_RIG_VERSION: Final = "v1.0"
SACCADES: Final = 5000


def write_rigs(
    folder: Path,
    face: Face,
    *,
    suffix: str,
    versions: tuple[str, str] | None,
    strengths: tuple[float, float, float],
    idle: Sequence[int],
    tongue_offsets: Sequence[float],
    crlf: bool,
) -> None:
    """Write bs_skin and bs_tongue with their configurations.

    Args:
        folder: Of the bundle.
        face: Whose shapes they are.
        suffix: Of the file names: "" or `_Mark`.
        versions: rig_version of skin and tongue, which v2.3 does not tell.
        strengths: Of the skin's solver: L2, temporal, L1.
        idle: Skin poses that are not solved for.
        tongue_offsets: Of the 16 weights.
        crlf: Line ends of the configurations.
    """
    skin = solver_arrays(
        face.skin_neutral, face.skin_shapes, ARKIT_52, face.mask, versions and versions[0]
    )
    write_npz(folder / f"bs_skin{suffix}.npz", skin)
    tongue = solver_arrays(
        face.tongue, face.tongue_shapes, TONGUE_16, None, versions and versions[1]
    )
    write_npz(folder / f"bs_tongue{suffix}.npz", tongue)
    settings: dict[str, Any] = {
        "skin": skin_solver(strengths, idle, template_box_cm(face.skin_neutral)),
        "tongue": tongue_solver(tongue_offsets, template_box_cm(face.tongue)),
    }
    for part, values in settings.items():
        content = text(values, crlf=crlf, end=not crlf)
        write_text(folder / f"bs_{part}_config{suffix}.json", content)


def template_box_cm(neutral: NDArray[np.float32]) -> float:
    """Return templateBBSize for a rig: nearly the diagonal of the box around it."""
    return diagonal(neutral) / BOX_SHARE


def solver_arrays(
    neutral: NDArray[np.float32],
    shapes: NDArray[np.float32],
    names: Sequence[str],
    mask: NDArray[np.int32] | None,
    version: str | None,
) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a bs_*.npz: shapes are offsets from neutral."""
    arrays: dict[str, NDArray[np.generic]] = {
        "poseNames": np.array(["neutral", *names], "S"),
        "neutral": neutral,
        **dict(zip(names, shapes, strict=True)),
    }
    if mask is not None:
        arrays["frontalMask"] = mask
    if version is not None:
        arrays["rig_version"] = np.array(version, "S")
    return arrays
