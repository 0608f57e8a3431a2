"""`facewire animate` without a daemon: the model is loaded here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from facewire.protocol.errors import SettingsError
from facewire.tools import animate_options as options
from facewire.tools.animate_outcome import MadeBy
from facewire.tools.load_words import LoadWords

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from facewire.audio import AudioFile
    from facewire.inference.model import Model
    from facewire.inference.settings import StreamSettings
    from facewire.tools.animate import Animator, Frames
    from facewire.tools.emotion_keys import Key


def in_process(chosen: options.Options, settings: StreamSettings, keys: Sequence[Key]) -> Animator:
    """Load the model and return what animates a file with it.

    Raises:
        BundleError: there is no such model, or nothing that may hear emotions for it.
        ProviderError: the provider asked for by name is not there.
        click.UsageError: the settings are none of the model's.
    """
    from facewire.tools.animate import frames_in_process

    model = _model(chosen)
    try:  # which faces and parameters there are is the model's
        automatic = settings.automatic_emotion
        settings.validate(model.parameters(chosen.identity, automatic_emotion=automatic))
        chosen = replace(chosen, identity=model.identity_named(chosen.identity))
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    if model.fallback:
        options.say(chosen, model.fallback.text)
    for refused in (model.refused_variant, model.emotion.refused_variant if model.emotion else ""):
        if refused:
            options.say(chosen, f"warning: {refused}", error=True)
    hearing = f", hears emotions with {model.emotion.name}" if model.emotion else ""
    options.detail(
        chosen,
        f"{model.name} {model.version} on {model.backend.name}{hearing}, "
        f"look-ahead {model.look_ahead_for(settings) / 16:.1f} ms",
    )

    def frames_of(audio: AudioFile) -> tuple[MadeBy, Iterator[Frames]]:
        options.detail(chosen, _description(audio))
        settings = chosen.settings(audio.sample_rate_hz, audio.channels)
        return made_by, frames_in_process(audio, model, settings, keys)

    made_by = _made_by(model, chosen.identity)
    return frames_of


def _made_by(model: Model, identity: str) -> MadeBy:
    emotion = model.emotion
    return MadeBy(
        model=model.name,
        version=model.version,
        identity=identity or next(iter(model.identities), ""),
        variant=model.variant,
        provider=model.backend.name,
        emotion_model=emotion.name if emotion else "",
        emotion_variant=emotion.variant if emotion else "",
    )


def _model(chosen: options.Options) -> Model:
    from facewire.bundles.a2e import require_pairing
    from facewire.inference.loading import load_emotion_model, load_model, with_emotion
    from facewire.tools.animate_emotion import emotion_source
    from facewire.tools.model_place import located, path_hint

    words = LoadWords(lambda text: options.say(chosen, text))
    with path_hint(chosen.model, chosen.emotion_model):
        try:
            model = load_model(
                located(chosen.model),
                chosen.provider,
                noise=chosen.noise,
                variant=chosen.variant,
                on_progress=words,
            )
        except SettingsError as error:
            raise click.UsageError(str(error)) from None
        if not chosen.automatic_emotion:
            return model
        require_pairing(model.name, model.family_name)  # before anybody is told to get one
        emotion = load_emotion_model(
            emotion_source(chosen.model, chosen.emotion_model),
            chosen.provider,
            on_progress=words,
        )
        return with_emotion(model, emotion)


def _description(audio: AudioFile) -> str:
    from facewire.audio import Resampler

    lag_ms = Resampler(audio.sample_rate_hz).lag_s * 1000
    return (
        f"{audio.path.name}: {audio.format}, {audio.sample_rate_hz} Hz, "
        f"{audio.channels} channel(s), resampler lag {lag_ms:.1f} ms"
    )
