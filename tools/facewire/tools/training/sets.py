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
    recordings.GRID_MAIN: Share((1.0, 0.88, 1.12, 0.95, 1.06), 1.0, 1.0),
    recordings.GRID_MORE: Share((1.0, 0.86, 0.93, 1.07, 1.15), 3.0, 1.0),
    recordings.FACEGOOD: Share((1.0, 0.84, 0.92, 1.08), 1.0, 0.5),
    recordings.KATHLEEN: Share((1.0, 0.87), 0.4, 0.3),
}
_VALIDATE_EVERY = 14
"""One clip in so many of each GRID talker is kept for validation, never for training."""


@dataclass(frozen=True)
class Mix:
    """Everything a fit needs."""

    groups: list[tuple[list[list[Example]], float]]
    """(clips, each at its speeds; repeats) per set."""
    validation: list[Example]


def read(data: Path, *, seed: int, leave_out: frozenset[str], report: Callable[[str], None]) -> Mix:
    """Read all sets of a data folder.

    Args:
        data: Folder with the sets that data/README.md names.
        seed: Seed of the silence examples.
        leave_out: GRID talkers used for validation only.
        report: Called with one line per set read.

    Raises:
        MissingDataError: If a set or a file of it is absent.
    """
    recordings.check(data)
    train: dict[str, list[Clip]] = {}
    validation: list[Clip] = []
    for name in (recordings.GRID_MAIN, recordings.GRID_MORE):
        train[name] = []
        for k, clip in enumerate(recordings.grid(data / name)):
            kept = clip.talker not in leave_out and k % _VALIDATE_EVERY != _VALIDATE_EVERY - 1
            if kept:
                train[name].append(clip)
            elif not leave_out or clip.talker in leave_out:
                validation.append(clip)
    train[recordings.FACEGOOD] = list(recordings.facegood(data / recordings.FACEGOOD))
    train[recordings.KATHLEEN] = list(recordings.kathleen(data / recordings.KATHLEEN))
    for name, clips in train.items():
        minutes = sum(len(c.audio) for c in clips) / SAMPLE_RATE_HZ / 60
        report(f"{name}: {len(clips)} clips, {minutes:.1f} min")
    return _prepared(train, validation, seed, report)


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
        if name == recordings.KATHLEEN:
            face = _phone_face([e[0] for e in groups[0][0] + groups[1][0]])
        used = face if name == recordings.KATHLEEN else None
        examples = [
            [dataset.example(c, s, face=used, weight=share.weight) for s in share.speeds]
            for c in clips
        ]
        groups.append((examples, share.repeats))
        report(f"{name}: features of {len(clips)} clips at {len(share.speeds)} speeds")
    quiet = dataset.silence(seed, count=80, seconds=6.0)
    groups.append(([[dataset.example(c, 1.0, weight=1.5)] for c in quiet], 2.0))
    return Mix(groups, [dataset.example(c, 1.0) for c in validation])


def _phone_face(examples: list[Example]) -> PhoneFace:
    eye = np.eye(len(articulation.PHONES), dtype=np.float32)
    return PhoneFace(
        (eye[e.phones.numpy()], e.targets.numpy()[:, _SEEN_COLUMNS])
        for e in examples
        if int(e.phones[0]) >= 0
    )
