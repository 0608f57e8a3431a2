"""The runtime folder: whose it is, what dead daemons left, the running daemon, space and clock."""

from __future__ import annotations

import os
import shutil
import stat
import time
from typing import TYPE_CHECKING

from facewire.protocol import limits
from facewire.protocol.errors import ConnectionLost, NoDaemon
from facewire.protocol.runtime import INSTANCE, Handshake, InstancePaths, runtime_dir
from facewire.tools.diagnosis.report import Finding, failed, ok, skipped, warning

if TYPE_CHECKING:
    from pathlib import Path

_MIB = 1024 * 1024
_RINGS_FLOOR_BYTES = 2 * limits.RING_BYTES
_DISK_FLOOR_BYTES = 200 * _MIB
_CLOCK_FLOOR_S = 1e-3
_CONNECT_S = 2.0


def folder(instance: str) -> Finding:
    """Check owner, mode and path length of the runtime folder."""
    paths = InstancePaths(instance)
    length_bytes = len(os.fsencode(paths.socket))
    if os.name == "posix" and length_bytes > limits.IPC_PATH_BYTES:
        return warning(
            f"the socket path has {length_bytes} bytes, more than {limits.IPC_PATH_BYTES}: "
            "the daemon will serve on 127.0.0.1",
            "Set FACEWIRE_RUNTIME_DIR to a shorter folder.",
        )
    there = "" if paths.runtime.exists() else ", not made yet"
    return ok(f"{paths.runtime}{there}: ours alone, socket path of {length_bytes} bytes")


def leftovers() -> Finding:
    """Look for files of daemons that were killed."""
    runtime = runtime_dir()
    if not runtime.is_dir():
        return ok("no instance has run here")
    used = [
        each.name
        for each in sorted(runtime.iterdir())
        if INSTANCE.fullmatch(each.name) and each.is_dir() and any(each.iterdir())
    ]
    stale = [name for name in used if not _is_held(InstancePaths(name, runtime))]
    if stale:
        names = ", ".join(stale)
        return warning(
            f"files of daemons that were killed: {names}",
            "They do no harm: `facewire serve --instance NAME` clears them, or remove "
            f"{runtime}{os.sep}NAME.",
        )
    return ok("no stale locks, sockets or rings")


def daemon(instance: str) -> Finding:
    """Connect to the running daemon, if there is one, and compare the protocol."""
    from facewire.protocol.client import Client

    paths = InstancePaths(instance)
    if not (_is_held(paths) and paths.handshake.exists()):
        return skipped(f"no daemon `{instance}` is running; `facewire serve` starts one")
    handshake = Handshake.read(paths)
    if handshake.protocol[0] != limits.PROTOCOL_VERSION[0]:
        return failed(
            f"daemon speaks protocol {_dotted(handshake.protocol)}, "
            f"we speak {_dotted(limits.PROTOCOL_VERSION)}",
            "Restart the daemon with this version: `facewire serve`.",
        )
    try:
        with Client.connect(instance=instance, reconnect_s=_CONNECT_S, name="doctor") as client:
            spoken, transport = client.welcome.protocol, client.transport
            serves = ", ".join(str(each["name"]) for each in client.models())
    except (NoDaemon, ConnectionLost) as error:
        return failed(
            f"daemon `{instance}` (pid {handshake.pid}) does not answer: {error.text}",
            "Stop it and start it anew with `facewire serve`.",
        )
    return ok(
        f"{handshake.daemon} answers, protocol {_dotted(spoken)}, {transport}; serves {serves}"
    )


def socket_mode(instance: str) -> Finding:
    """Check that nobody else can reach the local socket and read the token."""
    paths = InstancePaths(instance)
    private = [path for path in (paths.socket, paths.handshake, *paths.rings) if path.exists()]
    if os.name != "posix" or not private:
        return skipped(f"no socket of `{instance}` is there")
    for path in private:
        status = path.lstat()
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            return failed(
                f"{path} has mode {stat.S_IMODE(status.st_mode):03o}, owner {status.st_uid}",
                "Stop the daemon, remove the file, start it anew.",
            )
    return ok("socket, handshake and rings are ours alone")


def ring_space() -> Finding:
    """Check the space where byte rings are made."""
    place = _existing(runtime_dir())
    free = shutil.disk_usage(place).free
    said = f"{free / _MIB:.0f} MiB free at {place}"
    if free < _RINGS_FLOOR_BYTES:
        return warning(
            f"{said}: no room for a ring, payloads go inline",
            "Free space there, or set FACEWIRE_RUNTIME_DIR to another folder.",
        )
    return ok(f"{said}, room for {free // _RINGS_FLOOR_BYTES} sessions with rings")


def disk_space() -> Finding:
    """Check the disk that keys and results are written to."""
    from facewire.protocol.keyfiles import state_dir

    place = _existing(state_dir())
    free = shutil.disk_usage(place).free
    if free < _DISK_FLOOR_BYTES:
        return warning(f"{free / _MIB:.0f} MiB free at {place}", "Free some space.")
    return ok(f"{free / _MIB / 1024:.1f} GiB free at {place}")


def clock() -> Finding:
    """Check that the monotonic clock is one, and fine enough for frames."""
    about = time.get_clock_info("monotonic")
    steps = []
    for _ in range(50):
        before = now = time.monotonic_ns()
        while now == before:
            now = time.monotonic_ns()
        steps.append(now - before)
    step_s = min(steps) / 1e9
    said = f"{about.implementation}, smallest step {step_s * 1e6:.2g} us"
    if min(steps) < 0 or not about.monotonic:
        return failed(f"{said}: it runs backwards", "Choose another clock source of the system.")
    if max(step_s, about.resolution) > _CLOCK_FLOOR_S:
        return warning(f"{said}: too coarse for latencies", "Choose another clock source.")
    return ok(said)


def _is_held(paths: InstancePaths) -> bool:
    """Does the process named in the lock file live, and is it as old as the file?

    The lock itself is not tried: taking it for an instant could turn a starting daemon away.
    """
    import psutil

    try:
        pid = int(paths.lock.read_text().strip())
        return bool(psutil.Process(pid).create_time() <= paths.lock.stat().st_mtime + 1)
    except (OSError, ValueError, psutil.Error):
        return False


def _existing(place: Path) -> Path:
    while not place.exists():
        place = place.parent
    return place


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
