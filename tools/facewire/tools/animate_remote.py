"""`facewire animate --connect`: the same frames, made by a running daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.protocol.client import Client
from facewire.tools.animate_outcome import MadeBy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import ExitStack

    from facewire.audio import AudioFile
    from facewire.protocol.client_stream import ClientStream
    from facewire.protocol.messages import StreamOpened
    from facewire.tools.animate import Animator, Frames
    from facewire.tools.animate_options import Options
    from facewire.tools.emotion_keys import Key


def through_daemon(
    chosen: Options, instance: str, keys: Sequence[Key], resources: ExitStack
) -> Animator:
    """Connect to the daemon of an instance; return what animates a file through it.

    Raises:
        NoDaemon: none of that name runs.
    """
    model = f"{chosen.model}@{chosen.variant}" if chosen.variant else chosen.model
    client = resources.enter_context(Client.connect(instance=instance, name="facewire animate"))

    def frames_of(audio: AudioFile) -> tuple[MadeBy, Iterator[Frames]]:
        stream = client.open_stream(
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
        )
        try:
            made_by = _made_by(client, stream.opened)
        except BaseException:
            stream.close()
            raise
        return made_by, _frames(stream, audio, keys)

    return frames_of


def _frames(stream: ClientStream, audio: AudioFile, keys: Sequence[Key]) -> Iterator[Frames]:
    with stream:
        if keys:
            stream.set_emotion(keys)
        yield from stream.animate(audio)


def _made_by(client: Client, opened: StreamOpened) -> MadeBy:
    """Return what the daemon says of who answers; it tells no versions."""
    told = {str(each["name"]): each for each in client.models()}
    model = told.get(opened.model, {})
    return MadeBy(
        model=opened.model,
        version="",
        identity=opened.identity or next(iter(model.get("identities", [])), ""),
        variant=str(model.get("variant", "")),
        provider=str(model.get("provider", "")),
        emotion_model=opened.emotion_model,
    )
