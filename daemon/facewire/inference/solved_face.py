"""From a network's motions to frames of a rig, by way of geometry and solvers.

Per model frame: animators -> solvers -> a face row. Per stream frame: mouthClose convention ->
idle motion where asked for -> clamp -> rig. Emotions go into the network instead of a layer, and
nothing is eased at the end: the network hears the silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES, HEAD_3
from facewire.animation.face_parameters import FACE_PARAMETERS
from facewire.animation.idle import IdleStrengths, idle_motion
from facewire.animation.speech import speech_level
from facewire.inference.frame_track import FrameTrack
from facewire.inference.frames import FrameBatch
from facewire.inference.progress import FrameTimeline
from facewire.inference.windows import frame_timestamp
from facewire.mapping.mouth import arkit_from_a2f

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from facewire.animation.face_parameters import FaceParameters
    from facewire.inference.face_geometry import FaceMotion, GeometryAnimator
    from facewire.inference.face_solver import FaceSolver
    from facewire.inference.frames import Window, WindowContext
    from facewire.inference.network_track import NetworkTrack
    from facewire.inference.settings import StreamSettings
    from facewire.inference.windows import WindowSpec

_FACE = slice(0, len(FACE_CURVES))
_EYES = slice(_FACE.stop, _FACE.stop + 4)
_LEVEL = _EYES.stop


class SolvedFace:
    """One stream's frames; `animate` must see the windows in order, one at a time."""

    def __init__(
        self,
        *,
        settings: StreamSettings,
        track: NetworkTrack,
        face: GeometryAnimator,
        solver: FaceSolver,
        windows: WindowSpec,
        model_fps: Fraction,
        emotions: Sequence[int],
    ) -> None:
        """Put the parts of one stream together.

        Args:
            settings: Of the stream.
            track: The network's side.
            face: The animators, with the bundle's parameters.
            solver: Poses that are no face curve are left out; curves without a pose stay 0.
            windows: As the stream reads them.
            model_fps: Frames per second of the network.
            emotions: Which of the ten emotions each of the network's is; -1 for none.
        """
        self.track = track
        self._face = face
        self._solver = solver
        self._defaults = face.parameters
        self._default_values = self._defaults.on_wire()
        self._settings = settings
        self._rig = settings.served_rig
        wants_raw = settings.mouth_close == "raw" and self._rig.table.mouth_close == "any"
        self._to_arkit = not wants_raw  # NVIDIA's mouthClose contains the open jaw
        self._ticks = windows.ticks
        self._lead_in = FrameTimeline(windows).lead_in_frames
        self._frames = FrameTrack(model_fps / settings.fps)
        self._next_frame = settings.first_frame
        self._begun = False
        self._emotions = np.array(emotions, np.intp)
        solved = [(at, CURVE_INDEX[name]) for at, name in enumerate(solver.names)
                  if name in CURVE_INDEX]  # fmt: skip
        self._solved, self._curves = np.array(solved, np.intp).reshape(-1, 2).T

    def feeds(
        self, index: int, audio: NDArray[np.float32], context: WindowContext
    ) -> Mapping[str, NDArray[Any]]:
        """Return what the network reads; see `NetworkTrack`."""
        known = context.emotion * np.float32(context.parameters["emotionStrength"])
        padded = np.pad(known, ((0, 0), (0, 1)))  # column -1: an emotion we do not know is 0
        return self.track.feeds(index, audio, padded[:, self._emotions])

    def animate(self, window: Window, result: NDArray[np.float32]) -> FrameBatch | None:
        """Take the network's result; return the frames now complete, if any."""
        self._face.parameters = self._parameters(window.context)
        motions = self.track.motions(result)
        first = window.index * self._ticks - self._lead_in
        if not self._begun and first + len(motions) > 0:
            self._begun = True
            self._face.seek(max(0, first))
        lead = min(max(0, -first), len(motions))
        if lead < len(motions):
            level = speech_level(window.audio)
            rows = np.stack([self._row(motion, level) for motion in motions[lead:]])
            self._frames.append(first + lead, rows)
        return self._complete(window.context)

    def _parameters(self, context: WindowContext) -> FaceParameters:
        # What the bundle says is not checked, and may be what a change to it could not be.
        return self._defaults.with_changes(
            {
                name: context.parameters[name]
                for name in FACE_PARAMETERS
                if context.parameters[name] != self._default_values[name]
            }
        )

    def _row(self, motion: FaceMotion, level: float) -> NDArray[np.float32]:
        posed = self._face.animate(motion)
        row = np.zeros(_LEVEL + 1, np.float32)
        row[self._curves] = self._solver.solve(posed)[self._solved]
        row[_EYES] = posed.gaze
        row[_LEVEL] = level
        return row

    def _complete(self, context: WindowContext) -> FrameBatch | None:
        first, stop = self._next_frame, self._next_frame
        while (context.frames_total is None or stop < context.frames_total) and (
            context.last or self._frames.knows(stop)
        ):
            stop += 1
        if stop == first:
            return None
        rows = self._frames.at(range(first, stop))
        timestamps = np.array(
            [frame_timestamp(frame, self._settings.fps) for frame in range(first, stop)], np.int64
        )
        self._next_frame = stop
        self._frames.forget_before(stop)
        curves, eyes = self._finished(rows, timestamps, context)
        return FrameBatch(
            first=first,
            timestamps=timestamps,
            curves=curves,
            eyes=eyes,
            flags=("audio_sanitised",) if context.sanitised else (),
        )

    def _finished(
        self, rows: NDArray[np.float32], timestamps: NDArray[np.int64], context: WindowContext
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        face, eyes = rows[:, _FACE], rows[:, _EYES]
        if self._to_arkit:
            arkit_from_a2f(face)
        asked = context.parameters
        if asked["idleStrength"]:
            idle, glances = idle_motion(
                self._settings.seed,
                timestamps / 16_000.0,
                rows[:, _LEVEL],
                IdleStrengths(
                    blink=asked["idleStrength"] * asked["blinkStrength"],
                    gaze=asked["idleStrength"] * asked["gazeStrength"],
                    brow=asked["idleStrength"] * asked["browStrength"],
                ),
            )
            face += idle
            eyes += glances
        limited = face[:, : -len(HEAD_3)]  # the head's angles go both ways
        np.clip(limited, 0.0, 1.0, out=limited)
        # A raw row goes only to tables that pass mouthClose on as it comes: `arkit` is right here.
        curves = self._rig.mapper("arkit", gaze=True).apply(face, eyes)
        return curves, np.ascontiguousarray(eyes)
