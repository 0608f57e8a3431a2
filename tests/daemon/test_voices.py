"""The streams of a session while models load: the last request of a number is what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tests.daemon.kit import Desk

from facewire.daemon.voices import Voices
from facewire.protocol import messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from facewire.daemon.shelf import Shelf
    from facewire.inference.model import Model
    from facewire.protocol.errors import ProtocolError


class SlowShelf:
    """Loads when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[Any, float], None]] = []
        self.telling: list[Callable[[str], None]] = []

    def request(
        self, _name: str, then: Callable[[Any, float], None], tell: Callable[[str], None]
    ) -> None:
        self.waiting.append(then)
        self.telling.append(tell)


def request(rate_hz: int) -> messages.OpenStream:
    return messages.OpenStream(stream=1, sample_rate_hz=rate_hz)


def test_a_number_closed_and_opened_anew_while_its_model_loads_is_opened_as_asked_last(
    model: Model,
) -> None:
    desk, shelf = Desk(), SlowShelf()
    refused: list[ProtocolError] = []
    voices = Voices(
        desk.outbox, desk.services, cast("Shelf", shelf), lambda error, _: refused.append(error)
    )
    voices.open(request(8_000))
    voices.close(1)
    voices.open(request(48_000))

    for then in shelf.waiting:
        then(model, 1.0)

    assert [voice.request.sample_rate_hz for voice in voices] == [48_000]
    assert len(desk.listener.heard(messages.StreamOpened)) == 1
    assert desk.services.open_streams == len(voices) == 1
    assert refused == []


def test_who_opens_a_stream_is_told_that_its_model_still_loads_until_it_is_open(
    model: Model,
) -> None:
    desk, shelf = Desk(), SlowShelf()
    voices = Voices(desk.outbox, desk.services, cast("Shelf", shelf), lambda _error, _stream: None)
    voices.open(request(16_000))
    shelf.telling[0]("it loads")
    shelf.waiting[0](model, 1.0)
    shelf.telling[0]("it loads")

    warnings = desk.listener.heard(messages.Warning)
    assert [(each.code, each.text, each.stream) for each in warnings] == [
        ("loading", "it loads", 1)
    ]
