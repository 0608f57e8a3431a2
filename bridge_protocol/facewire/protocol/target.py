"""Where a client finds its daemon, and what it needs to get in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from facewire.protocol.errors import NoDaemon
from facewire.protocol.keyfiles import require_curve
from facewire.protocol.runtime import Handshake, InstancePaths

if TYPE_CHECKING:
    from facewire.protocol.invitations import Invitation


@dataclass(frozen=True)
class Address:
    """One place to connect to, now."""

    endpoint: str
    token: str = field(default="", repr=False)
    invitation: Invitation | None = field(default=None, repr=False)
    """Keys for CURVE; None on the daemon's own machine."""
    pid: int = 0
    """Process id the handshake file names; 0 when unknown."""


@dataclass(frozen=True)
class Target:
    """What the user asked for; `resolve` turns it into an address anew for each attempt.

    A new daemon has a new token and maybe a new endpoint, so nothing of an old handshake is kept.
    """

    instance: str = "default"
    endpoint: str = ""
    """Overrides the address of the handshake file or invitation."""
    token: str = field(default="", repr=False)
    invitation: Invitation | None = field(default=None, repr=False)

    def resolve(self) -> Address:
        """Return where to connect now.

        Raises:
            NoDaemon: no daemon of this instance left a handshake file.
            RuntimeFolderError: the handshake file cannot be trusted.
            KeyFileError: an invitation needs CURVE and libzmq has none.
        """
        if self.invitation is not None:
            require_curve()
            return Address(self.endpoint or self.invitation.endpoint, invitation=self.invitation)
        if self.endpoint and self.token:
            return Address(self.endpoint, self.token)
        try:
            handshake = Handshake.read(InstancePaths(self.instance))
        except NoDaemon:
            if not self.endpoint:
                raise
            return Address(self.endpoint)
        return Address(
            self.endpoint or handshake.endpoint, self.token or handshake.token, pid=handshake.pid
        )

    @property
    def described(self) -> str:
        """The target in a few words, for error texts."""
        if self.endpoint:
            return self.endpoint
        if self.invitation is not None:
            return self.invitation.endpoint
        return f"instance `{self.instance}`"
