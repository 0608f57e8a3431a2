"""`facewire frame`: one instant of a clip, and what a parameter does to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from PIL import Image

from facewire.animation.curves import FACE_CURVES
from facewire.protocol.errors import AudioError, BundleError, FacewireError
from facewire.tools import cli
from facewire.tools.animate import animate
from facewire.tools.frame import frame

if TYPE_CHECKING:
    from collections.abc import Sequence

CLIP = Path(__file__).parents[1] / "assets" / "speech_16k.flac"
SMALL = ("--size", "64")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first two seconds of the speech, at 44.1 kHz."""
    samples, rate_hz = soundfile.read(CLIP, dtype="float32")
    path = tmp_path_factory.mktemp("clip") / "line.wav"
    moments = np.arange(2 * 44_100) / 44_100 * rate_hz
    soundfile.write(path, np.interp(moments, np.arange(len(samples)), samples), 44_100)
    return path


@pytest.fixture(params=["embedded", "mark", "v3"])
def model(request: pytest.FixtureRequest) -> str:
    if request.param == "embedded":
        return "embedded"
    return str(request.getfixturevalue("synthetic_bundles") / request.param)


def _told(*arguments: object) -> dict[str, Any]:
    result = CliRunner().invoke(frame, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def _printed(*arguments: object) -> str:
    result = CliRunner().invoke(frame, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def _refused(*arguments: object) -> str:
    result = CliRunner().invoke(frame, [*map(str, arguments)])
    assert result.exit_code == 2, result.output
    return " ".join(result.output.split())


def _firsts(lines: Sequence[str]) -> list[float]:
    return [float(line.split()[1]) for line in lines]


def test_the_weights_are_printed_largest_first(clip: Path, model: str) -> None:
    lines = _printed(clip, "--at", 1.25, "--model", model).splitlines()

    assert lines[0] == "frame 75 at 1.250 s"
    more = next(at for at, line in enumerate(lines) if " more below " in line)
    weights = _firsts(lines[1:more])
    assert len(weights) > 3
    assert weights == sorted(weights, reverse=True)
    assert int(lines[more].split()[0]) + len(weights) == len(FACE_CURVES)
    assert any("right eye x, deg" in line for line in lines[more:])
    assert any("jaw turned" in line for line in lines[more:]) == (model != "embedded")


def test_json_says_everything_about_the_frame(clip: Path, model: str) -> None:
    answer = _told(clip, "--at", 1.25, "--at", 0.5, "--model", model)
    first, second = answer["frames"]

    assert (first["frame"], second["frame"]) == (75, 30)
    assert first["seconds"] == 1.25
    assert list(first["weights"]) == list(FACE_CURVES)
    assert len(first["eyes_deg"]) == 4
    assert answer["fps"] == [60, 1]
    assert answer["frames_total"] == 120
    assert answer["recomputed"]["inference"] > 0
    if model == "embedded":
        assert first["jaw"] is first["solved"] is None
    else:
        assert np.shape(first["jaw"]) == (4, 4)
        assert "jawOpen" in first["solved"]


def test_a_frame_of_the_embedded_model_is_the_one_animate_writes(
    clip: Path, tmp_path: Path
) -> None:
    CliRunner().invoke(animate, [str(clip), "-o", str(tmp_path / "a.csv")], catch_exceptions=False)
    CliRunner().invoke(
        frame, [str(clip), "--frame", "75", "-o", str(tmp_path / "b.csv")], catch_exceptions=False
    )

    whole, one = ((tmp_path / name).read_text().splitlines() for name in ("a.csv", "b.csv"))
    assert one == [whole[0], whole[76]]


def test_the_pose_is_kept_as_json(clip: Path, tmp_path: Path) -> None:
    _printed(clip, "--at", 0.7, "--fps", 30, "--rig", "arkit", "-o", tmp_path / "pose.json")

    kept = json.loads((tmp_path / "pose.json").read_text())
    assert kept["curves"][0] == "eyeBlinkLeft"
    (pose,) = kept["frames"]
    assert pose["timeCode"] == 0.7  # 0.7 * 30 is 20.999999999999996 in floats
    assert len(pose["weights"]) == len(kept["curves"])


def test_the_face_is_drawn(clip: Path, tmp_path: Path, model: str) -> None:
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    _told(clip, "--at", 1.25, "--model", model, "-o", one, *SMALL)
    _told(clip, "--at", 1.25, "--at", 1.5, "--model", model, "-o", two, *SMALL)

    with Image.open(one) as single, Image.open(two) as pair:
        assert single.height == pair.height
        pixels = np.asarray(single.convert("RGB"), np.float32)
        face = pixels[60:110, 30:70]
        assert face.std() > 20  # a face, not paper


def test_a_sweep_runs_the_network_once(clip: Path, synthetic_bundles: Path, tmp_path: Path) -> None:
    mark = synthetic_bundles / "mark"
    sweep = ("--sweep", "lowerFaceStrength=0:2:5", "-o", tmp_path / "row.png", *SMALL)
    answer = _told(clip, "--at", 1.25, "--model", mark, *sweep)

    assert answer["recomputed"] == {
        "inference": 1, "motion": 1, "skin": 6, "tongue": 1, "teeth": 1, "eyes": 1,
        "skin_solve": 6, "tongue_solve": 1, "sequence": 0,
    }  # fmt: skip
    assert answer["values"] == [0.0, 0.5, 1.0, 1.5, 2.0]
    (row,) = answer["frames"]
    assert len(row["poses"]) == 5
    alone = _told(clip, "--at", 1.25, "--model", mark, "--parameter", "lowerFaceStrength=1.5")
    assert alone["frames"][0]["weights"] == row["poses"][3]["weights"]
    with Image.open(tmp_path / "row.png") as drawn:
        assert drawn.width > 5 * 51


def test_an_emotion_is_swept_too(clip: Path, model: str) -> None:
    (row,) = _told(clip, "--at", 1.25, "--model", model, "--sweep", "joy=0:1:2")["frames"]

    calm, glad = (list(pose["weights"].values()) for pose in row["poses"])
    asked = _told(clip, "--at", 1.25, "--model", model, "--emotion", "joy=1")
    assert glad == list(asked["frames"][0]["weights"].values())
    assert calm != glad


def test_emotions_over_time_are_heard(clip: Path, model: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys.csv"
    keys.write_text("time,joy\n0.0,0.0\n1.0,1.0\n")
    asked = (clip, "--at", 1.5, "--model", model)

    keyed = _told(*asked, "--emotion-keys", keys)["frames"][0]["weights"]
    assert keyed != _told(*asked)["frames"][0]["weights"]
    assert "sweep something else" in _refused(
        *asked, "--emotion-keys", keys, "--sweep", "joy=0:1:3"
    )


def test_an_emotion_that_keys_leave_no_frame_to_is_refused(clip: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.csv"
    told = ("--at", 1, "--emotion-keys", keys, "--emotion", "joy=1")
    keys.write_text("time,anger\n0,1\n")
    assert "would have no effect" in _refused(clip, *told)

    keys.write_text("time,anger\n1.5,1\n")
    until = _told(clip, *told)["frames"][0]["weights"]
    assert until == _told(clip, "--at", 1, "--emotion", "joy=1")["frames"][0]["weights"]


def test_it_is_said_which_face_of_which_model_it_is(clip: Path, synthetic_bundles: Path) -> None:
    v3 = ("--at", 1, "--model", synthetic_bundles / "v3")
    told = _told(clip, *v3)

    made = {key: told[key] for key in ("model", "version", "identity", "variant", "provider")}
    assert made == {
        "model": "v3", "version": "3.2", "identity": "Claire", "variant": "", "provider": "cpu",
    }  # fmt: skip
    assert _told(clip, *v3, "--identity", "james")["identity"] == "James"


def test_an_emotion_model_is_refused_without_an_option_that_is_not_there(
    clip: Path, synthetic_bundles: Path
) -> None:
    result = CliRunner().invoke(
        frame, [str(clip), "--at", "1", "--model", str(synthetic_bundles / "a2e")]
    )

    assert isinstance(result.exception, BundleError)
    assert "facewire animate --emotion-model" in result.exception.hint


def test_long_names_of_a_rig_keep_numbers_in_a_column(clip: Path) -> None:
    lines = _printed(clip, "--at", 1.25, "--rig", "metahuman").splitlines()[1:]
    listed = [line for line in lines if line.startswith("  CTRL_")]

    assert listed
    assert len({line.index(".") for line in listed}) == 1


def test_a_narrow_picture_names_its_model_below_the_clip(
    clip: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    long = tmp_path / "a_clip_whose_name_leaves_no_room_beside_it.wav"
    long.write_bytes(clip.read_bytes())
    _told(long, "--at", 1, "--model", synthetic_bundles / "mark", "-o", tmp_path / "a.png", *SMALL)
    _told(long, "--at", 1, "--model", "embedded", "-o", tmp_path / "b.png", *SMALL)

    heads = []
    for name in ("a.png", "b.png"):
        with Image.open(tmp_path / name) as picture:
            heads.append(np.asarray(picture.convert("L"), np.int16)[:50])
    above, below = (np.abs(heads[0] - heads[1])[rows] for rows in (slice(0, 28), slice(29, 50)))
    assert above.max() == 0
    assert below.max() > 40


def test_a_strength_of_the_solver_is_swept_too(clip: Path, synthetic_bundles: Path) -> None:
    sweep = ("--sweep", "l2=0:40:2")
    answer = _told(clip, "--at", 1.25, "--model", synthetic_bundles / "mark", *sweep)

    free, damped = (sum(pose["solved"].values()) for pose in answer["frames"][0]["poses"])
    assert free > damped
    assert answer["recomputed"]["skin_solve"] == 3
    assert answer["recomputed"]["skin"] == answer["recomputed"]["inference"] == 1
    result = CliRunner().invoke(frame, [str(clip), "--at", "1", *sweep])
    assert "answers with weights" in str(result.exception)


def test_a_printed_sweep_shows_what_changes_most_first(clip: Path, synthetic_bundles: Path) -> None:
    printed = _printed(
        clip, "--at", 1.25, "--model", synthetic_bundles / "mark",
        "--sweep", "tongueStrength=0:3:3",
    ).splitlines()  # fmt: skip

    assert printed[1].split() == ["tongueStrength", "0", "1.5", "3"]
    assert all(line.split()[0].startswith("tongue") for line in printed[2:5])
    assert any("change by less than" in line for line in printed)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "either --at SECONDS or --frame NUMBER"),
        (["--at", "1", "--frame", "3"], "either --at SECONDS or --frame NUMBER"),
        (["--at", "nan"], "not a time in seconds"),
        (["--at", "-1"], "not a time in seconds"),
        (["--at", "1", "--parameter", "lowerFaceStrenght=1"], "Did you mean 'lowerFaceStrength'"),
        (["--at", "1", "--parameter", "lowerFaceStrength"], "is not NAME=NUMBER"),
        (["--at", "1", "--sweep", "lowerFaceStrength=0:9:4"], "must lie in [0, 2]"),
        (["--at", "1", "--sweep", "lowerFaceStrength=0:1"], "NAME=FIRST:LAST:COUNT"),
        (["--at", "1", "--sweep", "joy=0:1:1"], "2 to 24 values"),
        (["--at", "1", "--sweep", "joy=0:2:3"], "joy"),
        (["--at", "1", "--sweep", "joy=0:1:3", "-o", "a.csv"], "A sweep is drawn"),
        (["--at", "1", "-o", "a.gif"], "should end in .png"),
        (["--at", "1", "--identity", "Claire"], "has no face 'Claire'"),
        (["--at", "1", "--rig", "arkti"], "arkti"),
        (["--at", "1", "--sweep", "joy=0:1:3", "--sweep", "fear=0:1:3"], "One thing is swept"),
        (["--at", "1", "--parameter", "maxEmotions=2"], "a parameter of automatic emotion"),
    ],
)
def test_what_makes_no_sense_is_refused(clip: Path, arguments: list[str], words: str) -> None:
    assert words in _refused(clip, *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--at", "2"], "lasts 2.00 s"), (["--frame", "120"], "There is no frame 120")],
)
def test_nothing_lies_beyond_the_end(clip: Path, arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(frame, [str(clip), *arguments])

    assert isinstance(result.exception, AudioError)
    assert words in str(result.exception)
    assert isinstance(result.exception, FacewireError)
    assert result.exception.hint


def test_the_speech_is_never_written_over(clip: Path) -> None:
    renamed = clip.with_suffix(".png")
    renamed.write_bytes(clip.read_bytes())

    assert "is the speech" in _refused(renamed, "--at", "1", "-o", renamed)
    assert renamed.read_bytes() == clip.read_bytes()


def test_the_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])

    assert "  frame " in capsys.readouterr().out
