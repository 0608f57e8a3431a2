"""The animators against NVIDIA's code: every case of its vector files, at its tolerances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.conformance.kit import oracle, worst

from facewire.animation.eyes import EyesAnimator
from facewire.animation.face_parameters import EyesParameters, SkinParameters, changed
from facewire.animation.jaw import column_major, jaw_transform, rigid_transform
from facewire.animation.pca import reconstruct
from facewire.animation.skin import SkinAnimator
from facewire.animation.smoothing import Smoother, smoothing_share
from facewire.animation.tongue import animate_tongue

if TYPE_CHECKING:
    from numpy.typing import NDArray

SKIN = oracle("animator_skin")
SMOOTHING = oracle("interpolator")
MOUTH = oracle("animator_tongue_teeth")
EYES = oracle("animator_eyes")
PCA = oracle("pca_reconstruction")
SETFRAME = [
    name.removesuffix("_right")
    for name in EYES
    if name.startswith("setframe_") and name.endswith("_right")
]

VERTICES = 5e-5
MASK = 1e-5
ROTATION = 5e-6
TRANSLATION = 3e-4


def _skin(parameters: dict[str, float], dt_s: float) -> SkinAnimator:
    return SkinAnimator(
        SKIN["neutral"],
        SKIN["lip_open_pose_delta"],
        SKIN["eye_close_pose_delta"],
        changed(SkinParameters(), parameters),
        dt_s,
    )


def _frames(inputs: NDArray[Any], animator: SkinAnimator, case: str) -> NDArray[Any]:
    reset_before = SKIN.cases()[case]["reset_before_frame"]
    vertices = []
    for frame, deltas in enumerate(inputs):
        if frame == reset_before:
            animator.reset()
        if f"{case}_dt" in SKIN:
            animator.dt_s = SKIN[f"{case}_dt"][frame]
        vertices.append(animator.animate(deltas))
    return np.array(vertices)


@pytest.mark.parametrize("case", SKIN.cases())
def test_skin_vertices_and_mask_are_the_sdks(case: str) -> None:
    config = SKIN.cases()[case]
    dt_s = config["dt"] if isinstance(config["dt"], float) else 0.0
    animator = _skin(config["params"], dt_s)

    assert worst(_frames(SKIN["input_deltas"], animator, case), SKIN[f"{case}_out"]) <= VERTICES
    assert worst(animator.mask, SKIN[f"{case}_mask"]) <= MASK


@pytest.mark.parametrize("case", [i for i, c in SKIN.cases().items() if "device_params" in c])
def test_smoothing_shares_are_the_sdks(case: str) -> None:
    config = SKIN.cases()[case]
    dt_s = np.float32(config["dt"])

    for name, expected in zip(
        ("lowerFaceSmoothing", "upperFaceSmoothing"), config["device_params"][5:7], strict=True
    ):
        share = smoothing_share(dt_s, np.float32(config["params"][name]))
        # The SDK marks "no smoothing" by -1; there the whole way is covered at once.
        assert float(share) == pytest.approx(expected if expected >= 0 else 1.0, rel=1e-6)


def test_skin_tracks_are_the_sdks_batch() -> None:
    names = SKIN.config["param_order"].split(",")
    tracks = [
        _skin(dict(zip(names, map(float, row), strict=True)), 1 / 30) for row in SKIN["mt_params"]
    ]
    deltas = SKIN["input_deltas"]
    feeds = (deltas, np.roll(deltas, 7, axis=0), -deltas)
    stored = SKIN["mt_frames_stored"].tolist()
    held = np.zeros((3, deltas.shape[1]), np.float32)

    for frame, (active, resets) in enumerate(
        zip(SKIN["mt_active_mask"].tolist(), SKIN["mt_reset_mask"].tolist(), strict=True)
    ):
        for index, track in enumerate(tracks):
            if resets >> index & 1:
                track.reset()
            if active >> index & 1:
                held[index] = track.animate(feeds[index][frame])
        if frame in stored:
            assert worst(held, SKIN["mt_out"][stored.index(frame)]) <= VERTICES

    assert worst([track.mask for track in tracks], SKIN["mt_masks"]) <= MASK


@pytest.mark.parametrize("smoothing_s", SMOOTHING.config["smoothing"])
def test_smoothing_is_the_sdks(smoothing_s: float) -> None:
    smoother = Smoother(SMOOTHING["input"].shape[1])
    smoothed = []

    for frame, (values, dt_s) in enumerate(
        zip(SMOOTHING["input"], SMOOTHING["dt"].tolist(), strict=True)
    ):
        if frame == SMOOTHING.config["reset_before_frame"]:
            smoother.reset()
        smoother.set_speed(dt_s, smoothing_s)
        smoothed.append(smoother.smooth(values).copy())

    assert worst(smoothed, SMOOTHING[f"s{smoothing_s:g}_out"]) <= 2e-6


@pytest.mark.parametrize("case", MOUTH.cases("tongue_cases"))
def test_tongue_vertices_are_the_sdks(case: str) -> None:
    parameters = MOUTH.cases("tongue_cases")[case]["params"]

    found = [
        animate_tongue(MOUTH["neutral_tongue"], deltas, *parameters)
        for deltas in MOUTH["tongue_input"]
    ]

    assert worst(found, MOUTH[f"tongue_{case}_out"]) <= 1e-5


def _within(found: NDArray[Any], expected: NDArray[Any]) -> bool:
    """Compare transforms in wire layout, [frames, 16]: translations are the entries 12 to 14."""
    rotations = [index for index in range(16) if index not in (12, 13, 14)]
    return (
        worst(found[:, rotations], expected[:, rotations]) <= ROTATION
        and worst(found[:, 12:15], expected[:, 12:15]) <= TRANSLATION
    )


@pytest.mark.parametrize("device", ["", "_gpu"], ids=["cpu", "gpu"])
@pytest.mark.parametrize("case", MOUTH.cases("teeth_cases"))
def test_jaw_transforms_are_the_sdks(case: str, device: str) -> None:
    parameters = MOUTH.cases("teeth_cases")[case]["params"]

    found = np.array(
        [
            column_major(jaw_transform(MOUTH["neutral_jaw"], deltas, *parameters))
            for deltas in MOUTH["jaw_input"]
        ]
    )

    assert _within(found, MOUTH[f"teeth_{case}_transform{device}"])


@pytest.mark.parametrize("device", ["", "_gpu"], ids=["cpu", "gpu"])
@pytest.mark.parametrize("case", MOUTH.cases("rigid_cases"))
def test_rigid_transforms_are_the_sdks(case: str, device: str) -> None:
    found = rigid_transform(
        MOUTH[f"{case}_from"].astype(np.float64), MOUTH[f"{case}_to"].astype(np.float64)
    ).astype(np.float32)

    assert _within(column_major(found)[None], MOUTH[f"{case}_transform{device}"][None])


def _eyes(values: list[float], dt_s: float) -> EyesAnimator:
    names = EYES.config["param_order"].split(",")
    parameters = changed(EyesParameters(), dict(zip(names, values, strict=True)))
    return EyesAnimator(EYES["saccade_rot"], parameters, dt_s)


@pytest.mark.parametrize("case", EYES.cases())
def test_eye_rotations_and_their_clock_are_the_sdks(case: str) -> None:
    config = EYES.cases()[case]
    animator = _eyes(config["params"], config["dt"])
    rows, clock, rotations = [], [], []

    for gaze in EYES["input"]:
        rows.append(animator.saccade_row)
        clock.append(animator.live)
        rotations.append(animator.rotate(gaze))

    assert rows == EYES[f"{case}_frame_index"].tolist()
    assert clock == EYES[f"{case}_live_time"].tolist()
    expected = np.concatenate([EYES[f"{case}_right"], EYES[f"{case}_left"]], axis=1)
    assert worst(rotations, expected) <= 1e-6


@pytest.mark.parametrize("case", SETFRAME)
def test_eye_rotations_of_explicit_frames_are_the_sdks(case: str) -> None:
    parameters = EYES.cases()[f"{case.removeprefix('setframe_')}_30"]["params"]
    animator = _eyes(parameters, 1 / 30)

    found = [
        animator.rotate_at(EYES["input"][index % len(EYES["input"])], frame)
        for index, frame in enumerate(EYES["setframe_frames"].tolist())
    ]

    expected = np.concatenate([EYES[f"{case}_right"], EYES[f"{case}_left"]], axis=1)
    assert worst(found, expected) <= 1e-6


def test_pca_reconstruction_is_the_sdks() -> None:
    for coefficients, expected in zip(PCA["coefs"], PCA["deltas"], strict=True):
        found = reconstruct(coefficients, PCA["shapes"])
        assert worst(found, expected) <= 1e-6 * np.abs(expected).max()


def test_no_case_of_the_vector_files_is_left_out() -> None:
    assert len(SKIN.cases()) == 15
    assert len(SMOOTHING.config["smoothing"]) == 7
    assert len(MOUTH.cases("tongue_cases")) == 5
    assert len(MOUTH.cases("teeth_cases")) == 4
    assert len(MOUTH.cases("rigid_cases")) == 9
    assert len(EYES.cases()) == 24
    assert len(SETFRAME) == 6
