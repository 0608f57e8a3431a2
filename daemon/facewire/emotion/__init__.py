"""The ten A2F emotions: vectors over time, and the poses they add."""

from facewire.emotion.track import EmotionTrack
from facewire.emotion.vector import EMOTIONS, emotion_vector

__all__ = ["EMOTIONS", "EmotionTrack", "emotion_vector"]
