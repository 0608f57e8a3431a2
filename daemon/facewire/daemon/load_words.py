"""What a long load says of itself while it goes on: to the log, and to who waits for the model."""

from __future__ import annotations

from typing import Final

from facewire.daemon.logs import log

LOG_EVERY_S: Final = 10.0
TELL_EVERY_MS: Final = 2_000
"""How often at most who waits is told."""


class LoadWords:
    """Called by the loading thread; `latest` is read by the I/O thread.

    Most loads say nothing: only TensorRT's engines take long enough.
    """

    def __init__(self, model: str) -> None:
        """Args: `model` is its name or folder, as it was asked for."""
        self._model = model
        self._log_due_s = 0.0
        self.latest = ""
        """A sentence; "" as long as there is nothing to say."""

    def __call__(self, stage: str, elapsed_s: float) -> None:
        """Take in what is being done, and the seconds since that began."""
        self.latest = f"The model {self._model[:64]} is loading: {stage}, {elapsed_s:.0f} s so far."
        if elapsed_s == 0.0:  # another network of the same model
            self._log_due_s = 0.0
        if elapsed_s >= self._log_due_s:
            self._log_due_s = elapsed_s + LOG_EVERY_S
            log().info("%s", self.latest)
