"""An invitation: the one file a remote client needs, made by `facewire keys invite`.

It holds the daemon's address and public key, and the client's own name and key pair. Whoever has
the file can speak to the daemon, so it is written with mode 0600 and should travel over a channel
you trust; `facewire keys revoke NAME` makes it worthless.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facewire.protocol.errors import KeyFileError
from facewire.protocol.keyfiles import (
    KeyPair,
    add_client,
    check_key,
    check_name,
    load_json,
    load_server_keys,
    new_key_pair,
    revoke_client,
)
from facewire.protocol.private_files import write_private

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Final = 1
"""Number of this file layout; another one is refused with a sentence."""
ENDPOINT: Final = re.compile(r"tcp://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")


@dataclass(frozen=True)
class Invitation:
    """What a remote client needs to connect."""

    endpoint: str
    """`tcp://HOST:PORT` of the daemon, as the client reaches it."""
    server_public_key: str
    keys: KeyPair
    """The client's own pair."""
    name: str


def invite(name: str, endpoint: str, path: Path, state: Path | None = None) -> Invitation:
    """Make a client's keys, allow them, and write the invitation to `path`.

    Args:
        name: Name of the client in the allow-list.
        endpoint: `tcp://HOST:PORT`, as the client will reach the daemon.
        path: The file to write; it must not exist yet.
        state: State folder of the daemon; default `state_dir()`.

    Raises:
        KeyFileError: the daemon has no keys, the name is taken, the address or the file is
            unusable. Nothing is allowed and nothing is written then.
    """
    server = load_server_keys(state)
    invitation = Invitation(
        check_endpoint(endpoint), server.public_key, new_key_pair(), check_name(name)
    )
    add_client(name, invitation.keys.public_key, state)
    try:
        _write(path, invitation)
    except KeyFileError:
        revoke_client(name, state)
        raise
    return invitation


def load_invitation(path: Path) -> Invitation:
    """Return the invitation in `path`.

    Raises:
        KeyFileError: it is missing, malformed, of a newer layout, or others may read it.
    """
    try:
        entries = load_json(path)
    except FileNotFoundError:
        raise KeyFileError(
            f"There is no invitation at {path}.",
            hint="Make one on the daemon's machine with `facewire keys invite`.",
        ) from None
    if entries.get("facewire_invitation") != FORMAT:
        raise KeyFileError(
            f"{path} is no invitation of layout {FORMAT}.",
            hint="Use the file that `facewire keys invite` wrote, or a newer Facewire.",
        )
    return Invitation(
        endpoint=check_endpoint(entries.get("endpoint")),
        server_public_key=_key(entries, "server_public_key", path),
        keys=KeyPair(_key(entries, "public_key", path), _key(entries, "secret_key", path)),
        name=check_name(str(entries.get("name", ""))),
    )


def check_endpoint(endpoint: object) -> str:
    """Return `endpoint` if a remote client can connect to it.

    Raises:
        KeyFileError: it is not `tcp://HOST:PORT` with one host and a port in [1, 65535].
    """
    match = ENDPOINT.fullmatch(endpoint) if isinstance(endpoint, str) else None
    if match is None or not 1 <= int(match[2]) <= 65535 or match[1] in {"0.0.0.0", "[::]"}:  # noqa: S104 - refused, not bound
        raise KeyFileError(
            f"{str(endpoint)[:120]!r} is no address a client can connect to.",
            hint="Write tcp://HOST:PORT with the name or address the client reaches it by.",
        )
    return str(endpoint)


def _write(path: Path, invitation: Invitation) -> None:
    entries = {
        "facewire_invitation": FORMAT,
        "endpoint": invitation.endpoint,
        "server_public_key": invitation.server_public_key,
        "name": invitation.name,
        "public_key": invitation.keys.public_key,
        "secret_key": invitation.keys.secret_key,
    }
    try:
        write_private(path, json.dumps(entries, indent=2) + "\n", replace=False)
    except FileExistsError:
        raise KeyFileError(
            f"{path} exists already.", hint="Name another file, or remove it first."
        ) from None


def _key(entries: dict[str, object], field: str, path: Path) -> str:
    return check_key(entries.get(field), f"{field} in {path}")
