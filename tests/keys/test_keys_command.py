"""`facewire keys` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from facewire.protocol import keyfiles
from facewire.protocol.errors import KeyFileError
from facewire.protocol.invitations import load_invitation
from facewire.tools.keys import keys


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEWIRE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(keys, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_init_prints_the_public_key_alone_on_stdout() -> None:
    printed = run("init")

    assert printed == keyfiles.load_server_keys().public_key + "\n"


def test_init_twice_is_refused_and_force_makes_new_keys() -> None:
    first = run("init")

    with pytest.raises(KeyFileError, match="already has keys"):
        run("init")

    assert run("init", "--force") != first


def test_invite_list_and_revoke_follow_each_other() -> None:
    run("init")

    assert run("invite", "studio", "--endpoint", "tcp://box:7171") == "studio.facewire.json\n"
    invitation = load_invitation(Path("studio.facewire.json"))
    assert run("list").split("\t")[:2] == ["studio", invitation.keys.public_key]

    run("revoke", "studio")
    assert run("list") == ""


def test_json_answers_hold_no_secret() -> None:
    run("init")
    invited = run("invite", "studio", "--endpoint", "tcp://box:7171", "-o", "here", "--json")
    listed = run("list", "--json")

    secret = load_invitation(Path("here")).keys.secret_key
    assert secret not in invited + listed
    assert keyfiles.load_server_keys().secret_key not in invited + listed
    assert json.loads(invited)["file"] == "here"
    assert [client["name"] for client in json.loads(listed)["clients"]] == ["studio"]


def test_add_takes_a_key_the_client_made_itself() -> None:
    public_key = keyfiles.new_key_pair().public_key

    run("add", "laptop", public_key)

    assert keyfiles.allowed_clients()[public_key].name == "laptop"
