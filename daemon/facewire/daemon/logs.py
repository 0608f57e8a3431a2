"""Structured logs: JSON lines for machines, coloured text on a terminal, never a flood.

Records carry `session`, `stream`, `sequence` and `latency_ms` when the caller gives them (`extra`);
never audio, tokens, keys or anything a user typed. A record with a `key` is written at most once a
second per key, and the next one says how many were held back. Writing happens on a thread of its
own behind a bounded queue: a reader of our stderr that stops reading must not stop the voices.
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import queue
import sys
import threading
import time
from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER: Final = "facewire"
FIELDS: Final = ("session", "stream", "sequence", "latency_ms", "code", "peer", "suppressed")
"""Fields a record may carry, in the order they are written."""
MAX_KEYS: Final = 1024
"""Keys remembered by the rate limit; the least used goes first."""
MAX_WAITING: Final = 1000
"""Records waiting to be written; more are counted and dropped."""
CLOSE_S: Final = 0.5
"""How long the end of the program waits for the last records to be written."""


Waiting = queue.Queue[logging.LogRecord | None]


class RateLimit(logging.Filter):
    """Let one record per `key` and interval pass and count the others."""

    def __init__(
        self, interval_s: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._interval_s = interval_s
        self._clock = clock
        self._passed_at: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record may pass; one that may says how many before it did not."""
        key = getattr(record, "key", None)
        if key is None:
            return True
        now = self._clock()
        passed_at, held_back = self._passed_at.pop(key, (None, 0))
        if passed_at is not None and now - passed_at < self._interval_s:
            self._passed_at[key] = (passed_at, held_back + 1)
            return False
        self._passed_at[key] = (now, 0)
        if len(self._passed_at) > MAX_KEYS:
            self._passed_at.popitem(last=False)
        if held_back:
            record.suppressed = held_back
        return True


class JsonLines(logging.Formatter):
    """One JSON object per record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "text": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """The text of a record with its fields behind it, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; time and severity are the terminal handler's."""
        fields = [f"{name}={getattr(record, name)}" for name in FIELDS if hasattr(record, name)]
        line = "  ".join([record.getMessage(), *fields])
        # A client's name must not steer the terminal of whoever reads this.
        line = "".join(each if each.isprintable() else "?" for each in line)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Bounded(logging.handlers.QueueHandler):
    """Hand records to the writing thread; drop them, counted, when it cannot follow."""

    dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Keep the record as it is: it stays in this process."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


class LogSink:
    """The running logs; `close` writes what is waiting, within `CLOSE_S`."""

    def __init__(self, level: str, style: str, stream: TextIO | None = None) -> None:
        target = sys.stderr if stream is None else stream
        waiting: Waiting = queue.Queue(MAX_WAITING)
        self._handler = _Bounded(waiting)
        self._handler.addFilter(RateLimit())
        self._logger = logging.getLogger(LOGGER)
        self._logger.handlers = [self._handler]
        self._logger.propagate = False
        # A full disk or a closed stderr loses lines; it must not print tracebacks about it.
        logging.raiseExceptions = False
        self.set_level(level)
        self._writing = _WritingThread(waiting, _writer(style, target))

    def set_level(self, level: str) -> None:
        """Write records of this severity (debug, info, warning, error) and above."""
        self._logger.setLevel(level.upper())

    @property
    def dropped(self) -> int:
        """Records lost because nobody read our stderr."""
        return self._handler.dropped

    def close(self) -> None:
        """Write what is waiting and stop; never blocks longer than `CLOSE_S`."""
        self._logger.handlers = []
        self._writing.stop()


class _WritingThread:
    """Writes what is queued; a daemon thread that is not waited for without end."""

    def __init__(self, waiting: Waiting, handler: logging.Handler) -> None:
        self._waiting = waiting
        self._handler = handler
        self._thread = threading.Thread(target=self._write, name="logs", daemon=True)
        self._thread.start()

    def _write(self) -> None:
        while (record := self._waiting.get()) is not None:
            self._handler.handle(record)

    def stop(self) -> None:
        deadline = time.monotonic() + CLOSE_S
        try:
            self._waiting.put(None, timeout=CLOSE_S)
        except queue.Full:  # nobody reads our stderr: what waits is lost, the thread must still end
            with contextlib.suppress(queue.Empty):
                while True:
                    self._waiting.get_nowait()
            self._waiting.put_nowait(None)
        self._thread.join(max(deadline - time.monotonic(), 0))


def _writer(style: str, target: TextIO) -> logging.Handler:
    if style == "rich" or (style == "auto" and target.isatty()):
        from rich.console import Console
        from rich.logging import RichHandler

        handler: logging.Handler = RichHandler(
            console=Console(file=target), show_path=False, log_time_format="[%X]"
        )
        handler.setFormatter(TextLines())
        return handler
    handler = logging.StreamHandler(target)
    handler.setFormatter(JsonLines())
    return handler


def log() -> logging.Logger:
    """Return the logger of the daemon."""
    return logging.getLogger(LOGGER)
