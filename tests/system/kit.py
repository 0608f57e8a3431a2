"""Real daemons in processes of their own, and what tests wait and speak with."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.protocol.runtime import Handshake, InstancePaths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

START_S = 15.0


def wait_until(condition: Callable[[], Any], *, within_s: float, what: str) -> Any:
    """Return the first true value of `condition`; fail when none comes in time."""
    deadline = time.monotonic() + within_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.01)


class DaemonProcess:
    """`facewire serve` as a child; ends with the test, by its pid."""

    def __init__(
        self,
        runtime: Path,
        *options: str,
        program: Sequence[str] = ("-m", "facewire", "serve"),
        environment: Mapping[str, str] | None = None,
        instance: str = "default",
    ) -> None:
        self.runtime = runtime
        self.paths = InstancePaths(instance, runtime)
        self.log = (runtime.parent / f"{instance}.log").open("w+b")
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [
                sys.executable, *program, "--json", "--instance", instance,
                "--die-with", str(os.getpid()), *options,
            ],
            env={**os.environ, "FACEWIRE_RUNTIME_DIR": str(runtime), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=self.log,
        )  # fmt: skip
        try:
            self.ready = self._wait_ready()
        except BaseException:
            self.kill()
            raise
        self.start_s = time.monotonic() - begun

    def _wait_ready(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], START_S)
        line = self.process.stdout.readline() if readable else b""
        assert line, f"the daemon did not get ready: {self.output()}"
        told: dict[str, Any] = json.loads(line)
        return told

    @property
    def pid(self) -> int:
        return self.process.pid

    def output(self) -> str:
        """Return what the daemon has logged."""
        self.log.flush()
        return Path(self.log.name).read_text(encoding="utf-8", errors="replace")

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output().splitlines() if line.startswith("{")]

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, within_s: float = 15.0) -> int:
        return self.process.wait(within_s)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._close()

    def stop(self) -> int:
        """End it in order and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._close()
        return code

    def _close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.log.close()

    def token(self) -> str:
        return Handshake.read(self.paths).token

    def rings(self) -> list[Path]:
        return self.paths.rings


def speech_like(seconds: float, *, rate_hz: int = 16_000, seed: int = 0) -> np.ndarray[Any, Any]:
    """Return float32 noise in syllable-like bursts: something for a face to do."""
    count = int(seconds * rate_hz)
    times = np.arange(count) / rate_hz
    noise = np.random.default_rng(seed).standard_normal(count)
    bursts = np.clip(np.sin(2 * np.pi * 3 * times), 0, 1)
    return np.asarray(noise * 0.1 * bursts, np.float32)


def ended_process(pid: int) -> bool:
    """Return whether a process is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    return True
