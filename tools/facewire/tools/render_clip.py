"""What `facewire render` draws: a curve file, the sound that belongs to it, what is said when."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TextIO

import numpy as np

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.audio import open_audio, sanitise
from facewire.audio.files import SUFFIXES
from facewire.protocol.errors import FacewireError
from facewire.tools.frame_rate import BROADCAST
from facewire.tools.picture.take import Phone
from facewire.tools.writers import ANIMATION_FORMAT

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_KNOWN: Final = {name.lower(): name for name in FACE_CURVES}
_TIME: Final = ("timecode", "time")
_NEAR: Final = 1e-4
"""Share by which a measured frame rate may miss the round one it is taken for."""
_RATES: Final = (0.5, 1000.0)
"""Frames per second of a file: times in milliseconds would be below."""
_MOST: Final = 10.0
"""Weights are held to this: a face of 1e9 could not be drawn."""


_Table = tuple[dict[str, int], tuple[str, ...], "NDArray[np.float64]"]
"""Curve -> column it was read from; heads left out; time and those columns, a row per frame."""


class CurveFileError(FacewireError):
    """A curve file, or what lies beside it, cannot be understood."""


@dataclass(frozen=True)
class Curves:
    """The face over time."""

    times_s: NDArray[np.float64]
    """float64[frames], rising."""
    rows: NDArray[np.float32]
    """float32[frames, 71], in the order of FACE_CURVES; 0 where the file has none."""
    fps: Fraction
    """Frames per second."""
    left_out: tuple[str, ...] = ()
    """Columns that the face has no curve for: the file may be another rig's."""

    @property
    def end_s(self) -> float:
        """Where the last frame ends."""
        return float(self.times_s[-1] + 1 / self.fps)

    def sampled(self, start_s: float, count: int, fps: Fraction) -> NDArray[np.float32]:
        """Return float32[count, 71]: the face at `start_s` + i / `fps`, between frames linear."""
        at = start_s + np.arange(count) * float(1 / fps)
        columns = [np.interp(at, self.times_s, column) for column in self.rows.T]
        return np.stack(columns, axis=1).astype(np.float32)


@dataclass(frozen=True)
class Sound:
    """The part of a clip's sound that is drawn."""

    path: Path
    samples: NDArray[np.float32]
    """float32[n, channels], sanitised."""
    rate_hz: int


def read_curves(path: Path) -> Curves:
    """Read what `facewire animate` writes, or a CSV whose columns spell the curves otherwise.

    A file is JSON where it begins as `JsonWriter` begins, whatever it is called. A column is known
    by what follows its last dot, whatever its case; `eyeBlink_L` is `eyeBlinkLeft`. Other columns
    are left out; a number that is not finite reads 0.

    Raises:
        CurveFileError: unreadable, without time or curves, or with a cell that is no number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            is_json = file.read(1) == "{"
            file.seek(0)
            columns, left_out, cells = (_json_table if is_json else _csv_table)(path, file)
    except OSError as error:
        raise CurveFileError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise CurveFileError(f"{path.name} is no table of curves: {error}") from None
    if len(cells) == 0:
        raise CurveFileError(f"{path.name} has no frames.")
    times_s = cells[:, 0]
    if not (np.isfinite(times_s).all() and (np.diff(times_s) > 0).all()):
        raise CurveFileError(f"{path.name}: its timeCode does not rise from frame to frame.")
    rows = np.zeros((len(cells), len(FACE_CURVES)), np.float32)
    weights = np.where(np.isfinite(cells[:, 1:]), cells[:, 1:], 0.0)
    rows[:, [CURVE_INDEX[name] for name in columns]] = weights.clip(-_MOST, _MOST)
    return Curves(times_s, rows, _frame_rate(path, times_s), left_out)


def _csv_table(path: Path, file: TextIO) -> _Table:
    heads = file.readline().rstrip("\r\n").split(",")
    time, columns, left_out = _columns(path, heads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a file of no rows: said below
        cells = np.loadtxt(
            file, np.float64, delimiter=",", usecols=[time, *columns.values()], ndmin=2
        )
    return columns, left_out, cells


def _json_table(path: Path, file: TextIO) -> _Table:
    """Read what `writers.JsonWriter` writes.

    Raises:
        ValueError: it is of another form.
    """
    try:
        told = json.load(file)
        if told.get("format") != ANIMATION_FORMAT:
            raise ValueError(f"its format is not {ANIMATION_FORMAT}")
        heads = ["timeCode", *map(str, told["curves"])]
        cells = [[frame["timeCode"], *frame["weights"]] for frame in told["frames"]]
        _, columns, left_out = _columns(path, heads)
        table = np.array(cells, np.float64).reshape(len(cells), len(heads))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"it is not of the format {ANIMATION_FORMAT} ({error!r})") from None
    return columns, left_out, table[:, [0, *columns.values()]]


def _columns(path: Path, heads: list[str]) -> tuple[int, dict[str, int], tuple[str, ...]]:
    """Return the column of the time, curve -> column (of two of one name the first), the others."""
    plain = [re.sub(r"_([lr])$", r"_\1x", head.strip().strip('"').rpartition(".")[2].lower())
             for head in heads]  # fmt: skip
    keys = [name.replace("_lx", "left").replace("_rx", "right").replace("_", "") for name in plain]
    times = [index for index, key in enumerate(keys) if key in _TIME]
    columns: dict[str, int] = {}
    for index, key in enumerate(keys):
        if key in _KNOWN:
            columns.setdefault(_KNOWN[key], index)
    if not times or not columns:
        lacking = "timeCode column" if not times else "column of a facial curve such as jawOpen"
        raise CurveFileError(
            f"{path.name} has no {lacking}.",
            hint="`facewire animate clip.wav -o clip.csv` writes a file that can be drawn; "
            f"`facewire mapping convert {path.name} --to arkit -o face.csv` makes one of another "
            "rig's curves.",
        )
    used = {*times, *columns.values()}
    others = (head for index, head in enumerate(heads) if index not in used and head.strip())
    return times[0], columns, tuple(others)


def _frame_rate(path: Path, times_s: NDArray[np.float64]) -> Fraction:
    """Return the rate the instants were made at: a usual one where it is near enough."""
    if len(times_s) < 2:
        return Fraction(60)
    rate = (len(times_s) - 1) / float(times_s[-1] - times_s[0])
    if not _RATES[0] <= rate <= _RATES[1]:
        raise CurveFileError(
            f"{path.name} has {rate:.3g} frames per second by its timeCode.",
            hint="timeCode counts seconds, as in 0.016667 for the second frame of sixty.",
        )
    usual = [*BROADCAST.values(), Fraction(round(rate) or 1)]
    nearest = min(usual, key=lambda each: abs(float(each) / rate - 1))
    near = abs(float(nearest) / rate - 1) < _NEAR
    return nearest if near else Fraction(rate).limit_denominator(1001)


def sound_beside(curves: Path) -> Path | None:
    """Return the audio file of the same stem, if there is one."""
    beside = (curves.with_suffix(suffix) for suffix in SUFFIXES)
    return next((path for path in beside if path.is_file()), None)


def read_sound(path: Path, start_s: float, stop_s: float) -> Sound:
    """Read a part of an audio file; what lies outside it is not kept in memory.

    Raises:
        AudioError: it is no sound we can take.
    """
    blocks = []
    with open_audio(path) as audio:
        rate_hz = audio.sample_rate_hz
        first, last = round(start_s * rate_hz), round(stop_s * rate_hz)
        at = 0
        for block in audio:
            blocks.append(block[max(first - at, 0) : max(last - at, 0)])
            at += len(block)
            if at >= last:
                break
    return Sound(path, sanitise(np.concatenate(blocks))[0], rate_hz)


def phones_beside(path: Path) -> list[Phone]:
    """Return the phones of `<stem>.phones.json`: [[ARPAbet, start s, end s], ...]; none without it.

    Raises:
        CurveFileError: the file is not of that form.
    """
    beside = path.with_suffix(".phones.json")
    if not beside.is_file():
        return []
    try:
        told = json.loads(beside.read_text(encoding="utf-8"))
        return [Phone(str(name).upper(), float(start), float(end)) for name, start, end in told]
    except (OSError, ValueError, TypeError) as error:
        raise CurveFileError(
            f"{beside.name} is no list of phones: {error}.",
            hint='It should read [["M", 0.10, 0.18], ...], in seconds; or move it away.',
        ) from None
