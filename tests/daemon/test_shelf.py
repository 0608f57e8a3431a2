"""Models are loaded once, beside the loop, and whoever waits for one is told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.daemon.load_words import LoadWords
from facewire.daemon.shelf import Shelf, load_warm
from facewire.inference.backend import OrtBackend
from facewire.protocol.errors import BundleError, FacewireError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from facewire.daemon.worker import Job
    from facewire.inference.model import Model


class Told:
    def __init__(self) -> None:
        self.answers: list[tuple[Model | FacewireError, float]] = []

    def __call__(self, model: Model | FacewireError, load_ms: float) -> None:
        self.answers.append((model, load_ms))


@pytest.fixture
def jobs() -> list[Job]:
    return []


@pytest.fixture
def shelf(jobs: list[Job]) -> Shelf:
    return Shelf("embedded", "cpu", jobs.append)


def finish(jobs: list[Job]) -> None:
    for job in jobs:
        job.run()
        job.land()


def test_a_model_is_loaded_once_for_all_who_ask(shelf: Shelf, jobs: list[Job]) -> None:
    told = Told()
    for name in ("", "embedded", ""):
        shelf.request(name, told)
    assert told.answers == []
    assert len(jobs) == 1

    finish(jobs)

    models = {id(model) for model, _ in told.answers}
    assert len(told.answers) == 3
    assert len(models) == 1
    assert all(load_ms > 0 for _, load_ms in told.answers)
    shelf.request("embedded", told)
    assert told.answers[3] == (shelf.models[0], 0.0)
    assert len(jobs) == 1


def test_who_waits_for_an_engine_is_told_so_every_two_seconds_and_no_more_once_it_is_there(
    shelf: Shelf, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def slow(*_: object, on_progress: Callable[[str, float], None], **__: object) -> Model:
        on_progress("building the engine", 0.0)
        for now_s in (5.0, 5.5, 7.0):
            on_progress("building the engine", now_s)
            shelf.tick(int(now_s * 1e9))
        return load_warm("embedded", "cpu")

    monkeypatch.setattr("facewire.daemon.shelf.load_warm", slow)
    told = Told()
    shelf.request("embedded", told, heard.append)
    shelf.request("embedded", told, heard.append)
    shelf.tick(0)
    assert heard == []

    finish(jobs)

    text = "The model embedded is loading: building the engine, {} s so far."
    assert heard == [text.format(5)] * 2 + [text.format(7)] * 2
    assert len(told.answers) == 2
    shelf.tick(int(60e9))
    assert len(heard) == 4


def test_the_log_hears_of_an_engine_every_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    words = LoadWords("mark")
    with caplog.at_level(logging.INFO):
        for elapsed_s in (*range(25), *range(3)):  # a face, and what hears emotions for it
            words("building the engine", float(elapsed_s))

    assert [record.getMessage().split(", ")[1] for record in caplog.records] == [
        "0 s so far.", "10 s so far.", "20 s so far.", "0 s so far.",
    ]  # fmt: skip


def test_who_asks_for_a_model_that_is_none_is_told_why_and_may_ask_again(
    shelf: Shelf, jobs: list[Job]
) -> None:
    told = Told()
    shelf.request("../embedded", told)
    finish(jobs)
    shelf.request("../embedded", told)

    assert isinstance(told.answers[0][0], BundleError)
    assert len(jobs) == 2
    assert shelf.models == []


def test_a_loader_that_fails_oddly_is_an_answer_too(
    shelf: Shelf, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr("facewire.daemon.shelf.load_model", fail)
    told = Told()
    shelf.request("embedded", told)
    finish(jobs)

    assert isinstance(told.answers[0][0], FacewireError)
    assert "odd" in told.answers[0][0].text


def test_the_default_model_is_there_before_anyone_asks(shelf: Shelf, jobs: list[Job]) -> None:
    assert shelf.load_default().name == "embedded"

    told = Told()
    shelf.request("", told)
    assert told.answers[0][1] == 0.0
    assert jobs == []


def test_a_provider_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(ProviderError):
        Shelf("embedded", "openvino", lambda _job: None).load_default()


def test_a_loader_that_cannot_be_started_is_an_answer_and_the_next_request_tries_again(
    jobs: list[Job],
) -> None:
    def start(job: Job) -> None:
        if not failing:
            jobs.append(job)
            return
        raise OSError(failing.pop(), "Too many open files")

    failing = [24]
    shelf = Shelf("embedded", "cpu", start)
    first, second = Told(), Told()
    shelf.request("", first)
    shelf.request("", second)
    finish(jobs)

    assert isinstance(first.answers[0][0], FacewireError)
    assert [getattr(model, "name", None) for model, _ in second.answers] == ["embedded"]


def test_a_network_that_answers_silence_with_nan_is_refused_before_anyone_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(_backend: OrtBackend, _feeds: object) -> NDArray[np.float32]:
        return np.full((1, 4, 34), np.nan, np.float32)

    monkeypatch.setattr(OrtBackend, "run", nothing)

    with pytest.raises(BundleError, match=r"embedded.*NaN"):
        load_warm("embedded", "cpu")


def test_capitals_do_not_load_a_model_twice(shelf: Shelf, jobs: list[Job]) -> None:
    told = Told()
    shelf.request("Embedded", told)
    shelf.request("EMBEDDED", told)
    finish(jobs)
    shelf.request("embeddeD", told)

    assert len(jobs) == 1
    assert [model.name for model in shelf.models] == ["embedded"]
    assert told.answers[2] == (shelf.models[0], 0.0)
