"""From a network's motions to frames of a rig.

Per model frame: weights, gaze and what else is asked for -> a row. Per stream frame: rows mixed ->
mouthClose convention -> idle motion where asked for -> clamp -> rig. Emotions go into the network
instead of a layer, and nothing is eased at the end: the network hears the silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.animation.face_parameters import FACE_PARAMETERS
from facewire.animation.speech import speech_level
from facewire.emotion import EMOTIONS
from facewire.inference.finishing import finished_frames
from facewire.inference.frame_track import FrameTrack
from facewire.inference.frames import FrameBatch, frame_flags
from facewire.inference.progress import FrameTimeline
from facewire.inference.windows import frame_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from facewire.inference.frames import Window, WindowContext
    from facewire.inference.network_track import NetworkTrack
    from facewire.inference.settings import StreamSettings
    from facewire.inference.stream_face import FacePlayer, FaceRow
    from facewire.inference.windows import WindowSpec

_FACE = slice(0, len(FACE_CURVES))
_EYES = slice(_FACE.stop, _FACE.stop + 4)
_LEVEL = _EYES.stop
_REPAIRED = _LEVEL + 1
_PLAIN = _REPAIRED + 1
"""Values of a row before what a stream asks for beside curves and eyes."""


class SolvedFace:
    """One stream's frames; `animate` must see the windows in order, one at a time."""

    def __init__(
        self,
        *,
        settings: StreamSettings,
        track: NetworkTrack,
        face: FacePlayer,
        windows: WindowSpec,
        model_fps: Fraction,
        emotions: Sequence[int],
    ) -> None:
        """Put the parts of one stream together.

        Args:
            settings: Of the stream.
            track: The network's side.
            face: With the bundle's parameters. Weights that are no face curve are left out;
                curves without one stay 0.
            windows: As the stream reads them.
            model_fps: Frames per second of the network.
            emotions: Which of the ten emotions each of the network's is; -1 for none.
        """
        self.track = track
        self._face = face
        self._defaults = face.parameters
        self._default_values = self._defaults.on_wire()
        self._settings = settings
        self._ticks = windows.ticks
        self._lead_in = FrameTimeline(windows).lead_in_frames
        self._frames = FrameTrack(model_fps / settings.fps)
        self._next_frame = settings.first_frame
        self._begun = False
        self._emotions = np.array(emotions, np.intp)
        solved = [(at, CURVE_INDEX[name]) for at, name in enumerate(face.names)
                  if name in CURVE_INDEX]  # fmt: skip
        self._solved, self._curves = np.array(solved, np.intp).reshape(-1, 2).T
        self._asked = _places(face.sizes, felt="emotion" in settings.outputs)
        self._row_size = max([_PLAIN, *(place.stop for place in self._asked.values())])
        self._set_to: Mapping[str, float] = self._default_values

    def feeds(
        self, index: int, audio: NDArray[np.float32], context: WindowContext
    ) -> Mapping[str, NDArray[Any]]:
        """Return what the network reads; see `NetworkTrack`."""
        known = _felt(context)
        padded = np.pad(known, ((0, 0), (0, 1)))  # column -1: an emotion we do not know is 0
        return self.track.feeds(index, audio, padded[:, self._emotions])

    def animate(self, window: Window, result: NDArray[np.float32]) -> FrameBatch | None:
        """Take the network's result; return the frames now complete, if any."""
        context = window.context
        self._set(context.parameters)
        repaired = self.track.repaired_frames
        motions = self.track.motions(result)
        broken = self.track.repaired_frames > repaired
        first = window.index * self._ticks - self._lead_in
        if not self._begun and first + len(motions) > 0:
            self._begun = True
            self._face.seek(max(0, first))
        lead = min(max(0, -first), len(motions))
        if lead < len(motions):
            rows = np.stack([self._row(self._face.animate(motion)) for motion in motions[lead:]])
            rows[:, _LEVEL] = speech_level(window.audio)
            rows[:, _REPAIRED] = broken
            if "emotion" in self._asked:
                rows[:, self._asked["emotion"]] = _felt(context)[lead:]
            self._frames.append(first + lead, rows)
        return self._complete(context)

    def _set(self, asked: Mapping[str, float]) -> None:
        if asked == self._set_to:
            return
        # What the bundle says is not checked, and may be what a change to it could not be.
        self._face.parameters = self._defaults.with_changes(
            {
                name: asked[name]
                for name in FACE_PARAMETERS
                if asked[name] != self._default_values[name]
            }
        )
        self._set_to = dict(asked)

    def _row(self, face: FaceRow) -> NDArray[np.float32]:
        row = np.zeros(self._row_size, np.float32)
        row[self._curves] = face.weights[self._solved]
        row[_EYES] = face.gaze
        for name, values in face.asked.items():
            row[self._asked[name]] = values
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
        face, eyes, speech = rows[:, _FACE], rows[:, _EYES], rows[:, _LEVEL]
        curves, eyes = finished_frames(
            face, eyes, speech, timestamps, self._settings, context.parameters
        )
        asked = {name: np.ascontiguousarray(rows[:, at]) for name, at in self._asked.items()}
        if "jaw" in asked:
            asked["jaw"] = asked["jaw"].reshape(-1, 4, 4)
        repaired = bool(rows[:, _REPAIRED].any())
        return FrameBatch(
            first=first,
            timestamps=timestamps,
            curves=curves,
            eyes=eyes,
            flags=frame_flags(sanitised=context.sanitised, repaired=repaired),
            **asked,
        )


def _felt(context: WindowContext) -> NDArray[np.float32]:
    """Return float32[ticks, 10]: the emotion that reaches the face."""
    return context.emotion * np.float32(context.parameters["emotionStrength"])


def _places(sizes: Mapping[str, int], *, felt: bool) -> dict[str, slice]:
    """Return where in a row each thing asked for lies."""
    places, at = {}, _PLAIN
    wanted = ({"emotion": len(EMOTIONS)} if felt else {}) | dict(sizes)
    for name, size in wanted.items():
        places[name] = slice(at, at + size)
        at += size
    return places
