"""A track of a vector file, run by our executor on a network that answers what it is told to."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.face_parameters import (
    FACE_PARAMETERS,
    EyesParameters,
    FaceParameters,
    SkinParameters,
    TeethParameters,
    TongueParameters,
)
from facewire.animation.jaw import column_major
from facewire.audio import AudioAccumulator
from facewire.bundles.geometry import FaceGeometry
from facewire.bundles.network_info import DiffusionInfo, RegressionInfo
from facewire.emotion import EMOTIONS, EmotionTrack
from facewire.inference.diffusion import DiffusionNetwork, DiffusionTrack
from facewire.inference.face_executor import FaceExecutor, execute_tracks
from facewire.inference.face_geometry import GeometryAnimator
from facewire.inference.progress import regression_windows
from facewire.inference.regression import RegressionTrack
from facewire.tools.conformance.topics.window_progress import diffusion_spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from facewire.inference.face_executor import FaceFrames
    from facewire.inference.face_solver import FaceSolver
    from facewire.inference.network_track import NetworkTrack
    from facewire.inference.windows import WindowSpec
    from facewire.tools.conformance.vector_file import VectorFile

_JAW, _EYES = 15, 4
_MAX_WINDOW_SAMPLES: Final = 1_000_000
_PARAMETERS: Final = {
    "skin": SkinParameters,
    "tongue": TongueParameters,
    "teeth": TeethParameters,
    "eyes": EyesParameters,
}
_PLAIN: Final[dict[str, Any]] = {"emotions": EMOTIONS, "default_emotion": (0.0,) * len(EMOTIONS)}


class Track:
    """One track with its accumulators, and all that its network was fed and its face gave."""

    name, max_batch = "vectors", 1
    """As `DiffusionNetwork` asks of what it feeds."""

    def __init__(
        self, file: VectorFile, name: str, case: dict[str, Any], solver: FaceSolver | None = None
    ) -> None:
        self.audio, self.emotions = AudioAccumulator(), EmotionTrack()
        self.fed: list[Mapping[str, NDArray[Any]]] = []
        self.frames: list[FaceFrames] = []
        self._outputs = file["network_outputs"]
        self._diffusion: DiffusionNetwork | None = None
        fps = frame_rate(name, case)
        strength = float(case.get("input_strength", 1.0))
        if "skin_pca" in file:
            track, windows = _regression(file, fps, strength)
        else:
            info = _diffusion_info(file, name)
            constant = bool(case["constant_noise"])
            identity = int(file.config["net"][8])
            track = DiffusionTrack(info, identity, constant_noise=constant, input_strength=strength)
            windows = diffusion_spec(file.config["net"])
            self._diffusion = DiffusionNetwork(self, info)
        face = GeometryAnimator(face_at_rest(file), face_parameters(file), float(1 / fps))
        self.executor = FaceExecutor(
            track, face, windows, audio=self.audio, emotions=self.emotions, solver=solver
        )
        for time, key in zip(file["emo_ts"].tolist(), file["emo_keys"], strict=True):
            self.emotions.add(time, key)
        self.emotions.close()

    def outputs(
        self, feeds: Mapping[str, NDArray[Any]], _names: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        """Answer call k of a diffusion network with the k-th stored output, and new latents."""
        latents = 0.5 * feeds["input_latents"] + np.float32(len(self.fed) + 1)
        return [self._answer(feeds), latents.astype(np.float32)]

    def run_ready(self) -> None:
        """Run what can be run now."""
        network = self._diffusion.run if self._diffusion is not None else self._answer
        while self.executor.ready():
            (frames,) = execute_tracks([self.executor], network)
            assert frames is not None
            self.frames.append(frames)

    def run(self, samples: NDArray[np.float32], chunk: int) -> Track:
        """Push the audio in chunks (0: at once), end it, and run it all."""
        step = max(1, chunk or len(samples))
        for start in range(0, len(samples), step):
            self.audio.accumulate(samples[start : start + step])
            self.run_ready()
        self.audio.close()
        self.run_ready()
        return self

    def of(self, name: str) -> NDArray[Any]:
        """Return all frames' values of a field of FaceFrames or PosedFace."""
        if name in ("timestamps", "next_timestamps", "emotions", "weights"):
            return np.concatenate([getattr(frames, name) for frames in self.frames])
        faces = [face for frames in self.frames for face in frames.faces]
        if name == "jaw":
            return np.array([column_major(face.jaw) for face in faces])
        return np.array([getattr(face, name) for face in faces])

    def input(self, name: str) -> NDArray[Any]:
        """Return what the network was fed by this name, all calls."""
        return np.concatenate([feeds[name] for feeds in self.fed])

    def _answer(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        self.fed.append(feeds)
        row: NDArray[np.float32] = self._outputs[len(self.fed) - 1]
        return row[None]


def frame_rate(name: str, case: Mapping[str, Any]) -> Fraction:
    """Return a case's frames per second: as it says, or as it is called."""
    return Fraction(*map(int, case.get("frame_rate", (name.removeprefix("fps"), 1))))


def face_parameters(file: VectorFile) -> FaceParameters:
    """Return the parameters; a group that the file does not have is not looked at either."""
    groups: dict[str, Any] = {}
    for group, kind in _PARAMETERS.items():
        names = [row.attribute for row in FACE_PARAMETERS.values() if row.group == group]
        if f"params_{group}" in file:
            values = map(float, file.expect(f"params_{group}", (len(names),)))
            groups[group] = kind(**dict(zip(names, values, strict=True)))
    return FaceParameters(**groups)


def face_at_rest(file: VectorFile) -> FaceGeometry:
    """Return the face at rest; what the file does not have lies at the origin."""
    jaw = file["neutral_jaw"] if "neutral_jaw" in file else np.eye(5, 3, dtype=np.float32)
    saccades = file["saccade"] if "saccade" in file else np.zeros((1, 2), np.float32)
    return FaceGeometry(
        neutral_skin=file["neutral_skin"],
        neutral_tongue=file["neutral_tongue"],
        neutral_jaw=jaw,
        lip_open_pose_delta=file["lip"],
        eye_close_pose_delta=file["eye"],
        saccades_deg=saccades,
    )


def _check_window(file: VectorFile) -> None:
    length = file.config["net"][0]
    if not 0 < length <= _MAX_WINDOW_SAMPLES:
        raise file.wrong("config", f"has a window of {length}", f"{_MAX_WINDOW_SAMPLES} at most")


def regression_info(file: VectorFile) -> RegressionInfo:
    """Return the sizes of a regression file's network, in samples of the file's own rate."""
    _check_window(file)
    length, offset, _, implicit, skin_shapes, tongue_shapes = file.config["net"]
    file.expect("network_outputs", (None, skin_shapes + tongue_shapes + _JAW + _EYES))
    return RegressionInfo(
        actor="", version="", identities=(), **_PLAIN,
        implicit_emotion_len=implicit, skin_shapes=skin_shapes, tongue_shapes=tongue_shapes,
        skin_vertices=file["neutral_skin"].size // 3,
        tongue_vertices=file["neutral_tongue"].size // 3,
        jaw_size=_JAW, eyes_size=_EYES, window_samples=length, window_offset_samples=offset,
    )  # fmt: skip


def _regression(
    file: VectorFile, fps: Fraction, strength: float
) -> tuple[NetworkTrack, WindowSpec]:
    info = regression_info(file)
    implicit_emotion = file.expect("implicit_emotion", (info.implicit_emotion_len,))
    track = RegressionTrack(
        info, implicit_emotion, file["skin_pca"], file["tongue_pca"], input_strength=strength
    )
    windows = regression_windows(
        buffer_samples=info.window_samples,
        buffer_offset_samples=info.window_offset_samples,
        fps=fps,
        sample_rate_hz=file.config["net"][2],
    )
    return track, windows


def _diffusion_info(file: VectorFile, name: str) -> DiffusionInfo:
    _check_window(file)
    net = file.config["net"]
    length, before_samples, after_samples, left, center, right = net[:6]
    skin, tongue = file["neutral_skin"].size, file["neutral_tongue"].size
    shape = (None, left + center + right, skin + tongue + _JAW + _EYES)
    file.expect("network_outputs", shape)
    file.filled(f"{name}_in_latents", (None, *net[9:11], 1, net[11]))
    return DiffusionInfo(
        actor="", version="", identities=tuple(f"{index}" for index in range(net[7])), **_PLAIN,
        skin_size=skin, tongue_size=tongue, jaw_size=_JAW, eyes_size=_EYES,
        diffusion_steps=net[9], gru_layers=net[10], gru_dim=net[11],
        frames_before=left, frames_kept=center, frames_after=right,
        window_samples=length, padding_before_samples=before_samples,
        padding_after_samples=after_samples,
    )  # fmt: skip
