"""One daemon per instance, whatever way the last one ended."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from facewire.daemon.lock import InstanceLock
from facewire.protocol.errors import AlreadyRunning, RuntimeFolderError
from facewire.protocol.runtime import InstancePaths

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def paths(tmp_path: Path) -> InstancePaths:
    return InstancePaths("one", tmp_path / "run")


def test_a_second_holder_is_refused_with_the_pid_of_the_first(paths: InstancePaths) -> None:
    with InstanceLock.acquire(paths), pytest.raises(AlreadyRunning) as refused:
        InstanceLock.acquire(paths)

    assert f"pid {os.getpid()}" in refused.value.text
    assert "one" in refused.value.text
    assert refused.value.exit_code == 3


def test_a_released_lock_can_be_taken_again_and_leaves_no_file(paths: InstancePaths) -> None:
    for _ in range(3):
        lock = InstanceLock.acquire(paths)
        assert paths.lock.read_text() == str(os.getpid())
        lock.release()
        lock.release()

    assert list(paths.runtime.rglob("*")) == []


def test_another_instance_has_a_lock_of_its_own(paths: InstancePaths) -> None:
    with InstanceLock.acquire(paths), InstanceLock.acquire(InstancePaths("two", paths.runtime)):
        pass


def test_the_lock_of_a_killed_process_is_free_and_its_files_are_removed(
    paths: InstancePaths,
) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from facewire.daemon.lock import InstanceLock\n"
        "from facewire.protocol.runtime import InstancePaths\n"
        "paths = InstancePaths('one', Path(sys.argv[1])); lock = InstanceLock.acquire(paths)\n"
        "for path in (paths.socket, paths.handshake, paths.ring('x')): path.write_text('old')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(paths.runtime)], check=False)
    assert done.returncode == -9
    assert len(list(paths.folder.iterdir())) == 4

    with InstanceLock.acquire(paths):
        assert list(paths.folder.iterdir()) == [paths.lock]


def test_whoever_waited_on_a_removed_lock_file_does_not_hold_the_instance(
    paths: InstancePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    import facewire.daemon.lock as module

    first = InstanceLock.acquire(paths)
    really_lock = module._try_lock
    opened = []

    def lock_late(descriptor: int) -> bool:
        opened.append(descriptor)
        if len(opened) == 1:  # the holder ends between our open and our lock
            first.release()
        return really_lock(descriptor)

    monkeypatch.setattr(module, "_try_lock", lock_late)
    second = InstanceLock.acquire(paths)

    assert len(opened) == 2
    with pytest.raises(AlreadyRunning):
        InstanceLock.acquire(paths)
    second.release()


def test_a_runtime_folder_others_can_enter_is_refused(paths: InstancePaths) -> None:
    paths.runtime.mkdir(mode=0o755)

    with pytest.raises(RuntimeFolderError):
        InstanceLock.acquire(paths)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_a_full_disk_is_told_in_a_sentence_and_leaves_nothing(paths: InstancePaths) -> None:
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from facewire.daemon.lock import InstanceLock\n"
        "from facewire.protocol.errors import RuntimeFolderError\n"
        "from facewire.protocol.runtime import InstancePaths\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "try:\n"
        "    InstanceLock.acquire(InstancePaths('one', Path(sys.argv[1])))\n"
        "except RuntimeFolderError as error:\n"
        "    sys.exit(0 if 'one' in error.text else 1)\n"
        "sys.exit(2)\n"
    )
    command = [sys.executable, "-c", program, str(paths.runtime)]

    assert subprocess.run(command, check=False).returncode == 0
    assert list(paths.runtime.rglob("*")) == []
