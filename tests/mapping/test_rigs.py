from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facewire.animation.curves import ARKIT_52, CURVE_INDEX, FACE_CURVES, HEAD_3
from facewire.mapping import Rig, load_table, shipped_rig
from facewire.mapping.mouth import arkit_from_a2f
from facewire.mapping.table import Term
from facewire.protocol.errors import MappingError


def test_the_rigs_of_face_curves_keep_the_bundle_order() -> None:
    assert shipped_rig("a2f").names == FACE_CURVES
    assert shipped_rig("arkit").names == ARKIT_52
    assert shipped_rig("arkit_head").names == ARKIT_52 + HEAD_3


def test_a_rig_takes_another_table_only_for_the_same_curves() -> None:
    rig = Rig(load_table("arkit"))
    face = np.full((1, len(FACE_CURVES)), 0.5, np.float32)

    with pytest.raises(MappingError, match="not those it had"):
        rig.replace(load_table("arkit_lr"))
    assert rig.mapper("arkit", gaze=True).apply(face)[0, 17] == 0.5
    half = replace(rig.table.curves[17], terms=(Term("jawOpen", 0.5),))
    curves = (*rig.table.curves[:17], half, *rig.table.curves[18:])
    rig.replace(replace(rig.table, curves=curves))

    assert rig.mapper("arkit", gaze=True).apply(face)[0, 17] == 0.25


def test_audio2faces_mouth_close_contains_the_jaw() -> None:
    face = np.zeros((1, len(FACE_CURVES)), np.float32)
    face[0, CURVE_INDEX["jawOpen"]] = 0.1
    face[0, CURVE_INDEX["mouthClose"]] = 0.3

    arkit_from_a2f(face)

    # Lips apart by 0.1 before and after: now said relative to an open jaw.
    assert face[0, CURVE_INDEX["jawOpen"]] == np.float32(0.4)
    assert face[0, CURVE_INDEX["mouthClose"]] == np.float32(0.3)
