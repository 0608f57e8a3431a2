"""What `facewire doctor` says of the way to a face's weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from facewire.inference import loading
from facewire.inference.loading import load_model
from facewire.inference.weight_face import WeightFace
from facewire.solving.folding import RegionMatrices, SkinFold
from facewire.tools.diagnosis.routes import weight_routes, weights

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
