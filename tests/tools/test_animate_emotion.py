"""`facewire animate` with emotions that are heard, preferred or keyed."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from facewire.emotion import EMOTIONS
from facewire.protocol.errors import SettingsError
from facewire.tools.animate_outcome import MadeBy
from facewire.tools.cli import main
from facewire.tools.emotion_keys import read_emotion_keys
from facewire.tools.speed import speed_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

JOY = EMOTIONS.index("joy")
ANGER = EMOTIONS.index("anger")


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of a voice."""
    samples, rate_hz = soundfile.read(Path(__file__).parents[1] / "assets" / "speech_16k.flac")
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    soundfile.write(path, samples[8_000:24_000], rate_hz)
    return path


@pytest.fixture(autouse=True)
def _no_models_of_mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEWIRE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("FACEWIRE_VARIANTS", str(tmp_path / "variants"))


def _run(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
        main([*map(str, arguments)])
    assert isinstance(left.value.code, int)
    return left.value.code, out.getvalue(), err.getvalue()


def _done(*arguments: object) -> None:
    code, _, said = _run("animate", *arguments)
    assert code == 0, said


def _refused(*arguments: object, code: int) -> str:
    got, _, said = _run("animate", *arguments)
    assert got == code, said
    return said


def _felt(path: Path) -> NDArray[np.float64]:
    rows = list(csv.reader(path.read_text().splitlines()))
    assert rows[0] == ["", "time_code", *(f"emotion_values.{name}" for name in EMOTIONS)]
    return np.array([[float(cell) for cell in row] for row in rows[1:]])[:, 2:]


# --- heard -----------------------------------------------------------------------------------


def test_a_folder_of_a_model_hears_the_emotion_of_a_file(
    speech: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    mark = ("--model", synthetic_bundles / "mark", "--fps", 30)
    _done(speech, "-o", tmp_path / "told.csv", *mark)

    _done(
        speech, "-o", tmp_path / "heard.csv", *mark, "--emotion-model", synthetic_bundles / "a2e",
        "--emotion-out", tmp_path / "felt.csv",
    )  # fmt: skip

    told, heard = (tmp_path / name for name in ("told.csv", "heard.csv"))
    assert told.read_text().splitlines()[0] == heard.read_text().splitlines()[0]
    assert told.read_bytes() != heard.read_bytes()
    assert len(_felt(tmp_path / "felt.csv")) == 30
    assert _felt(tmp_path / "felt.csv").max() > 0.01


def test_json_says_what_was_felt_where_asked(
    speech: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    heard = (
        "--model", synthetic_bundles / "v3", "--emotion-model", synthetic_bundles / "a2e",
    )  # fmt: skip
    _done(speech, "-o", tmp_path / "plain.json", *heard)
    _done(
        speech, "-o", tmp_path / "felt.json", *heard, "--with-emotion",
        "--emotion-out", tmp_path / "felt.csv",
    )  # fmt: skip

    plain: dict[str, Any] = json.loads((tmp_path / "plain.json").read_text())
    felt: dict[str, Any] = json.loads((tmp_path / "felt.json").read_text())
    assert felt["emotions"] == list(EMOTIONS)
    rows = [frame.pop("emotion") for frame in felt["frames"]]
    assert np.array_equal(rows, _felt(tmp_path / "felt.csv"))
    felt.pop("emotions")
    assert felt == plain


def test_the_only_model_that_may_hear_is_taken_and_several_are_named(
    speech: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    out = tmp_path / "clip.csv"
    assert "facewire models pull" in _refused(
        speech, "-o", out, "--model", synthetic_bundles / "mark", "--auto-emotion", code=5
    )
    for name in ("mark", "claire", "a2e"):
        extra = ("--with", "claire") if name == "a2e" else ()
        folder = synthetic_bundles / name
        assert _run("models", "add", folder, "--name", name, *extra)[0] == 0
    assert "no model that may hear" in _refused(
        speech, "-o", out, "--model", "mark", "--auto-emotion", code=5
    )
    assert "was added for claire alone" in _refused(
        speech, "-o", out, "--model", "mark", "--emotion-model", "a2e", code=5
    )

    _done(speech, "-o", out, "--model", "claire", "--auto-emotion")
    _done(
        speech, "-o", tmp_path / "folder.csv", "--model", synthetic_bundles / "claire",
        "--emotion-model", synthetic_bundles / "a2e",
    )  # fmt: skip

    assert out.read_bytes() == (tmp_path / "folder.csv").read_bytes()
    assert _run("models", "add", synthetic_bundles / "a2e", "--name", "other")[0] == 0
    said = _refused(speech, "-o", out, "--model", "claire", "--auto-emotion", code=5)
    assert "a2e, other" in said
    assert "--emotion-model a2e" in said


def test_the_shipped_model_may_not_be_driven_and_says_why(speech: Path, tmp_path: Path) -> None:
    said = _refused(speech, "-o", tmp_path / "clip.csv", "--auto-emotion", code=5)

    assert "licence allows it only together with Audio2Face" in said


def test_a_face_and_what_hears_are_not_taken_for_each_other(
    speech: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    mark, a2e = synthetic_bundles / "mark", synthetic_bundles / "a2e"
    ask = (speech, "-o", tmp_path / "clip.csv")

    assert "this one with --emotion-model" in _refused(*ask, "--model", a2e, code=5)
    swapped = _refused(*ask, "--model", mark, "--emotion-model", mark, code=5)
    assert "this one with --model" in swapped
    shipped = _refused(*ask, "--model", mark, "--emotion-model", "embedded", code=5)
    assert "is a face, and hears no emotions" in shipped


# --- preferred and keyed ---------------------------------------------------------------------


def test_a_preferred_emotion_is_mixed_in(
    speech: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    heard = (
        "--model", synthetic_bundles / "mark", "--emotion-model", synthetic_bundles / "a2e",
        "--fps", "30", "--parameter", "preferredEmotionStrength=1",
        "--parameter", "liveTransitionTime=0", "--parameter", "emotionStrength=1",
    )  # fmt: skip
    _done(
        speech, "-o", tmp_path / "a.csv", *heard, "--preferred-emotion", "joy=0.5",
        "--emotion-out", tmp_path / "felt.csv",
    )  # fmt: skip

    felt = _felt(tmp_path / "felt.csv")
    assert np.array_equal(felt[:, JOY], np.full(30, 0.5))
    assert not np.delete(felt, JOY, 1).any()


def test_keys_move_the_emotion_of_a_model_that_hears_none(speech: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.csv"
    keys.write_text("time,joy,anger\n0,0,1\n0.5,1,0\n")

    _done(
        speech, "-o", tmp_path / "a.csv", "--emotion-keys", keys, "--fps", 10,
        "--emotion-out", tmp_path / "felt.csv",
    )  # fmt: skip

    felt = _felt(tmp_path / "felt.csv")
    assert felt[:, JOY] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1], abs=0.03)
    assert felt[:, ANGER] == pytest.approx([1, 0.8, 0.6, 0.4, 0.2, 0, 0, 0, 0, 0], abs=0.03)


def test_the_emotion_of_the_whole_clip_holds_until_the_first_key(
    speech: Path, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.csv"
    keys.write_text("time,joy\n0.5,1\n")

    _done(
        speech, "-o", tmp_path / "a.csv", "--emotion-keys", keys, "--emotion", "anger=0.5",
        "--fps", 10, "--emotion-out", tmp_path / "felt.csv",
    )  # fmt: skip

    felt = _felt(tmp_path / "felt.csv")
    assert felt[:, ANGER].tolist() == [0.5] * 5 + [0.0] * 5
    assert felt[:, JOY].tolist() == [0.0] * 5 + [1.0] * 5


def test_an_emotion_that_keys_leave_no_frame_to_is_refused(
    speech: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.csv"
    keys.write_text("time,joy\n0,1\n")
    told = ("-o", tmp_path / "a.csv", "--emotion-keys", keys)

    said = _refused(speech, *told, "--emotion", "anger=0.5", code=2)
    assert "would have no effect" in said
    assert "Leave --emotion out" in said
    heard = ("--model", synthetic_bundles / "mark", "--emotion-model", synthetic_bundles / "a2e")
    said = _refused(speech, *told, *heard, "--preferred-emotion", "anger=0.5", code=2)
    assert "Leave --emotion or --preferred-emotion out" in said
    assert not (tmp_path / "a.csv").exists()


def test_one_structure_in_five_notations_gives_the_same_keys(tmp_path: Path) -> None:
    texts = {
        "names.csv": "time,joy,anger\n0,0.25,0\n1.5,0,1\n",
        "numbers.csv": "0,0,0,0,0,0,0,0.25,0,0,0\n\n1.5,0,1,0,0,0,0,0,0,0,0\n",
        "pandas.csv": ",time_code,emotion_values.joy,emotion_values.anger\n0,0,0.25,0\n1,1.5,0,1\n",
        "list.json": '[{"time": 0, "emotions": {"joy": 0.25}},'
        ' {"time_code": 1.5, "emotions": {"anger": 1, "out_of_breath": 0}}]',
        "nvidia.json": '{"face_parameters": {}, "emotion_with_timecode_list": {'
        '"emotion_with_timecode1": {"time_code": 0.0, "emotions": {"joy": 0.25, "anger": 0.0}},'
        '"emotion_with_timecode2": {"time_code": 1.5, "emotions": {"anger": 1.0}}}}',
    }
    found = []
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        found.append(read_emotion_keys(tmp_path / name))

    assert all(keys == found[0] for keys in found)
    assert [time for time, _ in found[0]] == [0, 24_000]
    assert found[0][0][1][JOY] == 0.25
    assert found[0][1][1][ANGER] == 1.0


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("k.csv", "time,joy\n0,1\n1,2\n", "line 3.*joy is 2"),
        ("k.csv", "time,joi\n0,1\n", "line 2.*'joi'.*'joy'"),
        ("k.csv", "time,joy\n0,1\n0,1\n", "line 3.*not after"),
        ("k.csv", "time,joy\n-1,1\n", "line 2.*0 or more"),
        ("k.csv", "time,joy\nnan,1\n", "line 2.*0 or more"),
        ("k.csv", "time,joy\n0\n", "line 2, has 1 columns; expected 2"),
        ("k.csv", "0,1\n", "line 1, has 2 columns; expected 11"),
        ("k.csv", "time,joy\n0,much\n", "line 2.*'much' as joy"),
        ("k.csv", "joy,anger\n0,1\n", "line 1, has no column `time`"),
        ("k.csv", "", "no emotion key"),
        ("k.json", '[\n{"time": 0,}\n]', "line 2, is no JSON"),
        ("k.json", "{}", "emotion_with_timecode_list"),
        ("k.json", '[{"emotions": {}}]', "entry 1, has no `time`"),
        ("k.json", '[{"time": 0, "joy": 1}]', "entry 1, needs"),
        ("k.json", '[{"time": 0, "emotions": {"joy": true}}]', "entry 1.*True as joy"),
        ("k.json", '[{"time": 0, "emotions": {"joy": 1e999}}]', "entry 1.*joy is inf"),
        ("k.json", "[1]", "entry 1, is no object"),
        ("k.json", "[" * 100_000, "is no JSON"),
        ("k.yaml", "a: 1", "YAML"),
        ("k.csv", "\xff\xfe", "UTF-8"),
    ],
)  # fmt: skip
def test_keys_that_are_wrong_are_refused_by_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text, encoding="latin-1")

    with pytest.raises(SettingsError, match=said):
        read_emotion_keys(tmp_path / name)


def test_wrong_keys_are_a_fault_of_usage(speech: Path, tmp_path: Path) -> None:
    said = _refused(
        speech, "-o", tmp_path / "a.csv", "--emotion-keys", tmp_path / "none.csv", code=2
    )
    assert "none.csv cannot be read" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--preferred-emotion", "joy=1"], "goes with --auto-emotion"),
        (["--with-emotion"], "A CSV has no place"),
        (["--connect", "--emotion-model", "a2e"], "leave --emotion-model out"),
        (["--connect", "--noise", "varying"], "leave --noise out"),
        (["--noise", "varying"], "no noise to vary"),
        (["--parameter", "emotionContrast=1"], "goes with `facewire animate --auto-emotion`"),
        (["--emotion-out", "felt.json"], "the table of emotions is CSV"),
        (["--connect", "--model", "../a"], "facewire serve --load ../a"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_that_do_not_go_together_say_so(
    speech: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    assert said in _refused(speech, "-o", tmp_path / "a.csv", *options, code=2)


def test_what_was_felt_goes_to_standard_output_where_asked(speech: Path, tmp_path: Path) -> None:
    program = "import sys; from facewire.tools.cli import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", program, "animate", speech, "-o", tmp_path / "a.csv",
         "--emotion-out", "-", "--emotion", "joy=0.25"],
        capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60,
    )  # fmt: skip

    assert done.stdout.startswith(",time_code,emotion_values.amazement")
    assert len(done.stdout.splitlines()) == 61
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_it_is_said_what_made_the_frames(
    speech: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    heard = ("--model", synthetic_bundles / "v3", "--emotion-model", synthetic_bundles / "a2e")
    code, out, said = _run("animate", speech, "-o", tmp_path / "a.csv", *heard, "--json")

    assert code == 0
    assert json.loads(out)["made_by"] == {
        "model": "v3", "version": "3.2", "identity": "Claire", "variant": "", "provider": "cpu",
        "emotion_model": "a2e", "emotion_variant": "",
    }  # fmt: skip
    assert "by v3 3.2 as Claire on cpu, emotions heard by a2e" in said


def test_the_variant_that_ran_is_among_what_is_said() -> None:
    made = MadeBy(
        model="mark", version="2.3", identity="", variant="exact", provider="cpu",
        emotion_model="a2e", emotion_variant="int8",
    )  # fmt: skip
    assert made.words == "mark 2.3 (exact) on cpu, emotions heard by a2e (int8)"


@pytest.mark.parametrize(
    ("factor", "words"), [(0.412, "0.41 x"), (7.26, "7.3 x"), (9.96, "10.0 x"), (54.4, "54 x")]
)
def test_a_slow_speed_has_decimals(factor: float, words: str) -> None:
    assert speed_words(factor) == f"{words} real time"


def test_what_was_felt_is_written_for_one_file_alone(speech: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.wav"
    second.write_bytes(speech.read_bytes())
    out = ("-o", tmp_path / "out", "--emotion-out")

    assert "for one file" in _refused(speech, second, *out, tmp_path / "f.csv", code=2)
    assert "is the output" in _refused(second, *out, tmp_path / "out", code=2)
    assert "is a source" in _refused(second, *out, second, code=2)


# --- models ----------------------------------------------------------------------------------


def test_varying_noise_changes_a_diffusion_face_alone(
    speech: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    v3 = ("--model", synthetic_bundles / "v3")
    _done(speech, "-o", tmp_path / "a.csv", *v3)
    _done(speech, "-o", tmp_path / "b.csv", *v3, "--noise", "varying")
    _done(speech, "-o", tmp_path / "c.csv", *v3, "--noise", "varying")

    a, b, c = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert a != b
    assert b == c
    said = _refused(
        speech, "-o", tmp_path / "d.csv", "--model", synthetic_bundles / "mark",
        "--noise", "varying", code=2,
    )  # fmt: skip
    assert "'mark' has no noise to vary" in said


def test_a_folder_that_is_named_without_a_path_is_pointed_at(
    speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reg").mkdir()
    (tmp_path / "embedded").mkdir()
    (tmp_path / "net.onnx").write_bytes(b"")
    monkeypatch.chdir(tmp_path)

    assert "say ./reg." in _refused(speech, "-o", "a.csv", "--model", "reg", code=5)
    assert "say ./net.onnx." in _refused(speech, "-o", "a.csv", "--model", "net.onnx", code=5)
    assert "./" not in _refused(speech, "-o", "a.csv", "--model", "gone", code=5)
    assert "is empty" in _refused(speech, "-o", "a.csv", "--model", "./reg", code=5)
    assert "is empty" in _refused(speech, "-o", "a.csv", "--model", "./embedded", code=5)
    assert "is a file" in _refused(speech, "-o", "a.csv", "--model", "./net.onnx", code=5)
    _done(speech, "-o", "a.csv", "--model", "embedded")  # the shipped one, whatever lies here


def test_a_folder_of_folders_points_at_a_bundle_inside(
    speech: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    said = _refused(speech, "-o", tmp_path / "a.csv", "--model", synthetic_bundles, code=5)

    assert f"There is one in {synthetic_bundles / 'a2e'}" in said


def test_a_variant_nobody_made_says_how_to_make_it(
    speech: Path, synthetic_bundles: Path, tmp_path: Path
) -> None:
    mark = ("--model", synthetic_bundles / "mark")
    said = _refused(speech, "-o", tmp_path / "a.csv", *mark, "--variant", "int8", code=5)
    assert "facewire models optimise" in said
    assert "no variant called 'fast'" in _refused(
        speech, "-o", tmp_path / "a.csv", *mark, "--variant", "fast", code=5
    )
    own = _refused(speech, "-o", tmp_path / "a.csv", "--model", "embedded@int8", code=5)
    assert "has no variant 'int8'" in own
    _done(speech, "-o", tmp_path / "a.csv", *mark)
    _done(speech, "-o", tmp_path / "b.csv", *mark, "--variant", "original")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
