"""Streams of NVIDIA's bundles: emotions heard, masks changed aside, what `live` chooses."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.daemon.kit import Desk, tone

from facewire.daemon.shelf import Shelf
from facewire.daemon.voice import Voice
from facewire.daemon.worker import WindowJob
from facewire.inference.loading import load_model
from facewire.protocol import messages
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.daemon.scheduler import Flight
    from facewire.daemon.worker import Job
    from facewire.inference.model import Model

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    synth = pytest.importorskip("facewire.tools.synth", reason="onnx is not installed")
    folder = tmp_path_factory.mktemp("voices")
    synth.synth("regression", folder / "regression")
    synth.synth("emotion", folder / "emotion", layers=1)
    return folder


@pytest.fixture(scope="module")
def regression(bundles: Path) -> Model:
    return load_model(bundles / "regression", emotion=bundles / "emotion")


def open_voice(desk: Desk, model: Model, **fields: Any) -> tuple[Voice, messages.StreamOpened]:
    wanted: dict[str, Any] = {"stream": 1, "sample_rate_hz": RATE_HZ, "encoding": "float32"}
    voice = Voice(messages.OpenStream(**(wanted | fields)), model, desk.outbox, desk.services)
    return voice, desk.listener.heard(messages.StreamOpened)[-1]


def push(voice: Voice, samples: NDArray[np.float32]) -> None:
    message = messages.Audio(stream=1, generation=0, samples=len(samples))
    voice.audio(message, samples.tobytes)


def end(voice: Voice) -> None:
    voice.end_audio(messages.EndAudio(stream=1, generation=0))


def run_all(desk: Desk, note: Callable[[Flight], None]) -> None:
    while batch := desk.services.scheduler.next_batch():
        note(batch[0])
        job = WindowJob(batch[0].backend, batch)
        job.run()
        job.land()


def test_a_live_stream_blinks_and_hears_emotions_without_waiting_longer(
    regression: Model,
) -> None:
    desk = Desk()

    burst, _ = open_voice(desk, regression, automatic_emotion=True)
    live, opened = open_voice(desk, regression, automatic_emotion=True, mode="live")
    still, _ = open_voice(desk, regression, mode="live", parameters={"idleStrength": 0.25})

    assert "idleStrength" not in burst.utterance.settings.parameters
    assert live.utterance.settings.parameters["idleStrength"] == 1.0
    assert still.utterance.settings.parameters["idleStrength"] == 0.25
    assert 5_000 <= opened.emotion_window_samples < 10_000
    assert opened.look_ahead_samples == regression.look_ahead_samples
    whole = desk.listener.heard(messages.StreamOpened)[0]
    assert (whole.emotion_window_samples, whole.emotion_model) == (60_000, "emotion")
    assert whole.look_ahead_samples > opened.look_ahead_samples


def test_a_model_of_our_own_has_no_idle_strength_to_choose(model: Model) -> None:
    voice, _ = open_voice(Desk(), model, mode="live")

    assert voice.utterance.settings.parameters == {}


def test_an_emotion_is_due_with_the_face_that_waits_for_it_and_the_ledger_knows_its_audio(
    regression: Model,
) -> None:
    desk = Desk()
    voice, _ = open_voice(
        desk, regression, automatic_emotion=True, emotion_window_samples=10_000, ledger=True
    )
    begun_ns = desk.clock.now_ns
    flights: list[Flight] = []
    for chunk in np.split(tone(1.0), 10):
        push(voice, chunk)
        run_all(desk, flights.append)
        desk.clock.advance(0.1)
    end(voice)
    run_all(desk, flights.append)

    kinds = [flight.window.kind for flight in flights]
    assert kinds[0] == "emotion"
    assert kinds.count("face") >= 60
    for before, after in pairwise(flights):
        if (before.window.kind, after.window.kind) == ("emotion", "face"):
            assert after.complete_ns >= before.complete_ns
    # The first window ends 5000 samples after time zero: the fourth chunk, 0.3 s after the first.
    assert flights[0].complete_ns == begun_ns + 300_000_000
    assert flights[0].due_ns == flights[0].complete_ns
    ledgers = [message.ledger or [] for message in desk.listener.heard(messages.Frames)]
    assert ledgers[0][0] >= flights[0].complete_ns
    assert voice.utterance.compute_ns > 0


def test_a_mask_is_made_ready_aside_and_no_frame_waits_for_it(regression: Model) -> None:
    desk = Desk()
    jobs: list[Job] = []
    desk.services.start_aside = jobs.append
    voice, _ = open_voice(desk, regression)
    push(voice, tone(0.5))
    run_all(desk, lambda _: None)
    stream = voice.utterance.stream

    def change(**parameters: float) -> None:
        voice.set_parameters(messages.SetParameters(stream=1, parameters=parameters))

    change(faceMaskLevel=0.3)
    change(skinStrength=1.5)
    change(faceMaskSoftness=0.1, skinStrength=1.25)
    told: list[Mapping[str, float]] = []
    push(voice, tone(0.25))
    run_all(desk, lambda flight: told.append(flight.window.context.parameters))
    assert len(jobs) == 1
    assert told
    assert all(each["faceMaskLevel"] != 0.3 and each["skinStrength"] != 1.5 for each in told)

    jobs[0].run()
    jobs[0].land()
    assert (stream._parameters["faceMaskLevel"], stream._parameters["skinStrength"]) == (0.3, 1.5)
    assert len(jobs) == 2
    jobs[1].run()
    jobs[1].land()
    assert stream._parameters["skinStrength"] == 1.25
    assert stream._parameters["faceMaskSoftness"] == pytest.approx(0.1)


def test_an_answer_that_is_no_number_is_told_once_and_flagged(regression: Model) -> None:
    class Broken:
        name, max_batch = "cpu", 1

        def run(self, feeds: Mapping[str, Any]) -> NDArray[np.float32]:
            return np.full_like(regression.backend.run(feeds), np.nan)

    desk = Desk()
    voice, _ = open_voice(desk, replace(regression, backend=Broken()))
    push(voice, tone(0.5))
    end(voice)
    run_all(desk, lambda _: None)

    warnings = desk.listener.heard(messages.Warning)
    assert [warning.code for warning in warnings] == ["network_repaired"]
    assert all(
        "network_repaired" in message.flags for message in desk.listener.heard(messages.Frames)
    )
    assert len(desk.listener.frame_indices()) == 30


def test_a_little_credit_still_reaches_the_end_of_an_emotion_window(regression: Model) -> None:
    desk = Desk()
    desk.services.limits = replace(desk.services.limits, credit_s=1)
    voice, _ = open_voice(desk, regression, automatic_emotion=True)
    sound = tone(8.0)
    at = 0
    while at < len(sound):
        room = min(voice.utterance.credit_samples, len(sound)) - at
        assert room > 0, f"no credit beyond {at}"
        push(voice, sound[at : at + room])
        at += room
        run_all(desk, lambda _: None)
    end(voice)
    run_all(desk, lambda _: None)

    assert len(desk.listener.frame_indices()) == 480


def test_a_shelf_loads_several_models_and_attaches_emotions_where_they_may_be(
    bundles: Path,
) -> None:
    shelf = Shelf("embedded", "cpu", lambda _job: None, emotion=str(bundles / "emotion"))

    shelf.load_default([str(bundles / "regression")])

    heard = {
        model.name: model.emotion.name if model.emotion is not None else ""
        for model in shelf.models
    }
    assert heard == {"embedded": "", "regression": "emotion"}
    with pytest.raises(BundleError, match="Two of the models"):
        Shelf("embedded", "cpu", lambda _job: None).load_default([str(bundles / "regression")] * 2)
