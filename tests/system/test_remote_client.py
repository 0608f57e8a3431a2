"""The Python client over CURVE: invited in, kept out, and unreadable on the wire."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.system.kit import DaemonProcess, wait_until
from tests.system.proxy import RecordingProxy
from tests.system.speech import assert_same_bits, gather, in_process, speech

from facewire.protocol import keyfiles
from facewire.protocol.client import Client
from facewire.protocol.errors import ConnectionLost, FacewireError, KeyFileError, NoDaemon
from facewire.protocol.invitations import invite, load_invitation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from facewire.protocol.invitations import Invitation

WORDS = (b"open_stream", b"jawOpen", b"welcome", b"hello", b"a secret game", b"generation")


@pytest.fixture
def state(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder with server keys, beside the runtime folder."""
    folder = runtime.parent / "state"
    monkeypatch.setenv("FACEWIRE_STATE_DIR", str(folder))
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))
    keyfiles.create_server_keys()
    return folder


@pytest.fixture
def remote(start: Callable[..., DaemonProcess], state: Path) -> DaemonProcess:
    return start("--remote", "tcp://127.0.0.1:0", environment={"FACEWIRE_STATE_DIR": str(state)})


@pytest.fixture
def invited(remote: DaemonProcess, tmp_path: Path) -> Path:
    """An invitation the daemon already knows of (it reads the list once a second)."""
    path = tmp_path / "studio.facewire.json"
    invite("studio", remote.ready["remote"], path)

    def is_let_in() -> bool:
        with contextlib.suppress(FacewireError), Client.connect(invite=path):
            return True
        return False

    wait_until(is_let_in, within_s=6, what="the new key let in")
    return path


def rewrite(path: Path, **changed: str) -> Path:
    """Write an altered invitation beside the given one."""
    altered = path.with_suffix(".altered")
    altered.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    altered.chmod(0o600)
    return altered


def sessions() -> int:
    with Client.connect(name="watcher") as watcher:
        return len(watcher.stats()["sessions"]) - 1


def frames_served() -> int:
    with Client.connect(name="watcher") as watcher:
        return int(watcher.stats()["totals"]["frames"])


def test_an_invited_client_gets_the_frames_of_the_core_and_the_wire_shows_nothing(
    remote: DaemonProcess, invited: Path
) -> None:
    sound = speech(24_000).cut(0.0, 2.0)
    with RecordingProxy(remote.ready["remote"]) as proxy:
        with (
            Client.connect(invite=invited, endpoint=proxy.endpoint, name="a secret game") as client,
            client.open_stream(**sound.format) as stream,
        ):
            assert client.transport == "inline"
            frames = gather(stream.animate(sound.chunks(480)))
            counters = stream.counters
        to_daemon, to_client = bytes(proxy.to_daemon), bytes(proxy.to_client)

    assert_same_bits(frames, in_process(sound))
    assert counters.ring_sent == counters.ring_received == 0
    assert len(to_daemon) > sound.samples.nbytes  # all of it did pass here
    assert len(to_client) > frames.curves.nbytes
    for word in WORDS:
        assert word not in to_daemon + to_client
    for at in range(4800, len(sound.samples), 4800):
        assert sound.samples[at : at + 8].tobytes() not in to_daemon
    for row in range(10, len(frames), 10):
        assert frames.curves[row].tobytes() not in to_client


def test_the_same_sniffer_reads_a_local_connection_without_keys(
    start: Callable[..., DaemonProcess], runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above would be worth nothing if the proxy were blind."""
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))
    daemon = start("--tcp", "0")
    sound = speech(24_000).cut(0.0, 1.0)
    with RecordingProxy(daemon.ready["endpoint"]) as proxy:
        with (
            Client.connect(
                endpoint=proxy.endpoint, name="a secret game", transports=("inline",)
            ) as client,
            client.open_stream(**sound.format) as stream,
        ):
            frames = gather(stream.animate([sound.samples]))
        to_daemon, to_client = bytes(proxy.to_daemon), bytes(proxy.to_client)

    for word in WORDS:
        assert word in to_daemon + to_client
    assert sound.samples[4800:4808].tobytes() in to_daemon
    assert frames.curves[10].tobytes() in to_client


def test_recorded_bytes_sent_again_give_no_session(remote: DaemonProcess, invited: Path) -> None:
    sound = speech().cut(0.0, 1.0)
    with RecordingProxy(remote.ready["remote"]) as proxy:
        with (
            Client.connect(invite=invited, endpoint=proxy.endpoint) as client,
            client.open_stream(**sound.format) as stream,
        ):
            frames = gather(stream.animate([sound.samples]))
        recorded = bytes(proxy.to_daemon)
    wait_until(lambda: sessions() == 0, within_s=5, what="the session gone")
    served = frames_served()

    host, _, port = remote.ready["remote"].removeprefix("tcp://").rpartition(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=5) as again:
        with contextlib.suppress(ConnectionError):
            again.sendall(recorded)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while content := again.recv(65_536):
                answer += content

    assert len(answer) < 1000  # greeting and the first steps of a handshake at most
    assert frames.curves[10].tobytes() not in answer
    assert sessions() == 0
    assert frames_served() == served


def test_an_invitation_with_another_server_key_reaches_nobody(invited: Path) -> None:
    altered = rewrite(invited, server_public_key=keyfiles.new_key_pair().public_key)
    began_s = time.monotonic()

    with pytest.raises(ConnectionLost) as refused:
        Client.connect(invite=altered)

    assert time.monotonic() - began_s < 3
    assert "invitation is from its present keys" in refused.value.hint
    assert sessions() == 0


def test_a_key_nobody_allowed_is_refused_with_what_to_do(invited: Path) -> None:
    stranger = keyfiles.new_key_pair()
    altered = rewrite(
        invited, public_key=stranger.public_key, secret_key=stranger.secret_key, name="studio"
    )
    began_s = time.monotonic()

    with pytest.raises(KeyFileError, match="does not know our key") as refused:
        Client.connect(invite=altered)

    assert time.monotonic() - began_s < 2
    assert "facewire keys invite" in refused.value.hint
    assert sessions() == 0


def test_a_client_without_keys_gets_nothing_at_the_remote_address(
    remote: DaemonProcess, state: Path
) -> None:
    del state
    began_s = time.monotonic()
    with (
        RecordingProxy(remote.ready["remote"]) as proxy,
        pytest.raises((NoDaemon, ConnectionLost)),
    ):
        Client.connect(endpoint=proxy.endpoint, token=remote.token(), connect_s=1.0)

    assert time.monotonic() - began_s < 3
    assert len(proxy.to_client) < 300  # a ZMTP greeting that says CURVE, and no more
    assert sessions() == 0


def test_a_revoked_client_is_cut_off_while_it_speaks_and_another_goes_on(
    remote: DaemonProcess, invited: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    invite("other", remote.ready["remote"], other)
    sound = speech().cut(0.0, 1.0)
    with contextlib.ExitStack() as clients, ThreadPoolExecutor(1) as pool:
        kept = clients.enter_context(_connected(other))
        doomed = clients.enter_context(_connected(invited))
        stream = doomed.open_stream(**sound.format)
        listening = pool.submit(lambda: list(stream))

        keyfiles.revoke_client("studio")
        revoked_s = time.monotonic()
        with pytest.raises(KeyFileError, match="revoked"):
            listening.result(10)
        assert time.monotonic() - revoked_s < 3

        with kept.open_stream(**sound.format) as still:
            assert_same_bits(gather(still.animate([sound.samples])), in_process(sound))
        with pytest.raises(KeyFileError):
            Client.connect(invite=invited)


def _connected(path: Path) -> Client:
    """Connect as soon as the daemon has read the new key."""
    found: list[Client] = []

    def attempt() -> bool:
        with contextlib.suppress(KeyFileError):
            found.append(Client.connect(invite=path))
        return bool(found)

    wait_until(attempt, within_s=6, what="the new key let in")
    return found[0]


def test_a_remote_daemon_that_is_replaced_is_resumed_under_the_same_keys(
    remote: DaemonProcess, invited: Path, start: Callable[..., DaemonProcess], state: Path
) -> None:
    sound = speech()
    with (
        Client.connect(invite=invited, reconnect_s=15.0) as client,
        client.open_stream(**sound.format) as stream,
    ):
        stream.send(sound.samples[:48_000])
        batches = [stream.read()]
        remote.kill()
        start("--remote", remote.ready["remote"], environment={"FACEWIRE_STATE_DIR": str(state)})
        stream.send(sound.samples[48_000:])
        stream.end()
        batches += list(stream)
        assert stream.counters.resumes >= 1

    assert len(gather([batch for batch in batches if batch])) == sound.frames()


def test_a_person_needs_three_commands_and_one_file(
    start: Callable[..., DaemonProcess],
    runtime: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`keys init`, `serve --remote`, `keys invite`; the file alone lets the client in."""
    state = runtime.parent / "state"
    environment = {**os.environ, "FACEWIRE_STATE_DIR": str(state)}

    def facewire(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "facewire", *arguments],
            env=environment, capture_output=True, text=True, check=True, cwd=tmp_path,
        )  # fmt: skip
        return done.stdout.strip()

    public_key = facewire("keys", "init")
    daemon = start("--remote", "tcp://127.0.0.1:0", environment={"FACEWIRE_STATE_DIR": str(state)})
    path = tmp_path / facewire("keys", "invite", "studio", "--endpoint", daemon.ready["remote"])

    invitation: Invitation = load_invitation(path)
    assert invitation.server_public_key == public_key
    assert dataclasses.asdict(invitation)["name"] == "studio"
    monkeypatch.setenv("FACEWIRE_STATE_DIR", str(tmp_path / "the client has no state"))
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(tmp_path / "and no local daemon"))
    with _connected(path) as client:
        assert [model["name"] for model in client.models()] == ["embedded"]
    assert facewire("keys", "list").split("\t")[0] == "studio"
