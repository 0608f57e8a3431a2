"""The daemon put together: ports, reception, workers, loop. One I/O thread owns all of it."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import zmq

from facewire.daemon import stats
from facewire.daemon.drain import Drain
from facewire.daemon.endpoints import bind_local, bind_remote, check_remote, router
from facewire.daemon.guardian import Guardian
from facewire.daemon.io_loop import IoLoop
from facewire.daemon.logs import log
from facewire.daemon.notify import notify, watchdog_interval_s
from facewire.daemon.port import Port
from facewire.daemon.reception import Reception
from facewire.daemon.rig_shelf import LOOK_MS, open_shelf
from facewire.daemon.rings import RingStore
from facewire.daemon.services import Services
from facewire.daemon.settings import listed
from facewire.daemon.shelf import Shelf
from facewire.daemon.worker import Job, Pool, WindowJob
from facewire.daemon.zap import Doorman, prove_closed
from facewire.protocol import keyfiles, limits
from facewire.protocol.runtime import Handshake

if TYPE_CHECKING:
    from collections.abc import Callable

    from facewire.daemon.settings import Config
    from facewire.daemon.signals import SignalBell
    from facewire.inference.loading import Noise
    from facewire.inference.model import Model
    from facewire.protocol.runtime import InstancePaths

MESSAGES_PER_TURN: Final = 64
"""Messages of one port handled before the others get their turn."""
BUSY_TICK_MS: Final = 100
"""Rhythm of pings, deadlines and cuts while anybody is connected."""
QUIET_TICK_MS: Final = 10_000
RETRY_MS: Final = 5
"""How soon a peer that took nothing is tried again."""
ALLOW_LIST_MS: Final = 1_000
GUARDIAN_MS: Final = 500
HUNG_S: Final = 5
"""An inference that takes longer is taken for hung: the watchdog is no longer fed."""
LAST_WORDS_MS: Final = 200
_NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What is told once the daemon serves."""

    endpoint: str
    remote: str
    instance: str
    pid: int
    model: str
    provider: str
    workers: int
    models: list[str]
    """All that are loaded, `model` first."""
    emotion_model: str
    """What hears emotions; empty: nothing does."""


class Daemon:
    """A daemon from its sockets to its last word. The instance's lock must be held."""

    def __init__(
        self, config: Config, paths: InstancePaths, bell: SignalBell, die_with: int | None
    ) -> None:
        """Bind and load everything.

        Raises:
            FacewireError: a port is taken, keys are missing, the model cannot be loaded, ...
        """
        self.config = config
        self.exit_code = 0
        self.reload: Callable[[], Config | None] = lambda: None
        """Called on SIGHUP: returns the new settings, None to keep the old ones."""
        self._paths = paths
        self._bell = bell
        self._guardian = Guardian(die_with) if die_with is not None else None
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._loop = IoLoop()
        self._pools: list[Pool] = []
        self._ports: list[Port] = []
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        config = self.config
        self._services = Services(config.limits, open_shelf(config.daemon.mappings))
        self._shelf = self._empty_shelf()
        self._rings = RingStore(
            self._paths, config.limits.ring_bytes, config.limits.rings_total_bytes
        )
        self._endpoint = self._listen_locally()
        self._remote, self._doorman = self._listen_remotely(config.network.remote)
        self._token = secrets.token_urlsafe(32)
        self._reception = Reception(
            self._token, self._services, self._shelf, self._rings, self._doorman, self.stats
        )
        self._services.rigs.tell = self._reception.warn_users_of
        self._drain = Drain(self._services, self._reception)
        model = self._shelf.load_default(listed(config.daemon.load))
        self._size = config.daemon.workers or default_workers()
        self._pool = self._add_pool("worker", self._size)
        self._loader: Pool | None = None
        self._preparer: Pool | None = None
        self._services.start_aside = self._start_aside
        self._services.rigs.start = self._start_loading
        self._loop.add(self._bell.source, self._hear_signals)
        now_ns = self._services.clock()
        self._begun_ns = self._tick_due_ns = self._watchdog_due_ns = now_ns
        self._allow_list_due_ns = self._guardian_due_ns = self._tables_due_ns = now_ns
        self._watchdog_ns = int(watchdog_interval_s() * 1e9)
        self.ready = self._as_ready(model)

    # --- building -----------------------------------------------------------------------------

    def _empty_shelf(self) -> Shelf:
        wanted = self.config.daemon
        noise: Noise = "varying" if wanted.noise == "varying" else "constant"
        return Shelf(
            wanted.model,
            wanted.provider,
            self._start_loading,
            emotion=wanted.emotion_model,
            noise=noise,
        )

    def _as_ready(self, model: Model) -> Ready:
        emotion = self._shelf.emotion
        return Ready(
            endpoint=self._endpoint,
            remote=self._remote,
            instance=self._paths.instance,
            pid=os.getpid(),
            model=model.name,
            provider=model.backend.name,
            workers=self._size,
            models=[each.name for each in self._shelf.models],
            emotion_model=emotion.name if emotion is not None else "",
        )

    def _listen_locally(self) -> str:
        port = self._add_port(None)
        port.endpoint = bind_local(port.socket, self._paths, self.config.network.tcp, log())
        return port.endpoint

    def _listen_remotely(self, endpoint: str) -> tuple[str, Doorman | None]:
        if not endpoint:
            return "", None
        check_remote(endpoint)
        keys = keyfiles.load_server_keys()  # without keys there is no outward endpoint, ever
        doorman = Doorman(self._context)
        self._loop.add(doorman.socket, doorman.answer)
        port = self._add_port(keys)
        port.endpoint = bind_remote(port.socket, endpoint)
        prove_closed(self._context, doorman, port.endpoint, keys.public_key)
        return port.endpoint, doorman

    def _add_port(self, keys: keyfiles.KeyPair | None) -> Port:
        socket = router(self._context, keys)
        port = Port(socket, self._services.clock, remote=keys is not None)
        self._ports.append(port)
        self._loop.add(port.socket, lambda: self._receive(port))
        self._loop.add(port.monitor, port.read_monitor)
        return port

    def _add_pool(self, name: str, size: int) -> Pool:
        pool = Pool(self._context, name, size)
        self._pools.append(pool)
        for doorbell in pool.doorbells:
            self._loop.add(doorbell, pool.land)
        return pool

    def _start_loading(self, job: Job) -> None:
        if self._loader is None:  # most daemons never load a second model
            self._loader = self._add_pool("loader", 1)
        self._loader.start(job)

    def _start_aside(self, job: Job) -> None:
        # Not the loader: what it does may take minutes.
        if self._preparer is None:
            self._preparer = self._add_pool("preparer", 1)
        self._preparer.start(job)

    # --- running ------------------------------------------------------------------------------

    def run(self, on_ready: Callable[[Ready], None]) -> int:
        """Serve until told to end; return the exit code."""
        Handshake(
            endpoint=self._endpoint,
            protocol=limits.PROTOCOL_VERSION,
            pid=os.getpid(),
            token=self._token,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            daemon=self._reception.name,
        ).write(self._paths)
        log().info("serving on %s", self._endpoint)
        notify("READY=1")
        on_ready(self.ready)
        self._loop.run(self._patience_ms, self._turn)
        return self.exit_code

    def _receive(self, port: Port) -> None:
        for _ in range(MESSAGES_PER_TURN):
            incoming = port.receive()
            self._reception.left(port, port.take_ended())
            if incoming is None:
                return
            self._reception.receive(port, incoming)

    def _turn(self) -> None:
        for port in self._ports:
            self._reception.left(port, port.take_ended())
        self._reception.unblock()
        now_ns = self._services.clock()
        if now_ns >= self._tick_due_ns:
            self._tick_due_ns = now_ns + BUSY_TICK_MS * _NS_PER_MS
            self._tick(now_ns)
        while self._pool.has_room and (batch := self._services.scheduler.next_batch()):
            self._pool.start(WindowJob(batch[0].backend, batch))

    def _tick(self, now_ns: int) -> None:
        self._shelf.tick(now_ns)
        self._reception.tick(self._ports)
        if self._doorman is not None and now_ns >= self._allow_list_due_ns:
            self._allow_list_due_ns = now_ns + ALLOW_LIST_MS * _NS_PER_MS
            self._doorman.reread()
        if self._guardian is not None and now_ns >= self._guardian_due_ns:
            self._guardian_due_ns = now_ns + GUARDIAN_MS * _NS_PER_MS
            if not self._guardian.is_alive():
                log().info("ending: the process this daemon was started for has gone")
                self._loop.over = True
        if self._services.rigs.watches and now_ns >= self._tables_due_ns:
            self._tables_due_ns = now_ns + LOOK_MS * _NS_PER_MS
            self._services.rigs.look()
        if self._watchdog_ns and now_ns >= self._watchdog_due_ns and not self._is_hung(now_ns):
            self._watchdog_due_ns = now_ns + self._watchdog_ns
            notify("WATCHDOG=1")
        if self._drain.is_over:
            self._loop.over = True

    def _is_hung(self, now_ns: int) -> bool:
        oldest_ns = self._pool.oldest_ns
        return oldest_ns is not None and now_ns - oldest_ns > HUNG_S * 1_000_000_000

    def _patience_ms(self) -> int:
        """Return how long the loop may sleep: to the next tick, and less when a peer is slow."""
        if self._reception.is_waiting:
            return RETRY_MS
        if self._services.draining or any(port.connections for port in self._ports):
            left_ns = self._tick_due_ns - self._services.clock()
            return max(left_ns // _NS_PER_MS + 1, 0)
        waits = [QUIET_TICK_MS]
        if self._doorman is not None:
            waits.append(ALLOW_LIST_MS)
        if self._services.rigs.watches:
            waits.append(LOOK_MS)
        if self._guardian is not None:
            waits.append(GUARDIAN_MS)
        if self._watchdog_ns:
            waits.append(max(self._watchdog_ns // (2 * _NS_PER_MS), 1))
        return min(waits)

    def _hear_signals(self) -> None:
        for number in self._bell.take():
            if number == getattr(signal, "SIGHUP", None):
                self._apply(self.reload())
            elif self._services.draining and number == signal.SIGINT:
                log().info("ending now")
                self.exit_code = 130
                self._loop.over = True
            else:
                self._drain.begin(signal.Signals(number).name)

    def _apply(self, config: Config | None) -> None:
        if config is None:
            return
        self.config = config
        self._services.limits = config.limits
        self._rings.total_bytes = config.limits.rings_total_bytes
        log().info("settings were read anew")

    # --- figures and end ----------------------------------------------------------------------

    def stats(self) -> dict[str, object]:
        """Return the answer to `stats`; the keys are described in `facewire.daemon.stats`."""
        services = self._services
        sessions = self._reception.sessions
        daemon = {
            **vars(self.ready),
            "version": self._reception.name,
            "protocol": list(limits.PROTOCOL_VERSION),
            "uptime_s": round((services.clock() - self._begun_ns) / 1e9, 1),
            "state": "draining" if services.draining else "ready",
            "models": [model.name for model in self._shelf.models],
        }
        load = {
            "queued_windows": len(services.scheduler),
            "idle_workers": self._pool.idle,
            "rings_bytes": self._rings.used_bytes,
            "rings_refused": self._rings.refused,
        }
        return stats.answer(daemon, load, services, sessions, self._ports)

    def close(self) -> None:
        """Say goodbye, end the workers, close the sockets, remove the files."""
        if hasattr(self, "_reception"):
            self._reception.end_all("shutdown")
        with contextlib.suppress(OSError):
            self._paths.handshake.unlink(missing_ok=True)
        for pool in self._pools:
            pool.close()
        for port in self._ports:
            port.close(LAST_WORDS_MS)
        self._context.destroy(linger=LAST_WORDS_MS)
        with contextlib.suppress(OSError):
            self._paths.socket.unlink(missing_ok=True)


def default_workers() -> int:
    """Return a quarter of the cores this process may use, 1 to 4: a game has the others."""
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(max(cores // 4, 1), 4)
