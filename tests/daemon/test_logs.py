"""Logs are lines a machine can read, never a flood, and never in the way."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from facewire.daemon.logs import LogSink, RateLimit, log

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = logging.raiseExceptions
    yield
    logging.raiseExceptions = before
    log().propagate = True
    log().setLevel(logging.NOTSET)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_records_are_json_lines_with_their_fields() -> None:
    stream = io.StringIO()
    sink = LogSink("info", "auto", stream)

    log().info("frames %d", 3, extra={"session": "ab", "stream": 7})
    log().debug("too quiet")
    log().error("failed", exc_info=ValueError("broken"))
    sink.close()

    first, second = lines(stream)
    assert first["text"] == "frames 3"
    assert (first["level"], first["session"], first["stream"]) == ("info", "ab", 7)
    assert str(first["time"]).endswith("+00:00")
    assert "ValueError: broken" in str(second["traceback"])


def test_a_terminal_gets_text_with_the_fields_behind_it() -> None:
    stream = io.StringIO()
    sink = LogSink("info", "rich", stream)

    log().warning("slow", extra={"session": "ab", "latency_ms": 9})
    log().warning("from %s", "a\x1b[2Jb\nc")
    sink.close()

    assert "slow" in stream.getvalue()
    assert "session=ab" in stream.getvalue()
    assert "latency_ms=9" in stream.getvalue()
    assert "from a?[2Jb?c" in stream.getvalue()


def test_the_level_can_change_while_running() -> None:
    stream = io.StringIO()
    sink = LogSink("warning", "json", stream)
    log().info("no")
    sink.set_level("debug")
    log().debug("yes")
    sink.close()

    assert [line["text"] for line in lines(stream)] == ["yes"]


def test_a_key_is_written_once_a_second_and_the_rest_is_counted() -> None:
    now = [0.0]
    limit = RateLimit(1.0, clock=lambda: now[0])

    def passes(key: str | None) -> tuple[bool, int]:
        record = logging.LogRecord("facewire", logging.INFO, "", 0, "text", (), None)
        if key is not None:
            record.key = key
        return limit.filter(record), getattr(record, "suppressed", 0)

    assert passes("a") == (True, 0)
    assert [passes("a") for _ in range(5)] == [(False, 0)] * 5
    assert passes("b") == (True, 0)
    assert passes(None) == (True, 0)
    now[0] = 1.0
    assert passes("a") == (True, 5)
    now[0] = 2.0
    assert passes("a") == (True, 0)


def test_keys_are_forgotten_so_that_memory_is_bounded() -> None:
    limit = RateLimit(1.0, clock=lambda: 0.0)
    for number in range(5_000):
        record = logging.LogRecord("facewire", logging.INFO, "", 0, "text", (), None)
        record.key = str(number)
        assert limit.filter(record)

    assert len(limit._passed_at) <= 1024


def test_a_reader_that_stopped_reading_costs_lines_and_no_time() -> None:
    before = set(threading.enumerate())
    reader, writer = os.pipe()
    stream = os.fdopen(writer, "w")
    sink = LogSink("info", "json", stream)
    (writing,) = set(threading.enumerate()) - before
    begun = time.monotonic()
    for _ in range(5_000):
        log().info("x" * 1_000)
    logged = time.monotonic()
    sink.close()
    closed = time.monotonic()

    assert sink.dropped > 3_000
    assert logged - begun < 2.0
    assert closed - logged < 1.5
    while writing.is_alive():  # it is let out of its blocked write, and then finds its end
        os.read(reader, 65_536)
        writing.join(0.01)
    stream.close()
    os.close(reader)
