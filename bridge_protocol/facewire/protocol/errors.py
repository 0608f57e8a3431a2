"""Every exception Facewire raises on purpose.

::

    FacewireError                 what went wrong, in a sentence, and a hint that says what to do
    ├── ProtocolError             bytes or fields that break the wire rules (code of REGISTRY)
    │   └── RemoteError           the other side refused: an `error` message arrived
    ├── ConnectionLost            the daemon went away and did not come back in time
    ├── DeadlineExceeded          a call waited as long as it was allowed to
    ├── NoDaemon                  no running daemon was found
    ├── AlreadyRunning            another daemon holds this instance
    ├── RuntimeFolderError        the runtime folder or its handshake file cannot be trusted or made
    ├── RingError                 the shared-memory ring cannot be made, opened or trusted
    ├── KeyFileError              a CURVE key or invitation is missing, malformed or revoked
    ├── ConfigError               a setting is unknown or out of range
    ├── AudioError                a file or chunk that is not audio we can take
    ├── BundleError               a model folder that is incomplete, altered or unknown
    ├── ProviderError             the asked-for execution provider is not there
    ├── SettingsError             a stream was asked for with values out of range
    └── MappingError              a curve table is unknown, malformed or does not fit
"""

from __future__ import annotations


class FacewireError(Exception):
    """Root of the tree: one sentence in `text`, what to do next in `hint` ("" when obvious)."""

    exit_code = 1
    """What the command line exits with when this ends it: 0 ok, 1 failed, 2 usage, ..."""

    def __init__(self, text: str, *, hint: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.text} {self.hint}".strip()


class ProtocolError(FacewireError):
    """A message that breaks the wire rules.

    `code` is a REGISTRY string, `field` the offending header key, `limit` and `got` the numbers
    that disagree (None where there are none).
    """

    def __init__(
        self,
        code: str,
        text: str,
        *,
        field: str = "",
        limit: float | None = None,
        got: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(text, hint=hint)
        self.code = code
        self.field = field
        self.limit = limit
        self.got = got


class RemoteError(ProtocolError):
    """The other side answered with an `error` message; `code` is the one it sent."""

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # what it is depends on the code
        """As in process: 5 when the daemon lacks a model, 2 when settings are wrong; else 1."""
        if self.code == "unknown_model" or self.field == "automatic_emotion":
            return 5
        return 2 if self.code in ("unknown_identity", "unknown_rig", "out_of_range") else 1


class ConnectionLost(FacewireError):  # noqa: N818 - says what happened
    """The daemon went away and did not come back within the deadline."""


class DeadlineExceeded(FacewireError, TimeoutError):  # noqa: N818 - says what happened
    """A call waited as long as it was allowed to; the connection itself is alive."""


class NoDaemon(FacewireError):  # noqa: N818 - says what happened
    """No running daemon was found for this instance."""


class AlreadyRunning(FacewireError):  # noqa: N818 - says what happened
    """Another daemon holds the lock of this instance."""

    exit_code = 3


class RuntimeFolderError(FacewireError):
    """The runtime folder, or the handshake file in it, cannot be trusted, read or made."""


class RingError(FacewireError):
    """The shared-memory ring cannot be made, opened or trusted."""


class KeyFileError(FacewireError):
    """A CURVE key or invitation is missing, malformed or revoked."""


class ConfigError(FacewireError):
    """A setting is unknown or out of range."""

    exit_code = 2


class AudioError(FacewireError):
    """A file or chunk that is not audio we can take."""


class BundleError(FacewireError):
    """A model folder that is incomplete, altered or unknown.

    `file` and `key` say which part of it is at fault; "" where it is the whole.
    """

    exit_code = 5

    def __init__(self, text: str, *, hint: str = "", file: str = "", key: str = "") -> None:
        super().__init__(text, hint=hint)
        self.file = file
        self.key = key


class ProviderError(FacewireError):
    """The execution provider asked for by name is not there."""

    exit_code = 4


class SettingsError(FacewireError):
    """A stream was asked for with values out of range; `field` names the setting."""

    def __init__(self, text: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(text, hint=hint)
        self.field = field


class MappingError(FacewireError):
    """A curve table is unknown or malformed, or does not fit what it is used for."""
