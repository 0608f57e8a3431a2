"""A process is alive while it runs: not as a zombie, and not when its number was given away."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from facewire.daemon.guardian import Guardian


def test_a_running_process_is_alive_and_a_zombie_is_not() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        guardian = Guardian(process.pid)
        assert guardian.is_alive()

        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, not yet waited for
        assert not guardian.is_alive()

    assert not guardian.is_alive()
    assert not Guardian(process.pid).is_alive()


def test_a_number_no_process_can_have_is_not_alive() -> None:
    assert [Guardian(number).is_alive() for number in (-5, 2**40)] == [False, False]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_who_cannot_look_for_want_of_descriptors_takes_the_process_for_alive() -> None:
    program = (
        "import os, resource\n"
        "from facewire.daemon.guardian import Guardian\n"
        "guardian = Guardian(os.getppid())\n"
        "assert guardian.is_alive()\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (0, 4096))\n"
        "os._exit(0 if guardian.is_alive() else 1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
