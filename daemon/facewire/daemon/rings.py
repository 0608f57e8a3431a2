"""The two byte rings of a local session, and how much memory all of them may take."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facewire.daemon.logs import log
from facewire.protocol.errors import RingError
from facewire.protocol.ring import RingFile, RingReader, RingWriter, rings_budget_bytes

if TYPE_CHECKING:
    from facewire.protocol.runtime import InstancePaths


@dataclass
class SessionRings:
    """One ring each way. Their files are removed by `RingStore.remove`."""

    to_daemon: RingFile
    to_client: RingFile

    def __post_init__(self) -> None:
        self.reader = RingReader(self.to_daemon)
        self.writer = RingWriter(self.to_client)

    def announcement(self) -> dict[str, dict[str, str | int]]:
        """Return what `welcome` says of them."""
        return {
            name: {"path": str(ring.path), "size_bytes": ring.size_bytes}
            for name, ring in (("to_daemon", self.to_daemon), ("to_client", self.to_client))
        }


class RingStore:
    """Makes and removes rings within a budget. Owned by the I/O thread."""

    def __init__(self, paths: InstancePaths, ring_bytes: int, total_bytes: int) -> None:
        """Args: `ring_bytes` 0 makes none; `total_bytes` bounds all of them together."""
        self._paths = paths
        self._ring_bytes = ring_bytes
        self.total_bytes = total_bytes
        self.used_bytes = 0
        self.refused = 0
        """Sessions that had to go inline."""
        self._made = 0

    def make(self, session: str) -> SessionRings | None:
        """Return new rings for a session, or None when it must go inline."""
        if not self._ring_bytes:
            return None
        try:
            self._check_budget()
            to_daemon = self._make_one(session)
            try:
                to_client = self._make_one(session)
            except RingError:
                _remove(to_daemon)
                raise
        except RingError as error:
            self.refused += 1
            log().warning("a session goes inline: %s", error, extra={"key": "no-ring"})
            return None
        self.used_bytes += 2 * self._ring_bytes
        return SessionRings(to_daemon, to_client)

    def remove(self, rings: SessionRings) -> None:
        """Remove a session's rings; a client that still has one open keeps only its own view."""
        for ring in (rings.to_daemon, rings.to_client):
            _remove(ring)
        self.used_bytes -= 2 * self._ring_bytes

    def _make_one(self, session: str) -> RingFile:
        self._made += 1
        # The name is ours and random: nothing a client says becomes a path.
        path = self._paths.ring(secrets.token_hex(16))
        return RingFile.create(path, self._ring_bytes, session, self._made)

    def _check_budget(self) -> None:
        budget_bytes = min(self.total_bytes, rings_budget_bytes(self._paths.folder))
        if self.used_bytes + 2 * self._ring_bytes > budget_bytes:
            raise RingError(f"all rings together may take {budget_bytes} bytes.")


def _remove(ring: RingFile) -> None:
    ring.close()
    ring.unlink()
