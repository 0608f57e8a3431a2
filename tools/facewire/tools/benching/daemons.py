"""Daemons for a measurement: with their own folders, gone at its end."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from facewire.protocol.errors import FacewireError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_S: Final = 30.0
STOP_S: Final = 5.0


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[dict[str, Any]]:
    """Run `facewire serve` with these options; yield what it says when ready.

    Args:
        folder: Short path of a private folder; `run` and `state` in it are the daemon's.
        options: Of `facewire serve`.

    Raises:
        FacewireError: it did not get ready.
    """
    command = [
        sys.executable, "-c", "from facewire.tools.cli import main; main()",
        "serve", "--json", "--log-level", "error", "--die-with", str(os.getpid()), *options,
    ]  # fmt: skip
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, env=_environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            readable, _, _ = select.select([process.stdout], [], [], START_S)
            line = process.stdout.readline() if readable else b""
            if not line:
                raise FacewireError(
                    "The daemon to measure did not get ready.",
                    hint="`facewire doctor` looks for the cause.",
                )
            yield json.loads(line)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _environment(folder: Path) -> dict[str, str]:
    """Return our environment, without the user's settings for a daemon of his own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FACEWIRE_")}
    return own | {
        "FACEWIRE_RUNTIME_DIR": str(folder / "run"),
        "FACEWIRE_STATE_DIR": str(folder / "state"),
    }
