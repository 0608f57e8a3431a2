"""What sessions and voices share: one scheduler, the figures, the limits, the clock."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from facewire.daemon.counters import Counters
from facewire.daemon.rig_shelf import RigShelf
from facewire.daemon.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from facewire.daemon.settings import LimitSettings
    from facewire.daemon.worker import Job


@dataclass
class Services:
    """Handed to whoever needs it; replaced fields (`limits`) count from then on."""

    limits: LimitSettings
    rigs: RigShelf = field(default_factory=RigShelf)
    scheduler: Scheduler = field(default_factory=Scheduler)
    counters: Counters = field(default_factory=Counters)
    start_aside: Callable[[Job], None] | None = None
    """Runs a job beside the inference of windows; None: there is nobody who could."""
    clock: Callable[[], int] = time.monotonic_ns
    """Monotonic nanoseconds."""
    open_streams: int = 0
    """Streams of all sessions, those being opened included."""
    draining: bool = False
    """True once the daemon has been told to end."""
