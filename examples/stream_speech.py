"""A client without a game: speak a sound file to the daemon and print how far a curve opens.

Start the daemon (`facewire serve`), then::

    python examples/stream_speech.py speech.wav

It sends 20 ms at a time, as a microphone or a text-to-speech voice does, while it prints the frames
that are already there. `--fast` does not wait for the speaker. `--rig myrig --curve Mouth_Open`
prints a curve of a table; what the daemon says about the table, such as a typo, is printed too.
`--model NAME --hear-emotion` takes another of the daemon's models, hears the emotion in the voice
and prints the strongest one beside the curve (`facewire serve --load NAME --emotion-model NAME`).
"""
# ruff: noqa: INP001, T201 - a script for people to read and run

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

import soundfile

from facewire.protocol.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

CHUNK_S = 0.02
SLIGHT = 0.05
EMOTIONS = (
    "amazement", "anger", "cheekiness", "disgust", "fear",
    "grief", "joy", "outofbreath", "pain", "sadness",
)  # fmt: skip
"""REGISTRY §emotions."""


def chunks(path: str, *, fast: bool) -> Iterator[bytes]:
    """Yield int16 audio of 20 ms each, not before it would have been spoken."""
    with soundfile.SoundFile(path) as file:
        began_s = time.monotonic()
        blocks = file.blocks(round(file.samplerate * CHUNK_S), dtype="int16")
        for number, block in enumerate(blocks, start=1):
            if not fast:
                time.sleep(max(0.0, began_s + number * CHUNK_S - time.monotonic()))
            yield block.tobytes()


def main() -> None:
    """Speak one file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sound", help="WAV, FLAC, OGG or MP3, mono or stereo")
    parser.add_argument("--instance", default="default", help="name of the daemon")
    parser.add_argument("--fast", action="store_true", help="send as fast as the daemon takes it")
    parser.add_argument("--rig", default="", help="curve table, such as metahuman or your own")
    parser.add_argument("--curve", default="jawOpen", help="what to print, as the rig spells it")
    parser.add_argument("--model", default="", help="one of the daemon's models, not its default")
    parser.add_argument("--hear-emotion", action="store_true", help="hear it in the voice")
    options = parser.parse_args()
    told = soundfile.info(options.sound)

    with (
        Client.connect(
            instance=options.instance,
            name="stream_speech",
            on_event=lambda event: print(f"{event.kind}: {event.text}", file=sys.stderr),
        ) as client,
        client.open_stream(
            sample_rate_hz=told.samplerate,
            channels=told.channels,
            rig=options.rig,
            model=options.model,
            automatic_emotion=options.hear_emotion,
            outputs=["emotion"] if options.hear_emotion else [],
        ) as stream,
    ):
        if options.curve not in stream.curves:
            sys.exit(f"The rig has no {options.curve}. Choose with --curve: {stream.curves}")
        column = stream.curves.index(options.curve)
        for batch in stream.animate(chunks(options.sound, fast=options.fast)):
            for at, (instant, weights) in enumerate(
                zip(batch.timestamps, batch.curves, strict=True)
            ):
                felt = "" if batch.emotion is None else f"{strongest(batch.emotion[at]):12}"
                bar = "#" * round(60 * float(weights[column]))
                print(f"{instant / 16_000:7.3f} s  {felt}{bar}")


def strongest(emotion: NDArray[np.float32]) -> str:
    """Return the name of the largest of the ten emotions, "-" where the face feels none."""
    return EMOTIONS[int(emotion.argmax())] if emotion.max() > SLIGHT else "-"


if __name__ == "__main__":
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # who read this, such as `head`, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
