from __future__ import annotations

import numpy as np
import pytest

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.bundles import load_bundle
from facewire.emotion import EMOTIONS, emotion_vector
from facewire.emotion.layer import add_emotion, pose_matrix

POSES = load_bundle("embedded").description["emotion_poses"]
JAW, CLOSE, SMILE = (CURVE_INDEX[name] for name in ("jawOpen", "mouthClose", "mouthSmileLeft"))


def _face(jaw_open: float, mouth_close: float) -> np.ndarray:
    face = np.zeros((1, len(FACE_CURVES)), np.float32)
    face[0, JAW], face[0, CLOSE] = jaw_open, mouth_close
    return face


def test_a_weight_adds_its_share_of_the_pose() -> None:
    matrix = pose_matrix({"joy": {"mouthSmileLeft": 0.5}, "sadness": {"mouthSmileLeft": 0.1}})
    face = _face(0.5, 0.0)

    add_emotion(face, emotion_vector({"joy": 0.5, "sadness": 1.0})[None], matrix)

    assert face[0, SMILE] == pytest.approx(0.35)
    assert face[0, JAW] == 0.5


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize(("jaw_open", "mouth_close"), [(0.0, 0.0), (0.3, 0.29), (0.1, 0.1)])
def test_no_emotion_parts_lips_that_speech_has_closed(
    emotion: str, jaw_open: float, mouth_close: float
) -> None:
    face = _face(jaw_open, mouth_close)

    add_emotion(face, emotion_vector({emotion: 1.0})[None], pose_matrix(POSES))

    parting = [
        name for name in FACE_CURVES
        if name.startswith(("mouthLowerDown", "mouthUpperUp", "mouthFunnel"))
    ]  # fmt: skip
    assert face[0, JAW] - face[0, CLOSE] <= jaw_open - mouth_close + 1e-6
    assert not face[0, [CURVE_INDEX[name] for name in parting]].any()


def test_an_open_mouth_takes_all_of_an_emotion() -> None:
    matrix = pose_matrix({"amazement": {"jawOpen": 0.2}})
    face = _face(0.4, 0.1)

    add_emotion(face, emotion_vector({"amazement": 1.0})[None], matrix)

    assert face[0, JAW] == pytest.approx(0.6)


def test_the_shipped_poses_are_curves_of_a_face_and_each_emotion_shows() -> None:
    matrix = pose_matrix(POSES)

    assert set(POSES) == set(EMOTIONS)
    assert matrix.min() >= 0.0
    assert matrix.max() <= 1.0
    assert (matrix.max(axis=1) >= 0.3).all()
    assert len({tuple(row) for row in matrix.tolist()}) == 10


def test_as_many_rows_at_once_as_one_likes() -> None:
    draw = np.random.default_rng(0)
    faces = draw.random((9, len(FACE_CURVES)), np.float32)
    emotions = draw.random((9, 10), np.float32)
    whole, alone = faces.copy(), faces.copy()

    add_emotion(whole, emotions, pose_matrix(POSES))
    for row in range(9):
        add_emotion(alone[row : row + 1], emotions[row : row + 1], pose_matrix(POSES))

    assert np.array_equal(whole, alone)
