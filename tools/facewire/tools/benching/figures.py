"""Times in, figures out, with what is needed to read them: the machine and its load."""

from __future__ import annotations

import os
import platform
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Spread:
    """The distribution of a time."""

    count: int
    least: float
    p50: float
    p90: float
    p99: float

    @classmethod
    def of(cls, times: Iterable[float]) -> Spread:
        """Return the spread of some times, in their own unit; there must be one."""
        values = np.asarray(list(times), np.float64)
        p50, p90, p99 = np.percentile(values, (50, 90, 99))
        return cls(len(values), float(values.min()), float(p50), float(p90), float(p99))

    def rounded(self, digits: int) -> dict[str, float]:
        """Return the spread as JSON shows it."""
        return {
            "count": self.count,
            "least": round(self.least, digits),
            "p50": round(self.p50, digits),
            "p90": round(self.p90, digits),
            "p99": round(self.p99, digits),
        }


def machine() -> dict[str, Any]:
    """Return what a figure depends on besides the code; figures of two machines do not compare."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average": [round(load, 2) for load in load_average()],
    }


def machine_line(machine: Mapping[str, Any]) -> str:
    """Return what `machine` says, for people."""
    loads = " ".join(f"{load:.2f}" for load in machine["load_average"])
    return (
        f"{machine['system']}, {machine['processor']}, {machine['cores']} cores, "
        f"Python {machine['python']}, load {loads}"
    )


@contextmanager
def one_core() -> Iterator[None]:
    """Keep what this thread computes on one core, where the system lets us choose."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def load_average() -> Sequence[float]:
    """Return the load of the last 1, 5 and 15 minutes; NaN where the system does not tell."""
    return os.getloadavg() if hasattr(os, "getloadavg") else (float("nan"),) * 3


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a text table: the first column flush left, numbers flush right."""
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    ]
    return "\n".join(lines)
