"""What a face was told to feel over a whole utterance, read at any instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.emotion import EmotionTrack
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Key = tuple[int, "Sequence[float]"]


class ToldEmotion:
    """One emotion until the first key; between keys linear, the last one holds."""

    def __init__(self, emotion: NDArray[np.float32], keys: Sequence[Key] = ()) -> None:
        """Take all that was told.

        Args:
            emotion: float32[10] in [0, 1].
            keys: (16 kHz sample, ten weights in [0, 1]).

        Raises:
            SettingsError: times that do not increase, weights out of range.
        """
        self.emotion = emotion
        self.keys = tuple(keys)
        self._track = EmotionTrack()
        for time, weights in keys:
            values = np.asarray(weights, np.float32)
            if not np.all((values >= 0) & (values <= 1)):
                raise SettingsError("Emotion weights must lie in [0, 1].", field="keys")
            self._track.add(time, values)

    def same_as(self, other: ToldEmotion) -> bool:
        """Return whether both say the same."""
        return np.array_equal(self.emotion, other.emotion) and self.keys == other.keys

    def at(self, instants: Sequence[int]) -> NDArray[np.float32]:
        """Return float32[instants, 10]; before the audio a face feels what its first frame does."""
        return np.stack([self._at(max(instant, 0)) for instant in instants])

    def _at(self, instant: int) -> NDArray[np.float32]:
        first = self._track.first_time
        return self.emotion if first is None or instant < first else self._track.held(instant)
