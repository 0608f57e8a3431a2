"""A daemon nobody else sees: own runtime folder, own state, gone without a trace at the end."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

from facewire.protocol.client import Client
from facewire.protocol.errors import FacewireError
from facewire.protocol.runtime import Handshake, InstancePaths

if TYPE_CHECKING:
    from types import TracebackType

START_S: Final = 20.0
"""Longest wait for a daemon to be ready: a cold disk may need seconds to load onnxruntime."""
STOP_S: Final = 3.0
GIVE_UP_S: Final = 3.0
"""How long a client waits for this daemon: nobody starts it again."""
_POLL_S: Final = 0.01
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of a random name is made in it
_SAID_LINES: Final = 5


class PrivateDaemon:
    """A running `facewire serve`; a context manager. It dies with this process, however that ends.

    The runtime folder lies in memory where the system offers that, so rings are shared memory.
    """

    def __init__(self) -> None:
        """Start the daemon without waiting for it; see `wait_until_ready`."""
        self.instance = f"demo-{secrets.token_hex(4)}"
        self.folder = Path(tempfile.mkdtemp(prefix="facewire-", dir=_memory_folder()))
        # Unlinked from the start: it vanishes even if we are killed.
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        try:
            self.process = subprocess.Popen(  # noqa: S603 - ourselves
                [
                    sys.executable, "-c", "from facewire.tools.cli import main; main()",
                    "serve", "--instance", self.instance, "--die-with", str(os.getpid()),
                ],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us; we stop the daemon in order
            )  # fmt: skip
        except BaseException:
            self._forget()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def paths(self) -> InstancePaths:
        """The files of this instance."""
        return InstancePaths(self.instance, self.folder)

    def wait_until_ready(self) -> None:
        """Return once clients can connect.

        Raises:
            FacewireError: the daemon ended, or was not ready in `START_S`; with its last words.
        """
        deadline = time.monotonic() + START_S
        while not self.paths.handshake.exists():
            if self.process.poll() is not None:
                raise FacewireError(
                    f"the daemon ended at once with exit code {self.process.returncode}:\n"
                    f"{self.last_words()}",
                    hint="`facewire doctor` looks for the cause.",
                )
            if time.monotonic() > deadline:
                raise FacewireError(
                    f"the daemon was not ready within {START_S:.0f} s.\n{self.last_words()}",
                    hint="`facewire doctor` looks for the cause.",
                )
            time.sleep(_POLL_S)

    def connect(self) -> Client:
        """Return a client of this daemon; a daemon that dies is not looked for again."""
        handshake = Handshake.read(self.paths)
        return Client.connect(
            endpoint=handshake.endpoint,
            token=handshake.token,
            name="facewire demo",
            reconnect_s=GIVE_UP_S,
        )

    def last_words(self) -> str:
        """Return the end of what the daemon printed."""
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_SAID_LINES:])

    def stop(self) -> None:
        """End the daemon and remove its folder; harmless when repeated."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._forget()

    def _environment(self) -> dict[str, str]:
        """Return our environment, but with nothing in it, or in a file, that opens the daemon."""
        return os.environ | {
            "FACEWIRE_RUNTIME_DIR": str(self.folder),
            "FACEWIRE_STATE_DIR": str(self.folder / "state"),
            "FACEWIRE_NETWORK__TCP": "-1",
            "FACEWIRE_NETWORK__REMOTE": "",
            "FACEWIRE_LOG__LEVEL": "warning",
        }

    def _forget(self) -> None:
        self._said.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _memory_folder() -> str | None:
    """Return a folder in memory, None for the system's usual place of temporary files."""
    return str(_MEMORY) if os.access(_MEMORY, os.W_OK | os.X_OK) else None
