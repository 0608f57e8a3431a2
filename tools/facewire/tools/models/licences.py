"""A licence is shown, and accepted by a person or by name, before anything is fetched."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from facewire.bundles.naming import plain_name
from facewire.protocol.errors import FacewireError

if TYPE_CHECKING:
    from facewire.bundles.catalogue import PublishedModel


def can_ask() -> bool:
    """Return whether somebody sits at the terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def require_accepted(model: PublishedModel, text: str, accepted: str | None) -> None:
    """Show a model's licence, and go on only when it is accepted.

    Args:
        model: What is to be fetched.
        text: Where the licence can be read.
        accepted: What `--accept-licence` said: the name of the licence, or of the model.

    Raises:
        FacewireError: it is not accepted, or nobody can be asked.
    """
    licence = model.licence
    click.echo(f"{model.name} may be used under its licence:\n  {licence.name}\n  {text}", err=True)
    if licence.only_with:
        click.echo("  It allows use only together with Audio2Face.", err=True)
    if not licence.must_accept:
        return
    by_name = f"--accept-licence {model.name}"
    if accepted is not None:
        if licence.name.casefold() == accepted.casefold() or model.name == plain_name(accepted):
            return
        raise FacewireError(
            f"{accepted!r} is not the licence of {model.name}; nothing was fetched.",
            hint=f"Read it, then say {by_name}.",
        )
    if not can_ask():
        raise FacewireError(
            f"The licence of {model.name} was not accepted; nothing was fetched.",
            hint=f"Read it, then say {by_name}.",
        )
    if not click.confirm("Do you accept it?", err=True):
        raise FacewireError("The licence was not accepted; nothing was fetched.")
