"""What a face was told to feel, read at any instant: by streams and by interactive faces alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.emotion import EmotionTrack
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

Key = tuple[int, "Sequence[float]"]

_MOST_KEYS: Final = 100_000


class ToldEmotion:
    """One emotion until the first key; between keys linear, the last one holds.

    Frames before the audio, which warm a network up, feel what its first frame does: a key before
    the audio says only what is felt from there on at instant 0.
    """

    def __init__(self, emotion: NDArray[np.float32], keys: Iterable[Key] = ()) -> None:
        """Take what is told so far.

        Args:
            emotion: float32[10] in [0, 1].
            keys: As of `add`, and refused likewise.
        """
        self._emotion = emotion
        self._track = EmotionTrack()
        self.add(keys)

    def __len__(self) -> int:
        """Return how many keys are held."""
        return len(self._track)

    def add(self, keys: Iterable[Key]) -> None:
        """Take further keys.

        Args:
            keys: (16 kHz sample, ten weights in [0, 1]).

        Raises:
            SettingsError: times that do not increase, weights out of range, too many; keys before
                the offending one are kept.
        """
        for time, weights in keys:
            values = np.asarray(weights, np.float32)
            if not np.all((values >= 0) & (values <= 1)):
                raise SettingsError("Emotion weights must lie in [0, 1].", field="keys")
            if len(self._track) >= _MOST_KEYS:
                raise SettingsError("Too many emotion keys lie ahead.", field="keys")
            self._track.add(time, values)

    def at(self, instants: Sequence[int]) -> NDArray[np.float32]:
        """Return float32[instants, 10]."""
        if not len(self._track):
            return np.repeat(self._emotion[None], len(instants), axis=0)
        found = map(self.keyed, instants)
        return np.stack([self._emotion if keyed is None else keyed for keyed in found])

    def keyed(self, instant: int) -> NDArray[np.float32] | None:
        """Return float32[10], what the keys say at an instant; None before the first of them."""
        first, heard = self._track.first_time, max(instant, 0)
        return None if first is None or heard < first else self._track.held(heard)

    def forget_before(self, instant: int) -> None:
        """Let go of keys that nothing read from `instant` on needs; some may stay."""
        self._track.forget_before(instant)
