"""`live` streams say their end, whatever was too late and whoever granted too little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.system.kit import DaemonProcess, speech_like, wait_until
from tests.system.peer import Batch, RawPeer

from facewire.protocol import messages

if TYPE_CHECKING:
    from collections.abc import Callable

CREDIT_FRAMES = 10


@pytest.fixture
def daemon(quiet_daemon: DaemonProcess) -> DaemonProcess:
    """One daemon for all tests here."""
    return quiet_daemon


def test_a_client_that_never_grants_again_is_told_the_end(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    peer.open_stream(mode="live", credit_frames=CREDIT_FRAMES)
    for chunk in speech_like(4.0).reshape(4, -1):
        peer.audio(chunk)
    peer.end_audio()

    spoken = peer.utterance(within_s=15.0)

    assert spoken.indices == list(range(CREDIT_FRAMES))
    assert (spoken.ended.frames, spoken.ended.dropped) == (240, 240 - CREDIT_FRAMES)


def test_a_client_late_by_more_than_its_credit_goes_on_with_what_comes_then(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    peer.open_stream(mode="live", credit_frames=CREDIT_FRAMES)
    for chunk in speech_like(4.0).reshape(4, -1):
        peer.audio(chunk)
    peer.end_audio()
    wait_until(
        lambda: peer.stats()["sessions"][0]["streams"][0]["dropped"] > 3 * CREDIT_FRAMES,
        within_s=10,
        what="frames that nobody granted in time",
    )

    # As every client does: what it has taken, and its window. It knows of no frame dropped.
    granted, taken, batches = CREDIT_FRAMES, CREDIT_FRAMES, []
    while True:
        if taken + CREDIT_FRAMES > granted:
            granted = taken + CREDIT_FRAMES
            peer.send(messages.Credit(stream=1, generation=0, frames=granted))
        message = peer.receive(5.0)
        assert message is not None, f"silent behind frame {taken}"
        if isinstance(message, messages.StreamEnded):
            break
        if isinstance(message, Batch):
            batches.append(message.message)
            taken = message.message.first + message.message.count

    assert taken == message.frames == 240
    sent = CREDIT_FRAMES + sum(batch.count for batch in batches)
    assert message.dropped == 240 - sent > 3 * CREDIT_FRAMES
    assert "dropped" in batches[0].flags
