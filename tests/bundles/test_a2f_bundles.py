"""Bundles in NVIDIA's layout, read whole: every family, every file, by name."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.bundles import a2f_kit as kit
from tests.bundles import onnx_kit

from facewire.bundles import data_folder
from facewire.bundles.a2e import EmotionBundle
from facewire.bundles.a2f import DiffusionBundle, RegressionBundle
from facewire.bundles.detect import detect_family, read_bundle
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path


def _regression(folder: Path) -> RegressionBundle:
    bundle = read_bundle(folder)
    assert isinstance(bundle, RegressionBundle)
    return bundle


def _diffusion(folder: Path) -> DiffusionBundle:
    bundle = read_bundle(folder)
    assert isinstance(bundle, DiffusionBundle)
    return bundle


@pytest.mark.parametrize("family", kit.FAMILIES)
def test_the_family_of_a_folder_is_told_from_its_network_info(tmp_path: Path, family: str) -> None:
    folder = kit.FAMILIES[family](tmp_path)

    assert detect_family(folder) == family
    assert detect_family(folder / "model.json") == family
    bundle = read_bundle(folder)
    assert bundle.family == family
    bundle.check_contents()


def test_a_bundle_of_our_own_is_told_apart_and_not_read_as_nvidias() -> None:
    folder = data_folder("models") / "embedded"

    assert detect_family(folder) == "direct"
    with pytest.raises(BundleError, match="Facewire's own"):
        read_bundle(folder)


def test_a_regression_bundle_gives_what_its_files_hold(tmp_path: Path) -> None:
    bundle = _regression(kit.regression(tmp_path))

    assert bundle.network == tmp_path / "network.onnx"
    assert bundle.info.result_size == kit.SHAPES + kit.TONGUE_SHAPES + 19
    assert bundle.info.emotion_size == 26
    assert bundle.face.defaults.lower_face_strength == 1.4
    assert bundle.face.defaults.eye_saccade_seed == 0
    with np.load(tmp_path / "implicit_emo_db.npz") as stored:
        assert np.array_equal(bundle.implicit_emotion, stored["emo_db"][4 + 3])
    with np.load(tmp_path / "model_data.npz") as stored:
        basis = stored["shapes_matrix_skin"].reshape(kit.SHAPES, -1)
        geometry = bundle.face.geometry.read()
        assert np.array_equal(bundle.skin_basis.read(), basis)
        assert np.array_equal(geometry.neutral_skin, stored["shapes_mean_skin"])
        assert np.array_equal(geometry.neutral_tongue, stored["shapes_mean_tongue"])
        assert np.array_equal(geometry.saccades_deg, stored["saccade_rot_matrix"])
        tongue = stored["shapes_matrix_tongue"].reshape(kit.TONGUE_SHAPES, -1)
        assert np.array_equal(bundle.tongue_basis.read(), tongue)
    assert geometry.neutral_jaw.shape == (5, 3)


def test_the_basis_can_be_read_some_rows_at_a_time(tmp_path: Path) -> None:
    bundle = _regression(kit.regression(tmp_path))

    blocks = list(bundle.skin_basis.blocks(rows=2))

    assert [first for first, _ in blocks] == [0, 2]
    assert np.array_equal(np.concatenate([block for _, block in blocks]), bundle.skin_basis.read())


def test_faces_are_found_by_name_and_each_has_its_own_files(tmp_path: Path) -> None:
    bundle = _diffusion(kit.diffusion(tmp_path))

    assert bundle.identities == kit.FACES
    james = bundle.identity("James")
    assert james is bundle.identity("james") is bundle.faces[1]
    assert james.defaults.lip_open_offset == -0.01
    with np.load(tmp_path / "model_data_James.npz") as stored:
        assert np.array_equal(james.geometry.read().neutral_skin, stored["neutral_skin"])
    with pytest.raises(BundleError, match="Did you mean 'Claire'"):
        bundle.identity("Clare")
    with pytest.raises(BundleError, match="It has Claire, James"):
        bundle.identity("Mark")


def test_a_diffusion_bundle_knows_its_blocks(tmp_path: Path) -> None:
    info = _diffusion(kit.diffusion(tmp_path)).info

    assert (info.frames, info.frames_before, info.frames_kept) == (7, 2, 4)
    assert info.prediction_size == 3 * (kit.V + kit.TONGUE_V) + 19
    assert (info.skin_vertices, info.tongue_vertices) == (kit.V, kit.TONGUE_V)


def test_poses_and_their_settings_come_by_name(tmp_path: Path) -> None:
    face = _regression(kit.regression(tmp_path)).face

    assert face.pose_names == kit.POSES["skin"] + kit.POSES["tongue"]
    assert face.skin is not None
    blink = face.skin.settings("eyeBlinkLeft")
    assert (blink.active, blink.symmetry_pair, blink.multiplier) == (False, -1, 3.0)
    assert face.skin.settings("mouthClose").symmetry_pair == 0
    assert face.skin.solver.l1 == 0.4
    assert face.skin.rig_version == "v3.1"
    with np.load(tmp_path / "bs_skin.npz") as stored:
        assert np.array_equal(face.skin.read_deltas()[1], stored["mouthClose"])
        assert np.array_equal(face.skin.read_neutral(), stored["neutral"])
        assert face.skin.mask is not None
        assert np.array_equal(face.skin.mask, stored["frontalMask"])
    assert face.tongue is not None
    assert face.tongue.mask is None
    with pytest.raises(BundleError, match="no pose 'smile'"):
        face.skin.settings("smile")


def test_the_order_of_poses_is_that_of_the_names_not_of_the_arrays(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    names = np.array(["neutral", "eyeBlinkLeft", "jawOpen", "mouthClose"])
    kit.edit_npz(folder / "bs_skin.npz", poseNames=names)

    rig = _regression(folder).face.skin

    assert rig is not None
    assert rig.names == ("eyeBlinkLeft", "jawOpen", "mouthClose")
    with np.load(folder / "bs_skin.npz") as stored:
        assert np.array_equal(rig.read_deltas()[0], stored["eyeBlinkLeft"])


@pytest.mark.parametrize("missing", ["rig_version", "frontalMask"])
def test_what_a_pose_file_may_lack_it_may_lack(tmp_path: Path, missing: str) -> None:
    folder = kit.regression(tmp_path)
    kit.edit_npz(folder / "bs_skin.npz", **{missing: None})

    rig = _regression(folder).face.skin

    assert rig is not None
    assert rig.rig_version == ("" if missing == "rig_version" else "v3.1")
    assert (rig.mask is None) == (missing == "frontalMask")


def test_a_solver_file_without_template_size_has_the_usual_one(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    kit.edit_json(folder / "bs_skin_config.json", "blendshape_params", "templateBBSize")

    rig = _regression(folder).face.skin

    assert rig is not None
    assert rig.solver.template_size_cm == 54.7


@pytest.mark.parametrize(
    "paths", [{}, None, ..., {"tongue": {}}], ids=["empty", "null", "absent", "empty tongue"]
)
def test_geometry_works_without_blendshapes(tmp_path: Path, paths: object) -> None:
    folder = kit.regression(tmp_path)
    kit.edit_json(folder / "model.json", "blendshapePaths", value=paths)
    for path in folder.glob("bs_*"):
        path.unlink()

    face = _regression(folder).face

    assert (face.skin, face.tongue, face.pose_names) == (None, None, ())
    assert face.geometry.read().neutral_skin.shape == (kit.V, 3)
    face.check_contents()


def test_a_tongue_may_have_poses_where_the_skin_has_none(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    kit.edit_json(folder / "model.json", "blendshapePaths", "skin")

    face = _regression(folder).face

    assert face.skin is None
    assert face.pose_names == kit.POSES["tongue"]


def test_one_face_of_several_may_lack_blendshapes(tmp_path: Path) -> None:
    folder = kit.diffusion(tmp_path)
    kit.edit_json(folder / "model.json", "blendshapePaths", 1, value={})

    bundle = _diffusion(folder)

    assert bundle.identity("Claire").skin is not None
    assert bundle.identity("James").skin is None


def test_json_may_be_crlf_with_a_byte_order_mark_and_no_final_newline(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    for path in folder.glob("*.json"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    assert _regression(folder).info.actor == "mark"


def test_files_of_the_training_framework_with_more_arrays_are_read(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    kit.edit_npz(
        folder / "model_data.npz",
        neutral_skin=kit.noise((kit.V, 3), 5),
        blink_keys=np.zeros(10),
        notes=np.array([{"any": "object"}], dtype=object),
    )

    bundle = _regression(folder)

    bundle.check_contents()


def test_arrays_of_other_floats_and_orders_become_float32_rows(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    with np.load(folder / "model_data.npz") as stored:
        basis, lip = stored["shapes_matrix_skin"], stored["lip_open_pose_delta"]
    kit.edit_npz(
        folder / "model_data.npz",
        shapes_matrix_skin=np.asfortranarray(basis.astype(np.float64)),
        lip_open_pose_delta=lip.astype(">f4"),
    )

    bundle = _regression(folder)
    read = bundle.skin_basis.read()

    assert read.dtype == np.float32
    assert read.flags.c_contiguous
    assert np.array_equal(read, basis.reshape(kit.SHAPES, -1))
    assert np.array_equal(next(iter(bundle.skin_basis.blocks(2)))[1], read[:2])
    assert np.array_equal(bundle.face.geometry.read().lip_open_pose_delta, lip)


def test_packed_archives_are_read_as_plain_ones(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    plain = _regression(folder).skin_basis.read()
    with np.load(folder / "model_data.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    np.savez_compressed(folder / "model_data.npz", **arrays)

    assert np.array_equal(_regression(folder).skin_basis.read(), plain)


def test_an_emotion_bundle_maps_by_name(tmp_path: Path) -> None:
    folder = kit.emotion(tmp_path)
    shuffled = ["sad", "neutral", "angry", "fear", "disgust", "happy"]
    kit.edit_json(folder / "network_info.json", "emotions", value=shuffled)

    bundle = read_bundle(folder)

    assert isinstance(bundle, EmotionBundle)
    assert bundle.correspondence == (9, -1, 1, 4, 3, 6)
    assert bundle.post_processing.beginning_emotion == (0.0,) * 10
    assert bundle.post_processing.enable_preferred_emotion is False


def test_an_emotion_network_may_leave_its_last_axis_open(tmp_path: Path) -> None:
    folder = kit.emotion(tmp_path)
    (folder / "network.onnx").write_bytes(onnx_kit.emotion(6, last_axis="classes").write())

    assert read_bundle(folder).family == "emotion"


def test_an_engine_beside_the_network_is_never_what_is_read(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    (folder / "network.trt").write_bytes(b"an engine is code")

    assert read_bundle(folder).network.name == "network.onnx"


def test_a_network_named_as_onnx_is_taken_as_named(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    (folder / "network.onnx").rename(folder / "better.onnx")
    kit.edit_json(folder / "model.json", "networkPath", value="./better.onnx")

    assert read_bundle(folder).network.name == "better.onnx"


def test_files_may_lie_in_folders_of_the_bundle(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    (folder / "arrays").mkdir()
    (folder / "model_data.npz").rename(folder / "arrays" / "model_data.npz")
    for name in ("arrays/model_data.npz", "arrays\\model_data.npz", "x/../arrays/model_data.npz"):
        kit.edit_json(folder / "model.json", "modelDataPath", value=name)
        assert _regression(folder).skin_basis.shapes == kit.SHAPES


def test_an_absolute_path_is_fine_inside_and_needs_a_word_outside(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path / "bundle")
    inside = folder / "model_data.npz"
    kit.edit_json(folder / "model.json", "modelDataPath", value=str(inside))
    assert _regression(folder).skin_basis.shapes == kit.SHAPES

    outside = tmp_path / "elsewhere.npz"
    inside.rename(outside)
    kit.edit_json(folder / "model.json", "modelDataPath", value=str(outside))
    with pytest.raises(BundleError, match="outside the bundle"):
        read_bundle(folder)
    assert read_bundle(folder, allow_outside=True).family == "regression"


def test_a_snapshot_of_the_hub_s_cache_is_a_bundle(tmp_path: Path) -> None:
    plain = kit.regression(tmp_path / "plain")
    store = tmp_path / "models--nvidia--x"
    snapshot = store / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    (store / "blobs").mkdir()
    for number, path in enumerate(sorted(plain.iterdir())):
        blob = store / "blobs" / f"blob{number}"
        shutil.copy(path, blob)
        (snapshot / path.name).symlink_to(f"../../blobs/{blob.name}")

    _regression(snapshot).check_contents()


def test_what_was_read_before_a_file_changed_stays_and_the_change_is_said(tmp_path: Path) -> None:
    folder = kit.regression(tmp_path)
    bundle = _regression(folder)
    before = bundle.skin_basis.read()
    copy = before.copy()

    (folder / "model_data.npz").write_bytes(b"a download that broke off")

    assert np.array_equal(before, copy)
    with pytest.raises(BundleError, match="changed while it was being read"):
        bundle.skin_basis.read()
    kit.regression(folder)
    assert np.array_equal(_regression(folder).skin_basis.read(), copy)


def test_no_file_stays_open(tmp_path: Path) -> None:
    import psutil

    folder = kit.regression(tmp_path)
    bundle = _regression(folder)
    bundle.check_contents()
    blocks = bundle.skin_basis.blocks(1)
    next(blocks)
    del blocks

    assert not [each for each in psutil.Process().open_files() if str(tmp_path) in each.path]


def test_shots_are_found_by_name_and_frames_within_them(tmp_path: Path) -> None:
    emotions = _regression(kit.regression(tmp_path)).implicit_emotions

    assert emotions.vector("g1c_neutral", 0).shape == (16,)
    with pytest.raises(BundleError, match="out of range"):
        emotions.vector("p3_neutral", 0)
    with pytest.raises(BundleError, match="out of bounds"):
        emotions.vector("g1c_neutral", 4)
