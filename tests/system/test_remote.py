"""The remote endpoint: nobody without an allowed key gets a byte, and keys can be taken back."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import zmq
from tests.system.kit import DaemonProcess, speech_like, wait_until
from tests.system.peer import RawPeer

from facewire.protocol import keyfiles, messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def state(runtime: Path) -> Path:
    """A state folder with server keys, beside the runtime folder."""
    folder = runtime.parent / "state"
    keyfiles.create_server_keys(folder)
    return folder


@pytest.fixture
def remote(start: Callable[..., DaemonProcess], state: Path) -> DaemonProcess:
    return start("--remote", "tcp://127.0.0.1:0", environment={"FACEWIRE_STATE_DIR": str(state)})


def curve_peer(daemon: DaemonProcess, server_key: str, pair: keyfiles.KeyPair) -> RawPeer:
    keys = (server_key.encode(), pair.public_key.encode(), pair.secret_key.encode())
    return RawPeer(daemon.ready["remote"], curve=keys)


def test_a_client_with_an_allowed_key_speaks_inline_and_without_token(
    remote: DaemonProcess, state: Path
) -> None:
    pair = keyfiles.new_key_pair()
    keyfiles.add_client("desk", pair.public_key, state)
    server_key = keyfiles.load_server_keys(state).public_key

    def greeted() -> RawPeer | None:  # the daemon reads the list once a second
        peer = curve_peer(remote, server_key, pair)
        peer.say_hello("", "ring", "inline")
        if isinstance(welcome := peer.receive(within_s=0.5), messages.Welcome):
            assert welcome.rings is None
            return peer
        peer.close()
        return None

    peer: RawPeer = wait_until(greeted, within_s=6, what="the new key let in")
    with peer:
        peer.open_stream()
        peer.audio(speech_like(1.0))
        peer.end_audio()
        assert peer.utterance().indices == list(range(60))


def test_nobody_without_an_allowed_key_gets_a_byte(
    remote: DaemonProcess, state: Path, connect: Callable[..., RawPeer]
) -> None:
    server_key = keyfiles.load_server_keys(state).public_key
    unknown, other = keyfiles.new_key_pair(), keyfiles.new_key_pair()
    token = remote.token()

    peers: dict[str, Any] = {
        "no key": RawPeer(remote.ready["remote"]),
        "unknown key": curve_peer(remote, server_key, unknown),
        "wrong server key": curve_peer(remote, other.public_key, unknown),
    }
    for name, peer in peers.items():
        with peer:
            assert not peer.is_let_in(), name
            peer.socket.set(zmq.SNDTIMEO, 0)
            with contextlib.suppress(zmq.Again):  # mostly there is nobody left to send to
                peer.say_hello(token)
            assert peer.receive(within_s=0.3) is None, name

    stats = connect(remote).stats()
    assert stats["load"]["sessions"] == 1
    told = next(port for port in stats["connections"] if port["endpoint"].startswith("tcp"))
    refused = told["refused_keys"] + told["refused_protocol"] + told["refused_handshake"]
    assert refused >= 3


def test_a_revoked_key_ends_its_session_within_two_seconds(
    remote: DaemonProcess, state: Path, connect: Callable[..., RawPeer]
) -> None:
    server_key = keyfiles.load_server_keys(state).public_key
    pairs = {name: keyfiles.new_key_pair() for name in ("good", "bad")}
    for name, pair in pairs.items():
        keyfiles.add_client(name, pair.public_key, state)
    watcher = connect(remote)

    def both_allowed() -> bool:
        with curve_peer(remote, server_key, pairs["bad"]) as probe:
            return probe.is_let_in()

    wait_until(both_allowed, within_s=6, what="the new keys let in")
    with curve_peer(remote, server_key, pairs["good"]) as good, \
            curve_peer(remote, server_key, pairs["bad"]) as bad:  # fmt: skip
        good.hello("")
        bad.hello("")
        bad.open_stream()
        keyfiles.revoke_client("bad", state)

        assert bad.expect(messages.Bye, within_s=2.5).reason == "revoked"
        wait_until(bad.is_cut, within_s=1, what="the connection cut")
        good.open_stream()
        assert watcher.stats()["load"]["sessions"] == 2
    with curve_peer(remote, server_key, pairs["bad"]) as again:
        assert not again.is_let_in()


def test_an_allow_list_that_cannot_be_trusted_lets_nobody_in(
    remote: DaemonProcess, state: Path
) -> None:
    pair = keyfiles.new_key_pair()
    keyfiles.add_client("desk", pair.public_key, state)
    server_key = keyfiles.load_server_keys(state).public_key

    def is_let_in() -> bool:
        with curve_peer(remote, server_key, pair) as probe:
            return probe.is_let_in()

    wait_until(is_let_in, within_s=6, what="the key let in")
    (state / "keys" / "clients" / "desk.json").chmod(0o644)
    wait_until(lambda: not is_let_in(), within_s=6, what="the key refused")


def test_an_outward_endpoint_without_keys_is_refused_and_nothing_overrides_that(
    runtime: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "facewire", "serve", "--remote", "tcp://0.0.0.0:0"],
        env={
            **os.environ,
            "FACEWIRE_RUNTIME_DIR": str(runtime),
            "FACEWIRE_STATE_DIR": str(runtime.parent / "no-keys"),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "keys" in done.stderr
    assert "facewire keys init" in done.stderr
    assert not list(runtime.rglob("*"))


def test_the_local_endpoint_needs_no_key_beside_a_remote_one(
    remote: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    assert connect(remote, "ring").writer is not None
