"""The training mix: which recordings, at which speeds, how often, and which clips only validate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from facewire.tools.training import articulation, dataset, recordings
from facewire.tools.training.channels import TARGETS
from facewire.tools.training.features import SAMPLE_RATE_HZ
from facewire.tools.training.labels import COLUMNS
from facewire.tools.training.pseudo import PhoneFace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from facewire.tools.training.dataset import Example
    from facewire.tools.training.recordings import Clip

_SEEN_COLUMNS = [TARGETS.index(c) for c in COLUMNS]


class Share(NamedTuple):
    """How one set enters the mix."""

    speeds: tuple[float, ...]
    repeats: float
    """Times each second is drawn per epoch."""
    weight: float
    """Share in the loss, for labels worth less than a camera's."""


SHARES = {
    recordings.GRID_MAIN: Share((1.0, 0.88, 1.12, 0.95, 1.06), 1.25, 1.0),
    recordings.GRID_MORE: Share((1.0, 0.86, 0.93, 1.07, 1.15), 3.0, 1.0),
    recordings.FACEGOOD: Share((1.0, 0.84, 0.92, 1.08), 1.0, 0.5),
    recordings.KATHLEEN: Share((1.0, 0.8, 1.12), 0.4, 0.3),
    recordings.SYNTHESISED: Share((1.0, 0.88), 0.6, 0.3),
}
_VALIDATE_EVERY = 14
"""One clip in so many of each GRID talker and of Kathleen is never trained on."""
_VOICES_ONLY = (recordings.KATHLEEN, recordings.SYNTHESISED)


@dataclass(frozen=True)
class Mix:
    """Everything a fit needs."""

    groups: list[tuple[list[list[Example]], float]]
    """(clips, each at its speeds; repeats) per set."""
    validation: list[Example]


def read(
    data: Path,
    spoken: Path,
    *,
    seed: int,
    leave_out: frozenset[str],
    report: Callable[[str], None],
) -> Mix:
    """Read all sets of a data folder.

    Args:
        data: Folder with the sets that data/README.md names.
        spoken: Folder that `voices.recording` wrote.
        seed: Seed of the silence examples.
        leave_out: GRID talkers used for validation only, and synthesised voices left out.
        report: Called with one line per set read.

    Raises:
        MissingDataError: If a set or a file of it is absent.
    """
    recordings.check(data, spoken)
    train: dict[str, list[Clip]] = {}
    filmed_out = leave_out & recordings.grid_talkers(data)
    validation: list[Clip] = []
    for name in (recordings.GRID_MAIN, recordings.GRID_MORE):
        train[name] = []
        for k, clip in enumerate(recordings.grid(data / name)):
            kept = clip.talker not in leave_out and not held_back(k)
            if kept:
                train[name].append(clip)
            elif clip.talker in leave_out or not filmed_out:
                validation.append(clip)
    train[recordings.FACEGOOD] = list(recordings.facegood(data / recordings.FACEGOOD))
    kathleen = enumerate(recordings.kathleen(data / recordings.KATHLEEN))
    train[recordings.KATHLEEN] = [c for k, c in kathleen if not held_back(k)]
    voices = recordings.synthesised(spoken)
    train[recordings.SYNTHESISED] = [c for c in voices if c.talker not in leave_out]
    for name, clips in train.items():
        minutes = sum(len(c.audio) for c in clips) / SAMPLE_RATE_HZ / 60
        report(f"{name}: {len(clips)} clips, {minutes:.1f} min")
    return _prepared(train, validation, seed, report)


def held_back(number: int) -> bool:
    """Tell whether the clip of this number in its set is kept out of training."""
    return number % _VALIDATE_EVERY == _VALIDATE_EVERY - 1


def _prepared(
    train: dict[str, list[Clip]],
    validation: list[Clip],
    seed: int,
    report: Callable[[str], None],
) -> Mix:
    groups: list[tuple[list[list[Example]], float]] = []
    face: PhoneFace | None = None
    for name, clips in train.items():
        share = SHARES[name]
        if name in _VOICES_ONLY and face is None:
            face = _phone_face([e[0] for e in groups[0][0] + groups[1][0]])
        used = face if name in _VOICES_ONLY else None
        examples = [
            [dataset.example(c, s, face=used, weight=share.weight) for s in share.speeds]
            for c in clips
        ]
        groups.append((examples, share.repeats))
        report(f"{name}: features of {len(clips)} clips at {len(share.speeds)} speeds")
    quiet = dataset.silence(seed, count=80, seconds=6.0)
    groups.append(([[dataset.example(c, 1.0, weight=2.0)] for c in quiet], 2.0))
    return Mix(groups, [dataset.example(c, 1.0) for c in validation])


def _phone_face(examples: list[Example]) -> PhoneFace:
    eye = np.eye(len(articulation.PHONES), dtype=np.float32)
    return PhoneFace(
        (eye[e.phones.numpy()], e.targets.numpy()[:, _SEEN_COLUMNS])
        for e in examples
        if int(e.phones[0]) >= 0
    )
