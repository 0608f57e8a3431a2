"""From start to end of a daemon, in order and by force, and of its clients."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.system.kit import DaemonProcess, ended_process, speech_like, wait_until
from tests.system.peer import RawPeer

from facewire.protocol import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
CLIENT = """
import sys, time
from pathlib import Path
from facewire.protocol.runtime import Handshake, InstancePaths
from tests.system.kit import speech_like
from tests.system.peer import RawPeer
shake = Handshake.read(InstancePaths("default", Path(sys.argv[1])))
peer = RawPeer(shake.endpoint)
peer.hello(shake.token, "ring", "inline")
for stream in (1, 2):
    peer.open_stream(stream)
    peer.audio(speech_like(5.0), stream)
print("speaking", flush=True)
while True:
    peer.receive(0.1)
"""


@pytest.fixture
def client(daemon: DaemonProcess) -> Iterator[subprocess.Popen[bytes]]:
    """A client in a process of its own, in the middle of two streams."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(daemon.runtime)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"speaking\n"
    yield process
    process.kill()
    process.wait(10)
    process.stdout.close()


def test_sigterm_lets_running_streams_finish_and_leaves_no_file(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "ring", "inline")
    peer.open_stream(1, credit_frames=30)
    peer.audio(speech_like(2.0))
    peer.expect(messages.Credit)
    daemon.signal(signal.SIGTERM)

    draining = peer.expect(messages.Draining)
    peer.send(messages.OpenStream(stream=2, sample_rate_hz=16_000))
    peer.expect_error("draining")
    late = connect(daemon, greet=False)
    late.say_hello(daemon.token())
    late.expect_error("draining")
    peer.send(messages.Credit(stream=1, generation=0, frames=1_000))
    peer.end_audio()

    assert draining.deadline_ms == 10_000
    assert peer.utterance().indices[-1] == 119
    assert peer.expect(messages.Bye).reason == "shutdown"
    assert daemon.wait() == 0


def test_a_stream_that_does_not_finish_is_cut_when_the_time_is_up(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer]
) -> None:
    daemon = start(environment={"FACEWIRE_LIMITS__DRAIN_S": "1"})
    peer = connect(daemon)
    peer.open_stream()
    peer.audio(speech_like(0.5))
    begun = time.monotonic()
    daemon.signal(signal.SIGINT)

    assert peer.expect(messages.Bye).reason == "shutdown"
    assert daemon.wait() == 0
    assert 0.9 < time.monotonic() - begun < 3.0


def test_a_second_sigint_ends_at_once(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "ring")
    peer.open_stream()
    peer.audio(speech_like(0.5))
    daemon.signal(signal.SIGINT)
    peer.expect(messages.Draining)
    begun = time.monotonic()
    daemon.signal(signal.SIGINT)

    assert daemon.wait() == 130
    assert time.monotonic() - begun < 2.0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_dead_or_hung_client_is_gone_within_two_seconds(
    number: signal.Signals,
    daemon: DaemonProcess,
    connect: Callable[..., RawPeer],
    client: subprocess.Popen[bytes],
) -> None:
    watcher = connect(daemon)
    assert watcher.stats()["load"]["streams"] == 2
    assert len(daemon.rings()) == 2
    begun = time.monotonic()
    client.send_signal(number)

    wait_until(
        lambda: watcher.stats()["load"]["sessions"] == 1, within_s=6, what="the session gone"
    )
    spent_s = time.monotonic() - begun
    assert watcher.stats()["load"]["streams"] == 0
    assert daemon.rings() == []
    assert spent_s < 2.0


def test_connecting_and_leaving_many_times_leaks_nothing(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    watcher = connect(daemon)
    token = daemon.token()

    def come_and_go(times: int) -> None:
        for _ in range(times):
            with RawPeer(daemon.ready["endpoint"]) as peer:
                peer.hello(token, "ring")
        wait_until(
            lambda: watcher.stats()["load"]["sessions"] == 1, within_s=3, what="all of them gone"
        )

    come_and_go(20)
    before = watcher.stats()["process"]
    come_and_go(100)
    after = watcher.stats()["process"]

    assert abs(after["descriptors"] - before["descriptors"]) <= 1
    assert after["rss_bytes"] - before["rss_bytes"] < 2_000_000
    assert daemon.rings() == []


def test_a_daemon_dies_with_the_process_it_was_started_for(
    start: Callable[..., DaemonProcess],
) -> None:
    game = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        daemon = start("--die-with", str(game.pid))
        assert daemon.process.poll() is None
    finally:
        game.kill()  # a zombie until it is waited for: that counts as dead
        ended = daemon.wait(5)
        assert game.stdin is not None
        game.stdin.close()
        game.wait(5)

    assert ended == 0
    assert ended_process(daemon.pid)


def test_an_idle_daemon_takes_no_processor(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    process = psutil.Process(daemon.pid)

    def busy_share(seconds: float) -> float:
        before = process.cpu_times()
        begun = time.monotonic()
        time.sleep(seconds)  # what is measured is a stretch of time
        after = process.cpu_times()
        spent_s = float(after.user + after.system - before.user - before.system)
        return spent_s / (time.monotonic() - begun)

    alone = busy_share(2.0)
    peer = connect(daemon)
    peer.open_stream()
    with_session = busy_share(2.0)

    assert alone <= 0.01
    assert with_session <= 0.02


def test_sighup_takes_new_limits_over_and_keeps_the_old_ones_on_an_error(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer], runtime: Path
) -> None:
    file = runtime.parent / "config.toml"
    file.write_text("[limits]\nsessions = 1\n")
    daemon = start("--config", str(file))
    connect(daemon)

    file.write_text("[limits]\nsesions = 5\n")
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: "Did you mean" in daemon.output(), within_s=3, what="the error logged")
    second = connect(daemon, greet=False)
    second.say_hello(daemon.token())
    second.expect_error("too_many_sessions")

    file.write_text('[limits]\nsessions = 2\n[log]\nlevel = "error"\n[daemon]\nworkers = 2\n')
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: "needs a restart" in daemon.output(), within_s=3, what="the change logged")
    third = connect(daemon, greet=False)
    assert third.hello(daemon.token()).capacity["sessions"] == 2


def test_the_service_manager_is_told_ready_alive_and_stopping(
    start: Callable[..., DaemonProcess], runtime: Path
) -> None:
    address = str(runtime.parent / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(10)
        daemon = start(environment={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "400000"})
        heard = [manager.recv(64) for _ in range(4)]
        daemon.signal(signal.SIGTERM)
        while heard[-1] != b"STOPPING=1":
            heard.append(manager.recv(64))
        assert daemon.wait() == 0

    assert heard[:4] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]
