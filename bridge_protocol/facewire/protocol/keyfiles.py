"""The daemon's CURVE keys and its list of allowed clients, as files.

::

    <state>/keys/server.json         public and secret key of the daemon
    <state>/keys/clients/NAME.json   one allowed client: name, public key, day it was added

`<state>` is `state_dir()`. A client is allowed exactly as long as its file exists: revoking one is
removing a file, and the daemon, which reads the folder anew, needs no restart. Keys are the 40
characters of Z85 that ZeroMQ itself uses.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import zmq

from facewire.protocol.errors import KeyFileError
from facewire.protocol.private_files import (
    check_private_folder,
    make_private_folder,
    read_private,
    write_private,
)

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What a client may be called; the name is a file name and a word of logs."""
KEY: Final = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")
"""A CURVE key in Z85: 32 bytes in 40 characters."""


@dataclass(frozen=True)
class KeyPair:
    """One CURVE key pair, each key 40 characters of Z85."""

    public_key: str
    secret_key: str = field(repr=False)
    """Kept out of `repr`, so that no log or traceback shows it."""


@dataclass(frozen=True)
class AllowedClient:
    """A client the daemon lets in."""

    name: str
    public_key: str
    added_at: str
    """ISO 8601, UTC."""


def state_dir() -> Path:
    r"""Return the folder of lasting state: FACEWIRE_STATE_DIR, or the system's usual place.

    That is `%LOCALAPPDATA%\facewire` on Windows and `$XDG_STATE_HOME/facewire`, by default
    `~/.local/state/facewire`, elsewhere. The folder need not exist.
    """
    chosen = os.environ.get("FACEWIRE_STATE_DIR")
    if chosen:
        return Path(chosen)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "facewire"
    state_home = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state_home) if state_home.startswith("/") else Path.home() / ".local" / "state"
    return base / "facewire"


def require_curve() -> None:
    """Check that the ZeroMQ library can encrypt.

    Raises:
        KeyFileError: it was built without CURVE.
    """
    if not zmq.has("curve"):
        raise KeyFileError(
            "The ZeroMQ library here was built without CURVE, so remote connections cannot be "
            "encrypted.",
            hint="Install the official pyzmq wheel, which brings libzmq with CURVE.",
        )


def new_key_pair() -> KeyPair:
    """Return a fresh CURVE key pair.

    Raises:
        KeyFileError: libzmq has no CURVE.
    """
    require_curve()
    public_key, secret_key = zmq.curve_keypair()
    return KeyPair(public_key.decode(), secret_key.decode())


def check_name(name: str) -> str:
    """Return `name` if a client may be called so.

    Raises:
        KeyFileError: it breaks the rule of `NAME`.
    """
    if not NAME.fullmatch(name):
        raise KeyFileError(
            f"{name[:80]!r} cannot be the name of a client.",
            hint="Use 1 to 64 of a-z, 0-9, dot, dash and underscore, a letter or digit first.",
        )
    return name


def check_key(key: object, what: str) -> str:
    """Return `key` if it is a CURVE key in Z85; `what` names it in the error.

    Raises:
        KeyFileError: it is not 40 characters of Z85.
    """
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise KeyFileError(f"{what} is not a CURVE key: 40 characters of Z85 were expected.")
    return key


def create_server_keys(state: Path | None = None, *, force: bool = False) -> KeyPair:
    """Make the daemon's key pair.

    Args:
        state: State folder; default `state_dir()`.
        force: Replace a pair that is there; every invitation written for it stops working.

    Raises:
        KeyFileError: a pair exists and `force` is False, or it cannot be written.
    """
    pair = new_key_pair()
    folder = _keys_folder(state)
    make_private_folder(folder)
    path = folder / "server.json"
    try:
        write_private(path, _as_json({**vars(pair)}), replace=force)
    except FileExistsError:
        raise KeyFileError(
            f"The daemon already has keys in {path}.",
            hint="Use --force to replace them; every invitation must then be made anew.",
        ) from None
    return pair


def load_server_keys(state: Path | None = None) -> KeyPair:
    """Return the daemon's key pair.

    Raises:
        KeyFileError: there is none, it is malformed, or others may read it.
    """
    path = _keys_folder(state) / "server.json"
    try:
        entries = load_json(path)
    except FileNotFoundError:
        raise KeyFileError(
            f"The daemon has no keys: {path} is missing.", hint="Run `facewire keys init`."
        ) from None
    return KeyPair(
        check_key(entries.get("public_key"), f"public_key in {path}"),
        check_key(entries.get("secret_key"), f"secret_key in {path}"),
    )


def allowed_clients(state: Path | None = None) -> dict[str, AllowedClient]:
    """Return the allow-list, by public key; empty when nobody was let in yet.

    Reads the folder each time (a few files), so that a revoked client is gone at once.

    Raises:
        KeyFileError: a file is malformed or others may change it. One bad file fails the whole
            list: to guess who is allowed would be worse than to let nobody in.
    """
    folder = _clients_folder(state)
    if not folder.is_dir():
        return {}
    check_private_folder(folder)
    clients = [_load_client(path) for path in sorted(folder.glob("*.json"))]
    return {client.public_key: client for client in clients if client is not None}


def add_client(name: str, public_key: str, state: Path | None = None) -> AllowedClient:
    """Let the holder of `public_key` in.

    Raises:
        KeyFileError: the name or key is malformed, or either is already listed.
    """
    client = AllowedClient(
        check_name(name),
        check_key(public_key, "the public key"),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    holder = allowed_clients(state).get(public_key)
    if holder is not None:
        raise KeyFileError(f"This public key is already allowed, as {holder.name!r}.")
    for folder in (_keys_folder(state), _clients_folder(state)):
        make_private_folder(folder)
    try:
        write_private(_client_path(name, state), _as_json({**vars(client)}), replace=False)
    except FileExistsError:
        raise KeyFileError(
            f"A client called {name!r} is already allowed.",
            hint=f"Choose another name, or `facewire keys revoke {name}` first.",
        ) from None
    return client


def revoke_client(name: str, state: Path | None = None) -> None:
    """Take a client off the list; a running daemon closes its sessions.

    Raises:
        KeyFileError: nobody of that name is allowed.
    """
    try:
        _client_path(check_name(name), state).unlink()
    except FileNotFoundError:
        known = ", ".join(client.name for client in allowed_clients(state).values())
        raise KeyFileError(
            f"No client called {name!r} is allowed.",
            hint=f"Allowed are: {known}."
            if known
            else "Nobody is allowed yet; see `facewire keys`.",
        ) from None
    except OSError as error:
        raise KeyFileError(f"Cannot revoke {name!r}: {error.strerror}.") from error


def load_json(path: Path) -> dict[str, object]:
    """Return the JSON object in a private file.

    Raises:
        FileNotFoundError: there is no such file.
        KeyFileError: it is no JSON object, or not ours alone.
    """
    try:
        entries = json.loads(read_private(path))
    except (ValueError, RecursionError) as error:
        raise KeyFileError(f"{path} is damaged: {error}.") from error
    if not isinstance(entries, dict):
        raise KeyFileError(f"{path} is damaged: a JSON object was expected.")
    return entries


def _load_client(path: Path) -> AllowedClient | None:
    try:
        entries = load_json(path)
    except FileNotFoundError:
        return None  # revoked between the listing and the reading
    if entries.get("name") != path.stem:
        raise KeyFileError(f"{path} is damaged: the name inside differs from the file's.")
    public_key = check_key(entries.get("public_key"), f"public_key in {path}")
    return AllowedClient(check_name(path.stem), public_key, str(entries.get("added_at", "")))


def _keys_folder(state: Path | None) -> Path:
    return (state_dir() if state is None else state) / "keys"


def _clients_folder(state: Path | None) -> Path:
    return _keys_folder(state) / "clients"


def _client_path(name: str, state: Path | None) -> Path:
    return _clients_folder(state) / f"{name}.json"


def _as_json(entries: dict[str, object]) -> str:
    return json.dumps(entries, indent=2) + "\n"
