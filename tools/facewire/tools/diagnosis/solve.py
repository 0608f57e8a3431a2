"""Two seconds of the demo's speech through the model, in process, against a committed golden.

The golden is coarse on purpose: float16, and compared by shape, range and correlation, so that
another processor or onnxruntime passes and a broken one does not. A new model needs a new golden::

    python -m facewire.tools.diagnosis.solve
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.demo_assets import golden_curves, speech_clip
from facewire.tools.diagnosis.report import Finding, failed, ok, warning

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from numpy.typing import NDArray

MODEL: Final = "embedded"
FPS: Final = Fraction(60)
SECONDS: Final = 2
LEAST_CORRELATION: Final = 0.98
_NO_IDLE_MOTION: Final = {"blinkStrength": 0.0, "gazeStrength": 0.0, "browStrength": 0.0}
"""What the generator of blinks and gaze does is no sign of a healthy onnxruntime."""
_LEAST_VALUE, _LARGEST_VALUE = -0.001, 1.001


@dataclass(frozen=True)
class Solved:
    """What the model made of the clip."""

    names: list[str]
    curves: NDArray[np.float32]
    """float32[frames, names]."""
    network_sha256: str


def solve() -> Solved:
    """Run the first `SECONDS` of the demo's clip through the embedded model, on the CPU."""
    import soundfile

    from facewire.bundles import load_bundle
    from facewire.inference.loading import load_model
    from facewire.inference.settings import StreamSettings
    from facewire.inference.stream import Stream

    with speech_clip().open("rb") as file:
        samples, rate_hz = soundfile.read(file, dtype="float32")
    model = load_model(MODEL)
    settings = StreamSettings(
        sample_rate_hz=rate_hz, encoding="float32", fps=FPS, parameters=_NO_IDLE_MOTION
    )
    stream = Stream(model, settings)
    stream.push(samples[: SECONDS * rate_hz].tobytes())
    stream.end()
    batches = []
    while stream.ready():
        window = stream.take_window()
        batches.append(stream.accept(window, model.backend.run(window.feeds)))
    curves = np.concatenate([batch.curves for batch in batches if batch is not None])
    network = load_bundle(MODEL).file(model.family.network)
    return Solved(list(settings.served_rig.names), curves, hashlib.sha256(network).hexdigest())


def write_golden(solved: Solved, path: str) -> None:
    """Write the golden as NPZ."""
    np.savez_compressed(
        path,
        names=np.array(solved.names),
        curves=solved.curves.astype(np.float16),
        network_sha256=np.array(solved.network_sha256),
    )


def read_golden(source: Traversable) -> Solved:
    """Read a golden that `write_golden` wrote."""
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        names = [str(name) for name in stored["names"]]
        curves = stored["curves"].astype(np.float32)
        return Solved(names, curves, str(stored["network_sha256"]))


def difference(solved: Solved, golden: Solved) -> str:
    """Return what is wrong with `solved`, "" when it agrees with the golden."""
    if solved.names != golden.names or solved.curves.shape != golden.curves.shape:
        return f"{solved.curves.shape} frames and curves where {golden.curves.shape} were expected"
    if not np.isfinite(solved.curves).all():
        return "some weights are not finite"
    low, high = float(solved.curves.min()), float(solved.curves.max())
    if low < _LEAST_VALUE or high > _LARGEST_VALUE:
        return f"weights from {low:.3f} to {high:.3f} leave 0 to 1"
    correlation = correlation_of(solved.curves, golden.curves)
    if correlation < LEAST_CORRELATION:
        return f"correlation {correlation:.3f} with the golden is under {LEAST_CORRELATION}"
    return ""


def correlation_of(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    """Return Pearson's correlation over all values; 0 when one of them is constant."""
    a, b = left.ravel() - left.mean(), right.ravel() - right.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0


def self_solve() -> Finding:
    """Animate two seconds of speech and compare with the golden."""
    solved, golden = solve(), read_golden(golden_curves())
    if solved.network_sha256 != golden.network_sha256:
        return warning(
            "the golden was made by another model",
            "In a checkout: `python -m facewire.tools.diagnosis.solve`. Else reinstall Facewire.",
        )
    wrong = difference(solved, golden)
    if wrong:
        return failed(wrong, "Reinstall onnxruntime: `pip install --force-reinstall onnxruntime`.")
    correlation = correlation_of(solved.curves, golden.curves)
    return ok(f"{len(solved.curves)} frames of speech, correlation {correlation:.4f} with golden")


if __name__ == "__main__":
    write_golden(solve(), str(golden_curves()))
