"""A process is alive while it runs: not as a zombie, and not when its number was given away."""

from __future__ import annotations

import os
import subprocess
import sys

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
