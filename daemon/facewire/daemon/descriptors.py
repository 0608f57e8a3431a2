"""How many files and sockets this process may have open.

When none is left, libzmq's TCP listener waits until there is one again, but its ipc listener ends
the whole process. So the daemon takes as many as it is allowed to, and where that is few it listens
on TCP.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Final

WANTED: Final = 8192
"""More than the connections that can come and be cut again within the handshake's two seconds."""
IPC_NEEDS: Final = 1024
"""64 sessions of a socket and two rings, ourselves, and many who connect and say nothing."""

if sys.platform == "win32":

    def raise_limit() -> int:
        """Return how many descriptors may be open; there is no limit to raise here."""
        return WANTED

else:
    import resource

    def raise_limit() -> int:
        """Raise the limit of open descriptors towards `WANTED`; return how many may be open."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY or soft >= WANTED:
            return WANTED
        wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
        with contextlib.suppress(OSError, ValueError):  # then it stays what it is
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
