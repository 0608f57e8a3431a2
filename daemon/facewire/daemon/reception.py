"""Everybody who is connected: greeting strangers, finding sessions, showing people out."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from facewire.daemon.logs import log
from facewire.daemon.outbox import Outbox
from facewire.daemon.session import Session, described
from facewire.protocol import codec, limits, messages
from facewire.protocol.errors import ProtocolError
from facewire.protocol.registry import ERRORS, FEATURES, REASONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from facewire.daemon.port import Connection, Incoming, Port
    from facewire.daemon.rings import RingStore, SessionRings
    from facewire.daemon.services import Services
    from facewire.daemon.shelf import Shelf
    from facewire.daemon.zap import Doorman
    from facewire.mapping.rig import Rig

FAREWELL_MS: Final = 100
"""Time for the last words to leave before a connection is cut."""
MAX_STRANGERS: Final = 1024
_NS_PER_MS: Final = 1_000_000


@dataclass(eq=False)
class Peer:
    """Where a message came from and an answer goes to."""

    port: Port
    route: bytes
    connection: Connection
    user: str
    outbox: Outbox
    violations: int = 0
    session: Session | None = None


class Reception:
    """All peers by the routing id of their connection. Owned by the I/O thread."""

    def __init__(
        self,
        token: str,
        services: Services,
        shelf: Shelf,
        rings: RingStore,
        doorman: Doorman | None,
        stats: Callable[[], dict[str, object]],
    ) -> None:
        """Args: `token` lets local clients in, `doorman` remote ones; `stats` answers `stats`."""
        self.name = f"facewire {version('facewire')}"
        self._token = token.encode()
        self._services = services
        self._shelf = shelf
        self._rings = rings
        self._doorman = doorman
        self._stats = stats
        self._peers: dict[tuple[int, bytes], Peer] = {}
        self._sessions = 0

    @property
    def sessions(self) -> list[Session]:
        """The sessions that are going on."""
        return [peer.session for peer in self._peers.values() if peer.session is not None]

    @property
    def is_empty(self) -> bool:
        """True when nobody is connected."""
        return not self._peers

    @property
    def is_waiting(self) -> bool:
        """True when somebody took nothing lately and is to be tried again soon."""
        return any(peer.outbox.waiting for peer in self._peers.values())

    def unblock(self) -> None:
        """Try again to send what slow peers did not take."""
        for session in self.sessions:
            if session.outbox.waiting:
                session.unblock()

    def receive(self, port: Port, incoming: Incoming) -> None:
        """Handle one message of whoever sent it."""
        peer = self._peers.get((id(port), incoming.route))
        if peer is None:
            peer = self._stranger(port, incoming)
        if peer is None or peer.connection.cut_at_ns is not None:
            return
        if peer.session is None:
            self._hear_stranger(peer, incoming.parts)
            return
        peer.session.receive(incoming.parts)
        if peer.session.ending is not None:
            self._show_out(peer)

    def left(self, port: Port, connections: Sequence[Connection]) -> None:
        """Forget everybody whose connection has ended."""
        if not connections:
            return
        gone = set(connections)
        for peer in [each for each in self._of(port) if each.connection in gone]:
            if peer.session is not None:
                peer.session.ending = peer.session.ending or "gone"
            self._show_out(peer)

    def tick(self, ports: Sequence[Port]) -> None:
        """Do what time asks for: deadlines, pings, cuts."""
        now_ns = self._services.clock()
        for peer in list(self._peers.values()):
            if peer.session is not None:
                self._tick_session(peer, peer.session)
        for port in ports:
            # A remote handshake crosses the network a few times before the hello can.
            patience_ms = limits.HANDSHAKE_MS * (2 if port.remote else 1)
            for connection in port.connections:
                late = now_ns - connection.accepted_ns > patience_ms * _NS_PER_MS
                due = connection.cut_at_ns
                if (late and not connection.greeted) or (due is not None and due <= now_ns):
                    port.cut(connection)

    def announce_drain(self, deadline_ms: int) -> None:
        """Tell every session that the end is near."""
        for session in self.sessions:
            session.outbox.post(messages.Draining(deadline_ms=deadline_ms))

    def warn_users_of(self, rig: Rig, code: str, text: str) -> None:
        """Tell every session about each of its streams that answers in a rig."""
        for session in self.sessions:
            for voice in session.voices:
                if voice.rig is rig:
                    warning = messages.Warning(code=code, text=text, stream=voice.number)
                    session.outbox.post(warning)

    def end_all(self, reason: str) -> None:
        """Say goodbye to everybody and remove what they had."""
        for peer in list(self._peers.values()):
            if peer.session is not None:
                peer.session.ending = peer.session.ending or reason
            self._show_out(peer)

    # --- strangers ----------------------------------------------------------------------------

    def _of(self, port: Port) -> Iterator[Peer]:
        return (peer for peer in self._peers.values() if peer.port is port)

    def _stranger(self, port: Port, incoming: Incoming) -> Peer | None:
        connection = incoming.connection
        if connection is None or len(self._peers) >= MAX_STRANGERS + self._sessions:
            return None  # its connection has ended already, or there are too many: say nothing
        outbox = Outbox(partial(port.send, incoming.route), self._services.clock)
        peer = Peer(port, incoming.route, connection, incoming.user, outbox)
        self._peers[id(port), incoming.route] = peer
        return peer

    def _hear_stranger(self, peer: Peer, parts: Sequence[bytes]) -> None:
        try:
            envelope, _ = codec.unpack(parts, to="daemon")
            self._greet(peer, envelope.message, envelope.sequence)
        except ProtocolError as error:
            self._refuse(peer, error)

    def _refuse(self, peer: Peer, error: ProtocolError) -> None:
        self._services.counters.errors[error.code] += 1
        log().info("refused: %s", error.text, extra={"key": error.code, "code": error.code})
        peer.outbox.refuse(error)
        peer.violations += 1
        if ERRORS[error.code].ends == "session" or peer.violations >= limits.MAX_VIOLATIONS:
            self._dismiss(peer)

    def _greet(self, peer: Peer, hello: messages.Message, sequence: int) -> None:
        if not isinstance(hello, messages.Hello):
            raise ProtocolError("hello_required", "A session begins with hello.")
        self._check_entry(peer, hello)
        chosen = codec.choose_version(hello.versions)
        if self._services.draining:
            raise ProtocolError("draining", "The daemon is about to end.")
        if self._sessions >= self._services.limits.sessions:
            raise ProtocolError("too_many_sessions", "No more sessions can begin now.")
        name = secrets.token_hex(8)
        wants_ring = "ring" in hello.transports and not peer.port.remote
        rings = self._rings.make(name) if wants_ring else None
        if rings is not None:
            peer.outbox.ring = rings.writer
        peer.session = Session(
            name, hello, sequence, peer.outbox, rings, self._services, self._shelf, self._stats
        )
        self._sessions += 1
        self._services.counters.sessions += 1
        peer.outbox.version = chosen
        peer.outbox.post(self._welcome(name, chosen, rings))
        peer.connection.greeted = peer.connection.greeted or not _is_stale(peer)
        if wants_ring and rings is None:
            text = "There is no room for shared-memory rings: payloads go inline."
            peer.outbox.post(messages.Warning(code="ring_unavailable", text=text))
        log().info("%s has come", hello.client[:64], extra={"session": name})

    def _check_entry(self, peer: Peer, hello: messages.Hello) -> None:
        if peer.port.remote:
            allowed = self._doorman is not None and self._doorman.is_allowed(peer.user)
        else:
            allowed = hmac.compare_digest(hello.token.encode(), self._token)
        if not allowed:
            raise ProtocolError(
                "unauthorized",
                "The token is not the one of this start of the daemon.",
                field="token",
                hint="Read the handshake file again.",
            )

    def _welcome(
        self, session: str, protocol: tuple[int, int], rings: SessionRings | None
    ) -> messages.Welcome:
        most = self._services.limits
        stated = limits.limits_for_welcome() | {
            "credit_s": most.credit_s,
            "streams_per_session": most.streams_per_session,
            "idle_session_s": most.idle_session_s,
        }
        return messages.Welcome(
            protocol=protocol,
            session=session,
            daemon=self.name,
            features=list(FEATURES),
            limits=stated,
            rings=rings.announcement() if rings is not None else None,
            models=described(self._shelf.models),
            rigs=self._services.rigs.names(),
            capacity={"sessions": most.sessions, "streams": most.streams},
        )

    # --- leaving ------------------------------------------------------------------------------

    def _tick_session(self, peer: Peer, session: Session) -> None:
        session.tick()
        if peer.user and self._doorman is not None and not self._doorman.is_allowed(peer.user):
            session.ending = session.ending or "revoked"
        if session.ending is not None:
            self._show_out(peer)

    def _show_out(self, peer: Peer) -> None:
        """End a peer's session, remove what it had, and cut the connection."""
        self._peers.pop((id(peer.port), peer.route), None)
        session, peer.session = peer.session, None
        if session is not None:
            self._sessions -= 1
            session.close()
            if session.rings is not None:
                self._rings.remove(session.rings)
            self._count_traffic(session)
            if session.ending in REASONS:
                session.outbox.post(messages.Bye(reason=session.ending))
            text = "a session ended: %s"
            log().info(text, session.ending, extra={"session": session.name})
        self._dismiss(peer)
        peer.outbox.close()  # a model that is still loading would answer to nobody

    def _count_traffic(self, session: Session) -> None:
        counters, traffic = self._services.counters, session.outbox.traffic
        counters.ring_payloads += traffic.ring_payloads
        counters.inline_payloads += traffic.inline_payloads
        counters.ring_failures += traffic.ring_failures

    def _dismiss(self, peer: Peer) -> None:
        if _is_stale(peer):
            self._peers.pop((id(peer.port), peer.route), None)
            return
        peer.connection.cut_at_ns = self._services.clock() + FAREWELL_MS * _NS_PER_MS


def _is_stale(peer: Peer) -> bool:
    """Return whether the peer's own connection has ended, whatever `connection` says.

    Messages of a killed client are read after its end; by then its descriptor, by which they are
    told apart, may be that of somebody new, who must not be cut for them.
    """
    return peer.outbox.gone or not peer.outbox.reached
