from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.animation.curves import ARKIT_52, HEAD_3
from facewire.mapping import Gain, apply_gains, read_gains
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def _written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "gains.json"
    path.write_text(json.dumps(content))
    return path


def test_a_number_is_a_factor_and_an_object_may_add_an_offset(tmp_path: Path) -> None:
    path = _written(
        tmp_path, {"jawOpen": 1.2, "MouthSmileLeft": {"gain": 0.8, "offset": 0.02}, "cheekPuff": {}}
    )

    assert read_gains(path) == {
        "jawOpen": Gain(1.2, 0.0), "mouthSmileLeft": Gain(0.8, 0.02), "cheekPuff": Gain(),
    }  # fmt: skip


def test_gains_scale_shift_and_clamp_their_own_curve_only() -> None:
    names = ARKIT_52 + HEAD_3
    curves = np.full((2, len(names)), 0.5, np.float32)
    gains = {"jawOpen": Gain(3.0), "cheekPuff": Gain(1.0, -0.9), "mouthPucker": Gain(0.5, 0.1)}

    result = apply_gains(curves, names, gains)

    assert result.dtype == np.float32
    assert result[0, names.index("jawOpen")] == 1.0
    assert result[0, names.index("cheekPuff")] == 0.0
    assert result[0, names.index("mouthPucker")] == pytest.approx(0.35)
    assert (np.delete(result, [names.index(name) for name in gains], 1) == 0.5).all()
    assert (curves == 0.5).all()


def test_head_angles_are_not_clamped() -> None:
    curves = np.full((1, 55), -12.5, np.float32)

    result = apply_gains(curves, ARKIT_52 + HEAD_3, {"headYaw": Gain(2.0)})

    assert result[0, -1] == -25.0
    assert result[0, -2] == -12.5


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"jawOpne": 1.0}, "jawOpen"),
        ({"zzz": 1.0}, "ARKit"),
        ({"jawOpen": "loud"}, "loud"),
        ({"jawOpen": True}, "true"),
        ({"jawOpen": {"gain": 1.0, "bias": 2.0}}, "bias"),
        ({"jawOpen": float("nan")}, "NaN"),
        ([1, 2], "one object"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, content: object, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_gains(_written(tmp_path, content))


def test_no_file_and_no_json_say_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_gains(tmp_path / "nothing.json")
    (tmp_path / "text.json").write_text("jawOpen: 1")
    with pytest.raises(SettingsError, match="not JSON"):
        read_gains(tmp_path / "text.json")
