"""Models that others publish, as the manifest knows them; and what they may be used with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.bundles import a2f_kit as kit

from facewire.bundles import data_folder
from facewire.bundles.a2e import require_pairing
from facewire.bundles.bundle import list_bundles
from facewire.bundles.catalogue import PublishedFile, compare, read_published, sha256_of
from facewire.bundles.families import PAIRED_FAMILIES
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHED = read_published(data_folder("models"))
NAMED_BY_MODEL_JSON = {
    "regression": 10,
    "diffusion": 3 + 3 * 6,
    "emotion": 4,
}
"""Files a bundle of three identities, or of one, is made of."""


def _written(folder: Path, **changes: Any) -> Path:
    """Write a manifest of one published model with changed keys; ... takes one away."""
    entry = {
        "name": "audio2emotion-v2.2",
        "family": "emotion",
        "version": "2.2",
        "identities": [],
        "repo": "somebody/something",
        "revision": "0123456789" * 4,
        "gated": True,
        "licence": {"name": "A licence", "url": "https://example.org", "must_accept": True},
        "files": [{"path": "model.json"}],
    } | changes
    entry = {key: value for key, value in entry.items() if value is not ...}
    manifest = {"schema": 1, "bundles": [], "published": [entry]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_the_published_models_are_those_of_nvidia_and_none_is_shipped() -> None:
    assert {model.family for model in PUBLISHED.values()} == set(NAMED_BY_MODEL_JSON)
    assert "audio2face-3d-v2.3-mark" in PUBLISHED
    assert not set(PUBLISHED) & set(list_bundles())
    assert PUBLISHED["audio2face-3d-v3.0"].identities == ("Claire", "James", "Mark")


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_model_names_its_files_and_a_licence_to_accept(name: str) -> None:
    model = PUBLISHED[name]
    paths = [file.path for file in model.files]

    assert len(set(paths)) == len(paths) == NAMED_BY_MODEL_JSON[model.family]
    assert {"model.json", "network_info.json", "network.onnx"} < set(paths)
    assert model.licence.must_accept
    assert model.licence.url.startswith("https://") or model.licence.url == "LICENSE"


def test_audio2emotion_is_gated_and_for_audio2face_only() -> None:
    emotion = [model for model in PUBLISHED.values() if model.family == "emotion"]

    assert emotion
    for model in emotion:
        assert model.gated
        assert model.licence.only_with == PAIRED_FAMILIES


@pytest.mark.parametrize("family", PAIRED_FAMILIES)
def test_audio2emotion_may_drive_audio2face(family: str) -> None:
    require_pairing("mark", family)


@pytest.mark.parametrize("family", ["direct", "emotion", "some future one"])
def test_audio2emotion_may_drive_nothing_else_and_the_error_says_why(family: str) -> None:
    with pytest.raises(BundleError, match="licence allows it only together with Audio2Face") as got:
        require_pairing("embedded", family)

    assert "'embedded'" in got.value.text
    assert got.value.hint


def test_an_older_manifest_without_published_models_is_fine(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"schema": 1, "bundles": []}')

    assert read_published(tmp_path) == {}
    assert list_bundles(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": "../x"}, "name"),
        ({"family": "direct"}, "family"),
        ({"repo": "https://example.org/x"}, "repo"),
        ({"revision": "main"}, "revision"),
        ({"gated": "yes"}, "gated"),
        ({"licence": "MIT"}, "licence"),
        ({"files": [{"path": "../secret.json"}]}, "files[0].path"),
        ({"files": [{"path": "/etc/x.json"}]}, "files[0].path"),
        ({"files": [{"path": "run.py"}]}, "files[0].path"),
        ({"files": [{"path": "a.json", "sha256": "xyz"}]}, "files[0].sha256"),
        ({"files": [{"path": "a.json", "size": -1}]}, "files[0].size"),
        ({"version": ...}, "version"),
    ],
    ids=lambda each: str(each) if isinstance(each, dict) else "",
)
def test_a_malformed_entry_is_refused_by_its_key(
    tmp_path: Path, changes: dict[str, Any], key: str
) -> None:
    with pytest.raises(BundleError) as caught:
        read_published(_written(tmp_path, **changes))

    assert caught.value.file == "manifest.json"
    assert caught.value.key == f"published[0].{key}"


def test_a_missing_manifest_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be read"):
        read_published(tmp_path)


def test_files_are_compared_by_what_is_known_of_them(tmp_path: Path) -> None:
    folder = kit.emotion(tmp_path / "bundle")
    digest = {path.name: sha256_of(path) for path in folder.iterdir()}
    size = (folder / "model.json").stat().st_size
    info, config = digest["network_info.json"], digest["model_config.json"]
    (folder / "model_config.json").write_text("{}")
    written = _written(
        tmp_path,
        files=[
            {"path": "model.json", "size": size, "sha256": digest["model.json"]},
            {"path": "network_info.json", "sha256": f"{info[:8]}...{info[-4:]}"},
            {"path": "model_config.json", "sha256": config},
            {"path": "network.onnx"},
            {"path": "trt_info.json"},
        ],
    )
    (model,) = read_published(written).values()

    reports = {report.path: report.state for report in compare(folder, model)}

    assert reports == {
        "model.json": "as published",
        "network_info.json": "as published",
        "model_config.json": "differs",
        "network.onnx": "not known",
        "trt_info.json": "missing",
    }


def test_a_size_alone_can_show_a_difference_but_never_sameness() -> None:
    file = PublishedFile(path="model_data.npz", size=10)

    assert not file.agrees(11, "ab" * 32)
    assert file.agrees(10, "ab" * 32)
    assert not file.known
