"""`facewire keys`: who may speak to this daemon from another machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.group()
def keys() -> None:
    """Encrypt remote connections and say who may connect.

    On the daemon's machine: `keys init` once, then `keys invite NAME` for each client. The client
    needs nothing but the file that is written.
    """


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@keys.command()
@click.option("--force", is_flag=True, help="Replace existing keys; all invitations go void.")
@as_json
def init(*, force: bool, as_json: bool) -> None:
    """Make the daemon's key pair."""
    from facewire.protocol.keyfiles import create_server_keys, state_dir

    pair = create_server_keys(force=force)
    _result({"public_key": pair.public_key}, pair.public_key, as_json=as_json)
    click.echo(f"Keys written to {state_dir() / 'keys'}.", err=True)


@keys.command()
@click.argument("name")
@click.argument("public_key")
@as_json
def add(name: str, public_key: str, *, as_json: bool) -> None:
    """Allow a client that made its own keys, by its PUBLIC_KEY."""
    from facewire.protocol.keyfiles import add_client

    client = add_client(name, public_key)
    _result(vars(client), "", as_json=as_json)
    click.echo(f"{name} may connect now; a running daemon needs no restart.", err=True)


@keys.command()
@click.argument("name")
@click.option(
    "--endpoint", required=True, help="tcp://HOST:PORT by which the client reaches the daemon."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write [default: NAME.facewire.json].",
)
@as_json
def invite(name: str, endpoint: str, output: Path | None, *, as_json: bool) -> None:
    """Make keys for a client, allow it, and write the one file it needs."""
    from facewire.protocol.invitations import invite as make_invitation

    path = output if output is not None else Path(f"{name}.facewire.json")
    invitation = make_invitation(name, endpoint, path)
    answer = {
        "name": name,
        "file": str(path),
        "endpoint": endpoint,
        "public_key": invitation.keys.public_key,
    }
    _result(answer, str(path), as_json=as_json)
    click.echo(
        "The file holds a secret key: move it to the client over a channel you trust.", err=True
    )


@keys.command("list")
@as_json
def list_keys(*, as_json: bool) -> None:
    """Show the daemon's public key and the clients it lets in."""
    from facewire.protocol.keyfiles import allowed_clients, load_server_keys

    server = load_server_keys()
    clients = sorted(allowed_clients().values(), key=lambda client: client.name)
    rows = [f"{client.name}\t{client.public_key}\t{client.added_at}" for client in clients]
    answer = {"public_key": server.public_key, "clients": [vars(client) for client in clients]}
    _result(answer, "\n".join(rows), as_json=as_json)
    click.echo(f"{len(clients)} allowed; the daemon's key is {server.public_key}", err=True)


@keys.command()
@click.argument("name")
@as_json
def revoke(name: str, *, as_json: bool) -> None:
    """Take a client off the list; its open sessions end."""
    from facewire.protocol.keyfiles import revoke_client

    revoke_client(name)
    _result({"revoked": name}, "", as_json=as_json)
    click.echo(f"{name} may not connect any more.", err=True)


def _result(answer: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """Print the result on stdout: `answer` as JSON, or `text` unless it is empty."""
    if as_json:
        click.echo(json.dumps(answer))
    elif text:
        click.echo(text)
