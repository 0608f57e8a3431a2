"""Synthetic bundles: NVIDIA's files to the byte where those are known, and geometry like theirs."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest

from facewire.animation.curves import ARKIT_52, CURVE_INDEX, TONGUE_16
from facewire.bundles.a2e import EmotionBundle
from facewire.bundles.a2f import DiffusionBundle, RegressionBundle
from facewire.bundles.detect import read_bundle
from facewire.protocol.errors import FacewireError
from facewire.tools.atomic import OutputError
from facewire.tools.synth import (
    solver_settings,
    synth,
    synth_diffusion,
    synth_emotion,
    synth_regression,
    synth_trained,
    texts,
)
from facewire.tools.synth.face import FaceSizes, make_face
from facewire.tools.synth.folder import new_folder, write_npz
from facewire.tools.synth.rigs import solver_arrays
from facewire.tools.synth.tables import implicit_emotions, saccades
from facewire.tools.synth.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

IDENTITIES = ("Claire", "James", "Mark")


def digests(bundle: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in bundle.iterdir()}


def zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)


# The files, as far as they are known


MARKS_BOX_CM = 53.45050282121686
SKIN_SOLVERS = {
    "v2.3": solver_settings.skin_solver(
        (0.5, 0.3, 0.5), solver_settings.REGRESSION_IDLE, MARKS_BOX_CM
    ),
    "v3.0": solver_settings.skin_solver(
        (0.1, 0.05, 0.1), solver_settings.DIFFUSION_IDLE, MARKS_BOX_CM
    ),
}
PUBLISHED = {
    "1a03fc1c3b1978e9c73c197c4fe5af90da63f1c7d65cb85750035f60608fe1fd": texts.regression_model(),
    "4fe4d3423857843cf524abd429f34db25db6dfd97efb31264fb36087764ad714": texts.regression_config(
        "mark"
    ),
    "8692be1ea81720800d042e4985b5952bb0be3b76794f29edf0de4f9dd9c07a40": texts.text(
        SKIN_SOLVERS["v2.3"], crlf=True
    ),
    "1c09d1a8fb606fa765caeb9c60cb75c72081a34c7562f5ded5afbf3579864994": texts.diffusion_model(
        IDENTITIES
    ),
    "5524cdbe96a6bc89c78f06f32ae959e2302c50c663f407cb2b392c0ecac5975d": texts.diffusion_info(
        IDENTITIES, 72_006, 16_806, 256
    ),
    "0819530451ad28ef42c1a478398850dc91e32475a49f9899ed37216309107fb4": texts.diffusion_config(
        "claire"
    ),
    "a8f1b3a0868611e4ec22f798877ae83f7aca293194d2d039961185f788a95030": texts.diffusion_config(
        "james"
    ),
    "56e2e44b1051813714ab5db70037653a4ff8d907ed45b4d72e6ab96e38ac6421": texts.diffusion_config(
        "mark"
    ),
    "6a074ba302866485cd6c05805f7414b117b73382b6ec95a4d50b4733809ef1b0": texts.text(
        SKIN_SOLVERS["v3.0"], end=True
    ),
    "b440470d59af100ef47cfb87bc633766320bee30979167b9bd6ad0b88e2081cd": texts.emotion_model(),
    "e5750681125c5caf73f510d8ec57335810e18dd77c0ebba3e22cb1b6d69db280": texts.emotion_info(),
}
"""SHA-256 of a published file -> our text of the same values."""


@pytest.mark.parametrize("digest", PUBLISHED)
def test_a_text_of_known_values_has_the_bytes_of_the_published_file(digest: str) -> None:
    assert hashlib.sha256(PUBLISHED[digest].encode()).hexdigest() == digest


def test_the_emotion_settings_are_as_long_as_the_published_file() -> None:
    assert len(texts.emotion_config()) == 626


@pytest.mark.parametrize(
    ("arrays", "size"),
    [
        (
            dict.fromkeys(
                ("neutral_skin", "lip_open_pose_delta", "eye_close_pose_delta"), zeros(24_002, 3)
            )
            | {
                "neutral_tongue": zeros(5_602, 3),
                "neutral_jaw": zeros(5, 3),
                "saccade_rot_matrix": zeros(5_000, 2),
            },
            972_958,
        ),
        (
            solver_arrays(
                zeros(24_002, 3), zeros(52, 24_002, 3), ARKIT_52, np.zeros(4_262, np.int32), "v3.1"
            ),
            15_297_809,
        ),
        (solver_arrays(zeros(5_602, 3), zeros(16, 5_602, 3), TONGUE_16, None, "v1.0"), 1_147_927),
        (solver_arrays(zeros(5_602, 3), zeros(16, 5_602, 3), TONGUE_16, None, None), 1_147_669),
        (implicit_emotions(20_595, 28, Weights(0)), 1_319_768),
    ],
    ids=["model data v3", "skin rig v3", "tongue rig v3", "tongue rig v2.3", "implicit emotions"],
)
def test_an_archive_of_full_size_is_as_long_as_the_published_one(
    tmp_path: Path, arrays: dict[str, NDArray[Any]], size: int
) -> None:
    write_npz(tmp_path / "a.npz", arrays)
    assert (tmp_path / "a.npz").stat().st_size == size


# Whole bundles


def test_facewires_readers_take_every_kind(synthetic_bundles: Path) -> None:
    mark, v3, a2e = (read_bundle(synthetic_bundles / name) for name in ("mark", "v3", "a2e"))
    assert isinstance(mark, RegressionBundle)
    assert isinstance(v3, DiffusionBundle)
    assert isinstance(a2e, EmotionBundle)
    assert (mark.identities, v3.identities) == (("mark",), IDENTITIES)
    assert mark.face.pose_names == v3.faces[0].pose_names == ARKIT_52 + TONGUE_16
    for bundle in (mark, v3, a2e):
        bundle.check_contents()


@pytest.mark.parametrize("rigs", [("skin",), ()])
def test_a_bundle_as_trained_may_lack_rigs(tmp_path: Path, rigs: tuple[str, ...]) -> None:
    bundle = read_bundle(synth_trained(tmp_path / "own", rigs=rigs))
    assert isinstance(bundle, RegressionBundle)
    bundle.check_contents()
    found = {"skin": bundle.face.skin, "tongue": bundle.face.tongue}
    assert {name for name, rig in found.items() if rig} == set(rigs)
    with np.load(bundle.root / "model_data.npz") as arrays:
        assert np.array_equal(arrays["neutral_skin"], arrays["shapes_mean_skin"])


@pytest.mark.parametrize(
    ("make", "name"),
    [(synth_regression, "mark"), (synth_diffusion, "v3"), (synth_emotion, "a2e")],
)
def test_a_seed_gives_the_same_bytes_again(
    make: Callable[..., Path], name: str, synthetic_bundles: Path, tmp_path: Path
) -> None:
    assert digests(make(tmp_path / "again", seed=5)) == digests(synthetic_bundles / name)


def test_another_seed_gives_another_network(synthetic_bundles: Path, tmp_path: Path) -> None:
    first, other = (
        digests(bundle)
        for bundle in (synthetic_bundles / "mark", synth_regression(tmp_path / "b", seed=6))
    )
    differ = {name for name in first if first[name] != other[name]}
    assert differ == {"network.onnx", "model_data.npz", "implicit_emo_db.npz"}


def test_the_actors_of_regression_differ(synthetic_bundles: Path) -> None:
    mark, claire = (digests(synthetic_bundles / actor) for actor in ("mark", "claire"))
    shared = {"README.md", "model.json", "trt_info.json", "implicit_emo_db.npz"}
    assert mark.keys() == claire.keys()
    assert {name for name in mark if mark[name] == claire[name]} == shared


def test_a_bundle_says_that_it_is_synthetic(synthetic_bundles: Path) -> None:
    for bundle in synthetic_bundles.iterdir():
        assert "random weights" in (bundle / "README.md").read_text(encoding="utf-8")
        assert onnx.load(str(bundle / "network.onnx")).doc_string.startswith("Synthetic")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(OutputError, match="not empty"):
        synth_emotion(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_bundle_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def write_badly() -> None:
        with new_folder(tmp_path / "bundle") as part:
            (part / "model.json").write_text("{}", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_badly()
    assert list(tmp_path.iterdir()) == []


def test_synth_tells_what_it_wrote(tmp_path: Path) -> None:
    told = synth("emotion", tmp_path / "e", layers=1)
    assert json.loads(json.dumps(told))["files"]["model.json"] == 125
    assert told["bytes"] == sum(path.stat().st_size for path in (tmp_path / "e").iterdir())
    with pytest.raises(FacewireError, match="no synthetic bundle `speech`") as error:
        synth("speech", tmp_path / "s")
    assert "regression, diffusion, emotion" in error.value.hint


def test_without_onnx_the_error_names_the_extra() -> None:
    script = (
        "import sys; sys.modules['onnx'] = None\n"
        "from facewire.protocol.errors import FacewireError\n"
        "try:\n    import facewire.tools.synth\n"
        "except FacewireError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert b"facewire[cpu,synth]" in done.stdout


# The geometry


def test_a_face_of_full_size_keeps_what_rides_on_it() -> None:
    face = make_face("mark", FaceSizes(24_002, 4_262, 5_602))
    assert face.skin_shapes.shape == (52, 24_002, 3)
    assert face.tongue_shapes.shape == (16, 5_602, 3)
    assert not face.skin_shapes[CURVE_INDEX["tongueOut"]].any()
    assert (np.diff(face.mask) > 0).all()
    assert face.mask.dtype == np.int32
    # Every shape that is solved for moves the points that the solver looks at.
    moved = np.linalg.norm(face.skin_shapes[:, face.mask], axis=2).max(1)
    assert moved[:51].min() > 0.09
    # Points within triangles follow their corners: no farther than the shape at its farthest.
    few = make_face("mark", FaceSizes(7_000, 900, 898))
    many, fewer = (np.linalg.norm(each.skin_shapes, axis=2).max(1) for each in (face, few))
    assert np.allclose(many, fewer)


def test_the_lower_teeth_follow_the_jaw_as_one_body() -> None:
    face = make_face("claire", FaceSizes(300, 90, 120))
    opened = face.jaw + face.jaw_shapes[0]
    before, after = (
        np.linalg.norm(points[:, None] - points[None], axis=2) for points in (face.jaw, opened)
    )
    assert np.allclose(before, after, rtol=0.1, atol=0.05)
    assert face.jaw_shapes[0, :, 1].max() < -0.5


def test_heads_of_the_actors_are_told_apart_and_stand_at_a_persons_height() -> None:
    faces = [make_face(name, FaceSizes(300, 90, 120)) for name in ("claire", "james", "mark")]
    heights = [float(np.ptp(face.skin[:, 1])) for face in faces]
    assert heights == sorted(heights)
    assert all(130 < face.skin[:, 1].min() < face.skin[:, 1].max() < 180 for face in faces)
    assert all(0.05 < np.abs(face.skin - face.skin_neutral).max() < 1 for face in faces)


def test_saccades_wander_as_far_as_the_published_ones() -> None:
    table = saccades(5_000, Weights(0))
    assert np.abs(table).max() <= 3.8
    assert np.sqrt((table.astype(float) ** 2).mean()) == pytest.approx(1.159, rel=0.05)


def test_components_are_orthonormal_and_carry_the_jaw(synthetic_bundles: Path) -> None:
    with np.load(synthetic_bundles / "mark" / "model_data.npz") as arrays:
        rows = arrays["shapes_matrix_skin"].reshape(12, -1).astype(np.float64)
    assert np.allclose(rows @ rows.T, np.eye(12), atol=1e-6)
    with np.load(synthetic_bundles / "mark" / "bs_skin.npz") as arrays:
        jaw = arrays["jawOpen"].ravel().astype(np.float64)
    assert np.linalg.norm(rows @ jaw) > 0.95 * np.linalg.norm(jaw)
