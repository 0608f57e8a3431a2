"""What this process takes of the machine: threads of its libraries, cores and memory."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

_BLAS_THREADS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_STATUS: Final = Path("/proc/self/status")


def limit_blas(threads: int) -> None:
    """Keep numpy's matrix products to so many threads; only before numpy is first imported."""
    if "numpy" not in sys.modules:
        os.environ.update(dict.fromkeys(_BLAS_THREADS, str(threads)))


class CoresUsed:
    """How many cores were busy for this process: the proof that one thread was one."""

    def __init__(self) -> None:
        self._wall_s, self._busy_s = time.perf_counter(), time.process_time()

    def so_far(self) -> float:
        """Return seconds of computing per second since the beginning."""
        wall_s = time.perf_counter() - self._wall_s
        return (time.process_time() - self._busy_s) / wall_s


def resident_mb() -> float | None:
    """Return the memory this process holds now; None where the system does not tell."""
    return _status_mb("VmRSS")


def peak_mb() -> float | None:
    """Return the most it ever held; None where the system does not tell."""
    return _status_mb("VmHWM")


def _status_mb(name: str) -> float | None:
    if not _STATUS.is_file():
        return None
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return round(int(line.split()[1]) * 1024 / 1e6, 1)
    return None
