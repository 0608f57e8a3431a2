"""A TCP proxy that keeps every byte it passes on, as somebody on the wire would."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import Self


class RecordingProxy:
    """Listens on a free loopback port and passes bytes to `target` (HOST:PORT) and back."""

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("tcp://").rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stop, self._stopped = socket.socketpair()
        self.to_daemon = bytearray()
        self.to_client = bytearray()
        self._thread = threading.Thread(target=self._run, name="proxy")

    @property
    def endpoint(self) -> str:
        return f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.close()
        self._thread.join(5)
        self._stopped.close()

    def _run(self) -> None:
        others: dict[socket.socket, tuple[socket.socket, bytearray]] = {}
        with contextlib.ExitStack() as open_sockets:
            open_sockets.enter_context(self._listener)
            while True:
                readable, _, _ = select.select([self._listener, self._stopped, *others], [], [])
                if self._stopped in readable:
                    return
                for each in readable:
                    if each is self._listener:
                        near = open_sockets.enter_context(self._listener.accept()[0])
                        far = open_sockets.enter_context(socket.create_connection(self._target))
                        others[near] = (far, self.to_daemon)
                        others[far] = (near, self.to_client)
                    elif each in others:
                        self._pass_on(each, others)

    @staticmethod
    def _pass_on(
        source: socket.socket, others: dict[socket.socket, tuple[socket.socket, bytearray]]
    ) -> None:
        target, record = others[source]
        try:
            content = source.recv(65_536)
        except ConnectionError:
            content = b""
        record += content
        with contextlib.suppress(OSError):
            target.sendall(content)
        if not content:
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_WR)
            del others[source]
