"""The remote socket fails closed, and the daemon proves it before it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import zmq

from facewire.daemon.endpoints import bind_remote, router
from facewire.daemon.zap import ADDRESS, Doorman, prove_closed
from facewire.protocol import keyfiles
from facewire.protocol.errors import FacewireError, KeyFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Context = zmq.Context[zmq.Socket[bytes]]


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    monkeypatch.setenv("FACEWIRE_STATE_DIR", str(tmp_path / "state"))
    made: Context = zmq.Context()
    yield made
    made.destroy(linger=0)


@pytest.fixture
def doorman(context: Context, keys: keyfiles.KeyPair) -> Iterator[Doorman]:
    del keys  # the folder is there by then
    made = Doorman(context)
    yield made
    made.socket.close()


@pytest.fixture
def endpoint(context: Context, keys: keyfiles.KeyPair) -> Iterator[str]:
    with router(context, keys) as socket:
        yield bind_remote(socket, "tcp://127.0.0.1:0")


@pytest.fixture
def keys(context: Context) -> keyfiles.KeyPair:
    del context  # the state folder is set by then
    return keyfiles.create_server_keys()


def test_the_self_test_passes_when_strangers_are_refused(
    context: Context, doorman: Doorman, endpoint: str, keys: keyfiles.KeyPair
) -> None:
    prove_closed(context, doorman, endpoint, keys.public_key)

    assert doorman.refused >= 1


def test_the_self_test_fails_when_everybody_is_let_in(
    context: Context,
    doorman: Doorman,
    endpoint: str,
    keys: keyfiles.KeyPair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doorman, "is_allowed", lambda _key: True)

    with pytest.raises(FacewireError, match="was let in"):
        prove_closed(context, doorman, endpoint, keys.public_key)


def test_without_an_answer_nobody_comes_in(
    context: Context,
    doorman: Doorman,
    endpoint: str,
    keys: keyfiles.KeyPair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doorman, "answer", lambda: doorman.socket.recv_multipart())

    with pytest.raises(FacewireError, match="got no answer"):
        prove_closed(context, doorman, endpoint, keys.public_key)


def ask(context: Context, doorman: Doorman, *frames: bytes) -> list[bytes]:
    """Put one ZAP question and return the answer."""
    with context.socket(zmq.REQ) as asker:
        asker.set(zmq.LINGER, 0)
        asker.connect(ADDRESS)
        asker.send_multipart(frames)
        doorman.socket.poll(1_000)
        doorman.answer()
        assert asker.poll(1_000)
        return asker.recv_multipart()


@pytest.mark.parametrize(
    "question",
    [
        [b"1.0", b"1", b"other", b"127.0.0.1", b"", b"CURVE", bytes(32)],
        [b"1.0", b"1", b"", b"127.0.0.1", b"", b"CURVE", bytes(32)],
        [b"1.0", b"1", b"facewire", b"127.0.0.1", b"", b"NULL"],
        [b"1.0", b"1", b"facewire", b"127.0.0.1", b"", b"PLAIN", b"admin", b"secret"],
        [b"1.0", b"1", b"facewire", b"127.0.0.1", b"", b"CURVE"],
        [b"1.0", b"1", b"facewire", b"127.0.0.1", b"", b"CURVE", bytes(32)],
        [b"1.0", b"1"],
    ],
)
def test_anything_but_an_allowed_curve_key_of_our_domain_is_refused(
    question: list[bytes], context: Context, doorman: Doorman
) -> None:
    answer = ask(context, doorman, *question)

    assert answer[:3] == [b"1.0", b"1", b"400"]
    assert answer[4] == b""


def test_an_allowed_key_becomes_the_user_id(context: Context, doorman: Doorman) -> None:
    pair = keyfiles.new_key_pair()
    keyfiles.add_client("desk", pair.public_key)
    doorman.reread()
    raw = zmq.utils.z85.decode(pair.public_key.encode())

    answer = ask(context, doorman, b"1.0", b"7", b"facewire", b"127.0.0.1", b"", b"CURVE", raw)

    assert answer == [b"1.0", b"7", b"200", b"OK", pair.public_key.encode(), b""]
    assert doorman.name_of(pair.public_key) == "desk"


def test_a_list_that_turns_bad_empties_itself_and_a_good_one_fills_it_again(
    context: Context, doorman: Doorman
) -> None:
    pair = keyfiles.new_key_pair()
    keyfiles.add_client("desk", pair.public_key)
    file = keyfiles.state_dir() / "keys" / "clients" / "desk.json"
    allowed = []
    for mode in (0o600, 0o666, 0o600):
        file.chmod(mode)
        doorman.reread()
        allowed.append(doorman.is_allowed(pair.public_key))

    assert allowed == [True, False, True]
    file.chmod(0o666)
    with pytest.raises(KeyFileError):
        Doorman(context)
