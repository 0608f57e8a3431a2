"""Invitations: one private file that lets one client in."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest
import zmq

from facewire.protocol import invitations, keyfiles
from facewire.protocol.errors import KeyFileError

if TYPE_CHECKING:
    from pathlib import Path

ENDPOINT = "tcp://gpu-box.studio:7171"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("FACEWIRE_STATE_DIR", str(folder))
    keyfiles.create_server_keys()
    return folder


def test_an_invitation_is_read_back_and_its_key_is_allowed(state: Path, tmp_path: Path) -> None:
    path = tmp_path / "studio.json"

    made = invitations.invite("studio", ENDPOINT, path)

    loaded = invitations.load_invitation(path)
    assert loaded == made
    assert loaded.server_public_key == keyfiles.load_server_keys(state).public_key
    assert keyfiles.allowed_clients()[loaded.keys.public_key].name == "studio"
    assert zmq.curve_public(loaded.keys.secret_key.encode()) == loaded.keys.public_key.encode()


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_an_invitation_is_private_and_refused_when_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "studio.json"
    invitations.invite("studio", ENDPOINT, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    path.chmod(0o644)

    with pytest.raises(KeyFileError, match="others may read") as refused:
        invitations.load_invitation(path)
    assert f"chmod 600 {path}" in refused.value.hint


def test_an_existing_file_is_kept_and_nobody_is_let_in(tmp_path: Path) -> None:
    path = tmp_path / "precious.json"
    path.write_text("mine")

    with pytest.raises(KeyFileError, match="exists already"):
        invitations.invite("studio", ENDPOINT, path)

    assert path.read_text() == "mine"
    assert keyfiles.allowed_clients() == {}


def test_an_invitation_into_a_missing_folder_lets_nobody_in(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="Cannot write"):
        invitations.invite("studio", ENDPOINT, tmp_path / "missing" / "studio.json")

    assert keyfiles.allowed_clients() == {}


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "ipc:///tmp/x",
        "tcp://host",
        "tcp://host:0",
        "tcp://host:65536",
        "tcp://*:7171",
        "tcp://0.0.0.0:7171",
        "tcp://[::]:7171",
        "tcp://a b:7171",
        "tcp://a;tcp://b:7171",
    ],
)
def test_an_address_no_client_can_reach_is_refused(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(KeyFileError, match="no address a client can connect to") as refused:
        invitations.invite("studio", endpoint, tmp_path / "studio.json")

    assert "tcp://HOST:PORT" in refused.value.hint
    assert keyfiles.allowed_clients() == {}


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:1", "tcp://[fe80::1]:65535", ENDPOINT])
def test_names_and_addresses_of_both_families_are_taken(endpoint: str) -> None:
    assert invitations.check_endpoint(endpoint) == endpoint


def test_a_missing_invitation_says_where_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="no invitation at") as missing:
        invitations.load_invitation(tmp_path / "none.json")

    assert "facewire keys invite" in missing.value.hint


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("facewire_invitation", 2),
        ("endpoint", "tcp://*:1"),
        ("server_public_key", "short"),
        ("secret_key", None),
        ("name", "../x"),
    ],
)
def test_an_altered_invitation_is_refused(tmp_path: Path, field: str, value: object) -> None:
    path = tmp_path / "studio.json"
    invitations.invite("studio", ENDPOINT, path)
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))

    with pytest.raises(KeyFileError):
        invitations.load_invitation(path)
