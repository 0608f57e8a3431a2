"""Keeps a client joined to its daemon: connects, says hello, notices silence, tries again."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from facewire.protocol import codec, limits, messages
from facewire.protocol.errors import (
    ConnectionLost,
    FacewireError,
    KeyFileError,
    NoDaemon,
    ProtocolError,
    RemoteError,
    RingError,
)
from facewire.protocol.link import Link
from facewire.protocol.registry import ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable

    import zmq

    from facewire.protocol.client_frames import EventLog
    from facewire.protocol.target import Target

ATTEMPT_S: Final = 1.5
"""One attempt: connect, ZMTP handshake, hello, welcome."""
PAUSES_S: Final = (0.0, 0.05, 0.1, 0.2, 0.25)
"""Pause before each attempt; the last one repeats."""
ASLEEP_S: Final = 0.5
"""A turn this late means that we did not run, so the silence is ours, not the daemon's."""
MAX_FAULTS: Final = 3
"""Links lost in a row because the daemon broke a rule, after which we give up."""


@dataclass(frozen=True)
class Manners:
    """How a client introduces itself and how long it waits."""

    name: str
    transports: tuple[str, ...]
    connect_s: float
    """Longest wait for the first welcome."""
    reconnect_s: float
    """Longest time without a session before the client gives up."""
    wait_for_daemon: bool
    """False: no daemon at the first attempt is an error at once."""

    def hello(self, token: str) -> messages.Hello:
        """Return the first message."""
        return messages.Hello(
            versions=[limits.PROTOCOL_VERSION],
            client=self.name,
            token=token,
            transports=list(self.transports),
            pid=os.getpid(),
        )


class LinkKeeper:
    """Owns the link; every method is called by the one I/O thread, under the client's lock."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        target: Target,
        manners: Manners,
        events: EventLog,
        on_lost: Callable[[], None],
    ) -> None:
        self.link: Link | None = None
        self.welcome: messages.Welcome | None = None
        """Of the present session, or of the last one."""
        self.ready_since_s = math.nan
        """When the present session began; NaN while there is none."""
        self.failure: FacewireError | None = None
        """Why we gave up; nothing happens after that."""
        self._context = context
        self._target = target
        self.manners = manners
        self._events = events
        self._on_lost = on_lost
        self._transports = manners.transports
        now_s = time.monotonic()
        self._give_up_at_s = now_s + manners.connect_s
        self._attempts = 0
        self._attempt_at_s = now_s
        self._kept_at_s = self._awake_since_s = self._pinged_at_s = now_s
        self._faults = 0
        self._refusal: RemoteError | None = None
        """What the daemon said last instead of welcoming us: better to tell than its silence."""

    @property
    def ready(self) -> bool:
        """Is there a session?"""
        return not math.isnan(self.ready_since_s)

    @property
    def due_s(self) -> float:
        """When `keep` must be called again at the latest, monotonic seconds."""
        if self.failure is not None:
            return math.inf
        if self.link is None:
            return self._attempt_at_s
        return self._kept_at_s + (0.1 if self.ready else 0.05)

    def keep(self, now_s: float) -> None:
        """Do what is due: connect, ask whether the daemon lives, or give the link up."""
        if now_s - self._kept_at_s > ASLEEP_S:
            self._awake_since_s = now_s
        self._kept_at_s = now_s
        if self.failure is not None:
            return
        if self.link is None:
            if now_s >= self._attempt_at_s:
                self._attempt()
            return
        loss = self.link.loss
        if loss:
            self._lose_for(loss)
        elif self.ready:
            self._keep_awake(self.link, now_s)
        elif now_s >= min(self._attempt_at_s + ATTEMPT_S, self._give_up_at_s):
            where = self.link.address.endpoint
            silent = "did not welcome us" if self.link.greeted else "cannot be reached"
            self.lose(ConnectionLost(f"The daemon at {where} {silent}.", hint=self._hint()))

    def accept(self, message: messages.Message) -> bool:
        """Take a message about the session itself; False: it is for somebody else.

        Raises:
            ProtocolError: the session is over.
        """
        match message:
            case messages.Welcome() if not self.ready:
                self._on_welcome(message)
            case messages.Ping() if self.link is not None:
                pong = messages.Pong(
                    nonce=message.nonce, sent_ns=message.sent_ns, answered_ns=time.monotonic_ns()
                )
                self.link.send(pong)
            case messages.Pong(nonce=0):
                pass  # to our own question whether the daemon lives: that it came is the answer
            case messages.Bye():
                self._on_bye(message.reason)
            case messages.Draining():
                self._events.add("draining", f"The daemon ends within {message.deadline_ms} ms.")
            case messages.Error() if not self.ready:
                self._on_refusal(message)
            case _:
                return False
        return True

    def distrust(self, error: ProtocolError) -> None:
        """Give the link up because the daemon broke a rule; after `MAX_FAULTS` in a row, for good.

        A new session often makes it good: nothing is lost, as every stream is resumed.
        """
        self._faults += 1
        if error.code == "ring_mismatch":
            self._transports = ("inline",)
        if error.code == "version_refused" or self._faults > MAX_FAULTS:
            self.fail(error)
        else:
            self.lose(error)

    def trust(self) -> None:
        """The link did its work: faults before this do not count any more."""
        self._faults = 0

    def lose(self, error: FacewireError) -> None:
        """Drop the link and try again, as long as there is time."""
        now_s = time.monotonic()
        was_ready = self.ready
        self._drop_link()
        if was_ready:
            self._events.add("disconnected", str(error))
            self._give_up_at_s = now_s + self.manners.reconnect_s
            self._attempts = 0
            self._on_lost()
        if now_s >= self._give_up_at_s:
            self.fail(self._final(error))
            return
        self._attempt_at_s = now_s + PAUSES_S[min(self._attempts, len(PAUSES_S) - 1)]

    def fail(self, error: FacewireError) -> None:
        """Give up for good."""
        self._drop_link()
        self.failure = error
        self._events.add("lost", str(error))

    def _drop_link(self) -> None:
        if self.link is not None:
            self.link.close()
        self.link = None
        self.ready_since_s = math.nan

    # --- the first messages --------------------------------------------------------------------

    def _attempt(self) -> None:
        self._attempts += 1
        try:
            address = self._target.resolve()
            link = self.link = Link(self._context, address)
        except FacewireError as error:
            self._lose_or_fail(error)
            return
        link.send(replace(self.manners.hello(address.token), transports=list(self._transports)))

    def _on_welcome(self, welcome: messages.Welcome) -> None:
        assert self.link is not None
        # Raises when it is none of ours.
        self.link.version = codec.choose_version([welcome.protocol])
        if welcome.rings is not None:
            try:
                self.link.open_rings(welcome.rings)
            except RingError as error:
                # The daemon believes that we read its ring, so it must be told otherwise.
                self._transports = ("inline",)
                self._events.add("warning", f"{error.text} Payloads go inline.")
                self._attempts = 0
                self.lose(error)
                return
        again = self.welcome is not None
        self._refusal = None
        self.welcome = welcome
        self.ready_since_s = self._awake_since_s = time.monotonic()
        kind = "reconnected" if again else "connected"
        self._events.add(kind, f"{welcome.daemon} at {self.link.address.endpoint}.")

    def _on_refusal(self, message: messages.Error) -> None:
        known = ERRORS.get(message.code)
        hint = "" if known is None else known.words
        error = RemoteError(message.code, message.text, field=message.field, hint=hint)
        # The token of a handshake file may be that of the daemon before; the next read has the new.
        passing = message.retry or (message.code == "unauthorized" and not self._target.token)
        if passing:
            self._refusal = error
            self.lose(error)
        else:
            self.fail(error)

    # --- while it lasts ------------------------------------------------------------------------

    def _keep_awake(self, link: Link, now_s: float) -> None:
        silent_s = now_s - max(link.heard_at_s, self._awake_since_s)
        if silent_s * 1000 >= limits.SILENT_DAEMON_MS:
            self.lose(ConnectionLost(f"The daemon said nothing for {silent_s:.1f} s."))
            return
        pause_s = limits.PING_INTERVAL_MS / 1000
        if silent_s >= pause_s and now_s - self._pinged_at_s >= pause_s:
            self._pinged_at_s = now_s
            link.send(messages.Ping(nonce=0, sent_ns=time.monotonic_ns()))

    def _on_bye(self, reason: str) -> None:
        if reason == "revoked":
            self.fail(
                KeyFileError("Our key was revoked.", hint="Ask for a new invitation to the daemon.")
            )
        elif reason == "violations":
            self.fail(RemoteError("malformed", "The daemon ended the session: we broke its rules."))
        else:
            self.lose(ConnectionLost(f"The daemon ended the session ({reason or 'no reason'})."))

    # --- when it does not ----------------------------------------------------------------------

    def _lose_for(self, loss: str) -> None:
        assert self.link is not None
        if self.link.refused_by_key:
            self.fail(
                KeyFileError(
                    "The daemon does not know our key: it was revoked, or never allowed.",
                    hint="Ask for a new invitation: `facewire keys invite` on its machine.",
                )
            )
            return
        error = ConnectionLost(f"{loss[0].upper()}{loss[1:]}.", hint=self._hint())
        nobody = not self.ready and not self.link.greeted
        if nobody and self._target.invitation is None:
            self._lose_or_fail(
                NoDaemon(
                    f"No daemon answers at {self.link.address.endpoint}.",
                    hint="Start one with `facewire serve`.",
                )
            )
        elif nobody:
            self._lose_or_fail(error)
        else:
            self.lose(error)

    def _lose_or_fail(self, error: FacewireError) -> None:
        """At the first connect, fail at once unless asked to wait for a daemon to come up."""
        if self.welcome is None and not self.manners.wait_for_daemon:
            self.fail(error)
        else:
            self.lose(error)

    def _final(self, error: FacewireError) -> FacewireError:
        error = self._refusal or error
        if self.welcome is None or isinstance(error, RemoteError):
            return error
        return ConnectionLost(
            f"The daemon did not come back within {self.manners.reconnect_s:g} s: {error.text}",
            hint=self._hint(),
        )

    def _hint(self) -> str:
        if self._target.invitation is not None:
            return "Check that the daemon runs, and that the invitation is from its present keys."
        return "Start it with `facewire serve`, or look into its log."
