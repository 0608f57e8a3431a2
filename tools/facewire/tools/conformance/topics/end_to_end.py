"""From audio to weights: the regression executor and both CPU solvers, and a stream of ours.

The executor is shaped as the SDK's and runs nobody's face; the stream is what the daemon and
`facewire animate` run. Both must give the recorded weights.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from facewire.inference.face_solver import FaceSolver, SolverBlock
from facewire.solving.rig import SolverRig
from facewire.tools.conformance.outcomes import Compared, absolute, differing
from facewire.tools.conformance.topics.blendshapes import solver_settings
from facewire.tools.conformance.topics.stream_run import is_expressible, stream_weights
from facewire.tools.conformance.topics.track import Track, frame_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile

_NAMES: Final = {
    "active": "_cfg_active",
    "cancel": "_cfg_cancel",
    "symmetry": "_cfg_sym",
    "multipliers": "_cfg_mult",
    "offsets": "_cfg_off",
}


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield every frame rate."""
    for name, case in file.cases().items():
        yield name, partial(_run, file, name, case)


def _run(file: VectorFile, name: str, case: dict[str, Any]) -> Iterator[Outcome]:
    skin, tongue = _block(file, "skin"), _block(file, "tongue")
    track = Track(file, name, case, FaceSolver(skin, tongue))
    track.run(file.expect("audio", (None,)), 0)
    yield Compared.one("timestamps", differing(track.of("timestamps"), file[f"{name}_frame_ts"]))
    yield Compared.one("weights", absolute(track.of("weights"), file[f"{name}_weights"]))
    if is_expressible(file, skin, tongue):
        weights = stream_weights(file, frame_rate(name, case), skin, tongue)
        yield Compared.one("weights of a stream", absolute(weights, file[f"{name}_weights"]))


def _block(file: VectorFile, part: str) -> SolverBlock:
    deltas = file[f"{part}_deltas"]
    mask = file["skin_mask"] if part == "skin" else None
    names = tuple(f"{part} {pose}" for pose in range(len(deltas)))
    numbers = file.expect(f"{part}_cfg_prm", (6,)).tolist()
    settings = solver_settings(file, part, _NAMES, numbers)
    return SolverBlock(names, SolverRig(file[f"neutral_{part}"], deltas, mask), settings)
