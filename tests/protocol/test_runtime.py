from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from facewire.protocol.errors import ConfigError, NoDaemon, RuntimeFolderError
from facewire.protocol.limits import IPC_PATH_BYTES
from facewire.protocol.runtime import Handshake, InstancePaths, runtime_dir

HANDSHAKE = Handshake(
    endpoint="ipc:///run/user/1000/facewire/default/daemon.sock",
    protocol=(1, 0),
    pid=4242,
    token="a secret of this start",
    started_at="2026-11-20T13:00:00Z",
    daemon="facewire 0.1.0",
)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "run"


@pytest.fixture
def paths(runtime: Path) -> InstancePaths:
    made = InstancePaths()
    made.make_folder()
    assert made.folder == runtime / "default"
    return made


def test_the_environment_variable_rules(runtime: Path) -> None:
    assert runtime_dir() == runtime


def test_without_it_the_session_folder_of_the_user_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", "")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    assert runtime_dir() == tmp_path / "facewire"


@pytest.mark.parametrize("session_folder", [None, "", "relative", "/does/not/exist"])
def test_without_a_session_folder_one_per_user_in_the_temporary_folder_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session_folder: str | None
) -> None:
    monkeypatch.delenv("FACEWIRE_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    if session_folder is None:
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    else:
        monkeypatch.setenv("XDG_RUNTIME_DIR", session_folder)

    assert runtime_dir() == tmp_path / f"facewire-{os.geteuid()}"


def test_folders_are_made_for_the_owner_alone_whatever_the_umask(runtime: Path) -> None:
    old = os.umask(0)
    try:
        paths = InstancePaths("game-1")
        paths.make_folder()
        paths.make_folder()
    finally:
        os.umask(old)

    assert runtime.stat().st_mode & 0o777 == 0o700
    assert paths.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o777])
def test_a_folder_open_to_others_is_refused(runtime: Path, mode: int) -> None:
    runtime.mkdir()
    runtime.chmod(mode)

    with pytest.raises(RuntimeFolderError, match="others") as refusal:
        InstancePaths()
    assert "FACEWIRE_RUNTIME_DIR" in refusal.value.hint


def test_an_instance_folder_open_to_others_is_refused_by_daemon_and_client(
    paths: InstancePaths,
) -> None:
    HANDSHAKE.write(paths)
    paths.folder.chmod(0o755)

    with pytest.raises(RuntimeFolderError):
        paths.make_folder()
    with pytest.raises(RuntimeFolderError):
        Handshake.read(paths)


def test_a_folder_of_another_user_is_refused(
    paths: InstancePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    HANDSHAKE.write(paths)
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)

    with pytest.raises(RuntimeFolderError, match="belongs to user"):
        runtime_dir()
    with pytest.raises(RuntimeFolderError, match="belongs to user"):
        Handshake.read(paths)


@pytest.mark.parametrize("dangling", [True, False])
def test_a_link_in_place_of_the_folder_is_refused(
    runtime: Path, tmp_path: Path, *, dangling: bool
) -> None:
    target = tmp_path / "elsewhere"
    if not dangling:
        target.mkdir(mode=0o700)
    runtime.symlink_to(target)

    with pytest.raises(RuntimeFolderError):
        runtime_dir()


def test_a_file_in_place_of_the_folder_is_refused(runtime: Path) -> None:
    runtime.touch(mode=0o600)

    with pytest.raises(RuntimeFolderError):
        InstancePaths().make_folder()


@pytest.mark.parametrize("name", ["default", "a", "0", "ue5.game_1-x", "a" * 64])
def test_plain_names_are_instances(runtime: Path, name: str) -> None:
    assert InstancePaths(name).folder == runtime / name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "A", "-a", "_a", "é", "a" * 65, "a\0", "a\n", "a b"]
)
def test_other_names_are_refused(runtime: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        InstancePaths(name, runtime)


def test_the_files_lie_in_the_folder_of_the_instance(paths: InstancePaths) -> None:
    assert paths.lock == paths.folder / "daemon.lock"
    assert paths.handshake == paths.folder / "handshake.json"
    assert paths.endpoint == f"ipc://{paths.folder}/daemon.sock"
    paths.ring("b").touch()
    paths.ring("a").touch()
    assert paths.rings == [paths.folder / "a.ring", paths.folder / "b.ring"]


def test_a_socket_path_may_have_107_bytes_and_no_more(tmp_path: Path) -> None:
    tail = len("/default/daemon.sock")
    fitting = "/" + "é" + "r" * (IPC_PATH_BYTES - tail - 3)  # é is two bytes

    endpoint = InstancePaths("default", Path(fitting)).endpoint
    assert len(os.fsencode(endpoint.removeprefix("ipc://"))) == IPC_PATH_BYTES

    with pytest.raises(RuntimeFolderError, match=str(IPC_PATH_BYTES)) as refusal:
        _ = InstancePaths("default", Path(fitting + "r")).endpoint
    assert "FACEWIRE_RUNTIME_DIR" in refusal.value.hint
    assert tmp_path.exists()


def test_a_handshake_comes_back_as_it_was_written(paths: InstancePaths) -> None:
    HANDSHAKE.write(paths)

    assert Handshake.read(paths) == HANDSHAKE


def test_a_handshake_is_private_whatever_the_umask(paths: InstancePaths) -> None:
    old = os.umask(0)
    try:
        HANDSHAKE.write(paths)
    finally:
        os.umask(old)

    assert paths.handshake.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in paths.folder.iterdir()] == ["handshake.json"]


def test_a_new_start_replaces_the_handshake_whole(paths: InstancePaths) -> None:
    HANDSHAKE.write(paths)
    later = replace(HANDSHAKE, token="t", pid=1)

    later.write(paths)

    assert Handshake.read(paths) == later


def test_a_token_is_not_shown(paths: InstancePaths) -> None:
    assert HANDSHAKE.token not in repr(HANDSHAKE)
    paths.handshake.write_text('{"token": "a secret of this start"')
    paths.handshake.chmod(0o600)
    with pytest.raises(RuntimeFolderError) as refusal:
        Handshake.read(paths)
    assert HANDSHAKE.token not in str(refusal.value)


@pytest.mark.parametrize("has_folder", [True, False])
def test_without_a_handshake_there_is_no_daemon(runtime: Path, *, has_folder: bool) -> None:
    paths = InstancePaths("ghost", runtime)
    if has_folder:
        paths.make_folder()

    with pytest.raises(NoDaemon, match="ghost") as refusal:
        Handshake.read(paths)

    assert "facewire serve" in refusal.value.hint


def test_a_handshake_others_could_read_or_write_is_refused(paths: InstancePaths) -> None:
    HANDSHAKE.write(paths)
    for mode in (0o640, 0o602):
        paths.handshake.chmod(mode)
        with pytest.raises(RuntimeFolderError):
            Handshake.read(paths)


def test_a_link_in_place_of_the_handshake_is_refused(paths: InstancePaths, tmp_path: Path) -> None:
    HANDSHAKE.write(paths)
    elsewhere = tmp_path / "elsewhere.json"
    paths.handshake.rename(elsewhere)
    paths.handshake.symlink_to(elsewhere)

    with pytest.raises(RuntimeFolderError):
        Handshake.read(paths)


WHOLE = asdict(HANDSHAKE)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "null",
        "[]",
        "{",
        "{}",
        "\udcff",
        "[" * 60_000,
        json.dumps(WHOLE | {"pid": True}),
        json.dumps(WHOLE | {"pid": 0}),
        json.dumps(WHOLE | {"pid": "4242"}),
        json.dumps(WHOLE | {"protocol": [1]}),
        json.dumps(WHOLE | {"protocol": [1, 0.5]}),
        json.dumps(WHOLE | {"endpoint": None}),
        json.dumps(WHOLE | {"token": 5}),
        json.dumps(WHOLE | {"token": "a" * 5000}),
        json.dumps(WHOLE | {"note": "a" * 70_000}),
    ],
)
def test_what_is_no_handshake_is_refused_with_a_sentence(
    paths: InstancePaths, content: str
) -> None:
    paths.handshake.write_text(content, errors="surrogateescape")
    paths.handshake.chmod(0o600)

    with pytest.raises(RuntimeFolderError) as refusal:
        Handshake.read(paths)

    assert len(str(refusal.value)) < 500


def test_a_handshake_of_a_newer_daemon_is_read(paths: InstancePaths) -> None:
    paths.handshake.write_text(json.dumps(WHOLE | {"x_new": [1], "protocol": [2, 7]}))
    paths.handshake.chmod(0o600)

    assert Handshake.read(paths) == replace(HANDSHAKE, protocol=(2, 7))


def test_a_folder_that_cannot_be_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(blocked / "run"))

    with pytest.raises(RuntimeFolderError, match="Cannot make the folder") as refusal:
        InstancePaths().make_folder()

    assert "FACEWIRE_RUNTIME_DIR" in refusal.value.hint


READER = """
from facewire.protocol.runtime import Handshake, InstancePaths
paths = InstancePaths()
seen = set()
while len(seen) < 2 or 9 not in seen:
    seen.add(Handshake.read(paths).pid)
"""


def test_a_reader_never_sees_half_a_handshake(paths: InstancePaths) -> None:
    replace(HANDSHAKE, pid=1).write(paths)
    reader = subprocess.Popen([sys.executable, "-c", READER])
    try:
        while reader.poll() is None:
            for pid in (1, 9):
                replace(HANDSHAKE, pid=pid, token="t" * 4000).write(paths)
    finally:
        reader.kill()
        reader.wait()

    assert reader.returncode == 0
