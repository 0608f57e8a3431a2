"""A turn: one window of speech in, its frames out, through a real daemon, on each route."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import zmq

from facewire.protocol import keyfiles
from facewire.protocol.client import Client
from facewire.protocol.errors import DeadlineExceeded, KeyFileError
from facewire.protocol.invitations import invite
from facewire.protocol.runtime import Handshake, InstancePaths
from facewire.tools.benching.daemons import serving
from facewire.tools.benching.figures import Spread

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from facewire.protocol.client import ClientStream

WINDOW_SAMPLES: Final = 640
"""40 ms at 16 kHz: what the embedded model takes at a time, so that each turn is one inference."""
LET_IN_S: Final = 5.0
QUIET_S: Final = 0.3
"""Nothing came for so long: nothing is on its way."""


@dataclass
class Turns:
    """Times of one route, microseconds."""

    turn_us: list[float] = field(default_factory=list)
    """From before `send` to after `read`."""
    daemon_us: list[float] = field(default_factory=list)
    """The part between window complete and frames ready, by the daemon's own clock."""


class Voice:
    """A stream that takes one window at a time."""

    def __init__(self, client: Client, speech: NDArray[np.int16]) -> None:
        self.stream: ClientStream = client.open_stream(sample_rate_hz=16_000, ledger=True)
        self.turns = Turns()
        self._speech = speech
        self._at = 0
        self._fill_look_ahead()

    def _fill_look_ahead(self) -> None:
        """Send speech until one more window of it gives frames at once, and take those before."""
        ahead_samples = self.stream.opened.look_ahead_samples
        for _ in range(-(-ahead_samples // WINDOW_SAMPLES) + 1):
            self._send()
        with suppress(DeadlineExceeded):
            while True:
                self.stream.read(timeout_s=QUIET_S)

    def take_turn(self, *, counts: bool) -> None:
        """Send a window, wait for its frames, and note the time if it `counts`."""
        began_ns = time.perf_counter_ns()
        self._send()
        batch = self.stream.read()
        took_ns = time.perf_counter_ns() - began_ns
        assert batch is not None  # the stream was not ended
        if counts:
            self.turns.turn_us.append(took_ns / 1000)
            self.turns.daemon_us.append((batch.ledger[3] - batch.ledger[0]) / 1000)

    def _send(self) -> None:
        chunk = self._speech[self._at : self._at + WINDOW_SAMPLES]
        self._at = (self._at + WINDOW_SAMPLES) % (len(self._speech) - WINDOW_SAMPLES)
        self.stream.send(chunk)


def turns(folder: Path, speech: NDArray[np.int16], count: int) -> dict[str, Turns]:
    """Return the times of `count` turns on each route, one each in turn.

    Args:
        folder: Short path of a private folder.
        speech: int16[samples] at 16 kHz, repeated as needed.
        count: Turns of each route.
    """
    with ExitStack() as stack:
        voices = {name: Voice(client, speech) for name, client in _clients(folder, stack).items()}
        for number in range(-count // 10, count):
            for voice in voices.values():
                voice.take_turn(counts=number >= 0)
        return {name: voice.turns for name, voice in voices.items()}


def _clients(folder: Path, stack: ExitStack) -> dict[str, Client]:
    """Start a daemon on ipc (with a remote endpoint) and one on tcp; return a client per route."""
    near, far = folder / "near", folder / "far"
    near.mkdir()
    far.mkdir()
    options: list[str] = []
    if zmq.has("curve"):
        keyfiles.create_server_keys(near / "state")
        options = ["--remote", "tcp://127.0.0.1:0"]
    told = stack.enter_context(serving(near, *options))
    on_tcp = stack.enter_context(serving(far, "--tcp", "0"))
    clients = {
        "ring": _local(near, told["endpoint"], "ring", "inline"),
        "ipc": _local(near, told["endpoint"], "inline"),
        "tcp": _local(far, on_tcp["endpoint"], "inline"),
    }
    if zmq.has("curve"):
        invite("bench", told["remote"], folder / "invitation", near / "state")
        clients["curve"] = _invited(folder / "invitation")
    for client in clients.values():
        stack.enter_context(client)
    return clients


def _local(folder: Path, endpoint: str, *transports: str) -> Client:
    token = Handshake.read(InstancePaths(runtime=folder / "run")).token
    return Client.connect(endpoint=endpoint, token=token, transports=transports, name="bench")


def _invited(invitation: Path) -> Client:
    """Connect once the daemon has read its allow-list anew, which it does every second."""
    give_up_at_s = time.monotonic() + LET_IN_S
    while True:
        try:
            return Client.connect(invite=invitation, name="bench")
        except KeyFileError:
            if time.monotonic() > give_up_at_s:
                raise
            time.sleep(0.1)


def spreads(measured: dict[str, Turns]) -> dict[str, dict[str, Spread]]:
    """Return route → {`turn`, `daemon`} in microseconds."""
    return {
        name: {"turn": Spread.of(each.turn_us), "daemon": Spread.of(each.daemon_us)}
        for name, each in measured.items()
    }
