"""Round trips of a payload through each route, interleaved so that all see the same load."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import zmq

from facewire.protocol import limits, messages
from facewire.protocol.errors import FacewireError
from facewire.protocol.invitations import Invitation
from facewire.protocol.keyfiles import new_key_pair
from facewire.protocol.link import Link
from facewire.protocol.target import Address
from facewire.tools.benching.figures import Spread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROUTES: Final = {
    "ring": "shared-memory ring, ipc",
    "ipc": "inline, ipc",
    "tcp": "inline, tcp",
    "curve": "inline, tcp with CURVE",
}
"""Route → how a payload travels on it."""
SIZES_BYTES: Final = (300, 3200)
"""One frame of a rig, and 100 ms of 16 kHz int16 audio."""
RELEASE_EVERY: Final = 16
ANSWER_MS: Final = 5000


class Route:
    """The near end of one route: a `Link`, the code the client itself runs on."""

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], name: str, address: Address
    ) -> None:
        self.name = name
        self._link = Link(context, address)
        self._trips = 0
        transports = ["ring", "inline"] if name == "ring" else ["inline"]
        hello = messages.Hello(
            versions=[limits.PROTOCOL_VERSION], client="bench", transports=transports
        )
        self._link.send(hello)
        welcome, _, _ = self._receive()
        if isinstance(welcome, messages.Welcome) and welcome.rings is not None:
            self._link.open_rings(welcome.rings)

    def trip_us(self, payload: memoryview) -> float:
        """Send a payload, wait until it is back, and return the microseconds that took."""
        audio = messages.Audio(stream=1, generation=0, samples=len(payload) // 2)
        began_ns = time.perf_counter_ns()
        way = self._link.send(audio, payload)
        while True:
            message, back, way_back = self._receive()
            if isinstance(message, messages.Frames):
                break
        took_ns = time.perf_counter_ns() - began_ns
        if back != bytes(payload) or {way, way_back} != {
            "ring" if self.name == "ring" else "inline"
        }:
            raise FacewireError(f"The route `{self.name}` did not do what it is measured for.")
        self._trips += 1
        if self._trips % RELEASE_EVERY == 0:
            self._link.release()
        return took_ns / 1000

    def close(self) -> None:
        """Close the sockets."""
        self._link.close()

    def _receive(self) -> tuple[Any, bytes | None, str]:
        while (received := self._link.receive()) is None:
            if not self._link.dealer.poll(ANSWER_MS):
                raise FacewireError(f"The far end of the route `{self.name}` does not answer.")
        return received


def round_trips(folder: Path, trips: int) -> dict[int, dict[str, Spread]]:
    """Return microseconds per round trip, by payload bytes and route.

    Args:
        folder: Short path of a private folder for sockets and rings.
        trips: Round trips of each payload on each route.
    """
    with _far_end(folder) as (endpoints, public_key), _near_end() as context:
        routes = [
            Route(context, name, _address(endpoints[name], name, public_key))
            for name in ROUTES
            if name in endpoints
        ]
        try:
            return {size: _measure(routes, size, trips) for size in SIZES_BYTES}
        finally:
            for route in routes:
                route.close()


def _measure(routes: list[Route], size_bytes: int, trips: int) -> dict[str, Spread]:
    payload = memoryview(bytes(range(256)) * (size_bytes // 256 + 1))[:size_bytes]
    times: dict[str, list[float]] = {route.name: [] for route in routes}
    for number in range(-trips // 10, trips):  # the first tenth warms up
        for route in routes:  # one trip each in turn: a burst of load hits all of them
            took_us = route.trip_us(payload)
            if number >= 0:
                times[route.name].append(took_us)
    return {name: Spread.of(each) for name, each in times.items()}


@contextmanager
def _far_end(folder: Path) -> Iterator[tuple[dict[str, str], str]]:
    with subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "facewire.tools.benching.echo", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise FacewireError("The far end of the round trips did not start.")
            told = json.loads(line)
            yield told["endpoints"], told["public_key"]
        finally:
            process.stdin.close()  # tells it to end


@contextmanager
def _near_end() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        yield context
    finally:
        context.destroy(linger=0)


def _address(endpoint: str, name: str, public_key: str) -> Address:
    if name != "curve":
        return Address(endpoint)
    return Address(endpoint, invitation=Invitation(endpoint, public_key, new_key_pair(), "bench"))
