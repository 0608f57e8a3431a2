"""A model ready to run: bundle, backend and family put together; `facewire.inference.loading`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from fractions import Fraction

    from facewire.emotion.postprocess import PostProcessParameters
    from facewire.inference.backend import Backend, ProviderFallback
    from facewire.inference.family import Family
    from facewire.inference.frames import Window


@dataclass(frozen=True, kw_only=True)
class EmotionModel:
    """An Audio2Emotion network ready to run; any number of streams share one."""

    name: str
    version: str
    licence: str
    parameters: PostProcessParameters
    """What the bundle says of the post-processing."""
    window_limits_samples: tuple[int, int]
    """Shortest and longest window the network takes, 16 kHz samples."""
    backend: Backend
    """Reads `input_values` float32[batch, window], answers float32[batch, classes]."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a stream needs; any number of streams share one."""

    name: str
    version: str
    licence: str
    family_name: str
    """`direct`, `regression` or `diffusion`."""
    family: Family
    backend: Backend
    fallback: ProviderFallback | None = None
    """Set when provider `auto` had to leave an accelerator."""
    emotion: EmotionModel | None = None
    """What hears emotions for it; None: streams are told theirs."""

    @property
    def look_ahead_samples(self) -> int:
        """Most audio after its own instant that a frame needs, 16 kHz samples."""
        return self.family.look_ahead_samples

    def burst_frames(self, fps: Fraction) -> int:
        """Return the most frames one window gives at once."""
        return self.family.burst_frames(fps)

    @property
    def identities(self) -> tuple[str, ...]:
        """Faces inside the bundle; empty where it has but one without a name."""
        return self.family.identities

    def check_identity(self, identity: str) -> None:
        """Refuse a face that is not in the bundle; "" is the first or only one.

        Raises:
            SettingsError: there is no such face; the hint says which there are.
        """
        if identity and identity not in self.identities:
            raise SettingsError(
                f"The model {self.name!r} has no face {identity!r}.",
                field="identity",
                hint=f"It has {', '.join(self.identities) or 'one face without a name'}.",
            )

    def backend_for(self, window: Window) -> Backend:
        """Return what runs a window of one of its streams."""
        if window.kind == "emotion":
            assert self.emotion is not None
            return self.emotion.backend
        return self.backend
