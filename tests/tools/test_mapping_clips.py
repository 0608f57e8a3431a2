"""`facewire mapping apply` and `convert`: CSV in, CSV out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

from facewire.animation.curves import FACE_CURVES, pascal_case
from facewire.mapping.inputs import GAZE_ANGLES
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.shipped import load_table
from facewire.protocol.errors import MappingError
from facewire.tools.mapping import mapping
from facewire.tools.mapping.curve_csv import CurveFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(mapping, arguments, catch_exceptions=False, standalone_mode=False)
    assert result.exit_code == 0, result.output
    return result.stderr


def asked(*arguments: str) -> Any:
    result = CliRunner().invoke(
        mapping, [*arguments, "--json"], catch_exceptions=False, standalone_mode=False
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def write(
    name: str, names: Sequence[str], rows: NDArray[np.float32], prefix: str = "blendShapes."
) -> str:
    """Write the layout of `animate`."""
    with Path(name).open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["", "timeCode", *(prefix + each for each in names)])
        for index, row in enumerate(rows.tolist()):
            writer.writerow([index, repr(index / 60), *map(repr, row)])
    return name


def read(name: str) -> tuple[list[str], list[list[str]]]:
    with Path(name).open(newline="") as stream:
        header, *rows = csv.reader(stream)
    return header, rows


def numbers(name: str) -> NDArray[np.float64]:
    return np.array([row[2:] for row in read(name)[1]], np.float64)


PASCAL = tuple(map(pascal_case, FACE_CURVES))


def clip(frames: int = 5) -> NDArray[np.float32]:
    """Return rows as a file holds them, rounded to 1e-6."""
    rows = np.random.default_rng(2).uniform(0.05, 0.3, (frames, len(FACE_CURVES)))
    return rows.round(6).astype(np.float32)


def test_apply_writes_the_rigs_own_names_and_keeps_the_time_codes() -> None:
    run("apply", write("in.csv", PASCAL, clip()), "--to", "metahuman", "-o", "out.csv")

    rig = load_table("metahuman")
    header, rows = read("out.csv")
    assert header == ["", "timeCode", *(f"blendShapes.{name}" for name in rig.names)]
    assert [row[:2] for row in rows] == [[str(k), repr(k / 60)] for k in range(5)]
    np.testing.assert_allclose(numbers("out.csv"), CurveMapper(rig).apply(clip()), atol=6e-7)


def test_apply_takes_a_table_of_ones_own() -> None:
    Path("mine.json").write_text(json.dumps({
        "schema": "facewire-mapping/1", "name": "mine", "version": "1.0.0", "mouth_close": "arkit",
        "curves": [{"name": "a, b", "from": {"jawOpen": 2}}],
    }))  # fmt: skip
    source = write("in.csv", ["JawOpen"], np.array([[0.25], [0.75]], np.float32))

    told = asked("apply", source, "--to", "mine.json", "-o", "out/deep/out.csv")

    assert told == {
        "output": "out/deep/out.csv", "rig": "mine", "source": "", "frames": 2, "ignored": [],
        "lost": [],
    }  # fmt: skip
    assert read("out/deep/out.csv")[0][2] == "blendShapes.a, b"
    assert numbers("out/deep/out.csv").tolist() == [[0.5], [1.0]]


def test_apply_works_through_gains_the_mirror_and_the_meaning_of_mouth_close() -> None:
    names = ["JawOpen", "MouthClose", "MouthSmileLeft", "MouthSmileRight"]
    source = write("in.csv", names, np.array([[0.25, 0.125, 0.5, 0.25]], np.float32))
    Path("gains.json").write_text('{"mouthSmileLeft": 0.5, "jawOpen": 2}')
    rig = load_table("arkit_lr")
    wanted = ("jawOpen", "mouthClose", "mouthSmile_L", "mouthSmile_R")
    at = [rig.column[name] for name in wanted]

    def made(*options: str) -> list[float]:
        run("apply", source, "--to", "arkit_lr", "-o", "out.csv", *options)
        row: list[float] = numbers("out.csv")[0, at].tolist()
        return row

    assert made() == [0.25, 0.125, 0.5, 0.25]
    assert made("--gains", "gains.json") == [0.5, 0.125, 0.25, 0.25]
    assert made("--mirror") == [0.25, 0.125, 0.25, 0.5]
    assert made("--source-mouth-close", "a2f") == [0.375, 0.125, 0.5, 0.25]
    both = made("--gains", "gains.json", "--mirror", "--source-mouth-close", "a2f")
    assert both == [0.625, 0.125, 0.25, 0.25]


def test_apply_reads_bare_columns_as_phone_apps_write_them() -> None:
    Path("in.csv").write_text(
        "Timecode,BlendshapeCount,JawOpen,CheekPuff\n"
        "00:00:01:02.5,61,0.25,0.5\n00:00:01:03.5,61,,0.125\n"
    )

    run("apply", "in.csv", "--to", "arkit", "-o", "out.csv")

    header, rows = read("out.csv")
    jaw, cheek = (header.index(f"blendShapes.{name}") for name in ("jawOpen", "cheekPuff"))
    assert [(row[0], row[1], row[jaw], row[cheek]) for row in rows] == [
        ("0", "00:00:01:02.5", "0.25", "0.5"), ("1", "00:00:01:03.5", "0.0", "0.125"),
    ]  # fmt: skip


def test_apply_takes_four_angles_as_the_gaze() -> None:
    names = [*PASCAL, *GAZE_ANGLES]
    angles = np.tile(np.array([12.0, -8.0, 12.0, -8.0], np.float32), (5, 1))
    rows = np.concatenate((clip(), angles), axis=1)

    run("apply", write("in.csv", names, rows), "--to", "metahuman", "-o", "out.csv")

    with_gaze = CurveMapper(load_table("metahuman"), gaze=True).apply(clip(), angles)
    np.testing.assert_allclose(numbers("out.csv"), with_gaze, atol=6e-7)
    assert not np.allclose(with_gaze, CurveMapper(load_table("metahuman")).apply(clip()))


def test_apply_names_what_it_passes_over_and_what_the_rig_cannot_show() -> None:
    names = ["JawOpen", "TongueUp", "TongueDown", "Sparkle"]
    source = write("in.csv", names, np.array([[0.5, 0.5, 0.0, 1.0]], np.float32))

    told = asked("apply", source, "--to", "arkit", "-o", "out.csv")
    said = run("apply", source, "--to", "arkit", "-o", "out.csv")

    assert told["ignored"] == ["Sparkle"]
    assert told["lost"] == ["tongueUp"]
    assert "passed over, since they are no curves of the face: Sparkle\n" in said
    assert "lost on the way to arkit: tongueUp\n" in said


def test_convert_gets_back_what_apply_made() -> None:
    rows = clip()
    jaw = rows[:, FACE_CURVES.index("jawOpen")]
    rows[:, FACE_CURVES.index("mouthClose")] = jaw * 0.75  # lips cannot close more than a jaw opens
    write("in.csv", PASCAL, rows)

    run("apply", "in.csv", "--to", "metahuman", "-o", "rig.csv")
    said = run("convert", "rig.csv", "--to", "arkit", "-o", "back.csv")

    assert "read as metahuman" in said
    back = dict(zip(load_table("arkit").names, numbers("back.csv").T, strict=True))
    for name in ("jawOpen", "mouthClose", "mouthSmileLeft", "mouthFunnel", "eyeLookInRight"):
        was = rows[:, FACE_CURVES.index(name)]
        np.testing.assert_allclose(back[name], was, atol=3e-5, err_msg=name)


def test_convert_recognises_what_animate_writes_and_goes_from_rig_to_rig() -> None:
    source = write("in.csv", PASCAL, clip())

    told = asked("convert", source, "--to", "livelink", "-o", "ll.csv")
    again = asked("convert", "ll.csv", "--to", "arkit_lr", "-o", "lr.csv")

    assert (told["source"], told["rig"], told["frames"]) == ("a2f", "livelink", 5)
    assert "tongueTipUp" in told["lost"]
    assert (again["source"], again["rig"]) == ("livelink", "arkit_lr")
    smile = load_table("arkit_lr").column["mouthSmile_L"]
    was = clip()[:, FACE_CURVES.index("mouthSmileLeft")]
    np.testing.assert_allclose(numbers("lr.csv")[:, smile], was, atol=2e-6)


def test_convert_says_what_of_the_rig_the_face_cannot_say() -> None:
    rig = load_table("metahuman")
    rows = np.zeros((2, len(rig.names)), np.float32)
    rows[:, rig.column["CTRL_expressions_eyeBlinkL"]] = 0.5
    rows[:, rig.column["CTRL_expressions_earUpL"]] = 0.5
    rows[0, rig.column["CTRL_expressions_browRaiseOuterL"]] = 0.005  # too little to speak of
    source = write("in.csv", rig.names, rows)

    told = asked("convert", source, "--to", "arkit", "-o", "out.csv")

    assert told["lost"] == ["CTRL_expressions_earUpL"]


def test_convert_can_mirror_and_be_told_the_rig() -> None:
    source = write("in.csv", ["mouthSmile_L"], np.array([[0.5]], np.float32))

    run("convert", source, "--from", "arkit_lr", "--to", "arkit", "--mirror", "-o", "out.csv")

    header, rows = read("out.csv")
    assert rows[0][header.index("blendShapes.mouthSmileRight")] == "0.5"
    assert rows[0][header.index("blendShapes.mouthSmileLeft")] == "0.0"


def test_a_file_that_may_have_either_mouth_close_is_not_guessed_at() -> None:
    rows = np.array([[0.5, 0.25]], np.float32)
    source = write("in.csv", ["JawOpen", "MouthClose"], rows)
    run("apply", source, "--to", "arkit_head", "-o", "head.csv")
    run("apply", source, "--to", "ace", "-o", "ace.csv")

    with pytest.raises(MappingError, match="mean different things by mouthClose") as raised:
        run("convert", "ace.csv", "--to", "metahuman", "-o", "out.csv")
    assert "--from ace or --from arkit_head" in raised.value.hint
    assert not Path("out.csv").exists()
    # `animate` begins the names of both with capitals; without them they tell.
    assert "read as arkit_head" in run("convert", "head.csv", "--to", "metahuman", "-o", "out.csv")


def test_files_for_rigs_that_pass_mouth_close_on_have_arkits_meaning() -> None:
    source = write("in.csv", ["JawOpen", "MouthClose"], np.array([[0.25, 0.125]], np.float32))
    rig = load_table("arkit")
    at = [rig.column["jawOpen"], rig.column["mouthClose"]]

    run("apply", source, "--to", "arkit", "-o", "out.csv", "--source-mouth-close", "a2f")
    assert numbers("out.csv")[0, at].tolist() == [0.375, 0.125]

    run("apply", source, "--to", "ace", "-o", "ace.csv")
    run("convert", "ace.csv", "--from", "ace", "--to", "arkit", "-o", "out.csv")
    assert numbers("out.csv")[0, at].tolist() == [0.25, 0.125]


def test_a_rig_that_nobody_knows_is_refused() -> None:
    source = write("in.csv", ["foo", "bar", "jawOpen"], np.zeros((1, 3), np.float32))

    with pytest.raises(MappingError, match=r"no rig we know.*33%.*--from"):
        run("convert", source, "--to", "arkit", "-o", "out.csv")
    with pytest.raises(CurveFileError, match="no curve of oculus, but foo, bar, jawOpen"):
        run("convert", source, "--from", "oculus", "--to", "arkit", "-o", "out.csv")
    assert not Path("out.csv").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no curves"),
        (",timeCode\n0,0\n", "holds no curves"),
        ("blendShapes.JawOpen,blendShapes.jawOpen\n0,0\n", "'jawOpen' twice"),
        ("blendShapes.Foo\n0\n", "none of the 71 face curves, but Foo.*convert"),
        (",timeCode,blendShapes.JawOpen\n0,0,0.5\n1,0.1\n", "2 cells in line 3, its header 3"),
        ("JawOpen\n0.5\nwide\n", "'wide' in line 3 is no number.*'JawOpen'"),
        ("JawOpen\n\x000.5\n", "line contains NUL|is no number"),
    ],
)
def test_a_file_that_is_no_clip_is_refused_and_leaves_nothing(text: str, words: str) -> None:
    Path("in.csv").write_text(text)

    with pytest.raises(CurveFileError, match=words):
        run("apply", "in.csv", "--to", "arkit", "-o", "out.csv")
    assert [path.name for path in Path().iterdir()] == ["in.csv"]


def test_a_file_that_is_no_text_is_refused() -> None:
    Path("in.csv").write_bytes(b"\xff\xfe\x00\x80" * 100)

    with pytest.raises(CurveFileError, match="not a text file"):
        run("apply", "in.csv", "--to", "arkit", "-o", "out.csv")


def test_a_clip_is_not_replaced_by_its_result() -> None:
    source = write("in.csv", PASCAL, clip())

    for command in ("apply", "convert"):
        with pytest.raises(click.UsageError, match="is the source"):
            run(command, source, "--to", "arkit", "-o", "in.csv")


def test_a_long_clip_is_mapped_in_portions_that_leave_no_seam() -> None:
    rows = clip(1300)

    told = asked("apply", write("in.csv", PASCAL, rows), "--to", "vrm", "-o", "out.csv")

    assert told["frames"] == 1300
    assert [row[0] for row in read("out.csv")[1]] == [str(k) for k in range(1300)]
    np.testing.assert_allclose(
        numbers("out.csv"), CurveMapper(load_table("vrm")).apply(rows), atol=6e-7
    )
