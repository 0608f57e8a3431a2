"""A model ready to run: bundle, backend and family put together; `facewire.inference.loading`."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

from facewire.bundles.families import PAIRED_FAMILIES
from facewire.bundles.naming import spellings
from facewire.inference.emotion_settings import settings_for, window_within
from facewire.inference.parameters import ParameterRange
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from facewire.emotion.postprocess import PostProcessParameters
    from facewire.inference.backend import Backend, ProviderFallback
    from facewire.inference.family import Family
    from facewire.inference.frames import Window
    from facewire.inference.settings import StreamSettings

LONGEST_TRANSITION_S: Final = 60.0


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
    paired_with: tuple[str, ...] = ()
    """Names of the face models it may drive; empty: all that its licence allows."""
    variant: str = ""
    """Which variant of its network runs, such as `exact`; "": the original."""
    refused_variant: str = ""
    """Why a variant that is there was not taken: a sentence to warn with."""

    def stream_parameters(self) -> dict[str, ParameterRange]:
        """Return what a stream with automatic emotion may set, by the names of NVIDIA's service.

        Ranges are the service's, defaults the bundle's.
        """
        said = self.parameters
        enabled = float(said.enable_preferred_emotion)
        return {
            "emotionContrast": ParameterRange(0.3, 3.0, said.emotion_contrast),
            "maxEmotions": ParameterRange(1.0, 6.0, said.max_emotions, whole=True),
            "liveBlendCoef": ParameterRange(0.0, 1.0, said.live_blend_coef),
            "enablePreferredEmotion": ParameterRange(0.0, 1.0, enabled, whole=True),
            "preferredEmotionStrength": ParameterRange(0.0, 1.0, said.preferred_emotion_strength),
            "liveTransitionTime": ParameterRange(
                0.0, LONGEST_TRANSITION_S, said.live_transition_time_s
            ),
            "emotionStrength": ParameterRange(0.0, 1.0, said.emotion_strength),
        }


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
    variant: str = ""
    """Which variant of its network runs, such as `vertex-free`; "": the original."""
    refused_variant: str = ""
    """Why a variant that is there was not taken: a sentence to warn with."""

    @property
    def look_ahead_samples(self) -> int:
        """Most audio after its own instant that a frame needs, 16 kHz samples.

        Of the face alone; see `look_ahead_for`.
        """
        return self.family.look_ahead_samples

    def look_ahead_for(self, settings: StreamSettings) -> int:
        """Return the look-ahead of a stream, that of its automatic emotion included.

        Raises:
            SettingsError: it asks for automatic emotion, and the model has none.
        """
        if not settings.automatic_emotion:
            return self.look_ahead_samples
        emotion = self.emotion_model()
        chosen = settings_for(settings.emotion_window_samples, emotion.window_limits_samples)
        return max(
            self.look_ahead_samples, self._emotion_wait_samples(settings.fps) + chosen.reach_samples
        )

    def live_emotion_window_samples(self, fps: Fraction) -> int:
        """Return the emotion window for speech as it is spoken.

        It is the longest that lets no frame wait longer than the face does by itself, or else the
        shortest that the network takes.

        Raises:
            SettingsError: the model has no automatic emotion.
        """
        limits = self.emotion_model().window_limits_samples
        beside = settings_for(limits[0], limits)
        frame_samples = beside.reach_samples - beside.look_ahead_samples
        within = self.look_ahead_samples - self._emotion_wait_samples(fps) - frame_samples
        return window_within(within, limits) or limits[0]

    def _emotion_wait_samples(self, fps: Fraction) -> int:
        """Return how far after a frame the last emotion lies that its window reads."""
        spec, usual = self.family.window_spec(fps), self.family.window_spec()
        between = self.look_ahead_samples - usual.look_ahead_samples
        return ceil((spec.ticks - 1) * spec.per_tick.stride) + between

    def emotion_model(self) -> EmotionModel:
        """Return what hears emotions.

        Raises:
            SettingsError: there is none; the hint says how to get one, or that there can be none.
        """
        if self.emotion is not None:
            return self.emotion
        text = f"The model {self.name!r} has no automatic emotion."
        if self.family_name not in PAIRED_FAMILIES:
            hint = (
                "The licence of Audio2Emotion allows it only together with Audio2Face. Set the "
                "emotion yourself, or take an Audio2Face bundle (regression or diffusion)."
            )
        else:
            hint = (
                "Add an Audio2Emotion bundle (`facewire models pull audio2emotion-v2.2`, or "
                "`facewire models add FOLDER`) and name it with --emotion-model."
            )
        raise SettingsError(text, field="automatic_emotion", hint=hint)

    def parameters(
        self, identity: str = "", *, automatic_emotion: bool = False
    ) -> dict[str, ParameterRange]:
        """Return the parameters a stream may set.

        Raises:
            SettingsError: there is no such face, or no automatic emotion.
        """
        known: Mapping[str, ParameterRange] = self.family.parameters(self.identity_named(identity))
        heard = self.emotion_model().stream_parameters() if automatic_emotion else {}
        return {**known, **heard}

    def burst_frames(self, fps: Fraction) -> int:
        """Return the most frames one window gives at once."""
        return self.family.burst_frames(fps)

    @property
    def identities(self) -> tuple[str, ...]:
        """Faces inside the bundle; empty where it has but one without a name."""
        return self.family.identities

    def check_identity(self, identity: str) -> None:
        """Refuse a face that is not in the bundle; arguments and errors as of `identity_named`."""
        self.identity_named(identity)

    def identity_named(self, identity: str) -> str:
        """Return a face's name as the bundle spells it.

        Args:
            identity: Its name; capitals do not matter where that leaves one. "", which comes back,
                is the first or only face.

        Raises:
            SettingsError: there is no such face, or two; the hint says which there are.
        """
        if not identity:
            return ""
        alike = spellings(identity, self.identities)
        if len(alike) == 1:
            return alike[0]
        which = f"{len(alike)} faces called {identity!r}" if alike else f"no face {identity!r}"
        raise SettingsError(
            f"The model {self.name!r} has {which}.",
            field="identity",
            hint=f"It has {', '.join(self.identities) or 'one face without a name'}.",
        )

    def backend_for(self, window: Window) -> Backend:
        """Return what runs a window of one of its streams."""
        if window.kind == "emotion":
            assert self.emotion is not None
            return self.emotion.backend
        return self.backend
