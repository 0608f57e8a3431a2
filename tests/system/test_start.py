"""A daemon starts where it is told to, alone under its name, or says why it cannot."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.system.kit import DaemonProcess, speech_like, wait_until

from facewire.protocol.runtime import Handshake

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.system.peer import RawPeer


def test_a_started_daemon_says_where_it_is_and_lets_only_its_user_in(
    daemon: DaemonProcess,
) -> None:
    shake = Handshake.read(daemon.paths)

    assert daemon.ready["pid"] == shake.pid == daemon.pid
    assert daemon.ready["endpoint"] == shake.endpoint == f"ipc://{daemon.paths.socket}"
    assert len(shake.token) >= 40
    for path in daemon.paths.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(daemon.paths.folder.stat().st_mode) == 0o700
    assert shake.token not in daemon.output()


def test_a_second_daemon_of_an_instance_ends_at_once_and_the_first_serves_on(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    begun = time.monotonic()
    second = subprocess.run(
        [sys.executable, "-m", "facewire", "serve"],
        env={**os.environ, "FACEWIRE_RUNTIME_DIR": str(daemon.runtime)},
        capture_output=True,
        text=True,
        check=False,
    )
    spent_s = time.monotonic() - begun

    assert second.returncode == 3
    assert f"pid {daemon.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    assert spent_s < 3.0  # 1 s on a quiet machine
    connect(daemon)


def test_two_instances_serve_side_by_side(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer]
) -> None:
    one, two = start(), start(instance="two")

    assert connect(one).stats()["daemon"]["instance"] == "default"
    assert connect(two).stats()["daemon"]["instance"] == "two"


def test_a_path_too_long_for_a_socket_gives_tcp_on_loopback_and_a_warning(
    runtime: Path, connect: Callable[..., RawPeer]
) -> None:
    runtime.mkdir(mode=0o700)
    daemon = DaemonProcess(runtime / ("d" * 100))
    try:
        assert daemon.ready["endpoint"].startswith("tcp://127.0.0.1:")
        connect(daemon)
        assert "FACEWIRE_RUNTIME_DIR" in daemon.output()
    finally:
        assert daemon.stop() == 0


def test_tcp_on_loopback_serves_with_rings_and_a_taken_port_is_an_error(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer], runtime: Path
) -> None:
    daemon = start("--tcp", "0")
    port = daemon.ready["endpoint"].rpartition(":")[2]
    peer = connect(daemon, "ring")
    peer.open_stream()
    peer.audio(speech_like(0.5))
    peer.end_audio()
    assert peer.utterance().indices == list(range(30))

    taken = subprocess.run(
        [sys.executable, "-m", "facewire", "serve", "--instance", "two", "--tcp", port],
        env={**os.environ, "FACEWIRE_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert taken.returncode == 1
    assert f"127.0.0.1:{port}" in taken.stderr
    assert not (runtime / "two").exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--model", "nobody"], 5),
        (["--provider", "cuda"], 4),
        (["--instance", "../up"], 2),
        (["--workers", "-3"], 2),
        (["--remote", "http://x"], 2),
        (["--remote", "tcp://127.0.0.1:0"], 1),
    ],
)
def test_what_cannot_start_says_why_and_leaves_nothing(
    options: list[str], code: int, runtime: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "facewire", "serve", *options],
        env={
            **os.environ,
            "FACEWIRE_RUNTIME_DIR": str(runtime),
            "FACEWIRE_STATE_DIR": str(runtime.parent / "state"),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code
    assert "error" in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert not list(runtime.rglob("*"))


def test_a_killed_daemon_leaves_nothing_that_stops_the_next(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer]
) -> None:
    first = start()
    token = first.token()
    connect(first, "ring")
    first.kill()
    assert len(list(first.paths.folder.iterdir())) == 5

    second = start()

    assert second.token() != token
    assert sorted(path.name for path in second.paths.folder.iterdir()) == [
        "daemon.lock", "daemon.sock", "handshake.json",
    ]  # fmt: skip
    connect(second)


def test_nothing_of_the_daemon_is_inherited_by_a_child() -> None:
    program = (
        "import os, sys, zmq\n"
        "from facewire.daemon.signals import SignalBell\n"
        "bell = SignalBell()\n"
        "print([os.get_inheritable(end.fileno()) for end in (bell.source, bell._writer)])\n"
        "bell.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[False, False]"


def test_logs_are_json_lines_without_the_token(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    connect(daemon, greet=False).say_hello("wrong-token")
    connect(daemon)
    lines = wait_until(lambda: len(daemon.log_lines()) > 2, within_s=3, what="lines") and (
        daemon.output().splitlines()
    )

    assert all(json.loads(line)["level"] for line in lines)
    assert "wrong-token" not in daemon.output()
    assert daemon.token() not in daemon.output()
