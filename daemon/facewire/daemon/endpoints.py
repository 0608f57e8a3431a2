"""Where the daemon listens, and the socket options that every listening socket needs.

Local: an ipc socket in the 0700 runtime folder, or 127.0.0.1 where the system has none, where the
path would be too long, and by choice. Remote: a TCP address that only takes CURVE.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

import zmq

from facewire.daemon.descriptors import IPC_NEEDS, raise_limit
from facewire.protocol import limits
from facewire.protocol.errors import ConfigError, FacewireError, RuntimeFolderError

if TYPE_CHECKING:
    import logging

    from facewire.protocol.keyfiles import KeyPair
    from facewire.protocol.runtime import InstancePaths

ZAP_DOMAIN: Final = b"facewire"
QUEUE_MESSAGES: Final = 64
"""Messages libzmq holds per peer and direction; what is more waits where it can be counted."""
_REMOTE = re.compile(r"tcp://(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.*-]+):(\d{1,5})")


def router(context: zmq.Context[zmq.Socket[bytes]], keys: KeyPair | None) -> zmq.Socket[bytes]:
    """Return an unbound ROUTER; with `keys` it speaks to nobody but clients with an allowed key."""
    socket = context.socket(zmq.ROUTER)
    socket.set(zmq.LINGER, 0)
    socket.set(zmq.MAXMSGSIZE, limits.MAX_PART_BYTES)
    socket.set(zmq.HANDSHAKE_IVL, limits.HANDSHAKE_MS)
    socket.set(zmq.HEARTBEAT_IVL, limits.HEARTBEAT_INTERVAL_MS)
    socket.set(zmq.HEARTBEAT_TIMEOUT, limits.HEARTBEAT_TIMEOUT_MS)
    socket.set(zmq.HEARTBEAT_TTL, limits.HEARTBEAT_TIMEOUT_MS)
    socket.set(zmq.SNDHWM, QUEUE_MESSAGES)
    socket.set(zmq.RCVHWM, QUEUE_MESSAGES)
    # Without this a send to a slow or dead peer is silently dropped instead of refused.
    socket.set(zmq.ROUTER_MANDATORY, 1)
    socket.set(zmq.ROUTER_HANDOVER, 0)  # nobody takes over a peer by claiming its routing id
    if keys is not None:
        socket.set(zmq.ZAP_DOMAIN, ZAP_DOMAIN)
        # Without this a CURVE server whose ZAP handler is gone lets every key in.
        socket.set(zmq.ZAP_ENFORCE_DOMAIN, 1)
        socket.set(zmq.CURVE_SERVER, 1)
        socket.set(zmq.CURVE_SECRETKEY, keys.secret_key.encode())
        socket.set(zmq.CURVE_PUBLICKEY, keys.public_key.encode())
    return socket


def bind_local(
    socket: zmq.Socket[bytes], paths: InstancePaths, tcp: int, log: logging.Logger
) -> str:
    """Bind the local socket and return its endpoint.

    Args:
        socket: From `router`.
        paths: The instance, whose lock is held.
        tcp: Port on 127.0.0.1; 0: any; -1: ipc where it works.
        log: Told when ipc was wanted and cannot be.

    Raises:
        FacewireError: the port is taken.
    """
    most = raise_limit()
    if tcp < 0 and os.name != "nt":
        try:
            endpoint = _ipc_endpoint(paths, most)
        except RuntimeFolderError as error:
            log.warning("%s Serving on 127.0.0.1 meanwhile.", error)
        else:
            _bind(socket, endpoint)
            paths.socket.chmod(0o600)  # libzmq makes it 0755
            return endpoint
    return _bind(socket, f"tcp://127.0.0.1:{max(tcp, 0) or '*'}")


def _ipc_endpoint(paths: InstancePaths, descriptors: int) -> str:
    if descriptors < IPC_NEEDS:
        raise RuntimeFolderError(
            f"A Unix socket needs a limit of {IPC_NEEDS} open files, here it is {descriptors}."
        )
    return paths.endpoint


def check_remote(endpoint: str) -> tuple[str, int]:
    """Return host and port of a remote endpoint.

    Raises:
        ConfigError: it is not tcp://HOST:PORT.
    """
    match = _REMOTE.fullmatch(endpoint)
    if match is None or int(match[2]) > 65_535:
        raise ConfigError(f"{endpoint} is no remote endpoint.", hint="Write it as tcp://HOST:PORT.")
    return match[1], int(match[2])


def bind_remote(socket: zmq.Socket[bytes], endpoint: str) -> str:
    """Bind a socket that `router` made with keys; return its endpoint.

    Raises:
        ConfigError: the endpoint is not tcp://HOST:PORT.
        FacewireError: it cannot be bound.
    """
    host, port = check_remote(endpoint)
    if host.startswith("["):
        socket.set(zmq.IPV6, 1)
    return _bind(socket, f"tcp://{host}:{port or '*'}")


def _bind(socket: zmq.Socket[bytes], endpoint: str) -> str:
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        raise FacewireError(
            f"cannot listen on {endpoint}: {error.strerror}.",
            hint="Choose another port, or 0 for any free one.",
        ) from error
    return bytes(socket.get(zmq.LAST_ENDPOINT)).rstrip(b"\0").decode()
