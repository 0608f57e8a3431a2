"""Frame rates as people write them: `60`, `29.97`, `30000/1001`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

SLOWEST: Final = 1
FASTEST: Final = 240
BROADCAST: Final[Mapping[str, Fraction]] = {
    "23.976": Fraction(24_000, 1001),
    "23.98": Fraction(24_000, 1001),
    "29.97": Fraction(30_000, 1001),
    "59.94": Fraction(60_000, 1001),
    "119.88": Fraction(120_000, 1001),
}
"""Short names that stand for an exact rate, not for the decimal they look like."""


def frame_rate(_context: click.Context, _option: click.Parameter, text: str) -> Fraction:
    """Return the exact rate; the callback of a `--fps` option.

    Raises:
        click.BadParameter: no number, or outside 1 to 240.
    """
    try:
        rate = BROADCAST.get(text) or Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise click.BadParameter(f"{text!r} is no number; try 60, 29.97 or 30000/1001.") from None
    if not SLOWEST <= rate <= FASTEST:
        raise click.BadParameter(f"{text} is outside {SLOWEST} to {FASTEST} frames per second.")
    return rate
