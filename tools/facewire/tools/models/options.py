"""What the commands of `facewire models` share: options, and how an answer is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def print_json(answer: Mapping[str, Any]) -> None:
    """Print the answer for a program."""
    click.echo(json.dumps(answer, indent=1, allow_nan=False))


def size(number: int | None) -> str:
    """Return bytes in words, such as `724.8 MB`; `?` where they are not known."""
    if number is None:
        return "?"
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= factor:
            return f"{number / factor:.{2 if unit == 'GB' else 1}f} {unit}"
    return f"{number} B"
