"""The models a user has added: written whole or not at all, read back as they were."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.bundles import a2f_kit as kit

from facewire.bundles.installed import (
    InstalledModel,
    changes,
    read_installed,
    with_files,
    with_model,
    without_model,
    write_installed,
)
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path


def _model(folder: Path, name: str = "mark") -> InstalledModel:
    return InstalledModel(
        name=name,
        family="emotion",
        folder=folder,
        licence="NVIDIA Open Model License",
        licence_accepted=True,
        repo="nvidia/Audio2Face-3D-v2.3-Mark",
        revision="5451728e07378df93b04523279e134a9993ae71b",
    )


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "models.json"
    model = with_files(_model(kit.emotion(tmp_path / "bundle")))
    models = with_model(with_model({}, model), _model(tmp_path, "other"))

    write_installed(path, models)

    assert read_installed(path) == models
    assert [file.path for file in model.files] == [
        "model.json",
        "model_config.json",
        "network.onnx",
        "network_info.json",
    ]
    assert [each.name for each in path.parent.iterdir()] == ["models.json"]
    assert list(without_model(models, "mark")) == ["other"]


def test_no_file_is_no_models(tmp_path: Path) -> None:
    assert read_installed(tmp_path / "models.json") == {}


@pytest.mark.parametrize(("name", "match"), [("../x", "no name"), ("Mark", "no name")])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str, match: str) -> None:
    with pytest.raises(BundleError, match=match):
        with_model({}, _model(tmp_path, name))


def test_a_name_that_is_taken_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    models = with_model({}, _model(tmp_path))

    with pytest.raises(BundleError, match="facewire models rm mark"):
        with_model(models, _model(tmp_path))
    with pytest.raises(BundleError, match="already"):
        with_model({}, _model(tmp_path, "embedded"), taken=["embedded"])
    with pytest.raises(BundleError, match="Added: mark"):
        without_model(models, "claire")


def test_files_that_changed_since_are_told(tmp_path: Path) -> None:
    folder = kit.emotion(tmp_path / "bundle")
    model = with_files(_model(folder))
    assert {report.state for report in changes(model)} == {"as added"}

    (folder / "network.onnx").write_bytes(b"another")
    (folder / "model.json").unlink()

    states = {report.path: report.state for report in changes(model)}
    assert states["network.onnx"] == "differs"
    assert states["model.json"] == "missing"
    assert states["network_info.json"] == "as added"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"bundles": 3}',
        '{"bundles": [{"name": "../x"}]}',
        '{"bundles": [{"name": "x", "family": "emotion"}]}',
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "models.json"
    path.write_text(text)

    with pytest.raises(BundleError) as caught:
        read_installed(path)

    assert caught.value.file == "models.json"


def test_the_shape_is_that_of_the_shipped_manifest(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    write_installed(path, {"mark": with_files(_model(kit.emotion(tmp_path / "bundle")))})

    content = json.loads(path.read_text())

    assert content["schema"] == 1
    assert set(content["bundles"][0]) > {"name", "family", "licence", "files"}
    assert set(content["bundles"][0]["files"][0]) == {"path", "size", "sha256"}


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "models.json"
    models = {"mark": _model(tmp_path)}
    write_installed(path, models)

    def full(descriptor: int) -> None:
        del descriptor
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleError, match="No space left"):
        write_installed(path, {"mark": replace(models["mark"], family="regression")})

    assert read_installed(path) == models
    assert [each.name for each in tmp_path.iterdir()] == ["models.json"]
