"""What `facewire frame` answers: tables for people, one object for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import acos, degrees
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.inference.interactive import InteractiveFace, SingleFrame
    from facewire.tools.frame_options import Options
    from facewire.tools.retarget import Retarget

_SHOWN: Final = 0.005
"""Weights below it are counted, not listed."""
_BAR: Final = 24
_NAMES: Final = 24
"""Columns of names, at least; some rigs have longer ones."""


@dataclass
class Pose:
    """One face: a frame, at one value of what is swept."""

    frame: SingleFrame
    value: float | None
    curves: NDArray[np.float32]
    """Of the rig that was asked for."""
    ms: float
    """What making it took; the first one of a frame holds its inferences."""


@dataclass
class Shown:
    """All that the command answers."""

    face: InteractiveFace
    retarget: Retarget
    rows: list[list[Pose]] = field(default_factory=list)
    """Per frame: one pose, or one per swept value."""
    first_ms: list[float] = field(default_factory=list)
    """Per frame of a sweep: making it the first time, inferences and all."""

    @property
    def identity(self) -> str:
        """Which face it is; "" for a model of one face without a name."""
        return self.face.settings.identity or next(iter(self.face.model.identities), "")


def as_json(asked: Options, shown: Shown) -> dict[str, Any]:
    """Return what `--json` prints."""
    model = shown.face.model
    rows = [[_pose_json(asked, shown, pose) for pose in row] for row in shown.rows]
    answer: dict[str, Any] = {
        "input": str(asked.source),
        "output": str(asked.output) if asked.output else None,
        "model": model.name,
        "version": model.version,
        "identity": shown.identity,
        "variant": model.variant,
        "provider": model.backend.name,
        "rig": shown.retarget.table.name,
        "fps": [asked.fps.numerator, asked.fps.denominator],
        "frames_total": shown.face.frames_total,
        "recomputed": shown.face.recomputed,
    }
    if asked.sweep is None:
        return answer | {"frames": [pose for (pose,) in rows]}
    return answer | {
        "sweep": asked.sweep.name,
        "values": list(asked.sweep.values),
        "frames": [
            {"first_ms": round(first_ms, 3), "poses": poses}
            for first_ms, poses in zip(shown.first_ms, rows, strict=True)
        ],
    }


def _pose_json(asked: Options, shown: Shown, pose: Pose) -> dict[str, Any]:
    made = pose.frame
    names = shown.face.pose_names
    return {
        "frame": made.index,
        "seconds": instant_s(asked, pose),
        "weights": _named(shown.retarget.curves, pose.curves),
        "eyes_deg": [round(float(angle), 4) for angle in made.eyes],
        "jaw": None if made.jaw is None else made.jaw.tolist(),
        "solved": _named(names, made.weights) if names else None,
        "flags": list(made.flags),
        "ms": round(pose.ms, 3),
    }


def _named(names: Sequence[str], values: NDArray[np.float32]) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in zip(names, values, strict=True)}


def instant_s(asked: Options, pose: Pose) -> float:
    """Return when a frame is shown, in seconds."""
    return float(pose.frame.index / asked.fps)


def tell(asked: Options, shown: Shown, row: list[Pose]) -> None:
    """Print the weights of a frame, largest first; of a sweep, what changes most first."""
    curves = np.stack([pose.curves for pose in row])
    matter = np.ptp(curves, axis=0) if asked.sweep else np.abs(curves[0])
    order = np.argsort(-matter, kind="stable").tolist()
    listed = [at for at in order if matter[at] >= _SHOWN]
    click.echo(f"frame {row[0].frame.index} at {instant_s(asked, row[0]):.3f} s")
    if any("network_repaired" in pose.frame.flags for pose in row):
        click.echo("warning: the network answered NaN near here; what it left out rests.", err=True)
    wide = max([_NAMES, *(len(shown.retarget.curves[at]) for at in listed)])
    _line = partial(_print_line, wide)
    if asked.sweep is not None:
        _line(asked.sweep.name, [f"{pose.value:.3g}" for pose in row])
    for at in listed:
        values = [f"{value:.3f}" for value in curves[:, at].tolist()]
        bar = "" if asked.sweep else "  " + "█" * round(abs(float(curves[0, at])) * _BAR)
        _line(shown.retarget.curves[at], values, bar.rstrip())
    what = "change by less than" if asked.sweep else "below"
    click.echo(f"  {len(order) - len(listed)} more {what} {_SHOWN:g}")
    if row[0].frame.jaw is not None:
        _line("jaw turned, deg", [f"{_turn_deg(pose.frame.jaw):.2f}" for pose in row])
    for at, name in enumerate(("right eye x", "right eye y", "left eye x", "left eye y")):
        _line(f"{name}, deg", [f"{float(pose.frame.eyes[at]):.2f}" for pose in row])


def _print_line(wide: int, name: str, values: list[str], after: str = "") -> None:
    click.echo(f"  {name:<{wide}}" + "".join(f"{value:>9}" for value in values) + after)


def _turn_deg(jaw: NDArray[np.float32] | None) -> float:
    """Return by how much the jaw is turned from rest, whatever the axis."""
    assert jaw is not None
    cosine = (float(jaw[0, 0] + jaw[1, 1] + jaw[2, 2]) - 1) / 2
    return degrees(acos(min(max(cosine, -1.0), 1.0)))


def tell_times(shown: Shown) -> None:
    """Say on stderr what a sweep saved."""
    poses = [pose.ms for row in shown.rows for pose in row]
    click.echo(
        f"the first pose took {max(shown.first_ms):.1f} ms, those of the sweep "
        f"{sum(poses) / len(poses):.2f} ms each; "
        f"{shown.face.recomputed['inference']} inferences in all",
        err=True,
    )
