from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from facewire.bundles import data_folder, list_bundles, load_bundle
from facewire.inference.direct import DirectFamily
from facewire.inference.loading import load_model
from facewire.protocol.errors import BundleError


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A copy of the shipped models that may be spoilt."""
    return Path(shutil.copytree(data_folder("models"), tmp_path / "models"))


def _spoil(models: Path, **changes: object) -> Path:
    """Change bundle.json of the embedded model, and return its folder."""
    path = models / "embedded" / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path.parent


def test_the_shipped_model_is_listed_and_whole() -> None:
    assert "embedded" in list_bundles()

    bundle = load_bundle("embedded")

    assert (bundle.name, bundle.family) == ("embedded", "direct")
    assert bundle.licence
    assert len(bundle.file("network.onnx")) > 100_000


@pytest.mark.parametrize("name", ["network.onnx", "bundle.json"])
def test_an_altered_file_is_refused(models: Path, name: str) -> None:
    path = models / "embedded" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(BundleError, match="SHA-256"):
        load_bundle("embedded", models=models)


def test_a_shortened_file_is_refused_before_it_is_hashed(models: Path) -> None:
    path = models / "embedded" / "network.onnx"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(BundleError, match="instead of"):
        load_bundle("embedded", models=models)


def test_a_missing_file_says_so(models: Path) -> None:
    (models / "embedded" / "network.onnx").unlink()

    with pytest.raises(BundleError, match="cannot be read") as caught:
        load_bundle("embedded", models=models)
    assert caught.value.exit_code == 5


def test_a_misspelt_name_names_the_nearest(models: Path) -> None:
    with pytest.raises(BundleError, match="embedded"):
        load_bundle("embeded", models=models)


@pytest.mark.parametrize("path", ["../secret.json", "/etc/hostname", "embedded/run.py"])
def test_a_manifest_that_leads_elsewhere_is_refused(models: Path, path: str) -> None:
    (models.parent / "secret.json").write_text("{}")
    manifest = json.loads((models / "manifest.json").read_text())
    manifest["bundles"][0]["files"][0]["path"] = path
    (models / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(BundleError, match="not read"):
        load_bundle("embedded", models=models)


@pytest.mark.parametrize("content", ["", "[]", '{"bundles": [{"name": "../x"}]}', '{"bundles": 3}'])
def test_a_malformed_manifest_is_refused(models: Path, content: str) -> None:
    (models / "manifest.json").write_text(content)

    with pytest.raises(BundleError, match="malformed"):
        list_bundles(models)


def test_capitals_of_a_name_do_not_matter() -> None:
    assert load_bundle("Embedded").name == "embedded"


def test_a_bad_name_is_refused_before_any_file_is_opened() -> None:
    """In a process of its own: an audit hook cannot be taken back."""
    program = """
import sys
from facewire.bundles import load_bundle
from facewire.protocol.errors import BundleError
opened = []
sys.addaudithook(lambda event, args: opened.append(args) if event in ("open", "os.stat") else None)
names = ["../embedded", "/etc/passwd", "a\\0b", "x" * 10_000, "Embeddeds ", "emb\\u0435dded",
         "", ".", "..", "embedded/", "a b", "embedded\\n"]
for name in names:
    try:
        load_bundle(name)
    except BundleError:
        continue
    raise SystemExit(f"{name!r} was taken")
if opened:
    raise SystemExit(f"opened {opened}")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )

    assert done.returncode == 0, done.stderr


def test_a_folder_of_ones_own_can_be_loaded_by_its_path(models: Path) -> None:
    model = load_model(models / "embedded")

    assert model.name == "embedded-folder"  # nobody takes it for the shipped one
    assert model.look_ahead_samples == load_model("embedded").look_ahead_samples


def test_a_path_that_is_no_bundle_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not a folder"):
        load_bundle(tmp_path / "nothing")
    with pytest.raises(BundleError, match=r"lacks 'bundle\.json'"):
        load_bundle(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"curves": ["jawOpne"]},
        {"window_samples": 100},
        {"window_start_samples": 5},
        {"tick_samples": 0},
        {"ticks_per_window": "many"},
        {"mouth_close": "half"},
        {"emotion_poses": {"joy": {"smile": 1.0}}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_numbers_that_do_not_fit_are_refused(models: Path, changes: dict[str, object]) -> None:
    folder = _spoil(models, **changes)

    with pytest.raises(BundleError):
        DirectFamily.from_bundle(load_bundle(folder))


def test_a_network_that_reads_another_window_is_refused(models: Path) -> None:
    description = json.loads((models / "embedded" / "bundle.json").read_text())
    folder = _spoil(models, window_samples=description["window_samples"] + 160)

    with pytest.raises(BundleError, match="does not read"):
        load_model(folder)


def test_a_family_of_the_future_is_refused_by_name(models: Path) -> None:
    with pytest.raises(BundleError, match="telepathy"):
        load_model(_spoil(models, family="telepathy"))
