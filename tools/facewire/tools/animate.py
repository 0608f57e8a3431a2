"""`facewire animate`: speech files in, blendshape curves out."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import click

from facewire.protocol.errors import FacewireError, MappingError, SettingsError
from facewire.tools import animate_options as options
from facewire.tools.animate_outcome import Outcome, Summary
from facewire.tools.animate_progress import progress as progress_of
from facewire.tools.speed import speed_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction
    from pathlib import Path
    from typing import TextIO

    import numpy as np
    from numpy.typing import NDArray

    from facewire.audio import AudioFile
    from facewire.inference.model import Model
    from facewire.inference.settings import StreamSettings
    from facewire.inference.stream import Stream
    from facewire.tools.animate_emotion import EmotionWriter
    from facewire.tools.animate_outcome import MadeBy
    from facewire.tools.animate_progress import Progress
    from facewire.tools.clips import Clip
    from facewire.tools.emotion_keys import Key
    from facewire.tools.retarget import Retarget
    from facewire.tools.writers import FrameWriter


class Frames(Protocol):
    """A burst of frames, made here or by a daemon."""

    @property
    def first(self) -> int:
        """Index of the first frame."""

    @property
    def curves(self) -> NDArray[np.float32]:
        """float32[frames, 71]: the face, see FACE_CURVES."""

    @property
    def eyes(self) -> NDArray[np.float32] | None:
        """float32[frames, 4], degrees; None where a daemon sent none."""

    @property
    def emotion(self) -> NDArray[np.float32] | None:
        """float32[frames, 10], as the face was told to feel; None where it was not asked for."""

    @property
    def flags(self) -> Sequence[str]:
        """REGISTRY §flags."""


class Animator(Protocol):
    """Turns an open file into face rows: in this process, or through a daemon."""

    def __call__(self, audio: AudioFile, /) -> tuple[MadeBy, Iterator[Frames]]:
        """Return what makes the frames, and the frames."""


@dataclass
class Take:
    """How everything that is animated in one go is animated."""

    frames_of: Animator
    retarget: Retarget
    """Turns face rows into those of the rig."""
    fps: Fraction
    format: str
    with_emotion: bool = False
    emotion_out: Path | None = None


@click.command()
@options.animate_options
def animate(chosen: options.Options) -> int:
    """Turn speech IN (files or folders) into curves: `facewire animate clip.wav -o clip.csv`.

    A folder is searched for WAV, FLAC, OGG and MP3, and OUT is then a folder of the same shape. A
    file that fails is reported and the rest goes on; the exit status is then 1.

    Emotion keys (--emotion-keys FILE) are times in seconds with weights from 0 to 1, linear in
    between; the last one holds, and before the first one what --emotion or --preferred-emotion
    says. As CSV with a header, any of the emotions: `time,joy,anger`, then
    lines such as `1.5,0.8,0`. Without a header, a line is the time and ten weights: amazement,
    anger, cheekiness, disgust, fear, grief, joy, outofbreath, pain, sadness. What NVIDIA's client
    writes as its input emotions is read too. As JSON: `[{"time": 1.5, "emotions": {"joy": 0.8}}]`,
    or the emotion_with_timecode_list of NVIDIA's YAML turned into JSON; YAML itself is not read.
    """
    from facewire.tools.clips import clips

    work = clips(chosen.sources, chosen.output, chosen.format, into_folder=chosen.into_folder)
    _check_emotion_out(chosen.emotion_out, work)
    with ExitStack() as resources:
        take = _take(chosen, resources)
        progress = resources.enter_context(progress_of(len(work), quiet=chosen.quiet))
        summary = _animate_all(work, take, chosen, progress)
    if chosen.as_json:
        click.echo(json.dumps(summary.as_json()))
    return 1 if summary.failed else 0


def _check_emotion_out(path: Path | None, work: list[Clip]) -> None:
    if path is None:
        return
    if len(work) > 1:
        raise click.UsageError("--emotion-out is for one file; there are several.")
    for what, other in (("the output", work[0].output), ("a source", work[0].source)):
        if path.resolve() == other.resolve():
            raise click.UsageError(f"{path} is {what}; choose another file for --emotion-out.")


def _take(chosen: options.Options, resources: ExitStack) -> Take:
    from facewire.mapping import read_gains
    from facewire.tools.emotion_keys import check_constant_emotion, read_emotion_keys
    from facewire.tools.retarget import Retarget

    try:
        keys = read_emotion_keys(chosen.emotion_keys) if chosen.emotion_keys else []
        retarget = Retarget(chosen.rig, read_gains(chosen.gains) if chosen.gains else {})
        check_constant_emotion(keys, chosen.emotion, automatic=chosen.automatic_emotion)
        settings = chosen.settings(sample_rate_hz=16_000, channels=1)
        replace(settings, parameters={}).validate()
    except (SettingsError, MappingError) as error:
        raise click.UsageError(str(error)) from None
    if retarget.table.mouth_close != "any":  # the table says what its rig needs
        chosen = replace(chosen, mouth_close="arkit")
    if chosen.connect is None:
        from facewire.tools.animate_local import in_process

        frames_of = in_process(chosen, settings, keys)
    else:
        from facewire.tools.animate_remote import through_daemon

        frames_of = through_daemon(chosen, chosen.connect, keys, resources)
    return Take(
        frames_of, retarget, chosen.fps, chosen.format, chosen.with_emotion, chosen.emotion_out
    )


def _animate_all(
    work: list[Clip], take: Take, chosen: options.Options, progress: Progress
) -> Summary:
    from facewire.tools.atomic import OutputError

    summary = Summary()
    for clip in work:
        outcome = Outcome(clip)
        try:
            _animate_clip(outcome, take, progress)
        except FacewireError as error:
            if len(work) == 1 or (isinstance(error, OutputError) and error.full):
                raise
            outcome.error = str(error)
            summary.failed.append(outcome)
            options.say(chosen, f"failed: {clip.source}: {error}", error=True)
            continue
        summary.done.append(outcome)
        summary.made_by = outcome.made_by
        _tell(outcome, chosen)
    return summary


# --- from file to frames --------------------------------------------------------------------


def _animate_clip(outcome: Outcome, take: Take, progress: Progress) -> None:
    """Write the animation of one file, as its frames come."""
    from facewire.audio import open_audio
    from facewire.tools.atomic import atomic_text

    started_s = time.perf_counter()
    with ExitStack() as files:
        audio = files.enter_context(open_audio(outcome.clip.source))
        writer = _writer(files.enter_context(atomic_text(outcome.clip.output)), take)
        felt = _emotion_writer(take, files)
        progress.begin(audio, take.fps)
        outcome.made_by, burst = take.frames_of(audio)
        for frames in burst:
            rows = take.retarget.rows(frames.curves, frames.eyes)
            emotion = frames.emotion
            writer.write(frames.first, rows, frames.eyes, emotion if take.with_emotion else None)
            if felt is not None and emotion is not None:
                felt.write(frames.first, emotion)
            outcome.frames = frames.first + len(rows)
            outcome.sanitised |= "audio_sanitised" in frames.flags
            outcome.repaired |= "network_repaired" in frames.flags
            progress.reached(outcome.frames)
        writer.close()
    outcome.seconds = audio.frames_read / audio.sample_rate_hz
    outcome.elapsed_s = time.perf_counter() - started_s


def _writer(text: TextIO, take: Take) -> FrameWriter:
    from facewire.tools.writers import CsvWriter, JsonWriter

    if take.format == "csv":
        return CsvWriter(text, take.retarget, take.fps)
    from facewire.emotion import EMOTIONS

    named = EMOTIONS if take.with_emotion else ()
    return JsonWriter(text, take.retarget, take.fps, emotions=named)


def _emotion_writer(take: Take, files: ExitStack) -> EmotionWriter | None:
    if take.emotion_out is None:
        return None
    from facewire.tools.animate_emotion import EmotionWriter
    from facewire.tools.atomic import atomic_text

    return EmotionWriter(files.enter_context(atomic_text(take.emotion_out)), take.fps)


def frames_in_process(
    audio: AudioFile, model: Model, settings: StreamSettings, keys: Sequence[Key] = ()
) -> Iterator[Frames]:
    """Yield the frames of a file as soon as their audio was read; memory does not grow with it."""
    from facewire.inference.stream import Stream

    stream = Stream(model, settings)
    stream.set_emotion_keys(keys)
    for block in audio:
        stream.push(block)
        yield from _ready_frames(stream, model)
    stream.end()
    yield from _ready_frames(stream, model)


def _ready_frames(stream: Stream, model: Model) -> Iterator[Frames]:
    while stream.ready():
        window = stream.take_window()
        frames = stream.accept(window, model.backend_for(window).run(window.feeds))
        if frames is not None:
            yield frames


# --- telling --------------------------------------------------------------------------------


def _tell(outcome: Outcome, chosen: options.Options) -> None:
    if outcome.sanitised:
        options.say(
            chosen,
            f"warning: {outcome.clip.source} holds samples that are no audio (NaN, Inf, "
            "denormal or far over full scale); they were replaced.",
            error=True,
        )
    if outcome.repaired:
        options.say(
            chosen,
            f"warning: a network answered parts of {outcome.clip.source} with what is no number "
            "(NaN); the face rested there, or felt nothing.",
            error=True,
        )
    speed = speed_words(outcome.seconds / max(outcome.elapsed_s, 1e-9))
    by = f", by {outcome.made_by.words}" if outcome.made_by else ""
    options.say(
        chosen,
        f"{outcome.clip.source} -> {outcome.clip.output}: {outcome.frames} frames, "
        f"{outcome.seconds:.2f} s, {speed}{by}",
    )
