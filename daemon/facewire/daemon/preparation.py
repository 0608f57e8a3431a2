"""Settings that take long to take over, made ready beside the windows of all streams.

A new mask folds a face's matrices (tens of milliseconds at full size), the first stream that asks
for geometry reads a basis (200 MB for Mark). Families do both when they must; here it is done
before anybody waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from facewire.daemon.logs import log
from facewire.inference.parameters import checked_parameters
from facewire.protocol.errors import FacewireError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from facewire.daemon.services import Services
    from facewire.inference.model import Model
    from facewire.inference.stream import Stream

SLOW_PARAMETERS: Final = frozenset({"faceMaskLevel", "faceMaskSoftness"})
"""What `Family.prepare` has work for."""


class Preparation:
    """A job: what a model must do for such settings."""

    def __init__(
        self,
        model: Model,
        parameters: Mapping[str, float],
        identity: str,
        outputs: frozenset[str],
        then: Callable[[FacewireError | None], None],
    ) -> None:
        """Args: `then` is called on the I/O thread, with what went wrong if anything did."""
        self._model = model
        self._parameters = dict(parameters)
        self._identity = identity
        self._outputs = outputs
        self._then = then
        self._failure: FacewireError | None = None
        self._is_cancelled = False

    def cancel(self) -> None:
        """Compute nothing if it has not begun, and tell nobody; its stream is over."""
        self._is_cancelled = True

    def run(self) -> None:
        """See `worker.Job`."""
        if self._is_cancelled:
            return
        try:
            self._model.family.prepare(self._parameters, self._identity, self._outputs)
        except FacewireError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - a model that fails oddly must not end the worker
            text = f"the model {self._model.name} cannot be prepared: {error!r}."
            self._failure = FacewireError(text)

    def land(self) -> None:
        """See `worker.Job`."""
        if not self._is_cancelled:
            self._then(self._failure)


def is_slow(parameters: Mapping[str, float], outputs: frozenset[str] = frozenset()) -> bool:
    """Return whether to take over such settings is worth a job of its own."""
    return "geometry" in outputs or not SLOW_PARAMETERS.isdisjoint(parameters)


def prepare(services: Services, job: Preparation) -> None:
    """Run a job aside; where nobody could, land it at once: the windows then do it themselves."""
    try:
        if services.start_aside is None:
            job.land()
        else:
            services.start_aside(job)
    except OSError:  # no descriptor or thread left
        job.land()


class ParameterChanges:
    """Changes of a running stream's parameters, taken over in the order they came.

    At most one is being made ready; what comes meanwhile waits behind it as one change, in which
    the last value of a name stands: who drags a slider wants where it is, not where it was.
    """

    def __init__(self, stream: Stream, services: Services) -> None:
        self._stream = stream
        self._services = services
        self._made = dict(stream.settings.parameters)
        self._running: Preparation | None = None
        self._preparing: Mapping[str, float] = {}
        self._waiting: dict[str, float] = {}
        self._is_void = False

    def make(self, changes: Mapping[str, float], *, has_begun: bool) -> None:
        """Change parameters now, or once what is slow is ready and those before are made.

        Args:
            changes: New values by name.
            has_begun: False: no frame can wait, since no audio has come.

        Raises:
            SettingsError: an unknown name or a value out of range; nothing is then changed.
        """
        settings, model = self._stream.settings, self._stream.model
        known = model.parameters(settings.identity, automatic_emotion=settings.automatic_emotion)
        checked = checked_parameters(changes, known)
        if self._is_void:
            return
        if self._running is not None:
            self._waiting |= checked
        elif has_begun and is_slow(checked):
            self._prepare(checked)
        else:
            self._make(checked)

    def void(self) -> None:
        """Make none any more: the stream is over, and nothing is computed for it."""
        self._is_void = True
        self._waiting = {}
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _make(self, changes: Mapping[str, float]) -> None:
        self._made |= changes
        self._stream.set_parameters(changes)

    def _prepare(self, changes: Mapping[str, float]) -> None:
        self._preparing = changes
        wanted = {**self._made, **changes}
        identity = self._stream.settings.identity
        self._running = Preparation(
            self._stream.model, wanted, identity, frozenset(), self._prepared
        )
        prepare(self._services, self._running)

    def _prepared(self, failure: FacewireError | None) -> None:
        if self._is_void:
            return
        if failure is not None:  # the stream will say what is wrong when it comes to it
            log().warning("%s", failure, extra={"key": "not-prepared"})
        self._running = None
        self._make(self._preparing)
        waiting, self._waiting = self._waiting, {}
        if is_slow(waiting):
            self._prepare(waiting)
        elif waiting:
            self._make(waiting)
