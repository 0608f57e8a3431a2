"""The window whose face is due first is inferred first, and a batch holds one model's windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from facewire.daemon.scheduler import Flight, Ready, Scheduler
from facewire.daemon.worker import WindowJob

if TYPE_CHECKING:
    from collections.abc import Mapping


class FakeBackend:
    """Doubles its input; fails for a batch that holds a negative number."""

    name = "fake"

    def __init__(self, max_batch: int = 1) -> None:
        self.max_batch = max_batch
        self.sizes: list[int] = []

    def run(self, feeds: Mapping[str, Any]) -> Any:
        self.sizes.append(len(feeds["x"]))
        if (feeds["x"] < 0).any():
            raise RuntimeError("negative")
        return feeds["x"] * 2


@dataclass
class FakeModel:
    backend: FakeBackend


@dataclass
class FakeWindow:
    feeds: dict[str, Any]


class FakeStream:
    def animate(self, _window: object, result: Any) -> Any:
        return result


class FakeVoice:
    """One window per `take`, as long as it is open."""

    def __init__(self, name: str, model: FakeModel, value: float = 1.0) -> None:
        self.name = name
        self.model = model
        self.queued = False
        self.is_open = True
        self.value = value
        self.width = 2
        self.landed: list[Flight] = []

    def take(self) -> Flight | None:
        window = FakeWindow({"x": np.full((1, self.width), self.value)})
        if not self.is_open:
            return None
        stream, backend = cast("Any", FakeStream()), cast("Any", self.model.backend)
        return Flight(cast("Ready", self), stream, cast("Any", window), backend, 0, 0)

    def land(self, flight: Flight) -> None:
        self.landed.append(flight)


def names(batch: list[Flight]) -> list[str]:
    return [cast("FakeVoice", flight.voice).name for flight in batch]


def submit(scheduler: Scheduler, voice: FakeVoice, due_ns: int) -> None:
    scheduler.submit(cast("Ready", voice), due_ns)


def test_earliest_deadline_goes_first_and_equal_ones_in_order_of_arrival() -> None:
    scheduler, model = Scheduler(), FakeModel(FakeBackend())
    for name, due_ns in [("late", 30), ("first", 10), ("second", 10), ("soon", 5)]:
        submit(scheduler, FakeVoice(name, model), due_ns)

    order = [names(scheduler.next_batch())[0] for _ in range(4)]

    assert order == ["soon", "first", "second", "late"]
    assert scheduler.next_batch() == []


def test_a_voice_is_queued_once_until_its_window_is_taken() -> None:
    scheduler, voice = Scheduler(), FakeVoice("a", FakeModel(FakeBackend()))
    submit(scheduler, voice, 10)
    submit(scheduler, voice, 5)

    assert len(scheduler) == 1
    assert len(scheduler.next_batch()) == 1
    submit(scheduler, voice, 20)
    assert len(scheduler) == 1


def test_a_voice_that_closed_meanwhile_is_passed_over() -> None:
    scheduler, model = Scheduler(), FakeModel(FakeBackend())
    closed, open_one = FakeVoice("closed", model), FakeVoice("open", model)
    submit(scheduler, closed, 1)
    submit(scheduler, open_one, 2)
    closed.is_open = False

    assert names(scheduler.next_batch()) == ["open"]


def test_a_batch_gathers_one_models_windows_up_to_what_the_backend_takes() -> None:
    scheduler = Scheduler()
    big, other = FakeModel(FakeBackend(max_batch=3)), FakeModel(FakeBackend())
    for number in range(4):
        submit(scheduler, FakeVoice(f"big{number}", big), number * 10)
    submit(scheduler, FakeVoice("other", other), 5)

    assert names(scheduler.next_batch()) == ["big0", "big1", "big2"]
    assert names(scheduler.next_batch()) == ["other"]
    assert names(scheduler.next_batch()) == ["big3"]


def test_a_batch_runs_once_and_each_voice_gets_its_own_rows() -> None:
    model = FakeModel(FakeBackend(max_batch=3))
    voices = [FakeVoice(str(value), model, value) for value in (1.0, 2.0, 3.0)]
    flights = [flight for voice in voices if (flight := voice.take()) is not None]

    job = WindowJob(cast("Any", model.backend), flights)
    job.run()
    job.land()

    assert model.backend.sizes == [3]
    for voice in voices:
        assert np.array_equal(cast("Any", voice.landed[0].frames), np.full((1, 2), 2 * voice.value))
        assert voice.landed[0].started_ns <= voice.landed[0].inferred_ns <= voice.landed[0].ready_ns


def test_one_bad_window_costs_only_its_own_stream() -> None:
    model = FakeModel(FakeBackend(max_batch=3))
    voices = [FakeVoice(str(value), model, value) for value in (1.0, -2.0, 3.0)]
    flights = [flight for voice in voices if (flight := voice.take()) is not None]

    job = WindowJob(cast("Any", model.backend), flights)
    job.run()
    job.land()

    assert [flight.failure is not None for flight in flights] == [False, True, False]
    assert flights[0].frames is not None
    assert flights[1].frames is None


def test_windows_of_another_shape_are_not_put_into_one_batch() -> None:
    scheduler, model = Scheduler(), FakeModel(FakeBackend(max_batch=4))
    for number in range(4):
        voice = FakeVoice(f"{number}", model)
        voice.width = 2 + number % 2
        submit(scheduler, voice, number)

    assert names(scheduler.next_batch()) == ["0", "2"]
    assert names(scheduler.next_batch()) == ["1", "3"]


def test_models_that_share_a_network_share_its_batches() -> None:
    scheduler, heard_by = Scheduler(), FakeBackend(max_batch=4)
    for number in range(2):
        submit(scheduler, FakeVoice(f"{number}", FakeModel(heard_by)), number)

    assert names(scheduler.next_batch()) == ["0", "1"]
