"""Encryption for remote clients: is it there, and does it turn strangers away?"""

from __future__ import annotations

import zmq

from facewire.tools.diagnosis.report import Finding, failed, ok


def curve() -> Finding:
    """Check that libzmq can encrypt."""
    said = f"libzmq {zmq.zmq_version()}, pyzmq {zmq.pyzmq_version()}"
    if not zmq.has("curve"):
        return failed(
            f"{said} without CURVE: no remote clients",
            "Run `pip install --force-reinstall pyzmq`; its wheels have CURVE.",
        )
    return ok(f"{said} with CURVE")


def fails_closed() -> Finding:
    """Bind a throwaway remote socket on loopback; a key made this instant must be refused."""
    from facewire.daemon.endpoints import bind_remote, router
    from facewire.daemon.zap import Doorman, prove_closed
    from facewire.protocol.keyfiles import new_key_pair

    keys = new_key_pair()
    # A context of its own: the address that answers libzmq's question is one per context.
    with zmq.Context() as context:
        doorman = Doorman(context)
        socket = router(context, keys)
        try:
            endpoint = bind_remote(socket, "tcp://127.0.0.1:0")
            prove_closed(context, doorman, endpoint, keys.public_key)
        finally:
            socket.close(0)
            doorman.socket.close(0)
    return ok("a client with an unknown key was refused")
