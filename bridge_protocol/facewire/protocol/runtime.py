r"""Where a running daemon leaves its files, so that clients of this machine find it.

::

    <runtime>/<instance>/daemon.lock      held by the daemon as long as it lives
                         handshake.json   endpoint and token of this start, mode 0600
                         daemon.sock      the ipc endpoint
                         *.ring           byte rings of its sessions

`<runtime>` is FACEWIRE_RUNTIME_DIR; else `$XDG_RUNTIME_DIR/facewire` when that folder exists; else
`facewire-<uid>` in `$TMPDIR` or `/tmp`; on Windows `%LOCALAPPDATA%\facewire`. Folders are 0700 and
ours: whoever could write there could pose as the daemon.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from facewire.protocol import limits
from facewire.protocol.errors import ConfigError, KeyFileError, NoDaemon, RuntimeFolderError
from facewire.protocol.private_files import (
    check_private_folder,
    make_private_folder,
    read_private,
    write_private,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTANCE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What a daemon instance may be called; the name is a folder."""
_SOCKET_PATH_BYTES: Final = 103 if sys.platform == "darwin" else limits.IPC_PATH_BYTES


def runtime_dir() -> Path:
    """Return the folder that holds one folder per instance; it need not exist.

    Raises:
        RuntimeFolderError: it exists and is not ours alone.
    """
    folder = _runtime_path().absolute()
    if folder.exists() or folder.is_symlink():
        with _as_runtime_folder_error():
            check_private_folder(folder)
    return folder


@dataclass(frozen=True)
class InstancePaths:
    """The files of one daemon instance.

    Raises:
        ConfigError: the name breaks the rule of `INSTANCE`.
        RuntimeFolderError: the runtime folder exists and is not ours alone.
    """

    instance: str = "default"
    runtime: Path = field(default_factory=runtime_dir)

    def __post_init__(self) -> None:
        if not INSTANCE.fullmatch(self.instance):
            raise ConfigError(
                f"{self.instance[:80]!r} cannot be the name of an instance.",
                hint="Use 1 to 64 of a-z, 0-9, dot, dash and underscore, a letter or digit first.",
            )

    @property
    def folder(self) -> Path:
        """The instance's own folder."""
        return self.runtime / self.instance

    @property
    def lock(self) -> Path:
        """Locked by the daemon before it binds anything."""
        return self.folder / "daemon.lock"

    @property
    def handshake(self) -> Path:
        """See `Handshake`."""
        return self.folder / "handshake.json"

    @property
    def socket(self) -> Path:
        """The Unix socket of the ipc endpoint."""
        return self.folder / "daemon.sock"

    @property
    def endpoint(self) -> str:
        """The ipc endpoint.

        Raises:
            RuntimeFolderError: the path is longer than a Unix socket's may be.
        """
        size_bytes = len(os.fsencode(self.socket))
        if size_bytes > _SOCKET_PATH_BYTES:
            raise RuntimeFolderError(
                f"The socket path {self.socket} has {size_bytes} bytes; "
                f"{_SOCKET_PATH_BYTES} are allowed.",
                hint="Set FACEWIRE_RUNTIME_DIR to a shorter folder, or take a shorter instance.",
            )
        return f"ipc://{self.socket}"

    @property
    def rings(self) -> list[Path]:
        """The ring files that lie there now, stale ones too."""
        return sorted(self.folder.glob("*.ring"))

    def ring(self, name: str) -> Path:
        """Return where a ring of this name lies; `name` is the daemon's, never a client's."""
        return self.folder / f"{name}.ring"

    def make_folder(self) -> None:
        """Make the instance's folder and the one above it, 0700, or check those that are there.

        Raises:
            RuntimeFolderError: they cannot be made or are not ours alone.
        """
        with _as_runtime_folder_error():
            make_private_folder(self.runtime)
            make_private_folder(self.folder)


@dataclass(frozen=True)
class Handshake:
    """What a started daemon tells the clients of its machine, in `handshake.json`."""

    endpoint: str
    """ZeroMQ endpoint to connect to."""
    protocol: tuple[int, int]
    """(major, minor) the daemon speaks."""
    pid: int
    token: str = field(repr=False)
    """Secret of this start, for `hello`; kept out of `repr` and so out of logs."""
    started_at: str
    """ISO 8601, UTC."""
    daemon: str
    """Daemon name and version."""

    def write(self, paths: InstancePaths) -> None:
        """Write the file whole, mode 0600, over an older one.

        Raises:
            RuntimeFolderError: it cannot be written.
        """
        with _as_runtime_folder_error():
            write_private(paths.handshake, json.dumps(asdict(self)) + "\n", replace=True)

    @classmethod
    def read(cls, paths: InstancePaths) -> Handshake:
        """Read the file.

        Raises:
            NoDaemon: there is none, so no daemon of this instance runs.
            RuntimeFolderError: it is not ours alone, or not a handshake file.
        """
        with _as_runtime_folder_error():
            try:
                check_private_folder(paths.folder)
                text = read_private(paths.handshake)
            except FileNotFoundError as error:
                named = "" if paths.instance == "default" else f" --instance {paths.instance}"
                raise NoDaemon(
                    f"No daemon `{paths.instance}` is running here.",
                    hint=f"Start one with `facewire serve{named}`.",
                ) from error
        try:
            return _handshake_from_json(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise RuntimeFolderError(
                f"{paths.handshake} is no handshake file: {error}.", hint="Restart the daemon."
            ) from error


def _runtime_path() -> Path:
    chosen = os.environ.get("FACEWIRE_RUNTIME_DIR")
    if chosen:
        return Path(chosen)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "facewire"
    session_folder = os.environ.get("XDG_RUNTIME_DIR", "")
    if session_folder.startswith("/") and Path(session_folder).is_dir():
        return Path(session_folder) / "facewire"
    return Path(os.environ.get("TMPDIR") or "/tmp") / f"facewire-{os.geteuid()}"  # noqa: S108 - owner and mode are checked


def _handshake_from_json(found: Any) -> Handshake:
    """Return the handshake in a JSON value; unknown keys are passed over."""
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for one broken file
    protocol, pid = found.get("protocol"), found.get("pid")
    if not isinstance(protocol, list) or [type(part) for part in protocol] != [int, int]:
        raise ValueError("`protocol` is missing or not two whole numbers")
    if type(pid) is not int or pid <= 0:
        raise ValueError("`pid` is missing or not a process id")
    return Handshake(
        endpoint=_text(found, "endpoint"),
        protocol=(protocol[0], protocol[1]),
        pid=pid,
        token=_text(found, "token"),
        started_at=_text(found, "started_at"),
        daemon=_text(found, "daemon"),
    )


def _text(found: dict[str, Any], name: str) -> str:
    text = found.get(name)
    if not isinstance(text, str) or len(text) > limits.MAX_STRING_BYTES:
        raise ValueError(f"`{name}` is missing or not text")
    return text


@contextmanager
def _as_runtime_folder_error() -> Iterator[None]:
    """Say "runtime folder" where the shared code for private files says "key file"."""
    try:
        yield
    except KeyFileError as error:
        raise RuntimeFolderError(
            error.text, hint="Remove it, or set FACEWIRE_RUNTIME_DIR to a folder of yours."
        ) from error
