"""From ticks of weights to frames of a rig: the last step, with the only state of a stream's face.

Per frame: interpolate the ticks -> mouthClose convention -> emotion -> strengths -> ease to rest at
the end of the utterance -> idle motion -> clamp -> rig.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.curves import (
    FACE_CURVES,
    HEAD_3,
    LOWER_CURVES,
    TONGUE_CURVES,
    UPPER_CURVES,
)
from facewire.animation.easing import smoothstep
from facewire.animation.idle import IdleStrengths, idle_motion
from facewire.animation.speech import speech_level
from facewire.animation.ticks import TickTrack
from facewire.emotion.layer import add_emotion
from facewire.inference.frames import FrameBatch, Window, WindowContext, frame_flags
from facewire.inference.windows import frame_timestamp
from facewire.mapping.mouth import arkit_from_a2f
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from facewire.inference.settings import StreamSettings

EASE_SAMPLES: Final = 1920
"""The mouth eases to rest over the last 120 ms of an utterance."""

_UPPER = np.array([name in UPPER_CURVES for name in FACE_CURVES])
_LOWER = np.array([name in LOWER_CURVES for name in FACE_CURVES])
_TONGUE = np.array([name in TONGUE_CURVES for name in FACE_CURVES])
_SPOKEN = _LOWER | _TONGUE


class FaceAnimator:
    """One stream's frames; `animate` must see the windows in order, one at a time."""

    def __init__(
        self,
        *,
        settings: StreamSettings,
        feeds: Callable[[NDArray[np.float32]], Mapping[str, NDArray[Any]]],
        columns: NDArray[np.intp],
        emotion_poses: NDArray[np.float32],
        tick_samples: int,
        ticks_per_window: int,
        ease_limit_samples: int,
        contains_jaw: bool,
    ) -> None:
        _refuse_geometry(settings)
        self._felt_asked = "emotion" in settings.outputs
        self._fps = settings.fps
        self._seed = settings.seed
        self._next_frame = settings.first_frame
        self._feeds = feeds
        self._columns = columns
        self._emotion_poses = emotion_poses
        self._ticks_per_window = ticks_per_window
        self._rig = settings.served_rig
        wants_raw = settings.mouth_close == "raw" and self._rig.table.mouth_close == "any"
        self._to_arkit = contains_jaw and not wants_raw
        self._ticks = TickTrack(tick_samples)
        self._level_slot = len(columns)
        self._repaired_slot = self._level_slot + 1
        self._ease_samples = min(EASE_SAMPLES, ease_limit_samples)
        period = -(-16_000 * self._fps.denominator // self._fps.numerator)
        # A frame leaves only when it is certain that the utterance's end cannot still change it.
        self._certain_after = self._ease_samples + period

    def feeds(
        self,
        index: int,  # noqa: ARG002 - these networks have no memory
        audio: NDArray[np.float32],
        context: WindowContext,  # noqa: ARG002 - nor do they know emotions
    ) -> Mapping[str, NDArray[Any]]:
        """Return what the network reads: the audio alone."""
        return self._feeds(audio)

    def animate(self, window: Window, result: NDArray[np.float32]) -> FrameBatch | None:
        """Take the network's float32[1, ticks, curves]; return the frames now complete, if any."""
        context = window.context
        self._ticks.append(window.index * self._ticks_per_window, self._rows(window, result[0]))
        timestamps = self._due(context)
        if not len(timestamps):
            return None
        first = self._next_frame
        self._next_frame += len(timestamps)
        ticks = self._ticks.at(timestamps)
        felt = ticks[:, self._repaired_slot + 1 :] * context.parameters["emotionStrength"]
        curves, eyes = self._faces(ticks, felt, timestamps, context)
        self._ticks.forget_before(frame_timestamp(self._next_frame, self._fps))
        return FrameBatch(
            first=first,
            timestamps=timestamps,
            curves=curves,
            eyes=eyes,
            emotion=felt if self._felt_asked else None,
            flags=frame_flags(
                sanitised=context.sanitised, repaired=bool(ticks[:, self._repaired_slot].any())
            ),
        )

    def _rows(self, window: Window, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        # A network that ran into NaN must not reach a rig; the next window is clean again.
        broken = ~np.isfinite(weights).all(axis=1, keepdims=True)
        weights = np.nan_to_num(weights, nan=0.0, posinf=1.0, neginf=0.0)
        level = np.full((len(weights), 1), speech_level(window.audio), np.float32)
        return np.concatenate(
            [weights, level, broken, window.context.emotion], axis=1, dtype=np.float32
        )

    def _due(self, context: WindowContext) -> NDArray[np.int64]:
        timestamps = []
        frame = self._next_frame
        while context.frames_total is None or frame < context.frames_total:
            timestamp = frame_timestamp(frame, self._fps)
            known = timestamp <= self._ticks.known_until
            certain = timestamp + self._certain_after <= context.horizon_samples
            if not (context.last or (known and (certain or context.end_samples is not None))):
                break
            timestamps.append(timestamp)
            frame += 1
        return np.array(timestamps, np.int64)

    def _faces(
        self,
        ticks: NDArray[np.float32],
        felt: NDArray[np.float32],
        timestamps: NDArray[np.int64],
        context: WindowContext,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        weights, level = ticks[:, : self._level_slot], ticks[:, self._level_slot]
        face = np.zeros((len(timestamps), len(FACE_CURVES)), np.float32)
        face[:, self._columns] = weights
        parameters = context.parameters
        add_emotion(face, felt, self._emotion_poses)
        if self._to_arkit:
            arkit_from_a2f(face)
        face *= _strengths(parameters)
        face[:, _SPOKEN] *= self._ease(timestamps, context)[:, None]
        idle, eyes = idle_motion(
            self._seed,
            timestamps / 16_000.0,
            level,
            IdleStrengths(
                blink=parameters["blinkStrength"],
                gaze=parameters["gazeStrength"],
                brow=parameters["browStrength"],
            ),
        )
        face += idle
        limited = face[:, : -len(HEAD_3)]  # the head's angles go both ways
        np.clip(limited, 0.0, 1.0, out=limited)
        # A raw row goes only to tables that pass mouthClose on as it comes: `arkit` is right here.
        return self._rig.mapper("arkit", gaze=True).apply(face, eyes), eyes

    def _ease(self, timestamps: NDArray[np.int64], context: WindowContext) -> NDArray[np.float32]:
        """Return 1 during speech, falling to 0 at the last frame."""
        if context.end_samples is None or context.frames_total is None:
            return np.ones(len(timestamps), np.float32)
        last = frame_timestamp(context.frames_total - 1, self._fps)
        left = ((last - timestamps) / self._ease_samples).tolist()
        return np.array([smoothstep(each) for each in left], np.float32)


def _strengths(parameters: Mapping[str, float]) -> NDArray[np.float32]:
    factors = np.ones(len(FACE_CURVES), np.float32)
    factors[_LOWER] = parameters["lowerFaceStrength"]
    factors[_UPPER] = parameters["upperFaceStrength"]
    factors[_TONGUE] = parameters["tongueStrength"]
    return factors


def _refuse_geometry(settings: StreamSettings) -> None:
    for output in ("jaw", "geometry"):
        if output in settings.outputs:
            raise SettingsError(
                f"A model of the family direct has no {output} to give.",
                field="outputs",
                hint="Ask for it of a regression or diffusion model.",
            )
