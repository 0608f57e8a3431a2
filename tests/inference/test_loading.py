"""From names and folders to models."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from facewire.bundles import data_folder
from facewire.inference.loading import load_emotion_model, load_model, with_emotion
from facewire.inference.settings import StreamSettings
from facewire.inference.solved_family import DiffusionFamily
from facewire.inference.stream import Stream
from facewire.protocol.errors import BundleError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def emotion_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx", reason="synthetic bundles need the synth extra")
    from facewire.tools.synth import synth_emotion

    return synth_emotion(tmp_path_factory.mktemp("hearing") / "hearing")


def test_an_emotion_model_is_loaded_once_for_all_its_faces(
    emotion_folder: Path, regression_folder: Path, diffusion_folder: Path
) -> None:
    emotion = load_emotion_model(emotion_folder)

    faces = [load_model(folder, emotion=emotion) for folder in (regression_folder,
                                                                diffusion_folder)]  # fmt: skip

    assert [face.emotion for face in faces] == [emotion, emotion]
    assert emotion.name == "hearing"
    assert emotion.parameters.emotion_strength == 0.6


def test_a_folder_may_hear_for_a_folder(emotion_folder: Path, regression_folder: Path) -> None:
    model = load_model(regression_folder, emotion=emotion_folder)

    assert model.emotion is not None
    assert model.emotion.name == "hearing"


def test_the_licence_is_looked_at_before_a_network_is_read(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="only together with Audio2Face"):
        load_model("embedded", emotion=tmp_path / "not even there")


def test_an_emotion_model_drives_only_whom_the_user_named(
    emotion_folder: Path, regression_folder: Path
) -> None:
    emotion = load_emotion_model(emotion_folder)
    bound = type(emotion)(**{**vars(emotion), "paired_with": ("mark", "claire")})

    with pytest.raises(BundleError, match="added for mark, claire alone") as caught:
        with_emotion(load_model(regression_folder), bound)
    assert "--with" in caught.value.hint


def test_faces_hear_nothing(regression_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="hears no emotions") as face:
        load_emotion_model(regression_folder)
    assert "with --model" in face.value.hint
    with pytest.raises(BundleError, match="hears no emotions"):
        load_emotion_model("embedded")
    with pytest.raises(BundleError, match="Facewire's own"):
        load_emotion_model(data_folder("models") / "embedded")
    with pytest.raises(BundleError, match="not a folder"):
        load_emotion_model(tmp_path / "nothing")


def test_hearing_alone_is_no_face(emotion_folder: Path) -> None:
    with pytest.raises(BundleError, match="has no face") as caught:
        load_model(emotion_folder)
    assert "--emotion-model" in caught.value.hint


def test_a_post_processing_out_of_range_names_what_is_wrong(
    emotion_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(emotion_folder, folder)
    config = json.loads((folder / "model_config.json").read_text())
    config["post_processing_config"]["live_blend_coef"] = 1.5
    (folder / "model_config.json").write_text(json.dumps(config))

    with pytest.raises(BundleError, match=r"live_blend_coef is 1\.5") as caught:
        load_emotion_model(folder)
    assert caught.value.key == "live_blend_coef"


def test_a_folder_called_as_a_shipped_model_goes_by_another_name(tmp_path: Path) -> None:
    shutil.copytree(data_folder("models") / "embedded", tmp_path / "embedded")

    assert load_model(tmp_path / "embedded").name == "embedded-folder"
    assert load_model("embedded").name == "embedded"


def test_only_a_diffusion_model_varies_its_noise(
    diffusion_folder: Path, regression_folder: Path
) -> None:
    usual, varying = load_model(diffusion_folder), load_model(diffusion_folder, noise="varying")
    assert isinstance(usual.family, DiffusionFamily)
    assert isinstance(varying.family, DiffusionFamily)
    assert usual.family.constant_noise
    assert not varying.family.constant_noise
    for name in (regression_folder, "embedded"):
        with pytest.raises(SettingsError, match="no noise to vary") as caught:
            load_model(name, noise="varying")
        assert caught.value.field == "noise"


@pytest.mark.parametrize("name", ["embedded@int8", "embedded@fast", "embedded@"])
def test_a_variant_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(BundleError, match="no variant"):
        load_model(name)


def test_the_original_can_be_asked_for(regression_folder: Path) -> None:
    assert load_model("embedded@original").name == "embedded"
    assert load_model(regression_folder, variant="original").name == "regression"


def test_one_name_cannot_ask_for_two_variants() -> None:
    with pytest.raises(BundleError, match="one variant"):
        load_model("embedded@original", variant="int8")


def test_a_variant_may_stand_behind_a_folders_path(
    regression_folder: Path, emotion_folder: Path, tmp_path: Path
) -> None:
    named = regression_folder.with_name(f"{regression_folder.name}@original")
    assert load_model(named).name == regression_folder.name
    assert load_emotion_model(emotion_folder.with_name(f"{emotion_folder.name}@original")).name
    with pytest.raises(BundleError, match="no variant called 'fast'"):
        load_model(regression_folder.with_name(f"{regression_folder.name}@fast"))
    with pytest.raises(BundleError, match="one variant"):
        load_model(named, variant="int8")

    own = shutil.copytree(regression_folder, tmp_path / "face@int8")
    shutil.copytree(regression_folder, tmp_path / "face")
    assert load_model(own).name == "face@int8"
    assert load_model(own.with_name("face@int8@original")).name == "face@int8"


def test_a_path_that_is_not_there_is_told_what_would_be_one(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not a folder") as caught:
        load_model(tmp_path / "nothing@int8")
    assert "model.json" in caught.value.hint
    assert "facewire models list" in caught.value.hint


def test_a_faces_name_is_found_whatever_its_capitals(diffusion_folder: Path) -> None:
    model = load_model(diffusion_folder)
    first, second = model.identities[:2]

    assert model.identity_named(second.upper()) == second
    assert model.identity_named("") == ""
    settings = StreamSettings(sample_rate_hz=16_000, identity=second.lower())
    assert Stream(model, settings).settings.identity == second
    assert model.parameters(first.upper()) == model.parameters(first)
    with pytest.raises(SettingsError, match="no face 'nobody'"):
        model.identity_named("nobody")


def test_faces_that_differ_in_capitals_alone_must_be_named_exactly(
    diffusion_folder: Path,
) -> None:
    model = load_model(diffusion_folder)
    assert isinstance(model.family, DiffusionFamily)
    faces = [replace(face, name=name) for face, name in zip(
        model.family.faces, ("Ann", "ann", "Bob"), strict=False)]  # fmt: skip
    twins = replace(model, family=replace(model.family, faces=tuple(faces)))

    assert twins.identity_named("ann") == "ann"
    with pytest.raises(SettingsError, match="2 faces called 'ANN'") as caught:
        twins.identity_named("ANN")
    assert "Ann, ann" in caught.value.hint
