"""A client at a daemon of an older minor version: what it would leave out is told, not lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from facewire.protocol.client import Client
from facewire.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from tests.client.kit import ScriptedDaemon


@pytest.fixture
def client_of_1_0(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    welcome = replace(client.welcome, protocol=(1, 0))
    monkeypatch.setattr(Client, "welcome", property(lambda _self: welcome))
    return client


@pytest.mark.parametrize(
    ("field", "value"),
    [("automatic_emotion", True), ("emotion_window_samples", 10_000), ("outputs", ("jaw",))],
)
def test_what_a_1_0_daemon_would_pass_over_is_refused_with_both_versions(
    client_of_1_0: Client, field: str, value: Any
) -> None:
    with pytest.raises(ProtocolError, match=r"speaks protocol 1\.0.*client speaks 1\.1") as refused:
        client_of_1_0.open_stream(sample_rate_hz=16_000, **{field: value})

    assert (refused.value.code, refused.value.field) == ("unsupported", field)
    assert "Update the daemon" in refused.value.hint


def test_a_1_0_daemon_still_opens_what_1_0_knows(
    client_of_1_0: Client, daemon: ScriptedDaemon
) -> None:
    with ThreadPoolExecutor(1) as pool:
        answered = pool.submit(daemon.open)
        stream = client_of_1_0.open_stream(sample_rate_hz=16_000)
        answered.result()

    assert stream.curves
