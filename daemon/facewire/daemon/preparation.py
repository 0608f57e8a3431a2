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

    def run(self) -> None:
        """See `worker.Job`."""
        try:
            self._model.family.prepare(self._parameters, self._identity, self._outputs)
        except FacewireError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - a model that fails oddly must not end the worker
            text = f"the model {self._model.name} cannot be prepared: {error!r}."
            self._failure = FacewireError(text)

    def land(self) -> None:
        """See `worker.Job`."""
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
    """Changes of a running stream's parameters, taken over in the order they came."""

    def __init__(self, stream: Stream, services: Services) -> None:
        self._stream = stream
        self._services = services
        self._made = dict(stream.settings.parameters)
        self._waiting: list[Mapping[str, float]] = []
        """The first of them is being made ready."""

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
        if not self._waiting and not (has_begun and is_slow(checked)):
            self._make(checked)
            return
        self._waiting.append(checked)
        if len(self._waiting) == 1:
            self._prepare()

    def _make(self, changes: Mapping[str, float]) -> None:
        self._made |= changes
        self._stream.set_parameters(changes)

    def _prepare(self) -> None:
        wanted = {**self._made, **self._waiting[0]}
        identity = self._stream.settings.identity
        job = Preparation(self._stream.model, wanted, identity, frozenset(), self._prepared)
        prepare(self._services, job)

    def _prepared(self, failure: FacewireError | None) -> None:
        if failure is not None:  # the stream will say what is wrong when it comes to it
            log().warning("%s", failure, extra={"key": "not-prepared"})
        self._make(self._waiting.pop(0))
        while self._waiting and not is_slow(self._waiting[0]):
            self._make(self._waiting.pop(0))
        if self._waiting:
            self._prepare()
