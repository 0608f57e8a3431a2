"""Frame rates as people write them: `60`, `29.97`, `30000/1001`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

SLOWEST: Final = 1
FASTEST: Final = 240
MAX_TERM: Final = 1_000_000
"""Largest numerator or denominator the wire carries (SPEC, `open_stream`)."""
BROADCAST: Final[Mapping[str, Fraction]] = {
    "23.976": Fraction(24_000, 1001),
    "23.98": Fraction(24_000, 1001),
    "29.97": Fraction(30_000, 1001),
    "59.94": Fraction(60_000, 1001),
    "119.88": Fraction(120_000, 1001),
}
"""Short names that stand for an exact rate, not for the decimal they look like."""


_WRITTEN: Final = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?|\.[0-9]{1,6}|[0-9]{1,7}/[0-9]{1,7}")
"""Exponents are left out: `Fraction("1e999999999")` would count zeros for hours."""


def frame_rate(_context: click.Context, _option: click.Parameter, text: str) -> Fraction:
    """Return the exact rate; the callback of a `--fps` option.

    Raises:
        click.BadParameter: no number, outside 1 to 240, or in terms the wire cannot carry.
    """
    try:
        rate = BROADCAST.get(text) or Fraction(text if _WRITTEN.fullmatch(text) else "")
    except (ValueError, ZeroDivisionError):
        raise click.BadParameter(f"{text!r} is no number; try 60, 29.97 or 30000/1001.") from None
    if not SLOWEST <= rate <= FASTEST:
        raise click.BadParameter(f"{text} is outside {SLOWEST} to {FASTEST} frames per second.")
    if max(rate.numerator, rate.denominator) > MAX_TERM:
        raise click.BadParameter(f"{text} is too fine; write it as a fraction such as 30000/1001.")
    return rate
