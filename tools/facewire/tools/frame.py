"""`facewire frame`: one instant of a clip, its weights and its face, and what a parameter does."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from facewire.protocol.errors import AudioError, BundleError, MappingError, SettingsError
from facewire.tools.frame_options import SOLVER_STRENGTHS, Options, frame_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from facewire.inference.interactive import InteractiveFace
    from facewire.inference.model import Model
    from facewire.inference.settings import StreamSettings
    from facewire.tools.frame_answers import Pose, Shown


@click.command()
@frame_options
def frame(asked: Options) -> None:
    """Show one instant of a clip: `facewire frame clip.wav --at 1.25 -o face.png`.

    Prints the weights of that instant, largest first. With a regression or diffusion model it is a
    frame by itself: not smoothed, solved without the frames before it. Other parameters pose it
    anew without running the network again: `--sweep lowerFaceStrength=0.5:2:6` shows the same
    frame at six values side by side.
    """
    from facewire.tools.frame_answers import as_json, tell, tell_times

    shown = _shown(asked)
    if asked.output is not None:
        _write(asked, shown)
    if asked.as_json:
        click.echo(json.dumps(as_json(asked, shown)))
        return
    for row in shown.rows:
        tell(asked, shown, row)
    if asked.sweep is not None:
        tell_times(shown)
    if asked.output is not None and not asked.quiet:
        click.echo(f"{asked.source} -> {asked.output}", err=True)


def _shown(asked: Options) -> Shown:
    from facewire.inference.interactive import InteractiveFace
    from facewire.inference.loading import load_model
    from facewire.tools.frame_answers import Shown
    from facewire.tools.load_words import LoadWords
    from facewire.tools.model_place import located, path_hint
    from facewire.tools.retarget import Retarget

    try:
        retarget = Retarget(asked.rig, {})
    except MappingError as error:
        raise click.UsageError(str(error)) from None
    words = None if asked.quiet else LoadWords(lambda text: click.echo(text, err=True))
    with path_hint(asked.model), _no_hearing():
        model = load_model(
            located(asked.model), asked.provider, variant=asked.variant, on_progress=words
        )
    if model.fallback and not asked.quiet:
        click.echo(model.fallback.text, err=True)
    settings = _settings(asked, model)
    keys = _keys(asked)
    samples = _heard(asked.source)
    with _progress(asked) as on_inference:
        face = InteractiveFace(model, samples, settings, on_inference=on_inference)
        face.set_emotion(keys=keys)
        shown = Shown(face, retarget)
        for index in _indices(asked, face, len(samples)):
            if asked.sweep is None:
                shown.rows.append([_posed(shown, index, None)])
            else:
                shown.first_ms.append(_posed(shown, index, None).ms)
                shown.rows.append(list(_swept(asked, shown, index)))
    return shown


@contextmanager
def _no_hearing() -> Iterator[None]:
    """Name the command that does, where the hint of an error is how to have emotions heard."""
    try:
        yield
    except BundleError as error:
        if "--emotion-model" not in error.hint:
            raise
        hint = "Name an Audio2Face bundle; `facewire animate --emotion-model` hears emotions."
        raise BundleError(error.text, hint=hint) from None


def _settings(asked: Options, model: Model) -> StreamSettings:
    from facewire.emotion import EMOTIONS, emotion_vector
    from facewire.inference.parameters import checked_parameters
    from facewire.inference.settings import StreamSettings

    try:
        settings = StreamSettings(
            sample_rate_hz=16_000, encoding="float32", fps=asked.fps, seed=asked.seed,
            identity=model.identity_named(asked.identity), parameters=asked.parameters,
            emotion=emotion_vector(asked.emotion),
        )  # fmt: skip
        known = model.parameters(asked.identity)
        settings.validate(known)
        if asked.sweep is not None and asked.sweep.name in EMOTIONS:
            for value in asked.sweep.values:
                emotion_vector({asked.sweep.name: value})
        elif asked.sweep is not None and asked.sweep.name not in SOLVER_STRENGTHS:
            for value in asked.sweep.values:
                checked_parameters({asked.sweep.name: value}, known)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    return settings


def _keys(asked: Options) -> list[tuple[int, list[float]]]:
    from facewire.emotion import EMOTIONS
    from facewire.tools.emotion_keys import check_constant_emotion, read_emotion_keys

    if asked.emotion_keys is None:
        return []
    if asked.sweep is not None and asked.sweep.name in EMOTIONS:
        raise click.UsageError("With --emotion-keys the emotion is theirs; sweep something else.")
    try:
        keys = read_emotion_keys(asked.emotion_keys)
        check_constant_emotion(keys, asked.emotion)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    return keys


def _heard(source: Path) -> NDArray[np.float32]:
    """Return a whole file as a stream hears it: sanitised, one channel, 16 kHz."""
    import numpy as np

    from facewire.audio import Resampler, mix_down, open_audio, sanitise

    with open_audio(source) as audio:
        resampler = Resampler(audio.sample_rate_hz)
        blocks = [resampler.push(mix_down(sanitise(block)[0])) for block in audio]
        return np.concatenate([*blocks, resampler.flush()])


def _indices(asked: Options, face: InteractiveFace, samples: int) -> list[int]:
    from fractions import Fraction

    if asked.frames:
        return list(asked.frames)
    indices = []
    for instant_s in asked.at:
        index = int(Fraction(repr(instant_s)) * asked.fps)  # 0.7 s at 30 is frame 21, not 20
        if index >= face.frames_total:
            raise AudioError(
                f"{asked.source.name} lasts {samples / 16_000:.2f} s: there is nothing at "
                f"{instant_s:g} s.",
                hint="Choose an earlier --at.",
            )
        indices.append(index)
    return indices


def _posed(shown: Shown, index: int, value: float | None) -> Pose:
    from facewire.tools.frame_answers import Pose

    began_s = time.perf_counter()
    made = shown.face.frame(index)
    ms = (time.perf_counter() - began_s) * 1000
    curves = shown.retarget.rows(made.curves[None], made.eyes[None])[0]
    return Pose(made, value, curves, ms)


def _swept(asked: Options, shown: Shown, index: int) -> Iterator[Pose]:
    sweep, face = asked.sweep, shown.face
    assert sweep is not None
    before = _value_of(asked, face, sweep.name)
    for value in sweep.values:
        _set(asked, face, sweep.name, value)
        yield _posed(shown, index, value)
    _set(asked, face, sweep.name, before)


def _value_of(asked: Options, face: InteractiveFace, name: str) -> float:
    from facewire.emotion import EMOTIONS

    if name in EMOTIONS:
        return asked.emotion.get(name, 0.0)
    if name in SOLVER_STRENGTHS:
        value: float = getattr(face.solver("skin"), name)
        return value
    return face.parameters[name]


def _set(asked: Options, face: InteractiveFace, name: str, value: float) -> None:
    from facewire.emotion import EMOTIONS, emotion_vector

    if name in EMOTIONS:
        face.set_emotion(emotion_vector(asked.emotion | {name: value}))
    elif name in SOLVER_STRENGTHS:
        strengths: dict[str, Any] = {name: value}
        face.set_solver("skin", **strengths)
    else:
        face.set_parameters({name: value})


def _write(asked: Options, shown: Shown) -> None:
    from facewire.tools.atomic import atomic_part, atomic_text
    from facewire.tools.frame_answers import instant_s

    output = asked.output
    assert output is not None
    if asked.format == "png":
        from facewire.tools.frame_picture import Tile, draw_frames

        tiles = [
            [Tile(pose.frame.curves, _caption(asked, shown, pose)) for pose in row]
            for row in shown.rows
        ]
        about = shown.face.model.name + (f" · {shown.identity}" if shown.identity else "")
        if len(shown.rows) == 1:
            about += f" · {instant_s(asked, shown.rows[0][0]):.3f} s"
        with atomic_part(output) as part:
            picture = draw_frames(tiles, asked.source.name, about, asked.view, asked.size_px)
            picture.save(part, "PNG")
        return
    from facewire.tools.writers import WRITERS

    with atomic_text(output) as text:
        writer = WRITERS[asked.format](text, shown.retarget, asked.fps)
        for (pose,) in shown.rows:
            writer.write(pose.frame.index, pose.curves[None], pose.frame.eyes[None])
        writer.close()


def _caption(asked: Options, shown: Shown, pose: Pose) -> str:
    from facewire.tools.frame_answers import instant_s

    instant = f"{instant_s(asked, pose):.3f} s"
    if asked.sweep is None:
        return instant
    value = f"{asked.sweep.name} {pose.value:.3g}"
    return value if len(shown.rows) == 1 else f"{instant} · {value}"


@contextmanager
def _progress(asked: Options) -> Iterator[Callable[[int, int], None] | None]:
    """Yield what is called after each inference: a bar on a terminal, nothing elsewhere."""
    if asked.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"listening to {asked.source.name}", total=None)
        yield lambda window, count: bar.update(task, completed=window + 1, total=count)
