"""Any frame of an utterance that is known to its end, and what a change of settings does to it.

::

    audio, emotion ──> inference ──> skin, tongue, teeth, eyes ──> solve ──> rig
                       (cached)      (cached, per frame)          (cached)

A change makes anew only what lies behind it. A frame asked for by itself is its own first frame
(a2f_runtime §2.8): not smoothed, solved without a past. All frames together are those of a stream.

The SDK's interactive executor tells wrong instants for diffusion networks: it leaves out the 45
frames they compute before the audio. That is not copied: frame i lies at i / fps here, always.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.audio.accumulator import AudioAccumulator
from facewire.audio.pcm import sanitise
from facewire.inference.frames import WindowContext
from facewire.inference.interactive_layers import InteractiveLayers, SingleFrame
from facewire.inference.parameters import checked_parameters, default_parameters
from facewire.inference.settings import StreamSettings
from facewire.inference.single_frame import LAYERS
from facewire.inference.solved_family import DiffusionFamily, RegressionFamily
from facewire.inference.told_emotion import ToldEmotion
from facewire.inference.whole_stream import all_of_stream
from facewire.inference.window_results import WindowResults
from facewire.inference.windows import frame_timestamp, frame_total
from facewire.protocol.errors import AudioError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from facewire.inference.face_geometry import PosedFace
    from facewire.inference.frames import FrameBatch
    from facewire.inference.model import Model
    from facewire.inference.single_frame import Part
    from facewire.inference.told_emotion import Key
    from facewire.solving.settings import SolverSettings

__all__ = ["InteractiveFace", "SingleFrame"]

RESULT_BYTES: Final = 256 * 2**20
"""Inference results held: an hour of a regression network's, 12 s of a diffusion network's."""
LAYER_BYTES: Final = 64 * 2**20
"""Layers of single frames held: hours of a regression network's, 3 s of a diffusion network's."""
_LOUDEST: Final = 10.0


class InteractiveFace:
    """Frames of one utterance in any order, for one thread.

    Models of the `direct` family have no layers behind their network, and frames that depend on
    their neighbours: a frame of theirs is the one of the whole sequence.
    """

    def __init__(
        self,
        model: Model,
        audio: NDArray[np.float32],
        settings: StreamSettings | None = None,
        *,
        result_bytes: int = RESULT_BYTES,
        layer_bytes: int = LAYER_BYTES,
        on_inference: Callable[[int, int], None] | None = None,
    ) -> None:
        """Take a whole utterance; nothing is computed yet.

        Args:
            model: What animates it.
            audio: float32[n] at 16 kHz, all of it.
            settings: Rate 16000, one float32 channel, from the beginning, emotions as told.
            result_bytes: Most that inference results may take; the newest stays whatever its size.
            layer_bytes: Most that the layers of single frames may take, likewise.
            on_inference: Called after each inference with its window and how many there are.

        Raises:
            SettingsError: a setting is out of range, or not one for a whole utterance.
            AudioError: there is no audio.
        """
        settings = settings or StreamSettings(sample_rate_hz=16_000, encoding="float32")
        settings = replace(settings, identity=model.identity_named(settings.identity))
        self._known = model.family.parameters(settings.identity)
        settings.validate(self._known)
        _check_whole(settings)
        if audio.ndim != 1 or not len(audio):
            raise AudioError("An interactive face needs one channel of audio, and some of it.")
        self._samples = sanitise(np.asarray(audio, np.float32)[:, None])[0][:, 0]
        self._audio = AudioAccumulator()
        self._audio.accumulate(self._samples)
        self._audio.close()
        self.model, self.settings = model, settings
        self._parameters = default_parameters(self._known) | dict(settings.parameters)
        self._keys: tuple[Key, ...] = ()
        self._told = ToldEmotion(settings.emotion)
        self._spec = model.family.window_spec(settings.fps)
        self._results = WindowResults(
            model.backend, self._spec, len(self._samples), self._feeds,
            limit_bytes=result_bytes, on_inference=on_inference,
        )  # fmt: skip
        self._layers: InteractiveLayers | None = None
        if isinstance(model.family, RegressionFamily | DiffusionFamily):
            self._layers = InteractiveLayers(
                model.family, settings, self._parameters, self._audio, self._results,
                limit_bytes=layer_bytes,
            )  # fmt: skip
        self._sequence: FrameBatch | None = None
        self._sequences = 0
        self.frames_total = frame_total(len(self._samples), 16_000, settings.fps)
        """ceil(samples * fps / 16000)."""

    @property
    def parameters(self) -> dict[str, float]:
        """Every parameter as it is set now."""
        return dict(self._parameters)

    @property
    def pose_names(self) -> tuple[str, ...]:
        """Of `SingleFrame.weights`: skin, then tongue; empty for direct models."""
        return self._layers.single.pose_names if self._layers else ()

    @property
    def result_bytes(self) -> int:
        """Memory that inference results take now."""
        return self._results.nbytes

    @property
    def recomputed(self) -> dict[str, int]:
        """How often each layer was made so far.

        `inference` counts windows; `motion` (what the network says), `skin`, `tongue`,
        `teeth`, `eyes`, `skin_solve` and `tongue_solve` count single frames; `sequence` counts how
        often all frames were made in order.
        """
        made = {name: self._layers.single.made[name] if self._layers else 0 for name in LAYERS}
        return {"inference": self._results.inferences, **made, "sequence": self._sequences}

    def frame(self, index: int) -> SingleFrame:
        """Return one frame by itself; it does not matter which were asked for before.

        Raises:
            AudioError: the utterance has no such frame.
        """
        self._check_frame(index)
        if self._layers is not None:
            return self._layers.frame(index, self._parameters)
        together = self.all_frames()
        return SingleFrame(
            index=index,
            timestamp=frame_timestamp(index, self.settings.fps),
            curves=together.curves[index],
            eyes=together.eyes[index],
            flags=together.flags,
        )

    def posed(self, index: int) -> PosedFace:
        """Return the vertices, jaw and eyes of one frame by itself.

        Where the stream's rate is not the model's, they are those of the model's frame at or before
        it. A regression model's basis (200 MB at full size) is read the first time.

        Raises:
            AudioError: the utterance has no such frame.
            SettingsError: the model is a direct one, which has no vertices.
            BundleError: the file of the basis is damaged.
        """
        self._check_frame(index)
        return self._solved_layers("geometry").posed(index)

    def all_frames(self) -> FrameBatch:
        """Return all frames as a stream makes them: smoothed, and each solved with its past.

        They equal those of a `Stream` of these settings over this audio bit for bit: a stream it
        is, fed with the results that are held already. They are kept until something changes.
        """
        if self._sequence is None:
            model = self.model
            if self._layers is not None:
                model = replace(model, family=self._layers.family)
            self._sequence = all_of_stream(
                model,
                replace(self.settings, parameters=self._parameters),
                self._keys,
                self._samples,
                self._results,
            )
            self._sequences += 1
        return self._sequence

    def set_parameters(self, changes: Mapping[str, float]) -> None:
        """Change parameters; `emotionStrength` is heard by the network, the rest lies behind it.

        Raises:
            SettingsError: an unknown name or a value out of range; nothing is then changed.
        """
        changed = self._parameters | checked_parameters(changes, self._known)
        if changed == self._parameters:
            return
        heard = changed["emotionStrength"] != self._parameters["emotionStrength"]
        if self._layers is not None:
            self._layers.set_parameters(changed)
        self._parameters, self._sequence = changed, None
        if heard:
            self._forget_heard()

    def set_emotion(
        self,
        emotion: NDArray[np.float32] | None = None,
        keys: Sequence[tuple[int, Sequence[float]]] = (),
    ) -> None:
        """Change what the face feels: one emotion, or keys over time; earlier keys go.

        Args:
            emotion: float32[10] in [0, 1], until the first key; None: as it was.
            keys: (16 kHz sample, ten weights in [0, 1]), linear in between, the last one holds.

        Raises:
            SettingsError: times that do not increase, weights out of range; nothing is changed.
        """
        settings = self.settings
        if emotion is not None:
            settings = replace(settings, emotion=np.asarray(emotion, np.float32))
        settings.validate(self._known)
        kept = tuple((time, tuple(weights)) for time, weights in keys)
        told = ToldEmotion(settings.emotion, kept)
        if kept != self._keys or not np.array_equal(settings.emotion, self.settings.emotion):
            self.settings, self._keys, self._told = settings, kept, told
            self._sequence = None
            self._forget_heard()

    def set_solver(
        self,
        part: Part = "skin",
        *,
        multipliers: Mapping[str, float] | None = None,
        offsets: Mapping[str, float] | None = None,
        **strengths: float,
    ) -> None:
        """Change how the weights of the skin or the tongue are found; only these are made anew.

        Args:
            part: Whose solver.
            multipliers: Gains by pose, such as {"jawOpen": 1.2}; others stay.
            offsets: What is added after the gain, by pose; others stay.
            **strengths: `l1`, `l2`, `symmetry`, `temporal` (single frames leave the last one out).

        Raises:
            SettingsError: no such solver, pose or strength, or a value out of range; nothing is
                then changed.
        """
        layers = self._solved_layers("solver")
        layers.set_solver(part, multipliers or {}, offsets or {}, strengths)
        self._sequence = None

    def solver(self, part: Part = "skin") -> SolverSettings:
        """Return how the weights of the skin or the tongue are found now.

        Raises:
            SettingsError: there is no such solver.
        """
        return self._solved_layers("solver").block(part).settings

    def set_input_strength(self, gain: float) -> None:
        """Change how loud the network hears the audio; the bundle says what it begins with.

        Raises:
            SettingsError: not in [0, 10]; or the network hears the audio as it is, as all but those
                of the regression family do (the SDK's, too).
        """
        layers = self._solved_layers("input_strength")
        if not 0 <= gain <= _LOUDEST:
            raise SettingsError(
                f"The input strength is {gain}; it must lie in [0, {_LOUDEST:g}].",
                field="input_strength",
            )
        if layers.set_input_strength(gain):
            self._sequence = None
            self._forget_heard()

    def _check_frame(self, index: int) -> None:
        if not 0 <= index < self.frames_total:
            raise AudioError(
                f"There is no frame {index}: the audio has {self.frames_total}, from 0 on.",
                hint=f"It lasts {len(self._samples) / 16_000:.2f} s.",
            )

    def _solved_layers(self, field: str) -> InteractiveLayers:
        if self._layers is None:
            raise SettingsError(
                f"The network of {self.model.name!r} answers with weights: it has no "
                f"{field.replace('_', ' ')}.",
                field=field,
                hint="Change parameters instead, or take a regression or diffusion model.",
            )
        return self._layers

    def _forget_heard(self) -> None:
        if self._layers is not None:  # a direct network hears nothing but the audio
            self._results.forget()
            self._layers.single.forget()

    # --- windows ----------------------------------------------------------------------------

    def _feeds(self, index: int) -> Mapping[str, NDArray[Any]]:
        """Return what the network reads for a window; its memory is that of a first one."""
        family = self._layers.family if self._layers else self.model.family
        audio = self._audio.read(self._spec.start(index), self._spec.length)
        context = WindowContext(
            parameters=self._parameters,
            emotion=self._told.at(self._spec.instants(index)),
            horizon_samples=len(self._samples),
            end_samples=len(self._samples),
            frames_total=self.frames_total,
            last=index == self._results.count - 1,
            sanitised=False,
        )
        return family.animator(self.settings).feeds(index, audio, context)


def _check_whole(settings: StreamSettings) -> None:
    for name, wanted in (
        ("sample_rate_hz", 16_000), ("channels", 1), ("encoding", "float32"), ("start_sample", 0),
        ("first_frame", 0), ("automatic_emotion", False),
    ):  # fmt: skip
        if getattr(settings, name) != wanted:
            raise SettingsError(
                f"An interactive face needs {name} to be {wanted}.",
                field=name,
                hint="Give it the whole utterance at 16 kHz, and emotions as keys.",
            )
