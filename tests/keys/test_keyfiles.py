"""The daemon's keys and the allow-list, as files with the right owner and mode."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest
import zmq

from facewire.protocol import keyfiles
from facewire.protocol.errors import KeyFileError

if TYPE_CHECKING:
    from pathlib import Path

posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX modes")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("FACEWIRE_STATE_DIR", str(folder))
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_state_dir_follows_its_variable_then_xdg_then_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("FACEWIRE_STATE_DIR", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert keyfiles.state_dir() == tmp_path / ".local/state/facewire"

    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    assert keyfiles.state_dir() == tmp_path / ".local/state/facewire"

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert keyfiles.state_dir() == tmp_path / "xdg/facewire"

    monkeypatch.setenv("FACEWIRE_STATE_DIR", str(tmp_path / "chosen"))
    assert keyfiles.state_dir() == tmp_path / "chosen"


def test_server_keys_are_read_back_as_they_were_made(state: Path) -> None:
    made = keyfiles.create_server_keys()

    loaded = keyfiles.load_server_keys()

    assert loaded == made
    assert zmq.curve_public(made.secret_key.encode()) == made.public_key.encode()
    assert made.secret_key not in repr(made)
    assert list((state / "keys").glob(".*")) == []  # no temporary file stays


@posix_only
def test_key_files_and_folders_are_private_whatever_the_umask(state: Path) -> None:
    before = os.umask(0)
    try:
        keyfiles.create_server_keys()
        keyfiles.add_client("studio", keyfiles.new_key_pair().public_key)
    finally:
        os.umask(before)

    assert mode(state / "keys") == 0o700
    assert mode(state / "keys/clients") == 0o700
    assert mode(state / "keys/server.json") == 0o600
    assert mode(state / "keys/clients/studio.json") == 0o600


def test_server_keys_are_not_overwritten_unless_forced(state: Path) -> None:
    first = keyfiles.create_server_keys(state)

    with pytest.raises(KeyFileError, match="already has keys") as refused:
        keyfiles.create_server_keys(state)

    assert "--force" in refused.value.hint
    assert keyfiles.load_server_keys(state) == first
    assert keyfiles.create_server_keys(state, force=True) != first


def test_missing_server_keys_name_the_command_that_makes_them(state: Path) -> None:
    with pytest.raises(KeyFileError, match="has no keys") as missing:
        keyfiles.load_server_keys(state)

    assert "facewire keys init" in missing.value.hint


@posix_only
@pytest.mark.parametrize("loose", [0o640, 0o604, 0o660])
def test_a_secret_key_that_others_may_touch_is_refused(state: Path, loose: int) -> None:
    keyfiles.create_server_keys()
    (state / "keys/server.json").chmod(loose)

    with pytest.raises(KeyFileError, match="others may read") as refused:
        keyfiles.load_server_keys()

    assert "chmod 600" in refused.value.hint


@posix_only
def test_an_allow_list_folder_that_others_may_write_is_refused(state: Path) -> None:
    keyfiles.add_client("studio", keyfiles.new_key_pair().public_key)
    (state / "keys/clients").chmod(0o770)

    with pytest.raises(KeyFileError, match="clients has mode 770") as refused:
        keyfiles.allowed_clients()

    assert "chmod 700" in refused.value.hint


@posix_only
def test_a_symbolic_link_in_place_of_the_keys_is_refused(state: Path, tmp_path: Path) -> None:
    keyfiles.create_server_keys()
    path = state / "keys/server.json"
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")

    with pytest.raises(KeyFileError, match="Cannot read"):
        keyfiles.load_server_keys()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"public_key": 7, "secret_key": 8}', "[" * 5000, "\udcff", "x" * 70_000],
    ids=["empty", "list", "cut", "numbers", "deep", "binary", "huge"],
)
def test_damaged_server_keys_give_a_sentence(state: Path, content: str) -> None:
    keyfiles.create_server_keys()
    (state / "keys/server.json").write_bytes(content.encode(errors="surrogateescape"))

    with pytest.raises(KeyFileError) as damaged:
        keyfiles.load_server_keys()

    assert "server.json" in damaged.value.text


def test_allowed_clients_are_found_by_their_key_and_gone_when_revoked() -> None:
    assert keyfiles.allowed_clients() == {}
    studio, laptop = (keyfiles.new_key_pair().public_key for _ in range(2))
    keyfiles.add_client("studio", studio)
    keyfiles.add_client("laptop", laptop)

    assert {key: client.name for key, client in keyfiles.allowed_clients().items()} == {
        studio: "studio",
        laptop: "laptop",
    }

    keyfiles.revoke_client("studio")

    assert list(keyfiles.allowed_clients()) == [laptop]
    with pytest.raises(KeyFileError, match="No client called 'studio'") as unknown:
        keyfiles.revoke_client("studio")
    assert "laptop" in unknown.value.hint


def test_a_name_or_a_key_is_allowed_only_once() -> None:
    key = keyfiles.new_key_pair().public_key
    keyfiles.add_client("studio", key)

    with pytest.raises(KeyFileError, match="already allowed, as 'studio'"):
        keyfiles.add_client("other", key)
    with pytest.raises(KeyFileError, match="called 'studio' is already allowed"):
        keyfiles.add_client("studio", keyfiles.new_key_pair().public_key)

    assert [client.name for client in keyfiles.allowed_clients().values()] == ["studio"]


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", ".hidden", "Studio", "a\0b", "a\n", "x" * 65, "büro"]
)
def test_a_name_that_is_no_plain_file_name_is_refused(state: Path, name: str) -> None:
    with pytest.raises(KeyFileError, match="cannot be the name"):
        keyfiles.add_client(name, keyfiles.new_key_pair().public_key)

    assert not state.exists()


@pytest.mark.parametrize("key", ["", "x" * 39, "x" * 41, "x" * 39 + "~", "x" * 39 + '"'])
def test_a_malformed_public_key_is_refused(key: str) -> None:
    with pytest.raises(KeyFileError, match="40 characters"):
        keyfiles.add_client("studio", key)


def test_one_damaged_client_file_lets_nobody_in(state: Path) -> None:
    keyfiles.add_client("studio", keyfiles.new_key_pair().public_key)
    keyfiles.add_client("laptop", keyfiles.new_key_pair().public_key)
    path = state / "keys/clients/laptop.json"
    entries = json.loads(path.read_text())
    path.write_text(json.dumps({**entries, "name": "someone-else"}))

    with pytest.raises(KeyFileError, match=r"laptop\.json is damaged"):
        keyfiles.allowed_clients()


def test_a_library_without_curve_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zmq, "has", lambda _what: False)

    with pytest.raises(KeyFileError, match="without CURVE") as refused:
        keyfiles.create_server_keys()

    assert "pyzmq" in refused.value.hint
