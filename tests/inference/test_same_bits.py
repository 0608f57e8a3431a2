"""Frames depend on the audio and on what was set when: three families, bit for bit on a CPU."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewire.inference.loading import load_model
from facewire.inference.settings import OUTPUTS, StreamSettings
from facewire.inference.stream import FrameBatch, Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.inference.model import Model
    from facewire.inference.stream import Window

FAMILIES = ("regression", "diffusion", "emotion")
"""`emotion` is the regression bundle with emotions heard in the voice."""
FPS = (Fraction(60), Fraction(30), Fraction(30_000, 1_001), Fraction(25))
RATES = (16_000, 48_000, 22_050)
LENGTH_S = 0.8
JOY, ANGER = np.eye(10)[6].tolist(), np.eye(10)[1].tolist()


@dataclass(frozen=True)
class Change:
    """What the host says once so many samples have been pushed, and all that they allow was run."""

    at: float
    """Share of the audio."""
    parameters: dict[str, float]
    emotion: list[float]


CHANGES = st.lists(
    st.builds(
        Change,
        at=st.floats(0.01, 0.99),
        parameters=st.fixed_dictionaries(
            {},
            optional={
                "lowerFaceStrength": st.sampled_from([0.3, 1.0, 1.7]),
                "faceMaskLevel": st.sampled_from([0.4, 0.6]),
                "tongueHeightOffset": st.sampled_from([-0.5, 0.5]),
                "saccadeSeed": st.sampled_from([0.0, 3.0]),
            },
        ),
        emotion=st.sampled_from([JOY, ANGER, []]),
    ),
    max_size=3,
    unique_by=lambda change: round(change.at, 2),
).map(lambda changes: sorted(changes, key=lambda change: change.at))


@dataclass
class Told:
    """One stream, what is pushed and said to it in order, and its frames."""

    stream: Stream
    steps: list[NDArray[np.float32] | Change]
    batches: list[FrameBatch] = field(default_factory=list)

    def step(self) -> bool:
        """Do the next thing; False when there was none."""
        if not self.steps:
            return False
        doing = self.steps.pop(0)
        if isinstance(doing, Change):
            self.stream.set_parameters(doing.parameters)
            if doing.emotion:
                now = self.stream.pushed_samples * 16_000 // self.stream.settings.sample_rate_hz
                self.stream.set_emotion_keys([(now, doing.emotion)])
        else:
            self.stream.push(doing)
        if not self.steps:
            self.stream.end()
        return True

    def run_ready(self) -> None:
        while self.stream.ready():
            self.run(self.stream.take_window())

    def run(self, window: Window) -> None:
        backend = self.stream.model.backend_for(window)
        batch = self.stream.accept(window, backend.run(window.feeds))
        if batch is not None:
            self.batches.append(batch)

    def whole(self) -> Told:
        while self.step():
            self.run_ready()
        assert self.stream.finished
        return self

    def numbers(self) -> list[NDArray[Any]]:
        """Return all that frames carry."""
        kept = ("timestamps", "curves", "eyes", "emotion", "jaw", "skin", "tongue")
        columns = ([getattr(batch, name) for batch in self.batches] for name in kept)
        return [np.concatenate(rows) for rows in columns if rows and rows[0] is not None]


def told(
    model: Model, audio: NDArray[np.float32], cuts: Iterable[float], changes: Sequence[Change],
    **how: Any,
) -> Told:  # fmt: skip
    """Return a stream that gets the audio cut into pieces, and the changes at their places."""
    emotion = model.emotion is not None
    if emotion:
        how |= {"automatic_emotion": True, "emotion_window_samples": 5_000}
    stream = Stream(model, StreamSettings(encoding="float32", outputs=OUTPUTS, **how))
    places = sorted({0, len(audio), *(int(share * len(audio)) for share in cuts)})
    due = {max(1, int(change.at * len(audio))): change for change in changes}
    places = sorted({*places, *due})
    steps: list[NDArray[np.float32] | Change] = []
    for start, end in pairwise(places):
        steps.append(audio[start:end])
        if end in due:
            steps.append(due[end])
    return Told(stream, [*steps, audio[:0]])


def same(one: Told, other: Told) -> bool:
    left, right = one.numbers(), other.numbers()
    return len(left) == len(right) and all(map(np.array_equal, left, right))


@pytest.fixture(scope="session")
def models(
    regression_folder: Path, diffusion_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Model]:
    from facewire.tools.synth import synth_emotion

    heard = synth_emotion(tmp_path_factory.mktemp("bundles") / "emotion")
    return {
        "regression": load_model(regression_folder),
        "diffusion": load_model(diffusion_folder),
        "emotion": load_model(regression_folder, emotion=heard),
    }


def voice(babble: NDArray[np.float32], rate_hz: int, start: int = 0) -> NDArray[np.float32]:
    """Return noise in syllables; at another rate another sound, which is as good here."""
    return babble[start : start + int(LENGTH_S * rate_hz)]


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=8, deadline=None)
@given(
    rate=st.sampled_from(RATES),
    fps=st.sampled_from(FPS),
    cuts=st.lists(st.floats(0, 1), max_size=12),
    changes=CHANGES,
)
def test_any_chunks_give_the_bits_of_the_whole_with_changes_at_the_same_samples(
    models: dict[str, Model],
    babble: NDArray[np.float32],
    family: str,
    rate: int,
    fps: Fraction,
    cuts: list[float],
    changes: list[Change],
) -> None:
    audio = voice(babble, rate)
    how: dict[str, Any] = {"sample_rate_hz": rate, "fps": fps}

    whole = told(models[family], audio, (), changes, **how).whole()
    parts = told(models[family], audio, cuts, changes, **how).whole()

    assert sum(map(len, whole.batches)) == whole.stream.frames_total
    assert same(parts, whole)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=4, deadline=None)
@given(turns=st.lists(st.integers(0, 2), max_size=40), changes=CHANGES)
def test_voices_side_by_side_in_any_order_give_the_bits_of_each_alone(
    models: dict[str, Model],
    babble: NDArray[np.float32],
    family: str,
    turns: list[int],
    changes: list[Change],
) -> None:
    def voices() -> Iterator[Told]:
        for index, fps in enumerate((Fraction(60), Fraction(30), Fraction(60))):
            audio = voice(babble, 16_000, index * 9_000)
            cuts = np.linspace(0, 1, 8 + index)
            said = changes if index else ()
            yield told(models[family], audio, cuts, said, sample_rate_hz=16_000, fps=fps)

    together = list(voices())
    for turn in turns:  # the windows of one are run between those of the others
        together[turn].step()
        taken = [(each, each.stream.take_window()) for each in together if each.stream.ready()]
        for each, window in reversed(taken):
            each.run(window)
        together[turn].run_ready()
    for each in together:
        each.whole()

    for each, alone in zip(together, voices(), strict=True):
        assert same(each, alone.whole())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_after_one_that_was_dropped_is_as_the_first_of_its_model(
    models: dict[str, Model], babble: NDArray[np.float32], family: str
) -> None:
    audio = voice(babble, 16_000)
    change = [Change(0.3, {"lowerFaceStrength": 1.7}, JOY)]
    first = told(models[family], audio, (), (), sample_rate_hz=16_000).whole()

    dropped = told(models[family], -audio, (0.5,), change, sample_rate_hz=16_000)
    for _ in range(3):
        dropped.step()
        dropped.run_ready()
    if dropped.stream.ready():
        dropped.stream.take_window()  # and never answered
    again = told(models[family], audio, (), (), sample_rate_hz=16_000).whole()

    assert same(again, first)
    assert not same(told(models[family], audio, (), change, sample_rate_hz=16_000).whole(), first)
