"""The verdict as text: each row with its floor beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.tools.judging.verdict import (
    OPEN_FLOOR,
    PRECISION_FLOOR,
    RECALL_FLOOR,
    ROUND_CEILING,
    SHUT_FLOOR,
)

if TYPE_CHECKING:
    from facewire.tools.judging.verdict import Verdict

_HEAD = f"{'channel':20s} {'r':>6s} {'floor':>6s} {'best':>6s} {'lag':>8s}"


def lines(verdict: Verdict) -> list[str]:
    """Return one line per row, a head before and the closures after them."""
    out = [_HEAD]
    for row in verdict.rows:
        word = "pass" if row.passed else "BELOW"
        out.append(
            f"{row.channel:20s} {row.r:6.3f} {row.floor:6.2f} {row.best:6.3f} "
            f"{row.lag_ms:+5.0f} ms  {word}"
        )
    counts = verdict.closures
    for name, value, floor in (
        ("closure recall", counts.recall, RECALL_FLOOR),
        ("closure precision", counts.precision, PRECISION_FLOOR),
    ):
        word = "pass" if round(value, 3) >= floor else "BELOW"
        out.append(f"{name:20s} {value:6.3f} {floor:6.2f} {'':6s} {'':8s}  {word}")
    out.append(f"closures of P, B and M in the reference: {counts.closures}")
    lips = verdict.lips
    out.append("on our head, in centimetres (shut: the video's closures):")
    for name, value, bound, failed in (
        ("shut on m b p", lips.shut, SHUT_FLOOR, lips.shut < SHUT_FLOOR and "BELOW"),
        ("open on ah", lips.opened, OPEN_FLOOR, lips.opened < OPEN_FLOOR and "BELOW"),
        (
            "width on oo / rest",
            lips.rounded,
            ROUND_CEILING,
            lips.rounded > ROUND_CEILING and "ABOVE",
        ),
    ):
        out.append(f"{name:20s} {value:6.3f} {bound:6.2f} {'':6s} {'':8s}  {failed or 'pass'}")
    return out
