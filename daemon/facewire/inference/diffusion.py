"""The diffusion networks (v3.0): 30 frames per window, with a memory and with noise.

The memory (GRU latents) travels with the track, one window to the next; the noise is a pure
function of a seed and a number, so that nothing about it need be kept. Answers of the network are
packed into one row per track: the frames that are kept, then the memory.

A vertex-free network (`facewire models optimise`) has the constant noise inside, answers the kept
frames alone, and coefficients instead of vertices: see `facewire.bundles.vertex_free`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from facewire.inference.face_geometry import FaceMotion
from facewire.inference.network_track import NanGuard, split_row, with_gain
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from facewire.bundles.network_info import DiffusionInfo
    from facewire.inference.backend import ProviderFallback

CONSTANT_NOISE: Final = 0
"""Number of the tensor that every window shares in constant mode, and the first of varying mode."""


MOST_NOISES: Final = 8
"""Most windows in one call that each carry their noise: 64 MB apiece at full size."""


class DiffusionTrack:
    """See `NetworkTrack`: a window, 30 emotions and the memory in; 30 frames of deltas out."""

    def __init__(
        self,
        info: DiffusionInfo,
        identity: int,
        *,
        constant_noise: bool = True,
        input_strength: float = 1.0,
    ) -> None:
        """Stand before the first window.

        Args:
            info: Sizes of the network's ports.
            identity: Which of the bundle's faces speaks.
            constant_noise: The same noise in every window; else another in each, from the
                beginning again after a reset.
            input_strength: Gain of every window; the SDK leaves it at 1 whatever the bundle says.
        """
        self._info = info
        self._sizes = (info.skin_size, info.tongue_size, info.jaw_size, info.eyes_size)
        self._identity = np.eye(len(info.identities), dtype=np.float32)[[identity]]
        self._constant_noise = constant_noise
        self._gain = input_strength
        self._guard = NanGuard()
        self.reset()

    @property
    def repaired_frames(self) -> int:
        """Frames since the reset that held NaN or absurd values and repeat the one before them."""
        return self._guard.repaired

    @property
    def latents(self) -> NDArray[np.float32]:
        """The memory, float32[diffusion steps, GRU layers, latent size]; zero at first."""
        return self._latents

    def feeds(
        self, index: int, audio: NDArray[np.float32], emotions: NDArray[np.float32]
    ) -> Mapping[str, NDArray[Any]]:
        """Return what `DiffusionNetwork.run` reads: the batch comes first, noise as its number."""
        return {
            "window": with_gain(audio, self._gain)[None],
            "identity": self._identity,
            "emotion": np.asarray(emotions, np.float32)[None],
            "input_latents": self._latents[None],
            "noise_number": np.array([CONSTANT_NOISE if self._constant_noise else index]),
        }

    def motions(self, result: NDArray[np.float32]) -> list[FaceMotion]:
        """Return the motions of a packed row float32[1, ...], and remember its latents."""
        frames, latents = unpacked(result[0], self._info)
        if np.isfinite(latents).all():  # else the memory would stay broken for ever
            self._latents = latents.copy()
        return [FaceMotion(*split_row(row, self._sizes)) for row in self._guard.guard(frames)]

    def reset(self) -> None:
        """Go back to the state before the first window."""
        info = self._info
        self._latents = np.zeros((info.diffusion_steps, info.gru_layers, info.gru_dim), np.float32)
        self._guard.reset()


def packed(
    prediction: NDArray[np.float32], latents: NDArray[np.float32], info: DiffusionInfo
) -> NDArray[np.float32]:
    """Return one row per track: frames kept, then latents.

    Args:
        prediction: float32[batch, frames, values]; frames outside the kept ones hold no motion,
            and a vertex-free network leaves them out.
        latents: float32[steps, layers, batch, latent size], as the network orders them.
        info: Which frames are kept.
    """
    batch = len(prediction)
    first = info.frames_before if prediction.shape[1] == info.frames else 0
    kept = prediction[:, first : first + info.frames_kept]
    memory = latents.transpose(2, 0, 1, 3)
    return np.concatenate([kept.reshape(batch, -1), memory.reshape(batch, -1)], axis=1)


def unpacked(
    row: NDArray[np.float32], info: DiffusionInfo
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return float32[frames kept, values] and float32[steps, layers, latent size]: views."""
    count = info.frames_kept * info.prediction_size
    return (
        row[:count].reshape(info.frames_kept, info.prediction_size),
        row[count:].reshape(info.diffusion_steps, info.gru_layers, info.gru_dim),
    )


def noise_tensor(seed: int, number: int, shape: Sequence[int]) -> NDArray[np.float32]:
    """Return float32[shape] of N(0, 1): always the same for a seed and a number."""
    draw = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, number])))
    return draw.standard_normal(tuple(shape), np.float32)


class NamedNetwork(Protocol):
    """A network with several outputs, such as `OrtBackend`."""

    @property
    def name(self) -> str:
        """Provider it really runs on."""

    @property
    def max_batch(self) -> int:
        """Most windows worth gathering in one call."""

    def outputs(
        self, feeds: Mapping[str, NDArray[Any]], names: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        """Return the outputs of these names."""


class DiffusionNetwork:
    """A `Backend` that feeds the network its noise and packs its answers; tracks share one."""

    def __init__(
        self,
        network: NamedNetwork,
        info: DiffusionInfo,
        *,
        noise_seed: int = 0,
        noise_inside: bool = False,
    ) -> None:
        """Take the network; the constant noise, 64 MB at full size, is made on the first run.

        Args:
            network: As exported, or vertex-free.
            info: Of its ports; of a vertex-free one as `vertex_free.reduced_info` says.
            noise_seed: Of the noise.
            noise_inside: It reads no noise: the constant one was worked in. No tensor is made.
        """
        self._network = network
        self._info = info
        self._seed = noise_seed
        self._shape = (info.diffusion_steps + 1, info.frames, info.prediction_size)
        self._constant: NDArray[np.float32] | None = None
        self._noise_inside = noise_inside

    @property
    def name(self) -> str:
        """Provider it really runs on, such as `cpu`."""
        return self._network.name

    @property
    def max_batch(self) -> int:
        """Most windows worth gathering in one call."""
        most = self._network.max_batch
        return most if self._noise_inside else min(most, MOST_NOISES)

    @property
    def fallback(self) -> ProviderFallback | None:
        """Why `auto` left an accelerator, if it has by now."""
        left: ProviderFallback | None = getattr(self._network, "fallback", None)
        return left

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Return packed rows for the feeds of one or more `DiffusionTrack`s.

        Raises:
            SettingsError: a track wants varying noise of a network that has its own.
        """
        prediction, latents = self._network.outputs(
            {
                "window": feeds["window"],
                "identity": feeds["identity"],
                "emotion": feeds["emotion"],
                "input_latents": np.ascontiguousarray(feeds["input_latents"].transpose(1, 2, 0, 3)),
                **self._noise_feed(feeds["noise_number"].tolist()),
            },
            ("prediction", "output_latents"),
        )
        return packed(prediction, latents, self._info)

    def _noise_feed(self, numbers: list[int]) -> dict[str, NDArray[np.float32]]:
        if not self._noise_inside:
            return {"noise": self._noise(numbers)}
        if set(numbers) != {CONSTANT_NOISE}:
            raise SettingsError(
                "A vertex-free network has its noise built in.",
                field="noise",
                hint="Load the model with noise='varying': it then runs the original.",
            )
        return {}

    def _noise(self, numbers: list[int]) -> NDArray[np.float32]:
        if set(numbers) == {CONSTANT_NOISE}:
            if self._constant is None or len(self._constant) < len(numbers):
                one = noise_tensor(self._seed, CONSTANT_NOISE, self._shape)[None]
                self._constant = np.repeat(one, len(numbers), axis=0) if len(numbers) > 1 else one
            return self._constant[: len(numbers)]
        return np.stack([noise_tensor(self._seed, number, self._shape) for number in numbers])
