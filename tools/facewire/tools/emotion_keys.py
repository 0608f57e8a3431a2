"""Emotion keys from a file: CSV, JSON, or the structure of NVIDIA's client as JSON."""

from __future__ import annotations

import csv
import json
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from facewire.emotion import EMOTIONS, emotion_vector
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

Key = tuple[int, list[float]]
"""16 kHz sample, and the ten weights in the order of EMOTIONS."""

_RATE_HZ: Final = 16_000
_TIMES: Final = ("time", "time_code", "timecode", "seconds")
_PREFIX: Final = "emotion_values."
_NVIDIA: Final = "emotion_with_timecode_list"
_SPELLINGS: Final = {"out_of_breath": "outofbreath"}
_MAX_BYTES: Final = 1 << 26
_MAX_S: Final = 1e9


def read_emotion_keys(path: Path) -> list[Key]:
    """Return the keys of a file, in order.

    Raises:
        SettingsError: it cannot be read; or a line or an entry of it is wrong, which the sentence
            names.
    """
    if path.suffix.lower() in (".yaml", ".yml"):
        raise _wrong(path, "", "is YAML, which is not read", "Write the same structure as JSON.")
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise _wrong(path, "", f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _wrong(path, "", "is not UTF-8 text") from None
    if len(content) > _MAX_BYTES:
        raise _wrong(path, "", "is longer than any list of keys")
    is_json = text.lstrip()[:1] in ("[", "{")
    keys: list[Key] = []
    for place, time_s, weights in (_from_json if is_json else _from_csv)(path, text):
        try:
            vector = emotion_vector({_SPELLINGS.get(name, name): weights[name] for name in weights})
        except SettingsError as error:
            raise _wrong(path, place, f"is wrong. {error.text}", error.hint) from None
        if not (isfinite(time_s) and 0.0 <= time_s <= _MAX_S):
            raise _wrong(path, place, f"has the time {time_s}; it must be 0 or more seconds")
        sample = round(time_s * _RATE_HZ)
        if keys and sample <= keys[-1][0]:
            raise _wrong(path, place, f"has the time {time_s}, which is not after the one before")
        keys.append((sample, vector.tolist()))
    if not keys:
        raise _wrong(path, "", "holds no emotion key", "See `facewire animate --help`.")
    return keys


def check_constant_emotion(
    keys: Sequence[Key], emotion: Mapping[str, float], *, automatic: bool = False
) -> None:
    """Refuse an emotion over the whole clip that the keys leave no frame to.

    Args:
        keys: As `read_emotion_keys` returns them.
        emotion: What the command line says of the whole clip: it holds until the first key.
        automatic: Emotions are heard, and both are what is preferred.

    Raises:
        SettingsError: the first key is at 0 s, so that the emotion would have no effect.
    """
    if not (keys and keys[0][0] == 0 and emotion):
        return
    option = "--emotion or --preferred-emotion" if automatic else "--emotion"
    raise SettingsError(
        "The first emotion key is at 0 s: the emotion over the whole clip would have no effect.",
        field="emotion_keys",
        hint=f"It holds until the first key. Leave {option} out, or begin the keys later.",
    )


# --- CSV ------------------------------------------------------------------------------------


def _from_csv(path: Path, text: str) -> Iterator[tuple[str, float, Mapping[str, float]]]:
    reader = csv.reader(text.splitlines(), strict=True)
    names: list[str] | None = None
    try:
        for cells in reader:
            place = f"line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = _header(path, cells)
                if names is not None:
                    continue
                names = ["time", *EMOTIONS]
            yield place, *_row(path, place, names, cells)
    except csv.Error as error:
        raise _wrong(path, f"line {reader.line_num}", f"is no CSV: {error}") from None


def _header(path: Path, cells: list[str]) -> list[str] | None:
    """Return the columns' names, or None where the first line has numbers already."""
    if _number(cells[0]) is not None:
        return None
    names = [cell.strip().removeprefix(_PREFIX) for cell in cells]
    names = ["time" if name.lower() in _TIMES else name for name in names]
    if names.count("time") != 1:
        raise _wrong(path, "line 1", "has no column `time`", "See `facewire animate --help`.")
    return names


def _row(
    path: Path, place: str, names: list[str], cells: list[str]
) -> tuple[float, dict[str, float]]:
    if len(cells) != len(names):
        raise _wrong(path, place, f"has {len(cells)} columns; expected {len(names)}")
    found: dict[str, float] = {}
    for name, cell in zip(names, cells, strict=True):
        if not name:
            continue  # the index that pandas writes
        value = _number(cell)
        if value is None:
            raise _wrong(path, place, f"has {cell.strip()!r} as {name}, which is no number")
        found[name] = value
    return found.pop("time"), found


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


# --- JSON -----------------------------------------------------------------------------------


def _from_json(path: Path, text: str) -> Iterator[tuple[str, float, Mapping[str, float]]]:
    try:
        said = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise _wrong(path, line, "is no JSON") from None
    for number, entry in enumerate(_entries(path, said), 1):
        place = f"entry {number}"
        if not isinstance(entry, dict):
            raise _wrong(path, place, "is no object with a time and emotions")
        rest = dict(entry)
        times = [rest.pop(name) for name in _TIMES if name in rest]
        if len(times) != 1:
            raise _wrong(path, place, "has no `time`" if not times else "has two times")
        weights = rest.pop("emotions", None)
        if not isinstance(weights, dict) or rest:
            raise _wrong(path, place, "needs a `time` and its `emotions`, and nothing else")
        for name, value in {"time": times[0], **weights}.items():
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise _wrong(path, place, f"has {value!r} as {name}, which is no number")
        yield place, float(times[0]), {name: float(weights[name]) for name in weights}


def _entries(path: Path, said: Any) -> Iterable[Any]:
    if isinstance(said, dict) and isinstance(said.get(_NVIDIA), dict | list):
        said = said[_NVIDIA]
        return said.values() if isinstance(said, dict) else said
    if not isinstance(said, list):
        raise _wrong(path, "", f"is neither a list of keys nor has it `{_NVIDIA}`")
    return said


def _wrong(path: Path, place: str, what: str, hint: str = "") -> SettingsError:
    where = f"{path.name}, {place}," if place else path.name
    return SettingsError(f"{where} {what}{'' if what.endswith('.') else '.'}", field="emotion_keys",
                         hint=hint)  # fmt: skip
