"""A mask's slider dragged over a running stream: the last value acts soon, and nothing piles up."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.system.kit import DaemonProcess, speech_like
from tests.system.slow_masks_daemon import FOLD_S

from facewire.protocol import messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system.peer import RawPeer

PROGRAM = (str(Path(__file__).with_name("slow_masks_daemon.py")),)
CHANGES = 100


@pytest.mark.parametrize("end", ["goes on", "is closed", "is interrupted"])
def test_a_hundred_changes_of_a_mask_hold_up_the_next_stream_for_two_at_most(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer], tmp_path: Path, end: str
) -> None:
    synth = pytest.importorskip("facewire.tools.synth", reason="onnx is not installed")
    synth.synth("regression", tmp_path / "regression")
    daemon = start("--model", str(tmp_path / "regression"), program=PROGRAM)
    peer = connect(daemon)
    peer.open_stream()
    peer.audio(speech_like(0.5))
    for index in range(CHANGES):
        level = {"faceMaskLevel": 0.3 + 0.4 * index / CHANGES}
        peer.send(messages.SetParameters(stream=1, parameters=level))
    if end == "is closed":
        peer.send(messages.CloseStream(stream=1))
    if end == "is interrupted":
        peer.send(messages.Interrupt(stream=1, generation=1))

    begun_s = time.monotonic()
    peer.open_stream(2, parameters={"faceMaskLevel": 0.33})
    took_s = time.monotonic() - begun_s

    assert took_s < 0.2 * CHANGES * FOLD_S, f"the stream opened after {took_s:.2f} s"
