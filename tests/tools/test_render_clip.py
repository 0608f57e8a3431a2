"""Curve files as people have them, and the sound and phones beside them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES, pascal_case
from facewire.protocol.errors import AudioError
from facewire.tools.picture.take import Phone
from facewire.tools.render_clip import (
    CurveFileError,
    phones_beside,
    read_curves,
    read_sound,
    sound_beside,
)

if TYPE_CHECKING:
    from pathlib import Path

JAW = CURVE_INDEX["jawOpen"]


def table(path: Path, heads: str, *rows: str) -> Path:
    path.write_text("\n".join([heads, *rows]) + "\n", encoding="utf-8")
    return path


def _animation(curves: str, frames: str) -> str:
    return f'{{"format": "facewire.animation/1", "curves": {curves}, "frames": {frames}}}'


def test_the_layout_of_animate_is_read_whole(tmp_path: Path) -> None:
    heads = ",".join(
        ["", "timeCode", *(f"blendShapes.{pascal_case(name)}" for name in FACE_CURVES)]
    )
    values = np.linspace(0, 1, 3 * 71).reshape(3, 71)
    rows = [
        f"{n},{n / 30!r}," + ",".join(repr(float(each)) for each in row)
        for n, row in enumerate(values)
    ]
    curves = read_curves(table(tmp_path / "a.csv", heads, *rows))
    assert curves.rows == pytest.approx(values.astype(np.float32))
    assert curves.fps == 30
    assert curves.end_s == pytest.approx(0.1)


@pytest.mark.parametrize(
    "head",
    ["jawOpen", "JawOpen", "blendShapes.JawOpen", "blendShapes.jawOpen", "JAWOPEN", '"jawOpen"',
     " jawOpen", "jaw_open"],
)  # fmt: skip
def test_a_curve_is_known_however_it_is_spelt(tmp_path: Path, head: str) -> None:
    curves = read_curves(table(tmp_path / "a.csv", f"timeCode,{head}", "0,0.25", "0.1,0.5"))
    assert curves.rows[:, JAW].tolist() == [0.25, 0.5]
    assert curves.rows.sum() == 0.75


@pytest.mark.parametrize(
    ("head", "name"), [("eyeBlink_L", "eyeBlinkLeft"), ("mouthSmile_R", "mouthSmileRight")]
)
def test_sides_may_be_letters(tmp_path: Path, head: str, name: str) -> None:
    curves = read_curves(table(tmp_path / "a.csv", f"time,{head}", "0,0.5"))
    assert curves.rows[0, CURVE_INDEX[name]] == 0.5


def test_other_columns_are_left_alone_and_what_is_not_finite_reads_zero(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "note,timeCode,JawOpen,what", "hello,0,nan,x", "you,0.1,inf,")
    read = read_curves(path)
    assert read.rows.sum() == 0
    assert read.left_out == ("note", "what")


def test_a_file_of_another_rig_is_told_how_to_become_a_face(tmp_path: Path) -> None:
    path = table(tmp_path / "mh.csv", "timeCode,blendShapes.CTRL_expressions_jawOpen", "0,1")
    with pytest.raises(CurveFileError) as caught:
        read_curves(path)
    assert "facewire mapping convert mh.csv --to arkit" in caught.value.hint


@pytest.mark.parametrize(
    ("step_s", "fps"),
    [
        (1 / 60, Fraction(60)),
        (1001 / 30_000, Fraction(30_000, 1001)),
        (1 / 24, Fraction(24)),
        (0.08, Fraction(25, 2)),
    ],
)
def test_the_frame_rate_is_the_one_the_instants_were_made_at(
    tmp_path: Path, step_s: float, fps: Fraction
) -> None:
    rows = [f"{round(n * step_s, 6)},0" for n in range(200)]
    assert read_curves(table(tmp_path / "a.csv", "timeCode,jawOpen", *rows)).fps == fps


def test_frames_are_sampled_between_and_held_at_the_ends(tmp_path: Path) -> None:
    curves = read_curves(table(tmp_path / "a.csv", "timeCode,jawOpen", "0,0", "1,1", "2,0"))
    sampled = curves.sampled(0.5, 5, Fraction(2))
    assert sampled[:, JAW].tolist() == pytest.approx([0.5, 1, 0.5, 0, 0])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has no timeCode column"),
        ("a,b\n1,2\n", "has no timeCode column"),
        ("timeCode,pose1\n0,1\n", "has no column of a facial curve"),
        ("timeCode,jawOpen\n", "has no frames"),
        ("timeCode,jawOpen\n0,much\n", "is no table of curves"),
        ("timeCode,jawOpen\n0,1\n0.1\n", "is no table of curves"),
        ("timeCode,jawOpen\n0,1\n0,1\n", "does not rise"),
        ("timeCode,jawOpen\n0,1\nnan,1\n", "does not rise"),
        ('{"curves": ["jawOpen"], "frames": []}', "format is not facewire.animation/1"),
        ('{"format": "facewire.animation/1"}', "is not of the format"),
        (f'{{"format": {"[" * 100_000}', "is no table of curves"),
        (_animation('["jawOpen"]', "[]"), "has no frames"),
        (_animation('["pose1"]', '[{"timeCode": 0, "weights": [1]}]'), "has no column of a facial"),
        (_animation('["jawOpen"]', '[{"timeCode": 0, "weights": []}]'), "is no table of curves"),
        (_animation('["jawOpen"]', '[{"timeCode": 0, "weights": [{}]}]'), "is not of the format"),
    ],
)
def test_a_file_that_is_no_animation_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(content)
    with pytest.raises(CurveFileError, match=said) as caught:
        read_curves(path)
    assert "wrong.csv" in caught.value.text


def test_bytes_that_are_no_text_and_a_missing_file_are_errors_too(tmp_path: Path) -> None:
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)))
    for name, said in (("noise.csv", "no table"), ("missing.csv", "cannot be read")):
        with pytest.raises(CurveFileError, match=said):
            read_curves(tmp_path / name)


def test_the_sound_beside_a_file_has_its_name(tmp_path: Path) -> None:
    assert sound_beside(tmp_path / "a.csv") is None
    (tmp_path / "b.wav").touch()
    (tmp_path / "a.flac").touch()
    assert sound_beside(tmp_path / "a.csv") == tmp_path / "a.flac"


def test_a_part_of_the_sound_is_cut_to_the_sample(tmp_path: Path) -> None:
    path = tmp_path / "ramp.wav"
    ramp = np.arange(40_000, dtype=np.int16)
    soundfile.write(path, np.stack([ramp, -ramp], axis=1), 8_000)
    sound = read_sound(path, 1.25, 2.5)
    assert sound.rate_hz == 8_000
    assert sound.samples.shape == (10_000, 2)
    assert sound.samples[:, 0] * 32_768 == pytest.approx(np.arange(10_000, 20_000))
    assert len(read_sound(path, 4.0, 99.0).samples) == 8_000
    with pytest.raises(AudioError):
        read_sound(tmp_path / "missing.wav", 0, 1)


def test_phones_are_read_from_beside_and_a_broken_file_is_named(tmp_path: Path) -> None:
    assert phones_beside(tmp_path / "a.wav") == []
    (tmp_path / "a.phones.json").write_text('[["m", 0.1, 0.2], ["AA", 0.2, 0.5]]')
    assert phones_beside(tmp_path / "a.wav") == [Phone("M", 0.1, 0.2), Phone("AA", 0.2, 0.5)]
    for wrong in ("{", "[[1, 2]]", "3", '[["M", "x", 1]]'):
        (tmp_path / "a.phones.json").write_text(wrong)
        with pytest.raises(CurveFileError, match=r"a\.phones\.json"):
            phones_beside(tmp_path / "a.wav")


@pytest.mark.parametrize("last", ["5000", "1e9", "2e300", "1e-12"])
def test_a_file_whose_times_are_not_in_seconds_is_refused(tmp_path: Path, last: str) -> None:
    path = table(tmp_path / "a.csv", "timeCode,jawOpen", "0,0", f"{last},0.5")
    with pytest.raises(CurveFileError, match="frames per second") as caught:
        read_curves(path)
    assert "seconds" in caught.value.hint


def test_weights_no_face_can_have_are_held(tmp_path: Path) -> None:
    rows = ["0,1e9", "0.1,-1e39", "0.2,nan", "0.3,inf", "0.4,0.5"]
    curves = read_curves(table(tmp_path / "a.csv", "timeCode,jawOpen", *rows))
    assert curves.rows[:, JAW].tolist() == [10, -10, 0, 0, 0.5]
