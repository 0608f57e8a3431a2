from __future__ import annotations

import csv
import io
import json
from fractions import Fraction

import numpy as np
import pytest

from facewire.tools.retarget import Retarget
from facewire.tools.writers import CsvWriter, JsonWriter, time_code

FACE = Retarget("a2f", {})
NAMES = FACE.curves
FPS = Fraction(30_000, 1_001)
CURVES = np.random.default_rng(0).random((7, len(NAMES)), np.float32)
CURVES[0, :4] = (0.0, 1.0, 1e-7, 4.6e-6)
EYES = np.random.default_rng(1).uniform(-5, 5, (7, 4)).astype(np.float32)


def _csv() -> str:
    text = io.StringIO()
    writer = CsvWriter(text, FACE, FPS)
    writer.write(0, CURVES[:3], EYES[:3])
    writer.write(3, CURVES[3:], EYES[3:])
    writer.close()
    return text.getvalue()


def test_the_csv_has_the_columns_of_nvidias_client() -> None:
    header = _csv().splitlines()[0].split(",")

    assert header[:3] == ["", "timeCode", "blendShapes.EyeBlinkLeft"]
    assert header[-3:] == [
        "blendShapes.HeadRoll", "blendShapes.HeadPitch", "blendShapes.HeadYaw",
    ]  # fmt: skip
    assert header[53:55] == ["blendShapes.TongueOut", "blendShapes.TongueTipUp"]
    assert len(header) == 2 + 71


def test_the_rows_count_from_zero_and_carry_exact_times_and_weights() -> None:
    rows = list(csv.reader(io.StringIO(_csv())))[1:]

    assert [row[0] for row in rows] == [str(index) for index in range(7)]
    assert [float(row[1]) for row in rows] == [index * 1_001 / 30_000 for index in range(7)]
    values = np.array([[float(cell) for cell in row[2:]] for row in rows])
    assert np.abs(values - CURVES).max() <= 5.1e-7


def test_numbers_are_written_as_pandas_writes_them() -> None:
    lines = _csv().splitlines()

    assert lines[1].startswith("0,0.0,0.0,1.0,0.0,5e-06,")
    assert lines[2].startswith("1,0.03336666666666667,")
    assert _csv().endswith("\n")
    assert "\r" not in _csv()


@pytest.mark.parametrize("fps", [Fraction(60), Fraction(30_000, 1_001), Fraction(7, 3)])
def test_a_time_code_is_the_float_nearest_to_index_times_den_over_num(fps: Fraction) -> None:
    for index in (0, 1, 59, 100_003, 216_000):
        assert time_code(index, fps) == float(Fraction(index) / fps)


def test_the_json_is_one_object_that_can_also_be_read_by_lines() -> None:
    text = io.StringIO()
    writer = JsonWriter(text, FACE, FPS)
    writer.write(0, CURVES[:3], EYES[:3])
    writer.write(3, CURVES[3:], EYES[3:])
    writer.close()

    whole = json.loads(text.getvalue())
    assert whole["fps"] == [30_000, 1_001]
    assert whole["curves"] == list(NAMES)
    assert len(whole["frames"]) == 7
    assert whole["frames"][1]["timeCode"] == 1_001 / 30_000
    assert np.abs(np.array([f["weights"] for f in whole["frames"]]) - CURVES).max() < 5.1e-7
    assert np.abs(np.array([f["eyes"] for f in whole["frames"]]) - EYES).max() < 5.1e-7
    lines = text.getvalue().splitlines()
    assert len(lines) == 9
    assert json.loads(lines[3].rstrip(","))["weights"] == whole["frames"][2]["weights"]


def test_a_json_without_frames_is_still_whole() -> None:
    text = io.StringIO()
    writer = JsonWriter(text, FACE, FPS)

    writer.close()

    assert json.loads(text.getvalue())["frames"] == []
