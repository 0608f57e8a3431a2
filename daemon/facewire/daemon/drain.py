"""The orderly end: tell everybody, let running streams finish, then go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.daemon.logs import log
from facewire.daemon.notify import notify

if TYPE_CHECKING:
    from facewire.daemon.reception import Reception
    from facewire.daemon.services import Services


class Drain:
    """Whether and until when the daemon is ending."""

    def __init__(self, services: Services, reception: Reception) -> None:
        self._services = services
        self._reception = reception
        self._deadline_ns = 0

    def begin(self, why: str) -> None:
        """Refuse what is new and give what runs its time; a second call changes nothing."""
        if self._services.draining:
            return
        self._services.draining = True
        drain_s = self._services.limits.drain_s
        self._deadline_ns = self._services.clock() + drain_s * 1_000_000_000
        log().info("ending (%s): streams may finish for %d s", why, drain_s)
        notify("STOPPING=1")
        self._reception.announce_drain(drain_s * 1_000)

    @property
    def is_over(self) -> bool:
        """True once nothing runs any more, or its time is up."""
        if not self._services.draining:
            return False
        running = any(session.is_running for session in self._reception.sessions)
        return not running or self._services.clock() >= self._deadline_ns
