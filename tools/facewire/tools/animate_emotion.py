"""The emotions of `facewire animate`: which model hears them, and the table of what was felt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from facewire.bundles.naming import plain_name
from facewire.emotion import EMOTIONS
from facewire.protocol.errors import BundleError
from facewire.tools.model_place import located
from facewire.tools.writers import time_code

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

    from facewire.bundles.installed import InstalledModel

_ADD: Final = "`facewire models pull audio2emotion-v2.2`, or `facewire models add FOLDER`"


def emotion_source(model: str, named: str) -> str | Path:
    """Return the emotion model to load: the one that is named, or the only one there is.

    Args:
        model: The face's model, as on the command line.
        named: The emotion model likewise; "": the only one of the user's that may drive the face.

    Raises:
        BundleError: there is none, or more than one; the hint names them.
    """
    if named:
        return located(named)
    from facewire.bundles.user_models import emotions_for, user_models

    models = user_models()
    face = models.get(plain_name(model).partition("@")[0])
    found = emotions_for(face, models.values()) if face else _unbound(model, models.values())
    names = [each.name for each in found]
    if len(names) == 1:
        return names[0]
    if names:
        raise BundleError(
            f"Several models may hear emotions for {model!r}: {', '.join(names)}.",
            hint=f"Name one: --emotion-model {names[0]}.",
        )
    raise BundleError(
        f"You have no model that may hear emotions for {model!r}.",
        hint=f"Add an Audio2Emotion bundle ({_ADD}), or name its folder with --emotion-model.",
    )


def _unbound(model: str, models: Iterable[InstalledModel]) -> list[InstalledModel]:
    """Return those that may drive a face that is no model of the user's list."""
    from facewire.inference.loading import split_model

    name = Path(split_model(Path(model))[0]).resolve().name
    return [
        each
        for each in models
        if each.family == "emotion" and (not each.paired_with or name in each.paired_with)
    ]


class EmotionWriter:
    """What NVIDIA's client writes as `a2f_3d_smoothed_emotion_output.csv`, frame by frame.

    An index column without a name, `time_code` in seconds, then `emotion_values.<name>`.
    """

    def __init__(self, stream: TextIO, fps: Fraction) -> None:
        self._stream = stream
        self._fps = fps
        names = [f"emotion_values.{name}" for name in EMOTIONS]
        stream.write(",".join(["", "time_code", *names]) + "\n")

    def write(self, first: int, emotions: NDArray[np.float32]) -> None:
        """Write one line per frame of float32[frames, 10], from frame `first` on."""
        rows = emotions.astype(float).round(6).tolist()
        self._stream.writelines(
            f"{index},{time_code(index, self._fps)!r},{','.join(map(repr, row))}\n"
            for index, row in enumerate(rows, first)
        )
