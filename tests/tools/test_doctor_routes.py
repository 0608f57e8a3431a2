"""What `facewire doctor` says of the way to a face's weights."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.tools.models_kit import Shop

from facewire.inference import loading
from facewire.inference.loading import load_model
from facewire.inference.weight_face import WeightFace
from facewire.solving.folding import RegionMatrices, SkinFold
from facewire.tools.diagnosis import models, routes
from facewire.tools.diagnosis.installation import provider
from facewire.tools.diagnosis.report import Check
from facewire.tools.diagnosis.routes import all_weights, weight_routes, weights

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.inference.model import Model


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Model]:
    """The one model in this list is what any name loads."""
    models: list[Model] = []
    monkeypatch.setattr(loading, "load_model", lambda _: models[0])
    return models


def test_a_direct_model_needs_no_solver() -> None:
    assert weights("embedded").status == "ok"
    assert weight_routes(load_model("embedded").family) == []


def test_a_regression_bundle_is_said_to_need_no_vertices(
    synthetic_bundles: Path, given: list[Model]
) -> None:
    given.append(load_model(synthetic_bundles / "mark"))

    finding = weights("mark")

    assert finding.status == "ok"
    assert "without vertices, at most" in finding.text
    assert [each["part"] for each in weight_routes(given[0].family)] == ["skin", "tongue"]


def test_a_network_of_vertices_is_no_reason_to_warn(
    synthetic_bundles: Path, given: list[Model]
) -> None:
    given.append(load_model(synthetic_bundles / "v3"))

    finding = weights("v3")

    assert finding.status == "ok"
    assert "answers with vertices" in finding.text


def test_a_fold_that_was_refused_is_a_warning_that_says_why(
    synthetic_bundles: Path, given: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = SkinFold._folded

    def bent(self: SkinFold, level: float, softness: float) -> RegionMatrices:
        mask = honest(self, level, softness)
        return RegionMatrices(level, softness, mask.upper_lower * 1.01)

    monkeypatch.setattr(SkinFold, "_folded", bent)
    given.append(load_model(synthetic_bundles / "mark"))

    finding = weights("mark")

    assert finding.status == "warning"
    assert "skin: Without vertices a weight is off by" in finding.text
    assert finding.fix


def test_a_bundle_without_a_solver_is_a_warning(
    synthetic_bundles: Path, given: list[Model]
) -> None:
    model = load_model(synthetic_bundles / "mark")
    face = model.family.faces[0]  # type: ignore[attr-defined]
    bare = WeightFace(face.rest, face.defaults, None, None, None, None)
    blind = replace(face, skin=None, tongue=None, weights=bare)
    given.append(replace(model, family=replace(model.family, faces=(blind,))))  # type: ignore[type-var]

    assert weights("mark").status == "warning"


# --- every model ------------------------------------------------------------------------------


@pytest.fixture
def mine(synthetic_bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A models folder with `claire`, `v3` and `a2e` added where they lie."""
    shop = Shop(tmp_path)
    for name in ("claire", "v3", "a2e"):
        place = tmp_path / "bundles" / name
        shutil.copytree(synthetic_bundles / name, place)
        shop.told("add", str(place), "--name", name)
    monkeypatch.setenv("FACEWIRE_MODELS", str(shop.models))
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("FACEWIRE_VARIANTS", str(tmp_path / "variants"))
    return shop


def test_the_route_of_every_model_is_said(mine: Shop) -> None:
    finding = all_weights("nobody", ["embedded", str(mine.folder / "bundles" / "claire")])

    assert finding.status == "ok"
    names = [each.partition(": ")[0] for each in finding.text.split("; ")]
    assert names == ["embedded", str(mine.folder / "bundles" / "claire"), "claire", "v3"]


def test_a_daemons_models_are_looked_at_too(mine: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "served_models", lambda _: ["v3@original", "somebodys"])

    finding = all_weights("mine", ["embedded"])

    assert finding.status == "ok"
    assert "v3@original: by fitted vertices" in finding.text
    assert "somebodys: served from a folder" in finding.text
    assert mine.names() == ["claire", "v3", "a2e"]


def test_one_model_that_cannot_be_loaded_fails_and_the_others_are_told(mine: Shop) -> None:
    (mine.folder / "bundles" / "v3" / "network.onnx").write_bytes(b"nothing")

    finding = all_weights("nobody", ["embedded"])

    assert finding.status == "failed"
    assert "embedded: the network gives them itself" in finding.text
    assert finding.fix.startswith("v3: ")


def test_what_the_user_added_is_read(mine: Shop) -> None:
    assert models.added().status == "ok"

    changed = mine.folder / "bundles" / "claire" / "model_config.json"
    changed.write_text(changed.read_text() + "\n")
    finding = models.added()
    assert finding.status == "warning"
    assert f"claire: {changed.name}" in finding.text
    assert "facewire models verify claire" in finding.fix

    (mine.folder / "bundles" / "v3" / "network.onnx").write_bytes(b"nothing")
    finding = models.added()
    assert finding.status == "failed"
    assert finding.text.startswith("v3: ")
    assert "facewire models verify v3" in finding.fix


def test_who_added_nothing_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEWIRE_MODELS", str(tmp_path))

    assert models.added().status == "skipped"


def test_what_hears_emotions_is_loaded(mine: Shop) -> None:
    assert models.emotion("", "cpu").status == "skipped"
    assert models.emotion("a2e", "cpu").text == "a2e on cpu"
    folder = str(mine.folder / "bundles" / "a2e")
    assert models.emotion(folder, "cpu").status == "ok"
    for wrong in ("claire", "nobody"):
        assert Check("emotion-model", partial(models.emotion, wrong, "cpu")).run().fix


def test_the_provider_runs_the_model_that_is_configured(mine: Shop) -> None:
    for model in ("claire", str(mine.folder / "bundles" / "claire")):
        assert provider("cpu", model).text == "asked for cpu, running claire on cpu"


def test_everything_that_is_configured_is_looked_at(mine: Shop) -> None:
    done = mine.run(
        "doctor", "--json",
        FACEWIRE_DAEMON__MODEL="claire",
        FACEWIRE_DAEMON__LOAD="v3@original, embedded",
        FACEWIRE_DAEMON__EMOTION_MODEL="a2e",
        FACEWIRE_RUNTIME_DIR=str(mine.folder / "run"),
    )  # fmt: skip
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    assert found["provider"]["text"] == "asked for cpu, running claire on cpu"
    assert found["emotion-model"]["text"] == "a2e on cpu"
    assert found["user-models"]["status"] == "ok"
    for name in ("claire: ", "v3@original: ", "embedded: "):
        assert name in found["weights"]["text"]
