"""The streams of one session: opening, also while a model is still loading, finding, closing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from facewire.daemon.logs import log
from facewire.daemon.preparation import Preparation, is_slow, prepare
from facewire.daemon.voice import Voice
from facewire.protocol import messages
from facewire.protocol.errors import BundleError, FacewireError, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from facewire.daemon.outbox import Outbox
    from facewire.daemon.services import Services
    from facewire.daemon.shelf import Shelf
    from facewire.inference.model import Model


class Voices:
    """Streams by the client's numbers. Owned by the I/O thread."""

    def __init__(
        self,
        outbox: Outbox,
        services: Services,
        shelf: Shelf,
        refuse: Callable[[ProtocolError, int], None],
    ) -> None:
        """Args: `refuse` is told what went wrong with a stream that was to be opened."""
        self._outbox = outbox
        self._services = services
        self._shelf = shelf
        self._refuse = refuse
        self._voices: dict[int, Voice] = {}
        self._opening: dict[int, messages.OpenStream] = {}
        self._preparing: dict[int, Preparation] = {}

    def __len__(self) -> int:
        """Return how many streams there are, those being opened included."""
        return len(self._voices) + len(self._opening)

    def __iter__(self) -> Iterator[Voice]:
        """Go through the open streams."""
        return iter(list(self._voices.values()))

    def find(self, number: int) -> Voice | None:
        """Return a stream, None when there is none of this number."""
        return self._voices.get(number)

    def get(self, number: int) -> Voice:
        """Return a stream.

        Raises:
            ProtocolError: there is none of this number.
        """
        voice = self._voices.get(number)
        if voice is None:
            raise ProtocolError("unknown_stream", f"There is no stream {number}.", field="stream")
        return voice

    def open(self, message: messages.OpenStream) -> None:
        """Open a stream; the answer comes when its model is loaded, mostly at once.

        Raises:
            ProtocolError: the number is taken, or no more can be opened now.
        """
        if self._services.draining:
            raise ProtocolError("draining", "The daemon is about to end.")
        if message.stream in self._voices or message.stream in self._opening:
            raise ProtocolError(
                "stream_exists", f"Stream {message.stream} is open.", field="stream"
            )
        most = self._services.limits
        if len(self) >= most.streams_per_session or self._services.open_streams >= most.streams:
            raise ProtocolError("too_many_streams", "No more streams can be opened now.")
        self._opening[message.stream] = message
        self._services.open_streams += 1
        self._shelf.request(
            message.model, partial(self._opened, message), partial(self._tell_of_loading, message)
        )

    def _tell_of_loading(self, message: messages.OpenStream, text: str) -> None:
        if self._opening.get(message.stream) is message:
            self._outbox.post(messages.Warning(code="loading", text=text, stream=message.stream))

    def _opened(
        self, message: messages.OpenStream, model: Model | FacewireError, _load_ms: float
    ) -> None:
        if self._opening.get(message.stream) is not message:
            return  # closed while the model was loading, and perhaps opened anew
        outputs = frozenset(message.outputs)
        if isinstance(model, FacewireError) or not is_slow(message.parameters, outputs):
            self._begin(message, model)
            return
        then = partial(self._prepared, message, model)
        job = Preparation(model, message.parameters, message.identity, outputs, then)
        self._preparing[message.stream] = job
        prepare(self._services, job)

    def _prepared(
        self, message: messages.OpenStream, model: Model, failure: FacewireError | None
    ) -> None:
        if self._opening.get(message.stream) is not message:
            return  # closed meanwhile
        del self._preparing[message.stream]
        # What the settings are to blame for is told with their field when the stream is opened.
        self._begin(message, failure if isinstance(failure, BundleError) else model)

    def _begin(self, message: messages.OpenStream, model: Model | FacewireError) -> None:
        del self._opening[message.stream]
        try:
            self._voices[message.stream] = Voice(
                message, usable(model), self._outbox, self._services
            )
        except ProtocolError as error:
            self._services.open_streams -= 1
            self._refuse(error, message.stream)
        except Exception as error:  # noqa: BLE001 - a fault of ours costs one stream, never the loop
            self._services.open_streams -= 1
            log().error("a stream cannot be opened", exc_info=error, extra={"key": "not-opened"})
            text = "The stream cannot be opened: a fault of the daemon, in its log."
            self._refuse(ProtocolError("internal", text), message.stream)

    def close(self, number: int) -> None:
        """Forget a stream at once and say so.

        Raises:
            ProtocolError: there is none of this number.
        """
        if number in self._opening:
            del self._opening[number]
            if job := self._preparing.pop(number, None):
                job.cancel()
        else:
            self.get(number).close()
            del self._voices[number]
        self._services.open_streams -= 1
        self._outbox.post(messages.StreamClosed(stream=number))

    def close_all(self) -> None:
        """Forget all streams; nothing of them leaves any more."""
        self._services.open_streams -= len(self)
        for voice in self._voices.values():
            voice.close()
        for job in self._preparing.values():
            job.cancel()
        self._voices.clear()
        self._opening.clear()
        self._preparing.clear()


def usable(model: Model | FacewireError) -> Model:
    """Return the model that was loaded.

    Raises:
        ProtocolError: `unknown_model`: it was not.
    """
    if isinstance(model, FacewireError):
        raise ProtocolError("unknown_model", str(model), field="model")
    return model
