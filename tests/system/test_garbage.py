"""Whatever bytes arrive on the socket, the daemon serves on."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from typing import TYPE_CHECKING, Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.system.kit import DaemonProcess, speech_like, wait_until

from facewire.protocol import codec, limits, messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.system.peer import RawPeer


@pytest.fixture
def daemon(quiet_daemon: DaemonProcess) -> DaemonProcess:
    """One daemon for all tests here."""
    return quiet_daemon


GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(16) + b"\x00" + bytes(31)
"""A whole ZMTP 3.1 greeting with the NULL mechanism."""


def raw_socket(daemon: DaemonProcess) -> socket.socket:
    channel = socket.socket(socket.AF_UNIX)
    channel.settimeout(5)
    channel.connect(str(daemon.paths.socket))
    return channel


def read_to_end(channel: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := channel.recv(4096):
            found += part
    return found


@pytest.fixture
def good(daemon: DaemonProcess, connect: Callable[..., RawPeer]) -> Iterator[Callable[[], RawPeer]]:
    """A client in the middle of its speech, who must not notice; call it to finish and check."""
    peer = connect(daemon, "ring", "inline")
    peer.open_stream()
    peer.audio(speech_like(1.0))

    def finish() -> RawPeer:
        peer.audio(speech_like(1.0))
        peer.end_audio()
        assert peer.utterance().indices == list(range(120))
        return peer

    yield finish
    assert daemon.process.poll() is None
    assert "Traceback" not in daemon.output()
    assert "traceback" not in daemon.output()


def test_bytes_that_are_no_zmtp_are_cut_and_nobody_else_notices(
    daemon: DaemonProcess, good: Callable[[], RawPeer]
) -> None:
    noise = random.Random(0)
    for content in (
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        noise.randbytes(4096),
        b"\x00" * 100,
        b"\xff" + bytes(8) + b"\x7f\x03\x01CURVE" + bytes(48),
        GREETING + noise.randbytes(64),
        GREETING + b"\x04\x19\x05READY" + b"\xff" * 40,
    ):
        with raw_socket(daemon) as channel:
            channel.sendall(content)
            channel.shutdown(socket.SHUT_WR)
            read_to_end(channel)

    good()


def test_half_open_connections_are_gone_after_the_handshake_time(
    daemon: DaemonProcess, good: Callable[[], RawPeer]
) -> None:
    begun = time.monotonic()
    channels = [raw_socket(daemon) for _ in range(100)]
    for number, channel in enumerate(channels):
        channel.sendall(GREETING[: number % len(GREETING)])
    peer = good()

    for channel in channels:
        read_to_end(channel)
        channel.close()
    assert time.monotonic() - begun < 5.0
    assert peer.stats()["load"]["sessions"] == 1


def test_a_part_over_the_limit_cuts_its_sender_only(
    daemon: DaemonProcess, connect: Callable[..., RawPeer], good: Callable[[], RawPeer]
) -> None:
    for payload_bytes in (limits.MAX_PART_BYTES + 1, 50_000_000):
        peer = connect(daemon)
        header = codec.encode(messages.Audio(stream=1, generation=0, samples=1), sequence=2)
        peer.send_raw(header, bytes(payload_bytes))
        wait_until(peer.is_cut, within_s=3, what="the connection cut")

    stats = good().stats()
    assert stats["process"]["rss_bytes"] < 250_000_000


def test_large_headers_and_endless_parts_are_refused(
    daemon: DaemonProcess, connect: Callable[..., RawPeer], good: Callable[[], RawPeer]
) -> None:
    peer = connect(daemon)
    peer.send_raw(bytes(200_000))
    assert peer.expect_error("too_large").retry is False
    peer.sequence += 2
    peer.send_raw(*[b"x"] * 100_000)
    peer.expect_error("malformed")
    peer.send(messages.Ping(nonce=1))
    peer.expect(messages.Pong)

    good()


def test_msgpack_bombs_are_refused_quickly(
    daemon: DaemonProcess, connect: Callable[..., RawPeer], good: Callable[[], RawPeer]
) -> None:
    bombs = {
        "long array": b"\xdd\xff\xff\xff\xff",
        "long map": b"\xdf\xff\xff\xff\xff",
        "deep": b"\x91" * 60_000,
        "maps": b"\xdc\xff\xff" + b"\x80" * 60_000,
        "nested maps": (b"\x81\xa1a" * 20_000)[: 3 * 20_000],
        "binary": b"\xc6\xff\xff\xff\xff",
        "extension": b"\xc9\xff\xff\xff\xff\x01",
        "integer keys": msgpack.packb({1: 2}),
        "twins": b"\x82\xa4type\xa4ping\xa4type\xa4ping",
        "bad utf-8": b"\x81\xa4type\xa2\xff\xfe",
        "nan": msgpack.packb({"type": "ping", "version": [1, 0], "sequence": float("nan")}),
    }
    for name, bomb in bombs.items():
        peer = connect(daemon)
        begun = time.monotonic()
        peer.send_raw(bomb)
        error = peer.expect(messages.Error)
        assert error.code in ("malformed", "too_large", "unsupported"), name
        assert time.monotonic() - begun < 1.0, name
        peer.close()

    good()


def test_a_flood_of_bad_messages_makes_few_log_lines(
    daemon: DaemonProcess, connect: Callable[..., RawPeer], good: Callable[[], RawPeer]
) -> None:
    before = len(daemon.log_lines())
    for _ in range(30):
        peer = connect(daemon, greet=False)
        for _ in range(20):
            peer.send_raw(b"flood")
        peer.expect_error("malformed")
        peer.close()

    good()
    lines = [line for line in daemon.log_lines()[before:] if line.get("code") == "malformed"]
    assert 1 <= len(lines) < 15


WIRE_TYPES = sorted(messages.MESSAGES)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)  # fmt: skip
FIELDS = sorted({name for cls in messages.MESSAGES.values() for name in cls.__annotations__})


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """Almost messages: the common keys mostly right, the others anything."""
    wire: dict[str, Any] = draw(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8))
    wire["type"] = draw(st.sampled_from(WIRE_TYPES) | VALUES)
    wire["version"] = draw(st.just([1, 0]) | VALUES)
    wire["sequence"] = draw(st.integers(0, 40) | VALUES)
    packed: bytes = msgpack.packb(wire)
    cut = draw(st.integers(0, len(packed)) | st.just(len(packed)))
    return packed[:cut]


def test_almost_messages_of_any_kind_never_stop_the_daemon(
    daemon: DaemonProcess, connect: Callable[..., RawPeer], good: Callable[[], RawPeer]
) -> None:
    token = daemon.token()
    peers: list[RawPeer] = []

    def fresh() -> RawPeer:
        peer = connect(daemon, "inline")
        peer.open_stream()
        return peer

    @settings(
        max_examples=300, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(parts=st.lists(headers() | st.binary(max_size=50), min_size=1, max_size=3))
    def fuzz(parts: list[bytes]) -> None:
        if not peers or peers[-1].is_cut() or len(peers[-1].inbox) > 50:
            if peers:
                peers.pop().close()
            peers.append(fresh())
        peers[-1].send_raw(*parts)

    fuzz()
    stranger = connect(daemon, greet=False)
    stranger.hello(token)
    good()
