"""Bundle files: NVIDIA's published ones to the byte, and the literal cases of its tests."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.conformance import published_files as published
from tests.conformance.kit import literal, literals

from facewire.bundles import data_folder
from facewire.bundles.blendshapes import PoseRig, read_pose_rig
from facewire.bundles.catalogue import read_published
from facewire.bundles.geometry import DIFFUSION_ARRAYS, REGRESSION_ARRAYS
from facewire.bundles.lenient_json import Fields, parse_json
from facewire.bundles.model_config import read_animator_defaults, read_implicit_source
from facewire.bundles.network_info import DiffusionInfo, RegressionInfo, read_network_info
from facewire.bundles.npz import Archive
from facewire.bundles.onnx_contract import BATCH, contract_of
from facewire.bundles.post_processing import read_post_processing

if TYPE_CHECKING:
    from pathlib import Path

SKIN = tuple(f"pose{at}" for at in range(52))
TONGUE = tuple(f"tongue{at}" for at in range(16))
V3, MARK, A2E = "audio2face-3d-v3.0", "audio2face-3d-v2.3-mark", "audio2emotion-v2.2"


def _config(name: str) -> dict[str, Any]:
    values: dict[str, Any] = literal(name)["expected"]
    return values


FILES = {
    (V3, "model.json"): published.v3_model(),
    (V3, "network_info.json"): published.v3_network_info(),
    (V3, "bs_skin_config_Mark.json"): published.v3_bs_skin_config_mark(),
    (MARK, "model.json"): published.mark_model(),
    (MARK, "model_config.json"): published.mark_model_config(
        _config("bundle_mark_v23_model_config")
    ),
    (MARK, "bs_skin_config.json"): published.mark_bs_skin_config(),
    (A2E, "model.json"): published.a2e_model(),
    (A2E, "network_info.json"): published.a2e_network_info(),
} | {
    (V3, f"model_config_{face}.json"): published.v3_model_config(
        _config(f"bundle_v3_model_config_{face}")
    )
    for face in published.FACES
}


def _parsed(content: bytes) -> Fields:
    return parse_json(content, "file.json")


def _rig(folder: Path, config: bytes, names: tuple[str, ...], vertices: int, mask: int) -> PoseRig:
    """Read a solver's file together with poses of zeros."""
    arrays: dict[str, Any] = dict.fromkeys(names, np.zeros((vertices, 3), np.float32))
    if mask:
        arrays["frontalMask"] = np.arange(mask, dtype=np.int32)
    np.savez_compressed(
        folder / "poses.npz",
        poseNames=np.array([b"neutral", *(name.encode() for name in names)]),
        neutral=np.zeros((vertices, 3), np.float32),
        rig_version=np.array(b"v3.6" if mask else b"v1.0"),
        **arrays,
    )
    return read_pose_rig(Archive(folder / "poses.npz", "poses.npz"), _parsed(config), vertices)


@pytest.mark.parametrize(("model", "path"), FILES, ids="/".join)
def test_the_file_is_nvidias_to_the_byte(model: str, path: str) -> None:
    content = FILES[model, path]
    (file,) = [
        file for file in read_published(data_folder("models"))[model].files if file.path == path
    ]

    assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)
    assert len(_parsed(content).values)


def test_the_regression_network_is_described_as_nvidias_test_says() -> None:
    info = read_network_info(_parsed(published.mark_network_info()))
    expected = _config("bundle_mark_v23_network")

    assert isinstance(info, RegressionInfo)
    assert info.implicit_emotion_len == expected["implicit_emotion_len"]
    assert len(info.emotions) == expected["explicit_emotions"]
    assert list(info.emotions) == expected["emotions"]
    assert list(info.default_emotion) == expected["default_emotion"]
    assert info.actor == expected["identity"]
    assert info.skin_shapes == expected["num_shapes_skin"]
    assert info.tongue_shapes == expected["num_shapes_tongue"]
    assert info.skin_vertices == expected["num_verts_skin"]
    assert info.tongue_vertices == expected["num_verts_tongue"]
    assert info.jaw_size == expected["result_jaw_size"]
    assert info.eyes_size == expected["result_eyes_size"]
    assert info.window_samples == expected["buffer_len"]
    assert info.window_offset_samples == expected["buffer_ofs"]


def test_the_diffusion_network_is_described_as_the_published_file_says() -> None:
    info = read_network_info(_parsed(FILES[V3, "network_info.json"]))
    expected = _config("bundle_v3_network_info")

    assert isinstance(info, DiffusionInfo)
    assert (info.actor, info.version) == (expected["id"]["actor"], expected["id"]["version"])
    assert list(info.identities) == expected["identities"]
    assert info.skin_size == expected["skin_size"]
    assert info.tongue_size == expected["tongue_size"]
    assert info.jaw_size == expected["jaw_size"]
    assert info.eyes_size == expected["eyes_size"]
    assert info.diffusion_steps == expected["num_diffusion_steps"]
    assert info.gru_layers == expected["num_gru_layers"]
    assert info.gru_dim == expected["gru_latent_dim"]
    assert info.frames_before == expected["left"]
    assert info.frames_after == expected["right"]
    assert info.frames_kept == expected["center"]
    assert info.window_samples == expected["buffer_len"]
    assert info.padding_before_samples == expected["padding_left"]
    assert info.padding_after_samples == expected["padding_right"]


@pytest.mark.parametrize("face", published.FACES)
def test_the_animators_defaults_of_v3_are_read(face: str) -> None:
    defaults = read_animator_defaults(_parsed(FILES[V3, f"model_config_{face}.json"]))

    assert asdict(defaults) == _config(f"bundle_v3_model_config_{face}")


def test_the_animators_defaults_of_mark_are_read() -> None:
    config = _parsed(FILES[MARK, "model_config.json"])
    expected = _config("bundle_mark_v23_model_config")

    found = asdict(read_animator_defaults(config))
    source = read_implicit_source(config)

    assert found | {"source_shot": source.shot, "source_frame": source.frame} == expected


@pytest.mark.parametrize(
    ("case", "file"),
    [
        ("bundle_mark_v23_bs_skin_config", (MARK, "bs_skin_config.json")),
        ("bundle_v3_bs_skin_config_Mark", (V3, "bs_skin_config_Mark.json")),
    ],
)
def test_the_solver_of_the_skin_is_read(tmp_path: Path, case: str, file: tuple[str, str]) -> None:
    expected = _config(case)
    solver = _rig(tmp_path, FILES[file], SKIN, 4, 2).solver

    assert (solver.l1, solver.l2) == (expected["L1"], expected["L2"])
    assert (solver.temporal, solver.symmetry) == (expected["T"], expected["Sym"])
    assert solver.template_size_cm == expected["templateBBSize"]
    assert [at for at, active in enumerate(solver.active) if not active] == expected["inactive"]
    assert set(solver.multipliers) == {1.0}
    assert set(solver.offsets) == {0.0}
    assert set(solver.cancel_pairs) == {-1}
    assert list(solver.symmetry_pairs) == expected.get("symmetry", list(published.SYMMETRY))


def test_the_solver_of_marks_tongue_is_read(tmp_path: Path) -> None:
    expected = _config("bundle_mark_v23_bs_tongue_config")
    config = published.tongue_config(l1=1.0, l2=3.5, temporal=5.0, size=7.9358663, down=0.0)

    solver = _rig(tmp_path, config, TONGUE, 4, 0).solver

    assert (solver.l1, solver.l2) == (expected["L1"], expected["L2"])
    assert (solver.temporal, solver.symmetry) == (expected["T"], expected["Sym"])
    assert np.float32(solver.template_size_cm) == np.float32(expected["templateBBSize"])
    assert all(solver.active)
    assert set(solver.cancel_pairs + solver.symmetry_pairs) == {-1}
    for at, multiplier in expected["multipliers"].items():
        assert solver.multipliers[int(at)] == multiplier
    for at, offset in expected["offsets"].items():
        assert solver.offsets[int(at)] == offset


def test_the_solver_of_claires_v3_is_read_by_name(tmp_path: Path) -> None:
    expected = _config("bundle_v3_Claire_solver")
    config = published.tongue_config(l1=1.0, l2=3.5, temporal=5.0, size=7.9, down=0.2)

    tongue = _rig(tmp_path, config, TONGUE, 4, 0)
    skin = _rig(tmp_path, FILES[V3, "bs_skin_config_Mark.json"], SKIN, 4, 2)

    settings = [tongue.settings(name) for name in tongue.names]
    assert [each.multiplier for each in settings] == expected["tongue_multipliers"]
    assert [each.offset for each in settings] == expected["tongue_offsets"]
    inactive = [at for at, name in enumerate(skin.names) if not skin.settings(name).active]
    assert inactive == expected["inactive"]
    assert (skin.rig_version, tongue.rig_version) == (
        expected["skin_rig_version"],
        expected["tongue_rig_version"],
    )


@pytest.mark.parametrize("part", ["skin", "tongue"])
def test_poses_of_marks_size_are_read(tmp_path: Path, part: str) -> None:
    expected = _config("bundle_mark_v23_bs_data")[part]
    tongue = published.tongue_config(l1=1.0, l2=3.5, temporal=5.0, size=7.9358663, down=0.0)
    config, names = (
        (FILES[MARK, "bs_skin_config.json"], SKIN) if part == "skin" else (tongue, TONGUE)
    )

    rig = _rig(tmp_path, config, names, expected["vertices"], expected["mask"] or 0)

    assert rig.vertices == expected["vertices"]
    assert len(rig.names) == expected["poses"]
    assert (None if rig.mask is None else len(rig.mask)) == expected["mask"]


def test_the_needed_arrays_are_exactly_those_of_the_published_bundles() -> None:
    assert set(REGRESSION_ARRAYS) == set(_config("bundle_v23_npz_keys")["model_data"])
    assert set(DIFFUSION_ARRAYS) == set(_config("bundle_v3_npz_keys")["model_data"])
    info = read_network_info(_parsed(FILES[V3, "network_info.json"]))
    sizes = _config("bundle_v3_npz_keys")["sizes"]
    assert isinstance(info, DiffusionInfo)
    assert (info.skin_size, info.tongue_size, info.jaw_size) == (
        sizes["skin"],
        sizes["tongue"],
        sizes["jaw"],
    )


@pytest.mark.parametrize(
    ("case", "info"),
    [
        ("onnx_mark_v23_io", published.mark_network_info()),
        ("onnx_v3_io", published.v3_network_info()),
    ],
)
def test_the_contract_is_that_of_the_published_network(case: str, info: bytes) -> None:
    contract = contract_of(read_network_info(_parsed(info)))
    expected = literal(case)["expected"]

    for ports, wanted in ((contract.inputs, "inputs"), (contract.outputs, "outputs")):
        found = {
            name: [-1 if axis == BATCH else axis for axis in axes] for name, axes in ports.items()
        }
        assert found == {
            name: [-1 if axis == "B" else axis for axis in axes]
            for name, axes in expected[wanted].items()
        }


def test_audio2emotions_parameters_are_read() -> None:
    case = literal("a2e_bundle_params")["expected"]
    names = tuple(case["emotions"])
    mapped = dict(zip(names, case["emotion_correspondence"], strict=True))
    values = {
        "output_emotion_length": case["output_emotion_length"],
        "emotion_contrast": case["emotionContrast"],
        "max_emotions": case["maxEmotions"],
        "live_blend_coef": case["liveBlendCoef"],
        "enable_preferred_emotion": case["enablePreferredEmotion"],
        "preferred_emotion_strength": case["preferredEmotionStrength"],
        "preferred_emotion": case["preferred"],
        "transition_smoothing": case["liveTransitionTime"],
        "fixed_dt": case["fixedDt"],
        "emotion_strength": case["emotionStrength"],
        "emotion_correspondence": mapped,
    }
    info = read_network_info(_parsed(FILES[A2E, "network_info.json"]))

    found = read_post_processing(Fields({"post_processing_config": values}, _place()), names)

    assert info.emotions == names == published.LOGITS
    assert list(found.correspondence(names)) == case["emotion_correspondence"]
    assert list(found.beginning_emotion) == case["beginning"]
    assert asdict(found) == values | {"preferred_emotion": tuple(case["preferred"])}


def test_every_bundle_case_is_checked_here_or_needs_nvidias_weights() -> None:
    checked = {
        "bundle_mark_v23_network",
        "bundle_mark_v23_model_config",
        "bundle_mark_v23_bs_skin_config",
        "bundle_mark_v23_bs_tongue_config",
        "bundle_mark_v23_bs_data",
        "bundle_v23_npz_keys",
        "bundle_v3_npz_keys",
        "bundle_v3_network_info",
        "bundle_v3_model_config_Claire",
        "bundle_v3_model_config_James",
        "bundle_v3_model_config_Mark",
        "bundle_v3_bs_skin_config_Mark",
        "bundle_v3_Claire_solver",
        "onnx_mark_v23_io",
        "onnx_v3_io",
    }
    needs_weights = {"onnx_v3_truncated_frames_constant"}

    cases = literals("bundle_") + literals("onnx_")

    assert {case["name"] for case in cases} == checked | needs_weights


def _place() -> Any:
    return _parsed(b"{}").place
