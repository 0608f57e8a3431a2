"""The one loop of the I/O thread: wait for anything, handle it, do what time asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import zmq

from facewire.daemon.logs import log

if TYPE_CHECKING:
    from collections.abc import Callable


class IoLoop:
    """Sources and their handlers; a fault of a handler is logged and the loop turns on."""

    def __init__(self) -> None:
        self._poller = zmq.Poller()
        self._handlers: dict[Any, Callable[[], None]] = {}
        self.over = False
        """Set it to end the loop."""

    def add(self, source: Any, handler: Callable[[], None]) -> None:
        """Call `handler` whenever `source` (a ZeroMQ or system socket) is readable."""
        self._poller.register(source, zmq.POLLIN)
        # The poller reports system sockets by their descriptor.
        key = source if isinstance(source, zmq.Socket) else source.fileno()
        self._handlers[key] = handler

    def run(self, patience_ms: Callable[[], int], turn: Callable[[], None]) -> None:
        """Turn until `over`.

        Args:
            patience_ms: How long the next turn may wait for a source.
            turn: Called once per turn after all handlers.
        """
        while not self.over:
            for source, _ in self._poller.poll(patience_ms()):
                self._guarded(self._handlers[source])
            self._guarded(turn)

    def _guarded(self, handler: Callable[[], None]) -> None:
        try:
            handler()
        except Exception as error:  # noqa: BLE001 - the loop serves everybody and must go on
            log().error("a handler failed", exc_info=error, extra={"key": "handler-failed"})
