"""One voice being animated: a pure state machine with no thread, clock or socket.

::

    push(chunk) -> sanitise, mix down, resample -> accumulator
    ready() / take_window() -> the backend runs it -> animate(window, result) -> frames
    end() -> the rest of the windows, padded with silence

With automatic emotion some windows are of kind "emotion": they run on the emotion network, and
`animate` of one gives no frames but the emotions that the face's next windows read.

Frames depend on the audio alone: not on how it was cut into chunks, nor on who else is speaking.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from facewire.audio.accumulator import AudioAccumulator
from facewire.audio.pcm import mix_down, pcm_from_bytes, sanitise
from facewire.audio.resampler import Resampler
from facewire.inference.frames import FrameBatch, Window, WindowContext
from facewire.inference.parameters import checked_parameters, default_parameters
from facewire.inference.settings import StreamSettings
from facewire.inference.told_emotion import ToldEmotion
from facewire.inference.windows import available_windows, frame_timestamp, frame_total
from facewire.protocol.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from facewire.inference.automatic_emotion import AutomaticEmotion
    from facewire.inference.model import Model

__all__ = ["FrameBatch", "Stream", "StreamSettings", "Window", "WindowContext"]

_CELL_SAMPLES = 160
"""Repaired audio is remembered in cells of 10 ms."""
_REPAIRED = "network_repaired"


class Stream:
    """One utterance, from its first sample (or where it resumes) to its last frame.

    One thread calls everything but `animate`, which may run elsewhere while its window is the one
    in flight: between `take_window` and `complete`.
    """

    def __init__(self, model: Model, settings: StreamSettings) -> None:
        """Open a stream.

        Raises:
            SettingsError: a setting is out of range.
        """
        settings = replace(settings, identity=model.identity_named(settings.identity))
        automatic = settings.automatic_emotion
        self._known = model.parameters(settings.identity, automatic_emotion=automatic)
        settings.validate(self._known)
        self.settings = settings
        self.model = model
        self._spec = model.family.window_spec(settings.fps)
        self._animator = model.family.animator(settings)
        self._resampler = Resampler(settings.sample_rate_hz, start_sample=settings.start_sample)
        start = settings.start_sample * 16_000 // settings.sample_rate_hz
        self._audio = AudioAccumulator(first_sample=start)
        first_instant = frame_timestamp(settings.first_frame, settings.fps)
        self._next_window = model.family.first_window(start, first_instant, settings.fps)
        self._parameters = default_parameters(self._known) | dict(settings.parameters)
        self._told = ToldEmotion(settings.emotion)
        self._hearing = self._automatic_emotion() if automatic else None
        self._repaired_cells: set[int] = set()
        self._in_flight: Literal["face", "emotion"] | None = None
        self.sanitised = False
        """True once any sample had to be repaired."""
        self.ended = False
        self.frames_total: int | None = None
        """ceil(source samples * fps / rate), known after `end`."""

    def push(self, payload: bytes | bytearray | memoryview | NDArray[np.generic]) -> None:
        """Take a chunk of audio as the settings describe it, of any length.

        Raises:
            AudioError: it does not hold whole sample frames, or came after the end.
        """
        if self.ended:
            raise AudioError("Audio came after its end.")
        samples, repaired = sanitise(
            pcm_from_bytes(payload, self.settings.encoding, self.settings.channels)
        )
        if repaired is not None:
            self._note_repaired(repaired)
        self._audio.accumulate(self._resampler.push(mix_down(samples)))
        self._forget()  # the first window wanted may lie far ahead

    def end(self) -> None:
        """Say that no audio follows; the remaining windows become ready."""
        if self.ended:
            raise AudioError("The end of the audio was said twice.")
        self.ended = True
        self._audio.accumulate(self._resampler.flush())
        self._audio.close()
        self.frames_total = frame_total(
            self._resampler.pushed_samples, self.settings.sample_rate_hz, self.settings.fps
        )

    def ready(self) -> bool:
        """Return whether `take_window` may be called: audio is there and nothing is in flight."""
        return self._turn() is not None

    def take_window(self) -> Window:
        """Return the next inference; it is in flight until `complete`."""
        self._in_flight = self._turn()
        assert self._in_flight is not None
        if self._in_flight == "emotion":
            assert self._hearing is not None
            return self._hearing.take_window(self._parameters, frames_total=self.frames_total)
        index, spec = self._next_window, self._spec
        audio = self._audio.read(spec.start(index), spec.length)
        self._next_window += 1
        context = self._context(index)
        return Window(
            index=index,
            target_sample=spec.target(index),
            audio=audio,
            feeds=self._animator.feeds(index, audio, context),
            context=context,
        )

    def animate(self, window: Window, result: NDArray[np.float32]) -> FrameBatch | None:
        """Return the frames that `result` (batch axis of 1) completes, if any; any thread."""
        if window.kind == "emotion":
            assert self._hearing is not None
            self._hearing.accept(window, result)
            return None
        batch = self._animator.animate(window, result)
        repaired = window.context.emotion_repaired
        if batch is not None and repaired and _REPAIRED not in batch.flags:
            batch = replace(batch, flags=(*batch.flags, _REPAIRED))
        return batch

    def complete(self, window: Window) -> None:
        """Say that the window's frames are made; the next one may be taken."""
        assert self._in_flight == window.kind
        self._in_flight = None
        if self._hearing is None:
            self._told.forget_before(window.target_sample)
        elif window.kind == "face":
            self._hearing.forget_before(window.target_sample)
        self._forget()

    def accept(self, window: Window, result: NDArray[np.float32]) -> FrameBatch | None:
        """Animate and complete in one, for callers with one thread."""
        batch = self.animate(window, result)
        self.complete(window)
        return batch

    def set_parameters(self, changes: Mapping[str, float]) -> None:
        """Change parameters from the next window on.

        Raises:
            SettingsError: an unknown name or a value out of range; nothing is then changed.
        """
        self._parameters |= checked_parameters(changes, self._known)
        if self._hearing is not None:
            self._hearing.note(changes)

    def set_emotion_keys(self, keys: Sequence[tuple[int, Sequence[float]]]) -> None:
        """Add keys (16 kHz sample, ten weights in [0, 1]); linear in between, the last one holds.

        Until the first key the emotion of the settings holds. A key acts from the next window on.
        With automatic emotion they are what is preferred, and mixed in.

        Raises:
            SettingsError: times that do not increase, weights out of range; keys before the
                offending one are kept.
        """
        self._told.add(keys)

    @property
    def finished(self) -> bool:
        """True after the end, when every frame has been made."""
        return self.ended and self._in_flight is None and self._windows_left() == 0

    @property
    def pushed_samples(self) -> int:
        """Source index one past the last sample pushed."""
        return self._resampler.pushed_samples

    @property
    def consumed_samples(self) -> int:
        """Source index up to which audio has been turned into frames; what credit counts from."""
        instant = self._spec.target(self._next_window - (self._in_flight == "face"))
        reached = instant * self.settings.sample_rate_hz // 16_000
        return min(max(reached, self.settings.start_sample), self.pushed_samples)

    @property
    def resampler_lag_s(self) -> float:
        """Most seconds the resampler holds back, on top of the model's look-ahead."""
        return self._resampler.lag_s

    @property
    def look_ahead_samples(self) -> int:
        """Most audio after its own instant that a frame needs, 16 kHz samples."""
        return self.model.look_ahead_for(self.settings)

    def reach_samples(self, window: Window) -> int:
        """Return the audio after a window's instant without which it cannot be run."""
        if window.kind == "emotion":
            assert self._hearing is not None
            return self._hearing.reach_samples
        return self._spec.look_ahead_samples

    def _automatic_emotion(self) -> AutomaticEmotion:
        # Most streams hear no emotion, and need not know how.
        from facewire.inference.automatic_emotion import AutomaticEmotion

        return AutomaticEmotion(
            self.model.emotion_model(), self.settings, audio=self._audio, preferred=self._told
        )

    def _turn(self) -> Literal["face", "emotion"] | None:
        """Return which kind of window can be taken now."""
        if self._in_flight is not None:
            return None
        is_left = self._windows_left() > 0
        if self._hearing is None:
            return "face" if is_left else None
        if is_left and self._hearing.known_windows(self._spec, read=self._next_window):
            return "face"
        is_wanted = is_left or not self._audio.closed
        return "emotion" if is_wanted and self._hearing.ready() else None

    def _forget(self) -> None:
        """Drop what no window to come reads."""
        oldest = max(0, self._spec.start(self._next_window))
        if self._hearing is not None:
            oldest = min(oldest, self._hearing.next_audio_sample)
        self._audio.drop_before(oldest)
        if self._repaired_cells:
            stale = oldest // _CELL_SAMPLES
            self._repaired_cells = {cell for cell in self._repaired_cells if cell >= stale}

    def _windows_left(self) -> int:
        return available_windows(
            self._spec,
            read=self._next_window,
            samples=self._audio.total_samples,
            closed=self._audio.closed,
        )

    def _context(self, index: int) -> WindowContext:
        spec, audio = self._spec, self._audio
        cells = range(spec.start(index) // _CELL_SAMPLES, spec.end(index) // _CELL_SAMPLES + 1)
        hearing, parameters = self._hearing, dict(self._parameters)
        if hearing is not None:
            parameters["emotionStrength"] = 1.0  # the emotions heard have it in them
        return WindowContext(
            parameters=parameters,
            emotion=self._emotion_rows(index),
            horizon_samples=audio.total_samples,
            end_samples=audio.total_samples if audio.closed else None,
            frames_total=self.frames_total,
            last=audio.closed and self._windows_left() == 0,
            sanitised=not self._repaired_cells.isdisjoint(cells),
            emotion_repaired=hearing is not None and hearing.was_repaired(spec.instants(index)),
        )

    def _emotion_rows(self, index: int) -> NDArray[np.float32]:
        if self._hearing is not None:
            return self._hearing.rows(self._spec.instants(index))
        return self._told.at(self._spec.instants(index))

    def _note_repaired(self, repaired: NDArray[np.bool_]) -> None:
        self.sanitised = True
        at = self._resampler.pushed_samples + np.flatnonzero(repaired)
        cells = np.unique(at * 16_000 // self.settings.sample_rate_hz // _CELL_SAMPLES)
        self._repaired_cells.update(cells.tolist())
