"""`facewire animate`: speech files in, blendshape curves out."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import click

from facewire.protocol.errors import FacewireError, MappingError, SettingsError
from facewire.tools import animate_options as options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

    from facewire.audio import AudioFile
    from facewire.inference.model import Model
    from facewire.inference.settings import StreamSettings
    from facewire.inference.stream import Stream
    from facewire.tools.clips import Clip
    from facewire.tools.retarget import Retarget


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
    def flags(self) -> Sequence[str]:
        """REGISTRY §flags."""


@dataclass
class Take:
    """How everything that is animated in one go is animated."""

    frames_of: Callable[[AudioFile], Iterator[Frames]]
    """Turns an open file into face rows: in this process, or through a daemon."""
    retarget: Retarget
    """Turns face rows into those of the rig."""
    fps: Fraction
    format: str


@dataclass
class Outcome:
    """What became of one file; the entries of `--json`."""

    clip: Clip
    frames: int = 0
    seconds: float = 0.0
    elapsed_s: float = 0.0
    sanitised: bool = False
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the entry of `files`, or of `failures` when there is an error."""
        if self.error:
            return {"input": str(self.clip.source), "error": self.error}
        return {
            "input": str(self.clip.source),
            "output": str(self.clip.output),
            "frames": self.frames,
            "seconds": round(self.seconds, 6),
            "real_time_factor": _factor(self.elapsed_s, self.seconds),
            "audio_sanitised": self.sanitised,
        }


@dataclass
class Summary:
    """All outcomes of a run."""

    done: list[Outcome] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        seconds = sum(each.seconds for each in self.done)
        elapsed_s = sum(each.elapsed_s for each in self.done)
        return {
            "files": [each.as_json() for each in self.done],
            "failures": [each.as_json() for each in self.failed],
            "frames": sum(each.frames for each in self.done),
            "seconds": round(seconds, 6),
            "real_time_factor": _factor(elapsed_s, seconds),
        }


@click.command()
@options.animate_options
def animate(chosen: options.Options) -> int:
    """Turn speech IN (files or folders) into curves: `facewire animate clip.wav -o clip.csv`.

    A folder is searched for WAV, FLAC, OGG and MP3, and OUT is then a folder of the same shape. A
    file that fails is reported and the rest goes on; the exit status is then 1.
    """
    from facewire.tools.clips import clips

    work = clips(chosen.sources, chosen.output, chosen.format, into_folder=chosen.into_folder)
    with ExitStack() as resources:
        take = _take(chosen, resources)
        progress = resources.enter_context(options.progress(chosen, len(work)))
        summary = _animate_all(work, take, chosen, progress)
    if chosen.as_json:
        click.echo(json.dumps(summary.as_json()))
    return 1 if summary.failed else 0


def _take(chosen: options.Options, resources: ExitStack) -> Take:
    from facewire.mapping import read_gains
    from facewire.tools.retarget import Retarget

    try:
        retarget = Retarget(chosen.rig, read_gains(chosen.gains) if chosen.gains else {})
        settings = chosen.settings(sample_rate_hz=16_000, channels=1)
        replace(settings, parameters={}).validate()
    except (SettingsError, MappingError) as error:
        raise click.UsageError(str(error)) from None
    if retarget.table.mouth_close != "any":  # the table says what its rig needs
        chosen = replace(chosen, mouth_close="arkit")
    if chosen.connect is None:
        frames_of = _in_process(chosen, settings)
    else:
        from facewire.tools.animate_remote import through_daemon

        frames_of = through_daemon(chosen, chosen.connect, resources)
    return Take(frames_of, retarget, chosen.fps, chosen.format)


def _animate_all(
    work: list[Clip], take: Take, chosen: options.Options, progress: options.Progress
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
        _tell(outcome, chosen)
    return summary


# --- from file to frames --------------------------------------------------------------------


def _animate_clip(outcome: Outcome, take: Take, progress: options.Progress) -> None:
    """Write the animation of one file, as its frames come."""
    from facewire.audio import open_audio
    from facewire.tools.atomic import atomic_text
    from facewire.tools.writers import WRITERS

    started_s = time.perf_counter()
    with open_audio(outcome.clip.source) as audio, atomic_text(outcome.clip.output) as text:
        progress.begin(audio, take.fps)
        writer = WRITERS[take.format](text, take.retarget, take.fps)
        for frames in take.frames_of(audio):
            rows = take.retarget.rows(frames.curves, frames.eyes)
            writer.write(frames.first, rows, frames.eyes)
            outcome.frames = frames.first + len(rows)
            outcome.sanitised |= "audio_sanitised" in frames.flags
            progress.reached(outcome.frames)
        writer.close()
    outcome.seconds = audio.frames_read / audio.sample_rate_hz
    outcome.elapsed_s = time.perf_counter() - started_s


def _in_process(
    chosen: options.Options, settings: StreamSettings
) -> Callable[[AudioFile], Iterator[Frames]]:
    from facewire.inference.loading import load_model

    model = load_model(options.model_name(chosen.model), chosen.provider)
    try:  # which faces and parameters there are is the model's
        model.check_identity(chosen.identity)
        settings.validate(model.family.parameters(chosen.identity))
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    if model.fallback:
        options.say(chosen, model.fallback.text)

    options.detail(
        chosen,
        f"{model.name} {model.version} on {model.backend.name}, "
        f"look-ahead {model.look_ahead_samples / 16:.1f} ms",
    )

    def frames_of(audio: AudioFile) -> Iterator[Frames]:
        options.detail(chosen, _description(audio))
        settings = chosen.settings(audio.sample_rate_hz, audio.channels)
        return frames_in_process(audio, model, settings)

    return frames_of


def frames_in_process(audio: AudioFile, model: Model, settings: StreamSettings) -> Iterator[Frames]:
    """Yield the frames of a file as soon as their audio was read; memory does not grow with it."""
    from facewire.inference.stream import Stream

    stream = Stream(model, settings)
    for block in audio:
        stream.push(block)
        yield from _ready_frames(stream, model)
    stream.end()
    yield from _ready_frames(stream, model)


def _ready_frames(stream: Stream, model: Model) -> Iterator[Frames]:
    while stream.ready():
        window = stream.take_window()
        frames = stream.accept(window, model.backend.run(window.feeds))
        if frames is not None:
            yield frames


# --- telling --------------------------------------------------------------------------------


def _description(audio: AudioFile) -> str:
    from facewire.audio import Resampler

    lag_ms = Resampler(audio.sample_rate_hz).lag_s * 1000
    return (
        f"{audio.path.name}: {audio.format}, {audio.sample_rate_hz} Hz, "
        f"{audio.channels} channel(s), resampler lag {lag_ms:.1f} ms"
    )


def _tell(outcome: Outcome, chosen: options.Options) -> None:
    if outcome.sanitised:
        options.say(
            chosen,
            f"warning: {outcome.clip.source} holds samples that are no audio (NaN, Inf, "
            "denormal or far over full scale); they were replaced.",
            error=True,
        )
    speed = outcome.seconds / max(outcome.elapsed_s, 1e-9)
    options.say(
        chosen,
        f"{outcome.clip.source} -> {outcome.clip.output}: {outcome.frames} frames, "
        f"{outcome.seconds:.2f} s, {speed:.0f} x real time",
    )


def _factor(elapsed_s: float, seconds: float) -> float:
    return round(elapsed_s / seconds, 6) if seconds else 0.0
