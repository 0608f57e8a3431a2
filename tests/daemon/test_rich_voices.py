"""Streams of NVIDIA's bundles: emotions heard, masks changed aside, what `live` chooses."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.daemon.kit import Desk, tone

from facewire.bundles.installed import InstalledModel
from facewire.bundles.user_models import write_user_models
from facewire.daemon.shelf import Shelf, load_warm, warm_emotion_model
from facewire.daemon.voice import Voice
from facewire.daemon.worker import WindowJob
from facewire.inference.backend import ProviderFallback
from facewire.inference.loading import load_emotion_model, load_model
from facewire.protocol import messages
from facewire.protocol.errors import BundleError, ProtocolError, ProviderError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.daemon.scheduler import Flight
    from facewire.daemon.worker import Job
    from facewire.inference.backend import Backend
    from facewire.inference.model import EmotionModel, Model

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    synth = pytest.importorskip("facewire.tools.synth", reason="onnx is not installed")
    folder = tmp_path_factory.mktemp("voices")
    synth.synth("regression", folder / "regression")
    synth.synth("diffusion", folder / "diffusion")
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


def test_a_face_is_opened_whatever_its_capitals_and_answered_as_the_bundle_spells_it(
    regression: Model,
) -> None:
    (own,) = regression.identities
    desk = Desk()

    voice, opened = open_voice(desk, regression, identity=own.swapcase(), mode="live")
    push(voice, tone(0.5))
    end(voice)
    run_all(desk, lambda _flight: None)

    assert own.swapcase() != own
    assert opened.identity == own
    assert desk.listener.frame_indices(generation=0)
    with pytest.raises(ProtocolError, match=f"has no face 'nobody'. It has {own}") as refused:
        open_voice(desk, regression, identity="nobody", stream=2)
    assert refused.value.code == "unknown_identity"


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
    assert stream._parameters["faceMaskLevel"] == 0.3
    assert len(jobs) == 2
    jobs[1].run()
    jobs[1].land()
    assert stream._parameters["skinStrength"] == 1.25
    assert stream._parameters["faceMaskSoftness"] == pytest.approx(0.1)


def test_a_slider_that_is_dragged_is_made_ready_once_more_with_its_last_value(
    regression: Model,
) -> None:
    desk = Desk()
    jobs: list[Job] = []
    desk.services.start_aside = jobs.append
    voice, _ = open_voice(desk, regression)
    push(voice, tone(0.5))
    levels = np.linspace(0.3, 0.7, 50).tolist()
    for level in levels:
        change = {"faceMaskLevel": level, "skinStrength": level}
        voice.set_parameters(messages.SetParameters(stream=1, parameters=change))
    assert len(jobs) == 1

    for job in jobs:  # those that come meanwhile, too
        job.run()
        job.land()

    assert len(jobs) == 2
    told = voice.utterance.stream._parameters
    assert told["faceMaskLevel"] == told["skinStrength"] == levels[-1]


@pytest.mark.parametrize("how", ["closed", "interrupted", "failed", "ended"])
def test_nothing_is_made_ready_for_a_stream_that_is_over(
    regression: Model, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    desk = Desk()
    jobs: list[Job] = []
    desk.services.start_aside = jobs.append
    voice, _ = open_voice(desk, regression)
    push(voice, tone(0.5))
    for level in (0.3, 0.4):
        change = {"faceMaskLevel": level}
        voice.set_parameters(messages.SetParameters(stream=1, parameters=change))
    old = voice.utterance
    over: dict[str, Callable[[], None]] = {
        "closed": voice.close,
        "interrupted": lambda: voice.interrupt(messages.Interrupt(stream=1, generation=1)),
        "failed": lambda: old.fail(RuntimeError("odd")),
        "ended": lambda: end(voice),
    }
    over[how]()
    run_all(desk, lambda _flight: None)
    folded: list[object] = []
    monkeypatch.setattr(type(regression.family), "prepare", lambda *all_: folded.append(all_))

    (job,) = jobs
    job.run()
    job.land()
    voice.set_parameters(messages.SetParameters(stream=1, parameters={"faceMaskLevel": 0.5}))

    assert folded == []
    assert len(jobs) == 1
    assert old.stream._parameters["faceMaskLevel"] != 0.3


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
    shutil.copytree(bundles / "regression", bundles / "other" / "regression")
    with pytest.raises(BundleError, match="Two of the models"):
        Shelf("embedded", "cpu", lambda _job: None).load_default(
            [str(bundles / "regression"), str(bundles / "other" / "regression")]
        )


def test_a_folder_named_twice_is_loaded_once(bundles: Path) -> None:
    folder = str(bundles / "regression")
    around = str(bundles / "emotion" / ".." / "regression")
    shelf = Shelf(folder, "cpu", lambda _job: None)

    shelf.load_default([folder, around, "embedded", "Embedded"])

    assert [model.name for model in shelf.models] == ["regression", "embedded"]


@pytest.fixture
def added(bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names for the bundles, and a rewrite of the diffusion one's that varies no noise."""
    monkeypatch.setenv("FACEWIRE_MODELS", str(tmp_path))
    entries = {
        name: InstalledModel(name=name, folder=bundles / name, family=name)
        for name in ("regression", "diffusion")
    }
    write_user_models(entries, tmp_path)


@pytest.mark.usefixtures("added")
def test_an_alias_of_what_runs_already_shares_it() -> None:
    jobs: list[Job] = []
    shelf = Shelf("regression", "cpu", jobs.append)
    plain = shelf.load_default()

    shelf.request("Regression@original", lambda _model, _ms: None)
    (job,) = jobs
    job.run()
    job.land()

    alias = shelf.models[1]
    assert alias.name == "regression@original"
    assert alias.backend is plain.backend
    assert alias.family is plain.family


@pytest.mark.usefixtures("added")
def test_varying_noise_is_passed_over_only_for_models_without_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def load(name: str, *how: Any, noise: str = "constant", **others: Any) -> Model:
        asked.append(noise)
        if noise == "varying" and name == "diffusion@vertex-free":
            raise SettingsError("The variant has its noise built in.", field="noise")
        return load_model(name.partition("@")[0], *how, noise=noise, **others)  # type: ignore[arg-type]

    monkeypatch.setattr("facewire.daemon.shelf.load_model", load)

    assert load_warm("regression", "cpu", noise="varying").name == "regression"
    assert asked == ["varying", "constant"]
    with pytest.raises(SettingsError, match="built in"):
        load_warm("diffusion@vertex-free", "cpu", noise="varying")


def test_what_a_refused_variant_of_the_emotion_model_says_is_in_the_log(
    bundles: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def load(*all_: Any, **others: Any) -> EmotionModel:
        return replace(load_emotion_model(*all_, **others), refused_variant="Its proof is old.")

    monkeypatch.setattr("facewire.daemon.shelf.load_emotion_model", load)
    with caplog.at_level(logging.WARNING):
        warm_emotion_model(bundles / "emotion", "cpu")

    assert "Its proof is old." in caplog.messages


@dataclass
class Left:
    """A backend that `auto` leaves while it runs."""

    inner: Backend
    fallback: ProviderFallback | None = None
    name: str = "cpu"
    max_batch: int = 1

    def run(self, feeds: Mapping[str, Any]) -> NDArray[np.float32]:
        return self.inner.run(feeds)


def test_a_stream_opened_after_a_card_was_lost_is_told(regression: Model) -> None:
    assert regression.emotion is not None
    face, ear = Left(regression.backend), Left(regression.emotion.backend)
    model = replace(regression, backend=face, emotion=replace(regression.emotion, backend=ear))

    def warnings(**asked: Any) -> list[str]:
        desk = Desk()
        open_voice(desk, model, **asked)
        told = desk.listener.heard(messages.Warning)
        assert all(each.code == "provider_fallback" for each in told)
        return [each.text for each in told]

    assert warnings(automatic_emotion=True) == []
    face.fallback, ear.fallback = ProviderFallback("The face's."), ProviderFallback("The ear's.")
    assert warnings() == ["The face's."]
    assert warnings(automatic_emotion=True) == ["The face's.", "The ear's."]


def test_a_card_lost_under_a_stream_is_told_in_its_own_words_without_a_path(
    regression: Model,
) -> None:
    class Lost(Left):
        def run(self, _feeds: Mapping[str, Any]) -> NDArray[np.float32]:
            raise ProviderError(
                "The provider 'cuda' failed while running: /opt/ort/lib/x.cc:719 broke\nmore",
                hint="Look at the card.",
            )

    desk = Desk()
    voice, _ = open_voice(desk, replace(regression, backend=Lost(regression.backend)))
    push(voice, tone(0.5))
    run_all(desk, lambda _flight: None)

    (error,) = desk.listener.heard(messages.Error)
    assert error.code == "internal"
    assert error.text == ("The provider 'cuda' failed while running: …:719 broke Look at the card.")
    assert not voice.utterance.is_running
