"""From settings to a serving daemon and back: what must happen in which order.

The lock is taken before anything heavy is imported, so that a second daemon ends at once, and
released last of all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from facewire.daemon.config import Loaded, load
from facewire.daemon.lock import InstanceLock
from facewire.daemon.logs import LogSink, log
from facewire.daemon.settings import RULES, Config
from facewire.daemon.signals import SignalBell
from facewire.protocol.errors import ConfigError
from facewire.protocol.runtime import InstancePaths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from facewire.daemon.server import Ready


def serve(
    *,
    file: Path | None = None,
    flags: Mapping[str, int | str | None] | None = None,
    die_with: int | None = None,
    on_ready: Callable[[Ready], None],
) -> int:
    """Run a daemon in this process until it is told to end; return its exit code.

    Args:
        file: Configuration file given with `--config`.
        flags: Settings given on the command line, by full name; None: not given.
        die_with: Process whose end is ours too.
        on_ready: Called once clients can connect.

    Raises:
        FacewireError: it cannot start; nothing is left behind then.
    """
    loaded = load(file=file, environment=os.environ, flags=flags)
    paths = InstancePaths(loaded.config.daemon.instance)
    with InstanceLock.acquire(paths):
        bell = SignalBell()
        sink = LogSink(loaded.config.log.level, loaded.config.log.format)
        try:
            return _serve(loaded, paths, bell, sink, file, flags, die_with, on_ready)
        finally:
            sink.close()
            bell.close()


def _serve(
    loaded: Loaded,
    paths: InstancePaths,
    bell: SignalBell,
    sink: LogSink,
    file: Path | None,
    flags: Mapping[str, int | str | None] | None,
    die_with: int | None,
    on_ready: Callable[[Ready], None],
) -> int:
    from facewire.daemon.server import Daemon

    daemon = Daemon(loaded.config, paths, bell, die_with)
    before = loaded

    def reload() -> Config | None:
        nonlocal before
        try:
            after = load(file=file, environment=os.environ, flags=flags)
        except ConfigError as error:
            log().error("the settings stay as they are: %s", error)
            return None
        for name in changed_for_restart(before, after):
            log().warning("%s has changed: that needs a restart", name)
        before = after
        sink.set_level(after.config.log.level)
        return after.config

    daemon.reload = reload
    try:
        return daemon.run(on_ready)
    finally:
        daemon.close()


def changed_for_restart(before: Loaded, after: Loaded) -> list[str]:
    """Return the full names of changed settings that a running daemon cannot take over."""
    return [
        name
        for name, rule in RULES.items()
        if not rule.live and before.value(name) != after.value(name)
    ]
