"""`facewire animate --connect`: the same frames, made by a running daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.protocol.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import ExitStack

    from facewire.audio import AudioFile
    from facewire.tools.animate import Frames
    from facewire.tools.animate_options import Options
    from facewire.tools.emotion_keys import Key


def through_daemon(
    chosen: Options, instance: str, keys: Sequence[Key], resources: ExitStack
) -> Callable[[AudioFile], Iterator[Frames]]:
    """Connect to the daemon of an instance; return what animates a file through it.

    Raises:
        NoDaemon: none of that name runs.
    """
    model = f"{chosen.model}@{chosen.variant}" if chosen.variant else chosen.model
    client = resources.enter_context(Client.connect(instance=instance, name="facewire animate"))

    def frames_of(audio: AudioFile) -> Iterator[Frames]:
        with client.open_stream(
            sample_rate_hz=audio.sample_rate_hz,
            channels=audio.channels,
            encoding="float32",
            model=model,
            identity=chosen.identity,
            rig="a2f",
            fps=chosen.fps,
            parameters=chosen.parameters,
            emotion=chosen.emotion,
            seed=chosen.seed,
            mouth_close=chosen.mouth_close,
            automatic_emotion=chosen.automatic_emotion,
            outputs=chosen.outputs,
        ) as stream:
            if keys:
                stream.set_emotion(keys)
            yield from stream.animate(audio)

    return frames_of
