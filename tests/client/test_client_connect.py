"""Finding the daemon, saying hello, being refused."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import zmq
from tests.client.kit import ScriptedDaemon

from facewire.protocol import limits, messages
from facewire.protocol.client import Client
from facewire.protocol.errors import (
    ConfigError,
    ConnectionLost,
    NoDaemon,
    ProtocolError,
    RemoteError,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_the_daemon_is_found_by_its_handshake_file(daemon: ScriptedDaemon) -> None:
    with Client.connect(name="my game") as client:
        hello = daemon.greetings.get(timeout=5)

        assert client.endpoint == daemon.paths.endpoint
        assert client.welcome.session == "session-1"
        assert client.transport == "inline"
    assert hello.client == "my game"
    assert hello.token == daemon.token
    assert hello.versions == [limits.PROTOCOL_VERSION]
    assert hello.transports == ["ring", "inline"]
    assert hello.pid == os.getpid()
    assert daemon.take(messages.Bye).reason == "done"


def test_no_daemon_is_told_at_once(runtime: Path) -> None:
    del runtime
    began = time.monotonic()

    with pytest.raises(NoDaemon, match="No daemon `default`") as missing:
        Client.connect()

    assert time.monotonic() - began < 1
    assert "facewire serve" in missing.value.hint


def test_a_handshake_file_of_a_dead_daemon_is_told_at_once(runtime: Path) -> None:
    with ScriptedDaemon(runtime):
        pass  # leaves its handshake file and its socket, like a killed one
    began = time.monotonic()

    with pytest.raises(NoDaemon, match="No daemon answers at ipc:"):
        Client.connect()

    assert time.monotonic() - began < 1


def test_a_client_may_wait_for_a_daemon_to_come_up(runtime: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        connecting = pool.submit(Client.connect, wait_for_daemon=True, connect_s=5.0)
        with pytest.raises(TimeoutError):
            connecting.result(0.2)
        with ScriptedDaemon(runtime), connecting.result(5) as client:
            assert client.welcome.daemon == "scripted"


def test_a_daemon_that_never_comes_up_is_not_waited_for_longer_than_asked(runtime: Path) -> None:
    del runtime
    began = time.monotonic()

    with pytest.raises(NoDaemon):
        Client.connect(wait_for_daemon=True, connect_s=0.3)

    assert 0.3 <= time.monotonic() - began < 2


def test_a_daemon_that_accepts_but_says_nothing_is_given_up(daemon: ScriptedDaemon) -> None:
    daemon.hang()
    began = time.monotonic()

    with pytest.raises(ConnectionLost, match="did not welcome us"):
        Client.connect(connect_s=0.5)

    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("version_refused", "This side speaks protocol 2.0, the other 1.1."),
        ("x_new", "A code of a newer minor version."),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_daemon(
    daemon: ScriptedDaemon, code: str, text: str
) -> None:
    daemon.refusal = messages.Error(code=code, text=text)
    began = time.monotonic()

    with pytest.raises(RemoteError) as refused:
        Client.connect()

    assert time.monotonic() - began < 1
    assert refused.value.code == code
    assert text in str(refused.value)
    assert daemon.greetings.qsize() == 1  # and it is not asked twice


def test_a_full_daemon_is_asked_again_until_the_deadline(daemon: ScriptedDaemon) -> None:
    daemon.refusal = messages.Error(code="too_many_sessions", text="Full.", retry=True)

    with pytest.raises(RemoteError, match="Full"):
        Client.connect(connect_s=0.4)

    assert daemon.greetings.qsize() >= 3


def test_a_wrong_token_of_the_handshake_file_is_read_anew(daemon: ScriptedDaemon) -> None:
    daemon.refusal = messages.Error(code="unauthorized", text="Wrong token.")

    def relent() -> None:
        daemon.greetings.get(timeout=5)
        daemon.refusal = None

    relenting = threading.Thread(target=relent)
    relenting.start()
    with Client.connect() as client:
        assert client.welcome.session == "session-1"
    relenting.join()


def test_a_wrong_token_given_by_hand_is_not_tried_twice(daemon: ScriptedDaemon) -> None:
    daemon.refusal = messages.Error(code="unauthorized", text="Wrong token.")

    with pytest.raises(RemoteError, match="Wrong token"):
        Client.connect(token="mine")

    assert daemon.greetings.get_nowait().token == "mine"
    assert daemon.greetings.empty()


def test_an_answer_in_another_major_version_names_both(runtime: Path) -> None:
    """A daemon of version 2 may answer in words we cannot read beyond its version."""
    runtime.mkdir(mode=0o700)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    router = context.socket(zmq.ROUTER)
    endpoint = f"ipc://{runtime}/other.sock"
    router.bind(endpoint)

    def answer() -> None:
        import msgpack

        identity, _hello = router.recv_multipart()
        router.send_multipart(
            [identity, msgpack.packb({"type": "welcome", "version": [2, 1], "sequence": 1})]
        )

    answering = threading.Thread(target=answer)
    answering.start()
    try:
        with pytest.raises(ProtocolError) as refused:
            Client.connect(endpoint=endpoint, token="x")
    finally:
        answering.join()
        context.destroy(linger=0)

    assert refused.value.code == "version_refused"
    assert "1.1" in refused.value.text
    assert "2.1" in refused.value.text


def test_something_that_is_no_zeromq_is_told(runtime: Path) -> None:
    import socket

    runtime.mkdir(mode=0o700)
    path = str(runtime / "web.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(100))

        answering = threading.Thread(target=answer)
        answering.start()
        with pytest.raises((NoDaemon, ConnectionLost)):
            Client.connect(endpoint=f"ipc://{path}", token="x", connect_s=1.0)
        answering.join()


@pytest.mark.parametrize("endpoint", ["nonsense", "ipc://" + "x" * 200, "tcp://"])
def test_an_address_that_is_none_is_told_at_once(runtime: Path, endpoint: str) -> None:
    del runtime
    began = time.monotonic()

    with pytest.raises(ConfigError, match="no endpoint to connect to"):
        Client.connect(endpoint=endpoint, token="x")

    assert time.monotonic() - began < 1


@pytest.mark.parametrize("setting", ["name", "token"])
def test_a_name_too_long_for_the_wire_is_told_at_once(runtime: Path, setting: str) -> None:
    del runtime
    with pytest.raises(ProtocolError) as refused:
        Client.connect(**{setting: "x" * 200})  # type: ignore[arg-type]

    assert refused.value.code == "too_large"


def test_questions_get_their_answers(daemon: ScriptedDaemon) -> None:
    with Client.connect() as client, ThreadPoolExecutor(3) as pool:
        asked = pool.submit(client.stats)
        daemon.take(messages.Stats)
        daemon.say(messages.Stats(stats={"sessions": 1}))
        assert asked.result(5) == {"sessions": 1}

        warming = pool.submit(client.warm_up, "embedded")
        assert daemon.take(messages.WarmUp).model == "embedded"
        daemon.say(messages.WarmedUp(model="embedded", load_ms=12.5))
        assert warming.result(5) == 12.5

        warming = pool.submit(client.warm_up, "nobody")
        daemon.take(messages.WarmUp)
        daemon.say(messages.Error(code="unknown_model", text="No nobody."))
        with pytest.raises(RemoteError, match="No nobody"):
            warming.result(5)

        listing = pool.submit(client.models)
        daemon.take(messages.ListModels)
        daemon.say(messages.Models(models=[]))
        assert listing.result(5) == []
        assert client.ping() < 1000


def test_a_new_minor_version_may_send_what_we_do_not_know(daemon: ScriptedDaemon) -> None:
    import msgpack

    with Client.connect() as client:
        daemon.say_bytes(
            msgpack.packb({"type": "horoscope", "version": [1, 9], "sequence": 2, "sign": "leo"})
        )
        daemon.say(messages.Draining(deadline_ms=500), skip=1)
        deadline = time.monotonic() + 5
        kinds: list[str] = []
        while "draining" not in kinds and time.monotonic() < deadline:
            kinds += [event.kind for event in client.events()]
            time.sleep(0.01)

        assert kinds == ["connected", "draining"]


def test_warnings_and_events_reach_the_callback_and_its_mistakes_go_no_further(
    daemon: ScriptedDaemon,
) -> None:
    told = threading.Event()

    def on_event(event: object) -> None:
        if "louder" in str(event):
            told.set()
        raise RuntimeError("a mistake of the user")

    with Client.connect(on_event=on_event) as client:
        daemon.say(messages.Warning(code="degraded", text="Speak louder."))
        assert told.wait(5)
        assert client.ping() < 1000


def test_a_program_that_forgets_to_close_still_ends(daemon: ScriptedDaemon) -> None:
    program = "from facewire.protocol.client import Client; c = Client.connect(); print('on')"

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "on\n", "")
    assert daemon.sessions == 1


def test_open_descriptors_and_threads_are_given_back(daemon: ScriptedDaemon) -> None:
    folder = f"/proc/{os.getpid()}/fd"
    if not os.path.isdir(folder):  # noqa: PTH112
        pytest.skip("needs /proc")
    with Client.connect():
        pass
    before = len(os.listdir(folder))  # noqa: PTH208
    threads = threading.active_count()

    for _ in range(20):
        with Client.connect():
            pass

    assert len(os.listdir(folder)) <= before + 1  # noqa: PTH208
    assert threading.active_count() == threads
    assert daemon.sessions == 21
