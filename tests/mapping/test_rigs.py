from __future__ import annotations

import numpy as np

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.mapping import RIGS, rig_columns
from facewire.mapping.mouth import arkit_from_a2f


def test_rigs_have_their_sizes_and_keep_the_bundle_order() -> None:
    assert {name: len(curves) for name, curves in RIGS.items()} == {
        "a2f": 71, "arkit": 52, "arkit_head": 55,
    }  # fmt: skip
    for name, curves in RIGS.items():
        assert [FACE_CURVES[column] for column in rig_columns(name)] == list(curves)
        assert list(rig_columns(name)) == sorted(rig_columns(name))


def test_audio2faces_mouth_close_contains_the_jaw() -> None:
    face = np.zeros((1, len(FACE_CURVES)), np.float32)
    face[0, CURVE_INDEX["jawOpen"]] = 0.1
    face[0, CURVE_INDEX["mouthClose"]] = 0.3

    arkit_from_a2f(face)

    # Lips apart by 0.1 before and after: now said relative to an open jaw.
    assert face[0, CURVE_INDEX["jawOpen"]] == np.float32(0.4)
    assert face[0, CURVE_INDEX["mouthClose"]] == np.float32(0.3)
