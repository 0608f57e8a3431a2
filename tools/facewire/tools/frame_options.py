"""The options of `facewire frame`, checked."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from facewire.inference.providers import HELP
from facewire.tools.frame_rate import frame_rate

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

MOST_VALUES: Final = 24
SOLVER_STRENGTHS: Final = ("l1", "l2", "symmetry")
"""Of the skin's solver. A frame by itself has no past, so that `temporal` does nothing to it."""
_FORMATS: Final = {".png": "png", ".json": "json", ".csv": "csv"}
_VIEWS: Final = ("front", "three-quarter", "profile", "mouth")


@dataclass(frozen=True)
class Sweep:
    """One parameter, emotion or solver strength at several values."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything the command line said."""

    source: Path
    at: tuple[float, ...]
    """Seconds; empty where frames are named."""
    frames: tuple[int, ...]
    fps: Fraction
    model: str
    variant: str
    """Of the model's network, such as int8; "": as the model has it."""
    identity: str
    provider: str
    emotion: dict[str, float]
    emotion_keys: Path | None
    parameters: dict[str, float]
    sweep: Sweep | None
    rig: str
    seed: int
    output: Path | None
    view: str
    size_px: int
    as_json: bool
    quiet: bool

    @property
    def format(self) -> str:
        """What the output's name asks for: `png`, `json` or `csv`; "" without an output."""
        return _FORMATS[self.output.suffix.lower()] if self.output else ""


def frame_options(command: Callable[[Options], None]) -> Callable[..., None]:
    """Add the arguments and options of `frame` to a function of `Options`."""

    def collected(*, verbose: int, **said: Any) -> None:
        del verbose  # read by the command line's own error handler
        asked = Options(**said)
        if bool(asked.at) == bool(asked.frames):
            raise click.UsageError("Say which frame: either --at SECONDS or --frame NUMBER.")
        if asked.sweep is not None and asked.format in ("json", "csv"):
            raise click.UsageError("A sweep is drawn (-o OUT.png) or printed (--json).")
        if asked.output and asked.output.is_file() and asked.output.samefile(asked.source):
            raise click.UsageError(f"{asked.source} is the speech; choose another output with -o.")
        command(asked)

    collected.__doc__ = command.__doc__
    collected.__name__ = command.__name__
    decorated: Callable[..., None] = collected
    for add in reversed(_OPTIONS):
        decorated = add(decorated)
    return decorated


def _instants(
    _context: click.Context, _option: click.Parameter, instants: tuple[float, ...]
) -> tuple[float, ...]:
    for instant_s in instants:
        if not (isfinite(instant_s) and instant_s >= 0):
            raise click.BadParameter(f"{instant_s} is not a time in seconds from 0 on.")
    return instants


def _numbers(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> dict[str, float]:
    numbers = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            numbers[name.strip()] = float(value)
        except ValueError:
            raise click.BadParameter(f"{text!r} is not NAME=NUMBER.") from None
    return numbers


def _sweep(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> Sweep | None:
    if not texts:
        return None
    if len(texts) > 1:
        raise click.BadParameter(
            f"One thing is swept at a time, not {len(texts)}: set the others with --parameter or "
            "--emotion."
        )
    (text,) = texts
    name, _, span = text.partition("=")
    try:
        first, last, count = span.split(":")
        low, high, steps = float(first), float(last), int(count)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not NAME=FIRST:LAST:COUNT, such as lowerFaceStrength=0.5:2:6."
        ) from None
    if not 2 <= steps <= MOST_VALUES:
        raise click.BadParameter(f"A sweep has 2 to {MOST_VALUES} values, not {steps}.")
    # Rounded so that captions and --json say 0.8 and not 0.7999999999999999.
    values = (round(low + (high - low) * step / (steps - 1), 9) for step in range(steps))
    return Sweep(name.strip(), tuple(values))


def _output(
    _context: click.Context, _option: click.Parameter, path: Path | None
) -> Path | None:  # fmt: skip
    if path is not None and path.suffix.lower() not in _FORMATS:
        raise click.BadParameter(f"{path} should end in {', '.join(_FORMATS)}.")
    return path


_OPTIONS = (
    click.argument("source", metavar="IN", type=click.Path(exists=True, dir_okay=False,
                                                           path_type=Path)),
    click.option("--at", multiple=True, type=float, metavar="S", callback=_instants,
                 help="The instant, in seconds; repeatable."),
    click.option("--frame", "frames", multiple=True, type=click.IntRange(0), metavar="N",
                 help="Or the number of the frame, from 0 on; repeatable."),
    click.option("-o", "--output", type=click.Path(path_type=Path), callback=_output, metavar="OUT",
                 help="OUT.png draws the face; OUT.json or OUT.csv keeps the pose."),
    click.option("--sweep", multiple=True, metavar="NAME=FIRST:LAST:COUNT", callback=_sweep,
                 help="The same frame at COUNT values of a parameter, an emotion, or of l1, l2 or "
                      "symmetry of the skin's solver."),
    click.option("--fps", default="60", show_default=True, callback=frame_rate,
                 help="Frames per second: 60, 29.97, 30000/1001 ..."),
    click.option("--model", default="embedded", show_default=True,
                 help="A model's name, or the path of a bundle's folder."),
    click.option("--variant", default="", metavar="NAME",
                 help="Of a folder's network, such as int8; of a name it is NAME@int8."),
    click.option("--identity", default="", metavar="NAME",
                 help="Face inside the model, such as Claire; default: its first."),
    click.option("--provider", default="cpu", show_default=True,
                 help=f"What runs the network: {HELP}"),
    click.option("--emotion", multiple=True, metavar="NAME=WEIGHT", callback=_numbers,
                 help="An emotion over the whole clip, such as joy=0.6; repeatable."),
    click.option("--emotion-keys", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                 metavar="FILE", help="Emotions over time, as for `facewire animate`; --emotion "
                                      "holds until the first one."),
    click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE",
                 callback=_numbers, help="Such as lowerFaceStrength=1.2; repeatable."),
    click.option("--rig", default="a2f", show_default=True,
                 help="Curve table: a name of `facewire mapping list`, or your own FILE.json."),
    click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
                 help="Of blinks, gaze and brows: same seed, same motion."),
    click.option("--view", type=click.Choice(_VIEWS), default="front", show_default=True,
                 help="Where the drawn face is seen from."),
    click.option("--size", "size_px", type=click.IntRange(64, 1024), default=320, metavar="PX",
                 show_default=True, help="Height of each drawn face."),
    click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object."),
    click.option("-q", "--quiet", is_flag=True, help="Errors and the answer only."),
    click.option("-v", "--verbose", count=True, help="-vv shows the traceback of an error."),
)  # fmt: skip
