"""Every table that comes with Facewire is sound."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.mapping.kit import plainly_mapped

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.bundles.shipped import data_folder
from facewire.mapping.checking import check_table
from facewire.mapping.inputs import INPUTS
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.reading import MAX_FILE_BYTES
from facewire.mapping.reversal import mouth_close_of, readbacks, to_face
from facewire.mapping.shipped import load_table, shipped_names
from facewire.protocol.errors import MappingError
from facewire.tools.mapping_vectors import VARIANTS, faces, main, vectors

if TYPE_CHECKING:
    from pathlib import Path

every_table = pytest.mark.parametrize("name", shipped_names())


def test_tables_come_with_facewire() -> None:
    assert {"a2f", "arkit", "metahuman"} <= set(shipped_names())
    assert "schema" not in shipped_names()


@every_table
def test_a_shipped_table_passes_the_check_and_has_its_files_name(name: str) -> None:
    table = load_table(name)

    assert [each for each in check_table(table) if each.level == "error"] == []
    assert table.name == name


@every_table
def test_a_shipped_table_is_small_and_writes_inputs_in_camel_case(name: str) -> None:
    text = (data_folder("mappings") / f"{name}.json").read_bytes()

    assert len(text) <= MAX_FILE_BYTES / 4
    for curve in json.loads(text)["curves"]:
        assert set(curve.get("from", ())) <= set(INPUTS)


@every_table
def test_what_can_be_read_back_comes_back(name: str) -> None:
    table = load_table(name)
    rng = np.random.default_rng(5)
    face = np.zeros((len(FACE_CURVES), len(FACE_CURVES)), np.float32)
    np.fill_diagonal(face, rng.uniform(0.1, 0.4, len(FACE_CURVES)))
    face[CURVE_INDEX["mouthClose"], CURVE_INDEX["jawOpen"]] = 0.5

    back, lost = to_face(table, CurveMapper(table, mouth_close=mouth_close_of(table)).apply(face))

    assert set(lost) == set(FACE_CURVES) - set(readbacks(table))
    for input_name in readbacks(table):
        at = CURVE_INDEX[input_name]
        assert back[at, at] == pytest.approx(face[at, at], abs=1e-5), input_name


@every_table
@pytest.mark.parametrize("variant", range(len(VARIANTS)))
def test_a_shipped_table_maps_as_the_rules_say(name: str, variant: int) -> None:
    table = load_table(name)

    for row, mapped in zip(faces(), vectors(table)[variant], strict=True):
        plain = plainly_mapped(
            table, dict(zip(INPUTS, row.tolist(), strict=True)), **VARIANTS[variant]
        )
        np.testing.assert_array_equal(mapped, np.array(plain, np.float32))


def test_the_committed_vectors_are_those_of_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_the_committed_vectors_are_small_and_hold_odd_values() -> None:
    files = list((data_folder("mappings") / "vectors").glob("*.bin"))

    assert {path.stem for path in files} == {"faces", *shipped_names()}
    assert sum(path.stat().st_size for path in files) <= 400_000
    rows = faces()
    assert rows.shape == (8, 75)
    assert np.isnan(rows).any()
    assert np.isinf(rows).any()
    assert (rows[0] == 0).all()
    assert (rows[1] == 1).all()


def test_stale_vectors_are_told_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("facewire.tools.mapping_vectors.data_folder", lambda _name: tmp_path)
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / "gone.bin").write_bytes(b"old")

    assert main(["--check"]) == 1
    told = capsys.readouterr().out
    assert "gone.bin" in told
    assert "metahuman.bin" in told
    assert main([]) == 0
    assert not (tmp_path / "vectors" / "gone.bin").exists()
    assert main(["--check"]) == 0


def test_an_unknown_table_names_the_nearest_and_the_rest() -> None:
    with pytest.raises(MappingError, match="Did you mean 'metahuman'") as caught:
        load_table("metahumn")
    assert "'metahumn'" in caught.value.text

    with pytest.raises(MappingError, match=r"There are .*arkit.*; or give the path"):
        load_table("zzz")
    with pytest.raises(MappingError):
        load_table("../pyproject")


def test_a_path_is_read_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes((data_folder("mappings") / "arkit.json").read_bytes())

    assert load_table(path) == load_table(str(path)) == load_table("arkit")
