"""A vertex-free network and the original, side by side: what they answer and what that costs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.inference.diffusion import CONSTANT_NOISE, noise_tensor
from facewire.inference.ort import load_onnxruntime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.bundles.network_info import DiffusionInfo
    from facewire.bundles.vertex_free import FaceBases

UNITS: Final = {"skin": "cm", "tongue": "cm", "jaw": "cm", "eyes": "deg", "memory": ""}
"""What is compared, and in what."""
MOST: Final = float(np.finfo(np.float32).max)
"""Stands for a difference that is not a number: reports hold none."""


@dataclass(frozen=True)
class Moment:
    """What both networks are given."""

    window: NDArray[np.float32]
    """float32[samples]."""
    emotion: NDArray[np.float32]
    """float32[frames, emotions]."""
    spoken: bool
    """Whether it is speech, which alone tells how far a face moves."""


@dataclass(frozen=True)
class Cost:
    """Of one call, milliseconds."""

    cpu: float
    """Of the process."""
    wall: float


class Part:
    """Differences of one part of the answer, and how far it moves."""

    def __init__(self) -> None:
        self.worst = self._squares = self._all = 0.0
        self.quantile = 0.0
        self._low: NDArray[np.float32] | None = None
        self._high: NDArray[np.float32] | None = None
        self.travel = 0.0

    def begin(self) -> None:
        """Begin another identity: its face lies elsewhere."""
        self._low = self._high = None

    def take(
        self, original: NDArray[np.float32], variant: NDArray[np.float32], *, spoken: bool
    ) -> None:
        """Take float32[frames, numbers] of both; only speech tells how far the part moves."""
        apart = np.abs(original.astype(np.float64) - variant)
        worst = float(apart.max())
        self.worst = max(self.worst, worst if np.isfinite(worst) else MOST)
        apart = np.where(np.isfinite(apart), apart, MOST)
        self.quantile = max(self.quantile, float(np.quantile(apart, 0.99)))
        self._squares += float(np.square(apart).sum())
        self._all += float(np.square(original.astype(np.float64)).sum())
        if not spoken:
            return
        low, high = original.min(axis=0), original.max(axis=0)
        self._low = low if self._low is None else np.minimum(low, self._low)
        self._high = high if self._high is None else np.maximum(high, self._high)
        self.travel = max(self.travel, float((self._high - self._low).max()))

    @property
    def share(self) -> float:
        """Worst difference over the farthest that any number of the part travels."""
        if self.worst == 0.0:
            return 0.0
        return min(self.worst / self.travel, MOST) if self.travel else MOST

    @property
    def sums(self) -> tuple[float, float]:
        """Squares of the differences, and of the original's answers."""
        return self._squares, self._all


class Runner:
    """One network, one thread; `run` says what it answers and what that cost."""

    def __init__(self, path: Path, noise: NDArray[np.float32] | None) -> None:
        """Load an ONNX file; `noise` is fed to the original and None for the variant."""
        runtime = load_onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session = runtime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self._noise = noise

    def run(
        self, feeds: Mapping[str, NDArray[np.float32]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], Cost]:
        """Return prediction, memory and what the call cost."""
        given = dict(feeds)
        if self._noise is not None:
            given["noise"] = np.repeat(self._noise[None], len(feeds["window"]), axis=0)
        began_s, cpu_s = time.perf_counter(), time.process_time()
        prediction, latents = self._session.run(["prediction", "output_latents"], given)
        cpu_ms = 1e3 * (time.process_time() - cpu_s)
        return prediction, latents, Cost(cpu_ms, 1e3 * (time.perf_counter() - began_s))


class Trial:
    """Both networks, and everything found of them."""

    def __init__(self, info: DiffusionInfo, original: Path, variant: Path) -> None:
        """Load both.

        Args:
            info: Of the original's ports.
            original: ONNX file.
            variant: ONNX file.
        """
        shape = (info.diffusion_steps + 1, info.frames, info.prediction_size)
        self._info = info
        self._original = Runner(original, noise_tensor(0, CONSTANT_NOISE, shape))
        self._variant = Runner(variant, None)
        self.costs: list[tuple[Cost, Cost]] = []
        """Of the original and the variant, window by window."""
        self.parts = {name: Part() for name in UNITS}
        """Name -> what was found of it."""

    def speak(
        self,
        face: int,
        bases: FaceBases,
        heard: Sequence[Moment],
    ) -> None:
        """Let one identity speak through both networks, each with its own memory."""
        info = self._info
        whole = [bases.skin.read(), bases.tongue.read()]
        for part in self.parts.values():
            part.begin()
        identity = np.eye(len(info.identities), dtype=np.float32)[[face]]
        zero = np.zeros((info.diffusion_steps, info.gru_layers, 1, info.gru_dim), np.float32)
        memories = [zero, zero]
        networks = (self._original, self._variant)
        for number, moment in enumerate(heard):
            feeds = {
                "window": moment.window[None],
                "identity": identity,
                "emotion": moment.emotion[None],
            }
            found = {
                at: networks[at].run({**feeds, "input_latents": memories[at]})
                for at in ((0, 1) if number % 2 else (1, 0))  # neither always comes second
            }
            self.costs.append((found[0][2], found[1][2]))
            memories = [found[at][1] for at in (0, 1)]
            spoken = moment.spoken
            original = _kept(found[0][0], info)[0]
            self._take(original, found[1][0][0], whole, spoken=spoken)
            one, two = (each.reshape(1, -1) for each in memories)
            self.parts["memory"].take(one, two, spoken=spoken)

    def batched(self, moment: Moment) -> float:
        """Return how far all identities in one call are from each alone, as a share."""
        info = self._info
        count = len(info.identities)
        shape = (info.diffusion_steps, info.gru_layers, count, info.gru_dim)
        feeds = {
            "window": np.tile(moment.window, (count, 1)),
            "identity": np.eye(count, dtype=np.float32),
            "emotion": np.tile(moment.emotion, (count, 1, 1)),
            "input_latents": np.full(shape, 0.1, np.float32),
        }
        together, memory, _ = self._variant.run(feeds)
        apart = 0.0
        for face in range(count):
            at = slice(face, face + 1)
            single = {name: feed[at] for name, feed in feeds.items()}
            single["input_latents"] = feeds["input_latents"][:, :, at]
            alone, kept, _ = self._variant.run(single)
            for one, two in ((together[at], alone), (memory[:, :, at], kept)):
                most = float(np.abs(two).max()) or 1.0
                apart = max(apart, float(np.abs(one - two).max()) / most)
        return apart

    def _take(
        self,
        original: NDArray[np.float32],
        variant: NDArray[np.float32],
        bases: Sequence[NDArray[np.float32]],
        *,
        spoken: bool,
    ) -> None:
        sizes = [len(basis) for basis in bases]
        skin, tongue = variant[:, : sizes[0]], variant[:, sizes[0] : sum(sizes)]
        info = self._info
        ends = np.cumsum([info.skin_size, info.tongue_size, info.jaw_size])
        expected = dict(zip(UNITS, np.split(original, ends, axis=1), strict=False))
        rest = variant[:, sum(sizes) :]
        found = {
            "skin": skin @ bases[0],
            "tongue": tongue @ bases[1],
            "jaw": rest[:, : info.jaw_size],
            "eyes": rest[:, info.jaw_size :],
        }
        for name, values in found.items():
            self.parts[name].take(expected[name], values, spoken=spoken)


def _kept(prediction: NDArray[np.float32], info: DiffusionInfo) -> NDArray[np.float32]:
    return prediction[:, info.frames_before : info.frames_before + info.frames_kept]
