"""The RigMapper definition does what the table does, evaluated by the rules of the plugin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from facewire.animation.curves import FACE_CURVES, HEAD_3
from facewire.mapping.inputs import same_name
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.reading import parse_table
from facewire.mapping.rigmapper import RigMapperExport, rigmapper_definition
from facewire.mapping.shipped import load_table, shipped_names

if TYPE_CHECKING:
    from facewire.mapping.table import MappingTable

Frame = dict[str, float]


def plugin_value(definition: dict[str, Any], name: str, frame: Frame) -> float:
    """What a node of the plugin answers; `frame` holds the inputs and gathers the features."""
    if name not in frame:
        feature = definition["features"][name]
        given = [plugin_value(definition, each, frame) if each else None
                 for each in feature["input_features"]]  # fmt: skip
        frame[name] = float(OPERATIONS[feature["type"]](feature, given))
    return frame[name]


def weighted_sum(feature: dict[str, Any], given: list[float]) -> float:
    params = feature["params"]
    total = sum(value * weight for value, weight in zip(given, params["weights"], strict=True))
    return float(min(max(total, params["min"]), params["max"]))


def driven_key(feature: dict[str, Any], given: list[float]) -> float:
    params = feature["params"]
    return float(np.interp(given[0], params["in_val"], params["out_val"]))


def product(_feature: dict[str, Any], given: list[float]) -> float:
    assert len(given) >= 2, "the plugin refuses a product of one"
    return float(np.prod(given))


def math_operation(feature: dict[str, Any], given: list[float | None]) -> float:
    constants = feature["params"]["constants"]
    first, second = (
        constant if value is None else value
        for value, constant in zip(given, constants, strict=True)
    )
    if feature["operation"] == "max":
        return max(first, second)
    assert feature["operation"] == "divide"
    return first if abs(first) < 1e-8 else 0.0 if abs(second) < 1e-8 else first / second


OPERATIONS: dict[str, Any] = {
    "weighted_sum": weighted_sum, "sdk": driven_key, "multiply": product, "math_op": math_operation,
}  # fmt: skip


def plugin_rows(
    export: RigMapperExport, names: tuple[str, ...], faces: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    definition = export.definition
    rows = np.zeros((len(faces), len(names)))
    for row, face in zip(rows, faces, strict=True):
        frame = {name: float(face[FACE_CURVES.index(name)]) for name in definition["inputs"]}
        for column, name in enumerate(names):
            if name in definition["outputs"]:
                row[column] = plugin_value(definition, definition["outputs"][name], frame)
    return rows


def some_faces(count: int) -> np.ndarray[Any, Any]:
    """Mostly quiet, as faces are; a few with everything at once, heads both ways."""
    random = np.random.default_rng(7)
    faces = random.random((count, len(FACE_CURVES))) * (random.random((count, 71)) < 0.3)
    faces[0], faces[1] = 0.0, 1.0
    for name in HEAD_3:
        faces[:, FACE_CURVES.index(name)] -= 0.4
    return faces.astype(np.float32)


def table_of(curves: list[dict[str, Any]], **more: Any) -> MappingTable:
    content = {"schema": "facewire-mapping/1", "name": "t", "version": "1.0.0",
               "mouth_close": "arkit", "curves": curves, **more}  # fmt: skip
    return parse_table(json.dumps(content))


@pytest.mark.parametrize("name", shipped_names())
def test_a_definition_gives_what_the_table_gives(name: str) -> None:
    table = load_table(name)
    faces = some_faces(12)
    expected = CurveMapper(table).apply(faces)

    exact = plugin_rows(rigmapper_definition(table, math_ops=True), table.names, faces)
    keyed = plugin_rows(rigmapper_definition(table), table.names, faces)

    assert np.abs(exact - expected).max() < 1e-5
    assert np.abs(keyed - expected).max() < 2e-3


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("engine", ["5.7", "newer"])
def test_a_definition_has_the_layout_the_plugin_reads(name: str, engine: str) -> None:
    table = load_table(name)
    math_ops = engine == "newer"
    definition = rigmapper_definition(table, math_ops=math_ops).definition
    features, inputs = definition["features"], definition["inputs"]

    assert json.loads(json.dumps(definition, allow_nan=False)) == definition
    assert list(definition) == ["inputs", "features", "parameters", "outputs", "null_outputs"]
    assert len({same_name(each) for each in (*features, *inputs)}) == len(features) + len(inputs)
    for feature in features.values():
        assert feature["type"] in ({*OPERATIONS} if math_ops else {*OPERATIONS} - {"math_op"})
        assert all(not each or each in features or each in inputs
                   for each in feature["input_features"])  # fmt: skip
    assert all(each in features or each in inputs for each in definition["outputs"].values())
    said = [*definition["outputs"], *definition["null_outputs"]]
    assert sorted(said) == sorted(table.names)


def test_a_source_of_the_other_mouth_close_is_converted() -> None:
    table = load_table("metahuman")
    faces = some_faces(8)
    expected = CurveMapper(table, mouth_close="a2f").apply(faces)
    export = rigmapper_definition(table, mouth_close="a2f", math_ops=True)
    assert np.abs(plugin_rows(export, table.names, faces) - expected).max() < 1e-5


def test_offsets_and_responses_beyond_the_range_are_kept() -> None:
    table = table_of(
        [
            {"name": "still", "offset": 0.25, "by": "x"},
            {"name": "bent", "from": {"jawOpen": 2}, "offset": -0.5,
             "response": [[-0.5, -1], [0, 0.2], [1, 3]], "range": [-0.25, 0.75], "by": "x"},
            {"name": "plain", "from": {"mouthPucker": 1}, "range": None, "by": "x"},
        ]
    )  # fmt: skip
    faces = some_faces(20)
    export = rigmapper_definition(table)
    rows = plugin_rows(export, table.names, faces)
    assert np.abs(rows - CurveMapper(table).apply(faces)).max() < 1e-6
    assert np.ptp(rows[:, 1]) == 1.0, "the response must reach both ends of the range"
    assert export.definition["outputs"]["plain"] == "mouthPucker"
    assert export.notes == ()


def test_what_is_not_exact_is_said() -> None:
    assert rigmapper_definition(load_table("arkit")).notes == ()
    assert rigmapper_definition(load_table("oculus"), math_ops=True).notes == ()
    notes = rigmapper_definition(load_table("oculus")).notes
    assert len(notes) == 2
    assert "mouthClose / jawOpen is piecewise linear, at most 0.05% above" in notes[0]
    gaze_only = table_of([{"name": "look", "from": {"eyeYawLeft": 0.02, "jawOpen": 0.5}}])
    assert "eyeYawLeft" in rigmapper_definition(gaze_only).notes[0]
